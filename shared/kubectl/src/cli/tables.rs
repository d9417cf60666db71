//! The flags of every command. Usage texts are our own; names, shorthands and defaults are kubectl's.

use super::flags::Kind::{Array, Bool, Int, List, Optional, Span, Text};
use super::flags::{Flag, Kind};

const fn flag(name: &'static str, kind: Kind, default: &'static str, usage: &'static str) -> Flag {
    Flag { name, short: None, kind, default, usage }
}

const fn short(
    name: &'static str,
    short: char,
    kind: Kind,
    default: &'static str,
    usage: &'static str,
) -> Flag {
    Flag { name, short: Some(short), kind, default, usage }
}

pub(crate) const GLOBAL: &[Flag] = &[
    short("namespace", 'n', Text, "", "Namespace of the request."),
    short("help", 'h', Bool, "false", "Help for the command."),
    flag("as", Text, "", "User to act as."),
    flag("as-group", Array, "", "Group to act as; may be repeated."),
    flag("as-uid", Text, "", "UID to act as."),
    flag("as-user-extra", Array, "", "Extra attributes to act with."),
    flag("cache-dir", Text, "", "Not used: discovery is always fresh here."),
    flag("certificate-authority", Text, "", "Not used: the console is connected already."),
    flag("client-certificate", Text, "", "Not used: the console is connected already."),
    flag("client-key", Text, "", "Not used: the console is connected already."),
    flag("cluster", Text, "", "Not used: the console is connected already."),
    flag("context", Text, "", "Not used: the console is connected already."),
    flag("disable-compression", Bool, "false", "Not used."),
    flag("insecure-skip-tls-verify", Bool, "false", "Not used."),
    flag("kubeconfig", Text, "", "Not used: the console is connected already."),
    flag("kuberc", Text, "", "Not used."),
    flag("match-server-version", Bool, "false", "Not used."),
    flag("password", Text, "", "Not used."),
    flag("profile", Text, "none", "Not used."),
    flag("profile-output", Text, "profile.pprof", "Not used."),
    flag("request-timeout", Text, "0", "How long one request may take."),
    short("server", 's', Text, "", "Not used: the console is connected already."),
    flag("tls-server-name", Text, "", "Not used."),
    flag("token", Text, "", "Not used: the console is connected already."),
    flag("user", Text, "", "Not used: the console is connected already."),
    flag("username", Text, "", "Not used."),
    short("v", 'v', Int, "0", "Not used: the console does not log."),
    flag("vmodule", Text, "", "Not used."),
    flag("warnings-as-errors", Bool, "false", "Fail when the server warns."),
];

pub(super) const FILES: &[Flag] = &[
    short("filename", 'f', List, "", "File that holds the objects; - is standard input."),
    short("kustomize", 'k', Text, "", "Not available here: kustomize needs a directory."),
    short("recursive", 'R', Bool, "false", "Also read directories below."),
];
pub(super) const OUTPUT: &[Flag] = &[
    short("output", 'o', Text, "", "Output format."),
    flag("template", Text, "", "Template for -o go-template or -o jsonpath."),
    flag("allow-missing-template-keys", Bool, "true", "Ignore missing fields in templates."),
    flag("show-managed-fields", Bool, "false", "Keep managedFields in JSON and YAML."),
];
pub(super) const DRY_RUN: &[Flag] =
    &[flag("dry-run", Optional("unchanged"), "none", "none, client or server.")];
pub(super) const SELECTOR: &[Flag] = &[short("selector", 'l', Text, "", "Label selector.")];
pub(super) const FIELD_SELECTOR: &[Flag] = &[flag("field-selector", Text, "", "Field selector.")];
pub(super) const ALL_NAMESPACES: &[Flag] =
    &[short("all-namespaces", 'A', Bool, "false", "In all namespaces.")];
pub(super) const ALL: &[Flag] = &[flag("all", Bool, "false", "All objects of the type.")];
pub(super) const CHUNK: &[Flag] =
    &[flag("chunk-size", Int, "500", "Objects per request; 0 asks for all.")];
pub(super) const SUBRESOURCE: &[Flag] = &[flag("subresource", Text, "", "Subresource to work on.")];
pub(super) const VALIDATE: &[Flag] =
    &[flag("validate", Optional("strict"), "strict", "strict, warn or ignore.")];
pub(super) const RECORD: &[Flag] =
    &[flag("record", Bool, "false", "Note the command in the object.")];
