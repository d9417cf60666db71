// Does with @kubernetes/client-node what programs do with it, and prints what it saw.
//
// Usage: node client.mjs KUBECONFIG

import { PassThrough, Writable } from "node:stream";
import { once } from "node:events";
import net from "node:net";
import {
  ApiException,
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  PatchStrategy,
  PortForward,
  Watch,
  makeInformer,
  setHeaderOptions,
} from "@kubernetes/client-node";

const namespace = "node";
const config = new KubeConfig();
config.loadFromFile(process.argv[2]);
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);

/** Collects what is written to it. */
class Collected extends Writable {
  text = "";
  _write(chunk, _encoding, done) {
    this.text += chunk;
    done();
  }
}

/** A Deployment, and an informer that follows its pods. */
async function workload() {
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () =>
    core.listNamespacedPod({ namespace }),
  );
  const pods = new Map();
  let wake = () => {};
  const changed = (pod) => {
    pods.set(pod.metadata.name, pod.status.phase);
    wake();
  };
  informer.on("add", changed);
  informer.on("update", changed);
  informer.on("delete", (pod) => {
    pods.delete(pod.metadata.name);
    wake();
  });
  // Stopping an informer aborts its watch, which it reports as an error.
  let stopping = false;
  informer.on("error", (error) => {
    if (!stopping) throw error;
  });
  const until = async (count) => {
    const holds = () => pods.size === count && [...pods.values()].every((phase) => phase === "Running");
    while (!holds()) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  await informer.start();
  const labels = { app: "web" };
  const containers = [{ name: "nginx", image: "nginx", ports: [{ containerPort: 80 }] }];
  await apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
  });
  await until(2);
  console.log("2 pods run");
  const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  await apps.patchNamespacedDeploymentScale({ name: "web", namespace, body: { spec: { replicas: 1 } } }, merge);
  await until(1);
  console.log("1 pod runs");
  stopping = true;
  await informer.stop();
  return [...pods.keys()][0];
}

/** What goes over websockets, and logs. */
async function inside(pod) {
  const [out, err] = [new Collected(), new Collected()];
  const input = new PassThrough();
  const status = await new Promise((resolve, reject) => {
    const command = ["sh", "-c", "read line; echo got $line; echo bad >&2; exit 3"];
    new Exec(config).exec(namespace, pod, "nginx", command, out, err, input, false, resolve).catch(reject);
    input.write("typed\n");
  });
  console.log(out.text.trim(), err.text.trim(), status.details.causes[0].message);

  const forward = new PortForward(config, true);
  const server = net.createServer((socket) => {
    forward.portForward(namespace, pod, [80], socket, null, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: "close" } });
  console.log(answer.status, answer.headers.get("content-type"), (await answer.text()).includes("nginx"));
  server.close();

  const lines = new Collected();
  const following = await new Log(config).log(namespace, pod, "nginx", lines, { follow: true, tailLines: 1 });
  while (!lines.text.includes("GET /")) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  following.abort();
  console.log("the log is followed");
}

/** What goes wrong has a code and a message. */
async function errors() {
  const attempts = [
    () => core.readNamespacedPod({ name: "nobody", namespace }),
    () => core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "Not A Name" } } }),
    () => core.createNamespace({ body: { metadata: { name: namespace } } }),
  ];
  for (const attempt of attempts) {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof ApiException)) throw error;
      console.log(error.code, JSON.parse(error.body).message);
    }
  }
}

/** Objects of any kind, created, patched four ways, and watched. */
async function objects() {
  const any = KubernetesObjectApi.makeApiClient(config);
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace, annotations: {} },
    data: { a: "1" },
  };
  await any.create(object);
  const patched = async (strategy, body, force) => {
    const answer = await any.patch(body, undefined, undefined, "node", force, strategy);
    console.log(strategy, JSON.stringify(answer.data));
  };
  const metadata = { name: "settings", namespace };
  const named = { apiVersion: "v1", kind: "ConfigMap", metadata };
  await patched(PatchStrategy.MergePatch, { ...named, data: { a: null, b: "2" } });
  await patched(PatchStrategy.StrategicMergePatch, { ...named, data: { c: "3" } });
  await patched(PatchStrategy.ServerSideApply, { ...named, data: { d: "4" } }, true);
  await any.delete(object);

  const seen = [];
  const watch = new Watch(config);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const query = { fieldSelector: "metadata.name=watched", timeoutSeconds: 30 };
  await new Promise((resolve, reject) => {
    let request;
    const event = (type, found) => {
      seen.push(`${type} ${JSON.stringify(found.data ?? {})}`);
      if (type === "DELETED") {
        request.abort();
        resolve();
      }
    };
    const begin = async () => {
      request = await watch.watch(path, query, event, (error) => seen.length === 3 || reject(error));
      const body = { metadata: { name: "watched" } };
      await core.createNamespacedConfigMap({ namespace, body });
      await core.replaceNamespacedConfigMap({ name: "watched", namespace, body: { ...body, data: { a: "1" } } });
      await core.deleteNamespacedConfigMap({ name: "watched", namespace });
    };
    begin().catch(reject);
  });
  console.log(seen.join(", "));
}

/** A definition and its objects. */
async function custom() {
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const properties = { spec: { type: "object", properties: { size: { type: "integer", maximum: 9 } } } };
  const body = {
    metadata: { name: "gadgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties } } },
      ],
    },
  };
  await definitions.createCustomResourceDefinition({ body });
  const established = async () => {
    const found = await definitions.readCustomResourceDefinition({ name: "gadgets.example.com" });
    return found.status?.conditions?.some((one) => one.type === "Established" && one.status === "True");
  };
  while (!(await established()));
  const gadgets = config.makeApiClient(CustomObjectsApi);
  const place = { group: "example.com", version: "v1", namespace, plural: "gadgets" };
  const gadget = (size) => ({
    apiVersion: "example.com/v1",
    kind: "Gadget",
    metadata: { generateName: "gadget-" },
    spec: { size },
  });
  await gadgets.createNamespacedCustomObject({ ...place, body: gadget(3) });
  try {
    await gadgets.createNamespacedCustomObject({ ...place, body: gadget(10) });
  } catch (error) {
    console.log(JSON.parse(error.body).message.replace(/gadget-\w+/, "gadget-NAME"));
  }
  console.log((await gadgets.listNamespacedCustomObject(place)).items.length, "gadget");
}

console.log("== workload");
const pod = await workload();
console.log("== inside");
await inside(pod);
console.log("== errors");
await errors();
console.log("== objects");
await objects();
console.log("== custom");
await custom();
process.exit(0);
