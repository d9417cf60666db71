//! `kubectl debug`: a container beside those of a pod, a copy of the pod, or a pod on a node
//! (`kubectl/pkg/cmd/debug/debug.go`).

mod containers;
mod profile;

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::patch::strategic;
use apimachinery::schema::Schema;
use http::Method;
use serde_json::{Value, json};

use self::profile::{KEPT, Keep, Profile, Style};
use super::run::is_image;
use super::terminal;
use crate::client::{JSON, STRATEGIC};
use crate::failure::{Failure, Outcome, go_quote};
use crate::select::{Info, Wanted, list_query};
use crate::session::Session;
use crate::stream::Next;
use crate::value::{Reading as _, remove, set};

/// Letters and digits of names that are made up (`k8s.io/apimachinery/pkg/util/rand`).
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// What the flags say.
struct Debug {
    words: Vec<String>,
    image: String,
    container: String,
    copy_to: String,
    target: String,
    images: Vec<(String, String)>,
    attach: bool,
    profile: Profile,
    keep: Keep,
    custom: Option<Value>,
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let before_dash = session.flags.before_dash.unwrap_or(session.flags.arguments.len());
    let (names, words) = session.flags.arguments.split_at(before_dash);
    let (names, words) = (names.to_vec(), words.to_vec());
    let debug = Debug::of(session, words)?;
    debug.check(session, &names)?;
    let named =
        |name: &String| if name.contains('/') { name.clone() } else { format!("pods/{name}") };
    let arguments: Vec<String> = names.iter().map(named).collect();
    for info in session.objects(&arguments, Wanted::default()).await? {
        let (pod, container) = match info.resource.kind.as_str() {
            "Pod" if debug.copy_to.is_empty() => debug.join(session, &info).await?,
            "Pod" => debug.copy(session, &info).await?,
            "Node" => debug.node(session, &info).await?,
            kind => {
                let resource = &info.resource;
                let (group, version) = (&resource.group, &resource.version);
                let kind = go_quote(&format!("{group}/{version}, Kind={kind}"));
                return Err(Failure::Message(format!("{kind} not supported by debug")));
            }
        };
        if debug.attach && !container.is_empty() {
            attach(session, &pod, &container).await?;
        }
    }
    Ok(())
}

impl Debug {
    fn of(session: &Session<'_>, words: Vec<String>) -> Outcome<Self> {
        let flags = &session.flags;
        let name = flags.text("profile");
        let profile = Profile::named(name)
            .ok_or_else(|| Failure::Message(format!("unknown profile: {name}")))?;
        let pair = |pair: &String| {
            let (key, value) = pair.split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        };
        let custom = match flags.text("custom") {
            "" => None,
            file => Some(custom(session, file)?),
        };
        Ok(Self {
            words,
            image: flags.text("image").to_owned(),
            container: flags.text("container").to_owned(),
            copy_to: flags.text("copy-to").to_owned(),
            target: flags.text("target").to_owned(),
            images: flags.all("set-image").iter().filter_map(pair).collect(),
            attach: flags.is("attach") || (flags.is("stdin") && !flags.changed("attach")),
            profile,
            keep: Keep(KEPT.into_iter().filter(|name| flags.is(&format!("keep-{name}"))).collect()),
            custom,
        })
    }

    /// `Validate`, in its order.
    fn check(&self, session: &mut Session<'_>, names: &[String]) -> Outcome {
        let fails = |text: &str| Err(Failure::message(text));
        let flags = &session.flags;
        if self.attach
            && flags.changed("attach")
            && self.image.is_empty()
            && self.container.is_empty()
        {
            return fails(
                "you must specify --container or create a new container using --image in order to attach.",
            );
        }
        if self.copy_to.is_empty() {
            for flag in ["replace", "same-node"] {
                if flags.is(flag) {
                    return fails(&format!("--{flag} may only be used with --copy-to."));
                }
            }
            if !self.images.is_empty() {
                return fails("--set-image may only be used with --copy-to.");
            }
            if self.image.is_empty() {
                return fails("you must specify --image when not using --copy-to.");
            }
        } else if self.image.is_empty() && self.images.is_empty() && self.words.is_empty() {
            return fails("you must specify --image, --set-image or command arguments.");
        } else if !self.words.is_empty() && self.container.is_empty() && self.image.is_empty() {
            return fails(
                "you must specify an existing container or a new image when specifying args.",
            );
        }
        let image = go_quote(&self.image);
        if !self.image.is_empty() && !is_image(&self.image) {
            return fails(&format!("invalid image name {image}: invalid reference format"));
        }
        if names.is_empty() && flags.all("filename").is_empty() {
            return fails("NAME or filename is required for debug");
        }
        let pull = flags.text("image-pull-policy");
        if !matches!(pull, "" | "Always" | "IfNotPresent" | "Never") {
            return fails(&format!("invalid image pull policy: {pull}"));
        }
        if let Some((name, image)) = self.images.iter().find(|(_, image)| !is_image(image)) {
            let (name, image) = (go_quote(name), go_quote(image));
            return fails(&format!(
                "invalid image name {image} for container {name}: invalid reference format"
            ));
        }
        self.check_terminal(session)
    }