pub(super) const LOCAL: &[Flag] =
    &[flag("local", Bool, "false", "Work on the given objects without the server.")];
pub(super) const FORCE_DELETE: &[Flag] = &[
    flag("cascade", Optional("background"), "background", "background, orphan or foreground."),
    flag("force", Bool, "false", "Delete at once."),
    flag(
        "grace-period",
        Int,
        "-1",
        "Seconds to end in an orderly way; negative leaves it to the object.",
    ),
    flag("timeout", Span, "0s", "How long to wait; 0 decides by the object."),
];

pub(super) const GET: &[Flag] = &[
    short("watch", 'w', Bool, "false", "Go on with changes after the list."),
    flag("watch-only", Bool, "false", "Only changes, no list."),
    flag("output-watch-events", Bool, "false", "Print the events of a watch."),
    flag("ignore-not-found", Bool, "false", "Objects that do not exist are no error."),
    flag("raw", Text, "", "Path to ask the server for."),
    flag("server-print", Bool, "true", "Let the server make the table."),
    flag("no-headers", Bool, "false", "Without the heading."),
    flag("show-labels", Bool, "false", "With a column of labels."),
    flag("show-kind", Bool, "false", "Kind before the name."),
    flag("sort-by", Text, "", "JSONPath to sort by."),
    short("label-columns", 'L', List, "", "Labels that get a column."),
];
pub(super) const DESCRIBE: &[Flag] = &[flag("show-events", Bool, "true", "With events.")];
pub(super) const APPLY: &[Flag] = &[
    flag("server-side", Bool, "false", "Apply on the server."),
    flag("force-conflicts", Bool, "false", "Take fields from other field managers."),
    flag("field-manager", Text, "kubectl-client-side-apply", "Name of the field manager."),
    flag("overwrite", Bool, "true", "Resolve conflicts with the values given."),
    flag("openapi-patch", Bool, "true", "Not used: the schema is built in."),
    flag("wait", Bool, "false", "Wait until deleted objects are gone."),
    flag("prune", Bool, "false", "Not available here."),
    flag("prune-allowlist", Array, "", "Not available here."),
    flag("applyset", Text, "", "Not available here."),
];
pub(super) const DELETE: &[Flag] = &[
    flag("now", Bool, "false", "Delete with a grace period of 1 second."),
    flag("ignore-not-found", Bool, "false", "Objects that do not exist are no error."),
    flag("wait", Bool, "true", "Wait until the objects are gone."),
    flag("raw", Text, "", "Path to send the request to."),
    short("interactive", 'i', Bool, "false", "Not available here."),
];
pub(super) const CREATE: &[Flag] = &[
    flag("field-manager", Text, "kubectl-create", "Name of the field manager."),
    flag("save-config", Bool, "false", "Keep the configuration in an annotation."),
    flag("edit", Bool, "false", "Not available here."),
    flag("raw", Text, "", "Path to send the request to."),
];
pub(super) const REPLACE: &[Flag] = &[
    flag("field-manager", Text, "kubectl-replace", "Name of the field manager."),
    flag("save-config", Bool, "false", "Keep the configuration in an annotation."),
    flag("wait", Bool, "false", "Wait until deleted objects are gone."),
    flag("raw", Text, "", "Path to send the request to."),
];
pub(super) const CREATE_DEPLOYMENT: &[Flag] = &[
    flag("image", List, "", "Images of the containers."),
    flag("port", Int, "-1", "Port of the container."),
    short("replicas", 'r', Int, "1", "Number of replicas."),
];
pub(super) const CREATE_CONFIGMAP: &[Flag] = &[
    flag("from-literal", Array, "", "key=value."),
    flag("from-file", List, "", "File, or key=file."),
    flag("from-env-file", List, "", "File of key=value lines."),
    flag("append-hash", Bool, "false", "Put a hash behind the name."),
];
pub(super) const CREATE_SECRET: &[Flag] = &[flag("type", Text, "", "Type of the secret.")];
pub(super) const CREATE_DOCKER: &[Flag] = &[
    flag("docker-server", Text, "https://index.docker.io/v1/", "Registry."),
    flag("docker-username", Text, "", "User."),
    flag("docker-password", Text, "", "Password."),
    flag("docker-email", Text, "", "Mail address."),
    flag("from-file", List, "", "File of the credentials."),
    flag("append-hash", Bool, "false", "Put a hash behind the name."),
];
pub(super) const CREATE_TLS: &[Flag] = &[
    flag("cert", Text, "", "File of the certificate."),
    flag("key", Text, "", "File of its private key."),
    flag("append-hash", Bool, "false", "Put a hash behind the name."),
];
pub(super) const CREATE_BUDGET: &[Flag] = &[
    flag("min-available", Text, "", "Pods that stay, as a number or a percentage."),
    flag("max-unavailable", Text, "", "Pods that may be missing, as a number or a percentage."),
    flag("selector", Text, "", "Label selector of the pods."),
];
pub(super) const CREATE_PRIORITY_CLASS: &[Flag] = &[
    flag("value", Int, "0", "The priority."),
    flag("global-default", Bool, "false", "Whether pods that name none have it."),
    flag("description", Text, "", "When to use it."),
    flag("preemption-policy", Text, "PreemptLowerPriority", "PreemptLowerPriority or Never."),
];
pub(super) const CREATE_INGRESS: &[Flag] = &[
    flag("class", Text, "", "Ingress class."),
    flag("rule", Array, "", "host/path=service:port[,tls[=secret]]."),
    flag("default-backend", Text, "", "service:port of what no rule takes."),
    flag("annotation", Array, "", "key=value."),
];
pub(super) const AUTOSCALE: &[Flag] = &[
    flag("min", Int, "-1", "The fewest pods."),
    flag("max", Int, "-1", "The most pods."),
    flag("cpu-percent", Int, "-1", "Deprecated: --cpu with a per cent sign."),
    flag("cpu", Text, "", "Target of the CPU, as 70%, 500m or a number of millicores."),
    flag("memory", Text, "", "Target of the memory, as 70%, 2Gi or a number of mebibytes."),
    flag("name", Text, "", "Name of the autoscaler, else that of the object."),
    flag("save-config", Bool, "false", "Note the configuration in the object."),
    flag("field-manager", Text, "kubectl-autoscale", "Name of the field manager."),
];
pub(super) const CERTIFICATE: &[Flag] =
    &[flag("force", Bool, "false", "Update the request although it is decided already.")];
