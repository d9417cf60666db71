"""Does with the Python client what programs do with it, and prints what it saw.

Usage: client.py KUBECONFIG
"""

import json
import sys

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

NAMESPACE = "python"
PATIENCE = 60


def workload(core, apps):
    """A Deployment, watched until its pods are ready."""
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    labels = {"app": "web"}
    container = client.V1Container(
        name="nginx", image="nginx", ports=[client.V1ContainerPort(container_port=80)]
    )
    apps.create_namespaced_deployment(
        NAMESPACE,
        client.V1Deployment(
            metadata=client.V1ObjectMeta(name="web"),
            spec=client.V1DeploymentSpec(
                replicas=2,
                selector=client.V1LabelSelector(match_labels=labels),
                template=client.V1PodTemplateSpec(
                    metadata=client.V1ObjectMeta(labels=labels),
                    spec=client.V1PodSpec(containers=[container]),
                ),
            ),
        ),
    )
    watcher = watch.Watch()
    events = watcher.stream(
        apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=PATIENCE, field_selector="metadata.name=web"
    )
    for event in events:
        status = event["object"].status
        if status.ready_replicas == 2:
            print(f"{event['type']}: {status.ready_replicas} ready")
            watcher.stop()
    apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 1}})
    scale = apps.read_namespaced_deployment_scale("web", NAMESPACE)
    print(f"scale {scale.spec.replicas} of {scale.status.selector}")
    for event in watcher.stream(core.list_namespaced_pod, NAMESPACE, timeout_seconds=PATIENCE):
        if event["type"] == "DELETED":
            print("one pod has gone")
            watcher.stop()


def inside(core):
    """What goes over websockets, and logs."""
    pod = core.list_namespaced_pod(NAMESPACE, label_selector="app=web").items[0].metadata.name
    shell = ["/bin/sh", "-c", "echo out; echo err >&2; read line; echo $line; exit 3"]
    session = stream(
        core.connect_get_namespaced_pod_exec, pod, NAMESPACE, command=shell,
        stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False,
    )
    print(f"stdout {session.readline_stdout(timeout=PATIENCE)}, stderr {session.readline_stderr(timeout=PATIENCE)}")
    session.write_stdin("typed\n")
    print(f"echo {session.readline_stdout(timeout=PATIENCE)}")
    session.close()
    once = stream(
        core.connect_get_namespaced_pod_exec, pod, NAMESPACE, command=["sh", "-c", "exit 3"],
        stdout=True, stderr=True, _preload_content=False,
    )
    once.run_forever(timeout=PATIENCE)
    print(f"exit code {once.returncode}")
    forward = portforward(core.connect_get_namespaced_pod_portforward, pod, NAMESPACE, ports="80")
    socket = forward.socket(80)
    socket.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := socket.recv(1024):
        answer += chunk
    print(answer.split(b"\r\n")[0].decode())
    lines = core.read_namespaced_pod_log(pod, NAMESPACE, tail_lines=1).splitlines()
    print("log: " + lines[0].split('"')[1])


def errors(core):
    """What goes wrong has a code and a message."""
    for attempt in (
        lambda: core.read_namespaced_pod("nobody", NAMESPACE),
        lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "Not A Name"}}),
        lambda: core.create_namespace({"metadata": {"name": NAMESPACE}}),
    ):
        try:
            attempt()
        except ApiException as error:
            print(error.status, error.reason, json.loads(error.body)["message"])


def without_types(api):
    """Discovery tells the dynamic client what there is; it applies, watches and deletes."""
    resources = dynamic.DynamicClient(api).resources
    maps = resources.get(api_version="v1", kind="ConfigMap")
    body = {
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": NAMESPACE}, "data": {"a": "1"},
    }
    made = maps.server_side_apply(body, field_manager="python")
    print(made.metadata.managedFields[0].manager, made.metadata.managedFields[0].operation)
    maps.patch(
        {"metadata": {"name": "settings"}, "data": {"b": "2"}}, namespace=NAMESPACE,
        content_type="application/merge-patch+json",
    )
    print(maps.get(name="settings", namespace=NAMESPACE).data.to_dict())
    maps.delete(name="settings", namespace=NAMESPACE)
    kinds = {"Deployment": "apps", "CronJob": "batch", "NetworkPolicy": "networking.k8s.io"}
    print([resources.get(kind=kind, group=group).name for kind, group in kinds.items()])


def custom(api):
    """A custom resource from YAML, through the typed API for what has no type."""
    utils.create_from_yaml(api, yaml_objects=[{
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "snakes.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "snakes", "singular": "snake", "kind": "Snake", "listKind": "SnakeList"},
            "versions": [{
                "name": "v1", "served": True, "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"length": {"type": "integer", "maximum": 9}}},
                }}},
            }],
        },
    }])
    definitions = client.ApiextensionsV1Api(api)
    watcher = watch.Watch()
    for event in watcher.stream(definitions.list_custom_resource_definition, timeout_seconds=PATIENCE):
        conditions = event["object"].status.conditions or []
        if any(one.type == "Established" and one.status == "True" for one in conditions):
            print(event["object"].metadata.name, "is established")
            watcher.stop()
    snakes = client.CustomObjectsApi(api)
    place = ("example.com", "v1", NAMESPACE, "snakes")
    snake = {"apiVersion": "example.com/v1", "kind": "Snake", "metadata": {"name": "one"}, "spec": {"length": 3}}
    snakes.create_namespaced_custom_object(*place, snake)
    try:
        snakes.patch_namespaced_custom_object(*place, "one", {"spec": {"length": 10}})
    except ApiException as error:
        print(json.loads(error.body)["message"])
    print(len(snakes.list_namespaced_custom_object(*place)["items"]), "snake")


def main():
    api = config.new_client_from_config(sys.argv[1])
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    for name, part in (
        ("workload", lambda: workload(core, apps)),
        ("inside", lambda: inside(core)),
        ("errors", lambda: errors(core)),
        ("without types", lambda: without_types(api)),
        ("custom", lambda: custom(api)),
    ):
        print(f"== {name}", flush=True)
        part()


if __name__ == "__main__":
    main()