    fn check_terminal(&self, session: &mut Session<'_>) -> Outcome {
        if !self.target.is_empty() {
            if !self.copy_to.is_empty() {
                return Err(Failure::message(
                    "--target is incompatible with --copy-to. Use --share-processes instead.",
                ));
            }
            if !session.flags.is("quiet") {
                let target = go_quote(&self.target);
                session.say(&format!("Targeting container {target}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"));
            }
        }
        if session.flags.is("tty") && !session.flags.is("stdin") {
            return Err(Failure::message(
                "-i/--stdin is required for containers with -t/--tty=true",
            ));
        }
        let shaped = ["name", "image", "lifecycle", "command", "volumeDevices"];
        if self.custom.as_ref().is_some_and(|custom| shaped.iter().any(|field| custom.has(field))) {
            return Err(Failure::message(
                "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
            ));
        }
        if self.profile == Profile::Legacy {
            session.err("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n");
        }
        if self.attach && session.flags.is("stdin") && !terminal::opens(session) {
            return Err(Failure::message(
                "what a debugging container reads is typed, with -it in a console: leave out -i, and see what it printed with kubectl logs",
            ));
        }
        Ok(())
    }

    /// The fields that a debugging container has in any case.
    fn container(&self, session: &Session<'_>, name: &str) -> Value {
        let flags = &session.flags;
        let mut container = json!({
            "name": name, "image": self.image, "resources": {}, "terminationMessagePolicy": "File",
        });
        let variables: Vec<Value> = flags
            .all("env")
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        if !variables.is_empty() {
            set(&mut container, &["env"], Value::Array(variables));
        }
        if !self.words.is_empty() {
            let field = if flags.is("arguments-only") { "args" } else { "command" };
            set(&mut container, &[field], json!(self.words));
        }
        if !flags.text("image-pull-policy").is_empty() {
            set(&mut container, &["imagePullPolicy"], Value::from(flags.text("image-pull-policy")));
        }
        for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
            if flags.is(flag) {
                set(&mut container, &[field], Value::Bool(true));
            }
        }
        container
    }

    /// An ephemeral container joins the pod (`debugByEphemeralContainer`).
    async fn join(&self, session: &mut Session<'_>, info: &Info) -> Outcome<(Value, String)> {
        let name = self.name(session, &info.object);
        let mut container = self.container(session, &name);
        if !self.target.is_empty() {
            set(&mut container, &["targetContainerName"], Value::from(self.target.clone()));
        }
        let mut pod = info.object.clone();
        containers::push(&mut pod, "ephemeralContainers", container);
        self.profile.apply(&mut pod, &name, Style::Ephemeral, &self.keep);
        let pod = self.customised(pod, "ephemeralContainers", &name)?;
        warn_of_user(session, &pod, &name);
        let gvk = GroupVersionKind::of("v1", "Pod");
        let patch = strategic::create_two_way(Schema::builtin(), &gvk, &info.object, &pod)
            .map_err(|error| Failure::message(error.to_string()))?;
        let path = format!("{}/ephemeralcontainers", info.path());
        let body = Some((STRATEGIC, patch.to_string().into_bytes()));
        let answer = session.send(Method::PATCH, &path, JSON, body).await?;
        Ok((answer.json()?, name))
    }

    /// A copy of the pod, with a container more or with others (`generatePodCopyWithDebugContainer`).
    async fn copy(&self, session: &mut Session<'_>, info: &Info) -> Outcome<(Value, String)> {
        let (pod, name) = self.copied(session, &info.object)?;
        warn_of_user(session, &pod, &name);
        let path = info.resource.collection(&info.namespace);
        let body = Some((JSON, pod.to_string().into_bytes()));
        let created = session.send(Method::POST, &path, JSON, body).await?.json()?;
        if session.flags.is("replace") {
            let options =
                json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0 });
            let body = Some((JSON, options.to_string().into_bytes()));
            session.send(Method::DELETE, &info.path(), JSON, body).await?;
        }
        Ok((created, name))
    }

    fn copied(&self, session: &mut Session<'_>, pod: &Value) -> Outcome<(Value, String)> {
        let mut copy = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": self.copy_to, "namespace": pod.text("metadata.namespace") },
            "spec": pod.at("spec").cloned().unwrap_or_default(),
        });
        for field in ["annotations", "labels"] {
            if let Some(kept) = pod.at("metadata").and_then(|metadata| metadata.get(field)) {
                set(&mut copy, &["metadata", field], kept.clone());
            }
        }
        remove(&mut copy, &["spec", "ephemeralContainers"]);
        if session.flags.changed("share-processes") {
            let shared = Value::Bool(session.flags.is("share-processes"));
            set(&mut copy, &["spec", "shareProcessNamespace"], shared);
        }
        if !session.flags.is("same-node") {
            remove(&mut copy, &["spec", "nodeName"]);
        }
        self.set_images(&mut copy);
        let mut name = self.container.clone();
        if containers::find(&copy, &name).is_none() {
            match (self.image.is_empty(), self.images.is_empty()) {
                (true, false) => return Ok((copy, String::new())),
                (true, true) => {
                    return Err(Failure::message(
                        "you must specify image when creating new container",
                    ));
                }
                (false, _) => {}
            }
            name = self.name(session, &copy);
            let new = json!({
                "name": name, "resources": {}, "terminationMessagePolicy": "File",
            });
            containers::push(&mut copy, "containers", new);
        }
        let wanted = self.container(session, &name);
        if let Some(container) = containers::find_mut(&mut copy, &name) {
            fit(container, &wanted);
        }
        self.profile.apply(&mut copy, &name, Style::Copy, &self.keep);
        Ok((self.customised(copy, "containers", &name)?, name))
    }

    fn set_images(&self, pod: &mut Value) {
        let of = |name: &str| self.images.iter().find(|(known, _)| known == name);
        let Some(Value::Array(all)) = pod.pointer_mut("/spec/containers") else { return };
        for container in all {
            if let Some((_, image)) = of(container.text("name")).or_else(|| of("*")) {
                set(container, &["image"], Value::from(image.clone()));
            }
        }
    }

    /// A pod in the namespaces of the node (`generateNodeDebugPod`).
    async fn node(&self, session: &mut Session<'_>, info: &Info) -> Outcome<(Value, String)> {
        let name = if self.container.is_empty() { "debugger" } else { &self.container };
        let suffix = made_up(session, &info.name, 0);
        let pod_name = format!("node-debugger-{}-{suffix}", info.name);
        if !session.flags.is("quiet") {
            session.say(&format!(
                "Creating debugging pod {pod_name} with container {name} on node {}.\n",
                info.name
            ));
        }
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": pod_name, "labels": { "app.kubernetes.io/managed-by": "kubectl-debug" },
            },
            "spec": {
                "containers": [self.container(session, name)],
                "nodeName": info.name, "restartPolicy": "Never",
                "tolerations": [{ "operator": "Exists" }],
            },
        });
        self.profile.apply(&mut pod, name, Style::Node, &self.keep);
        let pod = self.customised(pod, "containers", name)?;
        let path = format!("/api/v1/namespaces/{}/pods", session.namespace);
        let body = Some((JSON, pod.to_string().into_bytes()));
        let created = session.send(Method::POST, &path, JSON, body).await?.json()?;
        Ok((created, name.to_owned()))
    }

    /// The name of the container: given, or made up.
    fn name(&self, session: &mut Session<'_>, pod: &Value) -> String {
        if !self.container.is_empty() {
            return self.container.clone();
        }
        let mut names = (0..).map(|turn| made_up(session, pod.text("metadata.name"), turn));
        let name = names
            .find(|suffix| containers::find(pod, &format!("debugger-{suffix}")).is_none())
            .map(|suffix| format!("debugger-{suffix}"))
            .unwrap_or_default();
        drop(names);
        if !session.flags.is("quiet") {
            session.say(&format!("Defaulting debug container name to {name}.\n"));
        }
        name
    }

    /// `--custom`: a partial container over the profile's.
    fn customised(&self, pod: Value, list: &str, name: &str) -> Outcome<Value> {
        let Some(custom) = &self.custom else { return Ok(pod) };
        let mut custom = custom.clone();
        set(&mut custom, &["name"], Value::from(name));
        let patch = json!({ "spec": { list: [custom] } });
        let gvk = GroupVersionKind::of("v1", "Pod");
        strategic::apply(Schema::builtin(), &gvk, &pod, &patch)
            .map_err(|error| Failure::message(error.to_string()))
    }
}