pub(super) const CREATE_ROLE: &[Flag] = &[
    flag("verb", List, "", "Verbs of the rule."),
    flag("resource", List, "", "Resources of the rule."),
    flag("resource-name", Array, "", "Names of the rule."),
];
pub(super) const CREATE_CLUSTER_ROLE: &[Flag] = &[
    flag("non-resource-url", List, "", "Paths of the rule."),
    flag("aggregation-rule", List, "", "Labels of the roles to gather."),
];
pub(super) const CREATE_BINDING: &[Flag] = &[
    flag("clusterrole", Text, "", "ClusterRole to bind."),
    flag("user", List, "", "Users to bind to."),
    flag("group", List, "", "Groups to bind to."),
    flag("serviceaccount", List, "", "Service accounts to bind to, as namespace:name."),
];
pub(super) const CREATE_ROLE_BINDING: &[Flag] = &[flag("role", Text, "", "Role to bind.")];
pub(super) const CREATE_QUOTA: &[Flag] =
    &[flag("hard", Text, "", "resource=quantity pairs."), flag("scopes", Text, "", "Scopes.")];
pub(super) const CREATE_SERVICE: &[Flag] = &[flag("tcp", List, "", "port or port:targetPort.")];
pub(super) const CREATE_CLUSTER_IP: &[Flag] = &[flag("clusterip", Text, "", "Address, or None.")];
pub(super) const CREATE_NODE_PORT: &[Flag] = &[flag("node-port", Int, "0", "Port of the nodes.")];
pub(super) const CREATE_EXTERNAL: &[Flag] = &[flag("external-name", Text, "", "Name outside.")];
pub(super) const CREATE_TOKEN: &[Flag] = &[
    flag("audience", Array, "", "Audience of the token."),
    flag("bound-object-kind", Text, "", "Kind of the object that the token is bound to."),
    flag("bound-object-name", Text, "", "Name of the object that the token is bound to."),
    flag("bound-object-uid", Text, "", "UID of the object that the token is bound to."),
    flag("duration", Span, "0s", "How long the token lives."),
];
pub(super) const CREATE_JOB: &[Flag] = &[
    flag("image", Text, "", "Image."),
    flag("from", Text, "", "cronjob/NAME to take the template from."),
];
pub(super) const CREATE_CRONJOB: &[Flag] = &[
    flag("image", Text, "", "Image."),
    flag("schedule", Text, "", "Schedule."),
    flag("restart", Text, "", "OnFailure or Never."),
];
pub(super) const RUN: &[Flag] = &[
    flag("image", Text, "", "Image of the container."),
    flag("image-pull-policy", Text, "", "Always, IfNotPresent or Never."),
    flag("port", Text, "", "Port of the container."),
    flag("env", Array, "", "NAME=value."),
    short("labels", 'l', Text, "", "Labels of the pod."),
    flag("annotations", Array, "", "Annotations of the pod."),
    flag("restart", Text, "Always", "Always, OnFailure or Never."),
    flag("command", Bool, "false", "The arguments are the command."),
    flag("expose", Bool, "false", "Also make a service."),
    flag("overrides", Text, "", "JSON that changes the object."),
    flag("override-type", Text, "merge", "merge, strategic or json."),
    short("stdin", 'i', Bool, "false", "Keep standard input open."),
    short("tty", 't', Bool, "false", "Allocate a terminal."),
    flag("attach", Bool, "false", "Attach to the pod."),
    flag("rm", Bool, "false", "Delete the pod afterwards."),
    short("quiet", 'q', Bool, "false", "Say less."),
    flag("leave-stdin-open", Bool, "false", "Not used."),
    flag("privileged", Bool, "false", "Privileged container."),
    flag("pod-running-timeout", Span, "1m0s", "How long to wait for the pod."),
    flag("field-manager", Text, "kubectl-run", "Name of the field manager."),
    flag("save-config", Bool, "false", "Keep the configuration in an annotation."),
];
pub(super) const EXPOSE: &[Flag] = &[
    flag("port", Text, "", "Port of the service."),
    flag("target-port", Text, "", "Port of the container."),
    flag("protocol", Text, "", "TCP, UDP or SCTP."),
    flag("type", Text, "", "Type of the service."),
    flag("name", Text, "", "Name of the service."),
    short("labels", 'l', Text, "", "Labels of the service."),
    flag("selector", Text, "", "Selector of the service."),
    flag("cluster-ip", Text, "", "Cluster address."),
    flag("external-ip", Text, "", "External address."),
    flag("load-balancer-ip", Text, "", "Address of the load balancer."),
    flag("session-affinity", Text, "", "None or ClientIP."),
    flag("overrides", Text, "", "JSON that changes the object."),
    flag("override-type", Text, "merge", "merge, strategic or json."),
    flag("field-manager", Text, "kubectl-expose", "Name of the field manager."),
    flag("save-config", Bool, "false", "Keep the configuration in an annotation."),
];
pub(super) const LABEL: &[Flag] = &[
    flag("overwrite", Bool, "false", "Change labels that exist."),
    flag("list", Bool, "false", "Show the labels."),
    flag("resource-version", Text, "", "Only on this version of the object."),
    flag("field-manager", Text, "kubectl-label", "Name of the field manager."),
];
pub(super) const ANNOTATE: &[Flag] = &[
    flag("overwrite", Bool, "false", "Change annotations that exist."),
    flag("list", Bool, "false", "Show the annotations."),
    flag("resource-version", Text, "", "Only on this version of the object."),
    flag("field-manager", Text, "kubectl-annotate", "Name of the field manager."),
];
pub(super) const PATCH: &[Flag] = &[
    short("patch", 'p', Text, "", "The patch, JSON or YAML."),
    flag("patch-file", Text, "", "File of the patch."),
    flag("type", Text, "strategic", "json, merge or strategic."),
    flag("field-manager", Text, "kubectl-patch", "Name of the field manager."),
];
pub(super) const SCALE: &[Flag] = &[
    flag("replicas", Int, "0", "The number of replicas."),
    flag("current-replicas", Int, "-1", "Only when there are so many."),
    flag("resource-version", Text, "", "Only on this version of the object."),
    flag("timeout", Span, "0s", "How long to wait."),
];
pub(super) const SET: &[Flag] =
    &[flag("field-manager", Text, "kubectl-set", "Name of the field manager.")];
pub(super) const SET_ENV: &[Flag] = &[
    short("containers", 'c', Text, "*", "Containers to change."),
    flag("list", Bool, "false", "Show the environment."),
    flag("resolve", Bool, "false", "Show values of references."),
    flag("overwrite", Bool, "true", "Change variables that exist."),
    short("env", 'e', Array, "", "NAME=value."),
    flag("from", Text, "", "configmap/NAME or secret/NAME."),
    flag("prefix", Text, "", "Prefix of imported names."),
    flag("keys", List, "", "Keys to import."),
];
pub(super) const SET_RESOURCES: &[Flag] = &[
    short("containers", 'c', Text, "*", "Containers to change."),
    flag("limits", Text, "", "resource=quantity pairs."),
    flag("requests", Text, "", "resource=quantity pairs."),
];
pub(super) const ROLLOUT_STATUS: &[Flag] = &[
    short("watch", 'w', Bool, "true", "Wait until it is done."),
    flag("revision", Int, "0", "The revision to look at."),
    flag("timeout", Span, "0s", "How long to wait."),
];
pub(super) const ROLLOUT_HISTORY: &[Flag] = &[flag("revision", Int, "0", "The revision to show.")];
pub(super) const ROLLOUT_UNDO: &[Flag] = &[flag("to-revision", Int, "0", "The revision to go to.")];
pub(super) const ROLLOUT: &[Flag] =
    &[flag("field-manager", Text, "kubectl-rollout", "Name of the field manager.")];