/// The container of a copy becomes what the flags say; what they do not say, it keeps.
fn fit(container: &mut Value, wanted: &Value) {
    for field in ["env", "args", "imagePullPolicy"] {
        if let Some(value) = wanted.at(field) {
            set(container, &[field], value.clone());
        }
    }
    if let Some(command) = wanted.at("command") {
        set(container, &["command"], command.clone());
        remove(container, &["args"]);
    }
    if !wanted.text("image").is_empty() {
        set(container, &["image"], Value::from(wanted.text("image")));
    }
    for field in ["stdin", "tty"] {
        if wanted.truth(field) {
            set(container, &[field], Value::Bool(true));
        } else {
            remove(container, &[field]);
        }
    }
}

fn custom(session: &Session<'_>, file: &str) -> Outcome<Value> {
    let text = session.files.read(file).ok_or_else(|| {
        Failure::Message(format!(
            "must pass a container spec json file for custom profile: open {file}: no such file or directory"
        ))
    })?;
    let documents = crate::manifest::read(&text).map_err(|error| {
        Failure::Message(format!("{file} does not contain a valid container spec: {error}"))
    })?;
    documents.into_iter().next().map(|document| document.value).ok_or_else(|| {
        Failure::Message(format!("{file} does not contain a valid container spec: it is empty"))
    })
}

/// `displayWarning`: a pod whose user is not root takes capabilities away again.
fn warn_of_user(session: &mut Session<'_>, pod: &Value, name: &str) {
    let Some(container) = containers::find(pod, name) else { return };
    let gains = container.truth("securityContext.privileged")
        || !container.list("securityContext.capabilities.add").is_empty();
    let root = container.int("securityContext.runAsUser") == Some(0);
    let user = pod.int("spec.securityContext.runAsUser").unwrap_or(0);
    if user != 0 && gains && !root {
        session.err("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".\n");
    }
}

/// Five letters that differ from moment to moment; chance is not to be had here.
fn made_up(session: &Session<'_>, name: &str, turn: u32) -> String {
    let now = session.client.kubectl.clock.now().as_nanosecond();
    let seed = format!("{name} {now} {turn}");
    // FNV-1a (`hash/fnv`).
    let mut hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let letter = || {
        let at = usize::try_from(hash % 27).unwrap_or(0);
        hash /= 27;
        LETTERS.get(at).copied().map_or('x', char::from)
    };
    std::iter::repeat_with(letter).take(5).collect()
}

/// Waits for the container, then attaches; when it has ended already, shows what it printed (`handleAttachPod`).
async fn attach(session: &mut Session<'_>, pod: &Value, container: &str) -> Outcome {
    let pod = started(session, pod, container).await?;
    let state = containers::status(&pod, container);
    if state.is_some_and(|status| status.has("state.terminated")) {
        let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
        let container = crate::discovery::encode(container);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}");
        let text = session.send(Method::GET, &path, JSON, None).await?.text();
        session.say(&text);
        return Ok(());
    }
    super::attach::to(session, &pod, container).await
}

/// The pod once the container runs or has ended; says meanwhile what it waits for.
async fn started(session: &mut Session<'_>, pod: &Value, container: &str) -> Outcome<Value> {
    let path = format!("/api/v1/namespaces/{}/pods", pod.text("metadata.namespace"));
    let only = format!("metadata.name={}", pod.text("metadata.name"));
    let page = session.get(&format!("{path}{}", list_query("", &only, &[]))).await?;
    let version = page.text("metadata.resourceVersion");
    let query = list_query("", &only, &[("watch", "true"), ("resourceVersion", version)]);
    let mut watch = session.client.watch(&format!("{path}{query}"), JSON).await?;
    let clock = Arc::clone(&session.client.kubectl.clock);
    let mut seen = page.list("items").first().cloned();
    loop {
        if let Some(pod) = seen.take() {
            let status = containers::status(&pod, container);
            let has = |field: &str| status.is_some_and(|status| status.has(field));
            if has("state.running") || has("state.terminated") {
                return Ok(pod);
            }
            let message = status.map_or("", |status| status.text("state.waiting.message"));
            if !message.is_empty() && !session.flags.is("quiet") {
                session.warn(&format!("container {container}: {message}"));
            }
        }
        // Waiting moves the time of an embedded cluster.
        match watch.next(&mut Some(clock.sleep(std::time::Duration::from_hours(1)))).await {
            Next::Item((kind, _)) if kind == "DELETED" => {
                return Err(Failure::message("pods \"\" not found"));
            }
            Next::Item((_, pod)) => seen = Some(pod),
            Next::End | Next::Timeout => {
                return Err(Failure::message("timed out waiting for the condition"));
            }
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}