pub(super) const LOGS: &[Flag] = &[
    short("follow", 'f', Bool, "false", "Go on with new lines."),
    short("previous", 'p', Bool, "false", "Of the previous container."),
    short("container", 'c', Text, "", "Container."),
    short("selector", 'l', Text, "", "Label selector."),
    flag("tail", Int, "-1", "The last lines only."),
    flag("since", Span, "0s", "Newer than this."),
    flag("since-time", Text, "", "Newer than this time."),
    flag("timestamps", Bool, "false", "With times."),
    flag("limit-bytes", Int, "0", "At most so many bytes."),
    flag("all-containers", Bool, "false", "Of all containers."),
    flag("all-pods", Bool, "false", "Of all pods."),
    flag("prefix", Bool, "false", "Source before each line."),
    flag("ignore-errors", Bool, "false", "Errors do not end it."),
    flag("max-log-requests", Int, "5", "How many logs at once."),
    flag("insecure-skip-tls-verify-backend", Bool, "false", "Not used."),
    flag("pod-running-timeout", Span, "20s", "How long to wait for the pod."),
];
pub(super) const EXEC: &[Flag] = &[
    short("container", 'c', Text, "", "Container."),
    short("stdin", 'i', Bool, "false", "Pass standard input."),
    short("tty", 't', Bool, "false", "Standard input is a terminal."),
    short("quiet", 'q', Bool, "false", "Only what the command prints."),
    flag("pod-running-timeout", Span, "1m0s", "How long to wait for the pod."),
];
pub(super) const DEBUG: &[Flag] = &[
    flag("arguments-only", Bool, "false", "What stands after -- is arguments, not the command."),
    flag("attach", Bool, "false", "Attach to the container when it runs; so with -i."),
    short("container", 'c', Text, "", "Name of the container."),
    flag("copy-to", Text, "", "Debug a copy of the pod of this name."),
    flag("custom", Text, "", "A file with a partial container that changes the profile's."),
    flag("env", List, "", "NAME=value."),
    flag("image", Text, "", "Image of the container."),
    flag("image-pull-policy", Text, "", "Always, IfNotPresent or Never."),
    flag("keep-annotations", Bool, "false", "With --copy-to: keep annotations."),
    flag("keep-init-containers", Bool, "true", "With --copy-to: keep init containers."),
    flag("keep-labels", Bool, "false", "With --copy-to: keep labels."),
    flag("keep-liveness", Bool, "false", "With --copy-to: keep liveness probes."),
    flag("keep-readiness", Bool, "false", "With --copy-to: keep readiness probes."),
    flag("keep-startup", Bool, "false", "With --copy-to: keep startup probes."),
    flag("profile", Text, "general", "general, baseline, restricted, netadmin or sysadmin."),
    short("quiet", 'q', Bool, "false", "Say less."),
    flag("replace", Bool, "false", "With --copy-to: delete the original."),
    flag("same-node", Bool, "false", "With --copy-to: on the same node."),
    flag("set-image", List, "", "With --copy-to: container=image."),
    flag("share-processes", Bool, "true", "With --copy-to: one process namespace for all."),
    short("stdin", 'i', Bool, "false", "Keep standard input open."),
    flag("target", Text, "", "See the processes of this container."),
    short("tty", 't', Bool, "false", "Allocate a terminal."),
];
pub(super) const CAN_I: &[Flag] = &[
    flag("list", Bool, "false", "All actions that are allowed."),
    flag("no-headers", Bool, "false", "Without the heading."),
    short("quiet", 'q', Bool, "false", "Exit code only."),
    flag("subresource", Text, "", "Subresource."),
];
pub(super) const WAIT: &[Flag] = &[
    flag("for", Array, "", "delete, create, condition=NAME[=VALUE] or jsonpath={PATH}=VALUE."),
    flag("timeout", Span, "30s", "How long to wait."),
];
pub(super) const EXPLAIN: &[Flag] = &[
    flag("recursive", Bool, "false", "All fields below."),
    flag("api-version", Text, "", "group/version."),
    short("output", 'o', Text, "plaintext", "plaintext or plaintext-openapiv2."),
];
pub(super) const API_RESOURCES: &[Flag] = &[
    flag("api-group", Text, "", "Only of this group."),
    flag("namespaced", Bool, "true", "Only namespaced, or only not."),
    flag("no-headers", Bool, "false", "Without the heading."),
    short("output", 'o', Text, "", "wide or name."),
    flag("verbs", List, "", "Only with these verbs."),
    flag("categories", List, "", "Only of these categories."),
    flag("sort-by", Text, "", "name or kind."),
    flag("cached", Bool, "false", "Not used."),
    flag("show-managed-fields", Bool, "false", "Not used."),
];
pub(super) const VERSION: &[Flag] = &[
    flag("client", Bool, "false", "Only the client."),
    short("output", 'o', Text, "", "yaml or json."),
];
pub(super) const EVENTS: &[Flag] = &[
    short("watch", 'w', Bool, "false", "Go on with new events."),
    flag("for", Text, "", "Object that the events are about."),
    flag("types", List, "", "Only of these types."),
    flag("no-headers", Bool, "false", "Without the heading."),
];
pub(super) const TOP: &[Flag] = &[
    flag("sort-by", Text, "", "cpu or memory."),
    flag("no-headers", Bool, "false", "Without the heading."),
    flag("use-protocol-buffers", Bool, "true", "Not used."),
];
pub(super) const TOP_POD: &[Flag] = &[
    flag("containers", Bool, "false", "Per container."),
    flag("sum", Bool, "false", "With a sum."),
];
pub(super) const TOP_NODE: &[Flag] = &[
    flag("show-capacity", Bool, "false", "Per cent of the capacity."),
    flag("show-swap", Bool, "false", "With swap."),
];
pub(super) const DIFF: &[Flag] = &[
    flag("server-side", Bool, "false", "Apply on the server."),
    flag("force-conflicts", Bool, "false", "Take fields from other field managers."),
    flag("field-manager", Text, "kubectl-client-side-apply", "Name of the field manager."),
    flag("show-managed-fields", Bool, "false", "With managedFields."),
    flag("show-secrets", Bool, "false", "Do not mask secrets."),
    flag("concurrency", Int, "1", "Not used."),
    flag("prune", Bool, "false", "Not available here."),
];
pub(super) const TAINT: &[Flag] = &[
    flag("overwrite", Bool, "false", "Change taints that exist."),
    flag("field-manager", Text, "kubectl-taint", "Name of the field manager."),
];
pub(super) const DRAIN: &[Flag] = &[
    flag("delete-emptydir-data", Bool, "false", "Go on although emptyDir data is lost."),
    flag("disable-eviction", Bool, "false", "Delete instead of evict."),
    flag("force", Bool, "false", "Go on with pods that nothing makes anew."),
    flag("grace-period", Int, "-1", "Seconds to end in an orderly way."),
    flag("ignore-daemonsets", Bool, "false", "Leave the pods of DaemonSets."),
    flag("pod-selector", Text, "", "Only these pods."),
    flag("skip-wait-for-delete-timeout", Int, "0", "Do not wait for pods deleted longer ago."),
    flag("timeout", Span, "0s", "How long to wait."),
];
pub(super) const CONFIG_VIEW: &[Flag] = &[
    flag("minify", Bool, "false", "Only the current context."),
    flag("raw", Bool, "false", "With secrets."),
    flag("flatten", Bool, "false", "Self-contained."),
];
