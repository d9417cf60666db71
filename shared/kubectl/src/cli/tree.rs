//! The tree of commands.

use super::flags::Flag;
use super::tables as t;

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Annotate,
    ApiResources,
    ApiVersions,
    Apply,
    ApplyViewLast,
    CanI,
    ClusterInfo,
    ConfigContexts,
    ConfigCurrent,
    ConfigView,
    Cordon,
    Create,
    CreateClusterRole,
    CreateClusterRoleBinding,
    CreateConfigMap,
    CreateCronJob,
    CreateDeployment,
    CreateJob,
    CreateNamespace,
    CreateQuota,
    CreateRole,
    CreateRoleBinding,
    CreateSecretDocker,
    CreateSecretGeneric,
    CreateServiceAccount,
    CreateServiceClusterIp,
    CreateServiceExternalName,
    CreateServiceLoadBalancer,
    CreateServiceNodePort,
    CreateToken,
    Delete,
    Describe,
    Diff,
    Drain,
    Events,
    Exec,
    Explain,
    Expose,
    Get,
    /// A command that only holds others.
    Group,
    Label,
    Logs,
    Options,
    Patch,
    Refused(&'static str),
    Replace,
    RolloutHistory,
    RolloutPause,
    RolloutRestart,
    RolloutResume,
    RolloutStatus,
    RolloutUndo,
    Run,
    Scale,
    SetEnv,
    SetImage,
    SetResources,
    SetServiceAccount,
    Taint,
    TopNode,
    TopPod,
    Uncordon,
    Version,
    Wait,
    Whoami,
}

/// A command, or a group of them.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) usage: &'static str,
    pub(crate) short: &'static str,
    pub(crate) flags: &'static [&'static [Flag]],
    pub(crate) verb: Verb,
    pub(crate) children: &'static [Self],
}

const fn leaf(
    name: &'static str,
    usage: &'static str,
    short: &'static str,
    verb: Verb,
    flags: &'static [&'static [Flag]],
) -> Command {
    Command { name, aliases: &[], usage, short, flags, verb, children: &[] }
}

const fn group(name: &'static str, short: &'static str, children: &'static [Command]) -> Command {
    Command {
        name,
        aliases: &[],
        usage: " SUBCOMMAND",
        short,
        flags: &[],
        verb: Verb::Group,
        children,
    }
}

impl Command {
    const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn with(mut self, children: &'static [Self]) -> Self {
        self.children = children;
        self
    }
}

const FILES_USAGE: &str = " (-f FILENAME | TYPE NAME) [options]";
const MAKE: &[&[Flag]] = &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE];

const SECRET: &[Command] = &[
    leaf(
        "docker-registry",
        " NAME --docker-username=user [options]",
        "Create a secret for a registry",
        Verb::CreateSecretDocker,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_DOCKER],
    ),
    leaf(
        "generic",
        " NAME [--from-literal=key=value] [options]",
        "Create a secret from literals or files",
        Verb::CreateSecretGeneric,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_CONFIGMAP, t::CREATE_SECRET],
    ),
    leaf(
        "tls",
        " NAME --cert=FILE --key=FILE [options]",
        "Create a TLS secret",
        Verb::Refused(
            "kubectl create secret tls needs the files of a certificate, which the console does not have: apply a manifest",
        ),
        &[],
    ),
];
const SERVICE: &[Command] = &[
    leaf(
        "clusterip",
        " NAME [--tcp=<port>:<targetPort>] [options]",
        "Create a ClusterIP service",
        Verb::CreateServiceClusterIp,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_SERVICE, t::CREATE_CLUSTER_IP],
    ),
    leaf(
        "externalname",
        " NAME --external-name external.name [options]",
        "Create an ExternalName service",
        Verb::CreateServiceExternalName,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_SERVICE, t::CREATE_EXTERNAL],
    ),
    leaf(
        "loadbalancer",
        " NAME [--tcp=port:targetPort] [options]",
        "Create a LoadBalancer service",
        Verb::CreateServiceLoadBalancer,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_SERVICE],
    ),
    leaf(
        "nodeport",
        " NAME [--tcp=port:targetPort] [options]",
        "Create a NodePort service",
        Verb::CreateServiceNodePort,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_SERVICE, t::CREATE_NODE_PORT],
    ),
];
const CREATE: &[Command] = &[
    leaf(
        "clusterrole",
        " NAME --verb=verb --resource=resource.group [options]",
        "Create a cluster role",
        Verb::CreateClusterRole,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_ROLE, t::CREATE_CLUSTER_ROLE],
    ),
    leaf(
        "clusterrolebinding",
        " NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name] [options]",
        "Create a cluster role binding",
        Verb::CreateClusterRoleBinding,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_BINDING],
    ),
    leaf(
        "configmap",
        " NAME [--from-literal=key=value] [options]",
        "Create a config map",
        Verb::CreateConfigMap,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_CONFIGMAP],
    )
    .alias(&["cm"]),
    leaf(
        "cronjob",
        " NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
        "Create a cron job",
        Verb::CreateCronJob,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_CRONJOB],
    )
    .alias(&["cj"]),
    leaf(
        "deployment",
        " NAME --image=image -- [COMMAND] [args...]",
        "Create a deployment",
        Verb::CreateDeployment,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_DEPLOYMENT],
    )
    .alias(&["deploy"]),
    leaf(
        "job",
        " NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
        "Create a job",
        Verb::CreateJob,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_JOB],
    ),
    leaf(
        "namespace",
        " NAME [--dry-run=server|client|none]",
        "Create a namespace",
        Verb::CreateNamespace,
        MAKE,
    )
    .alias(&["ns"]),
    leaf(
        "quota",
        " NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]",
        "Create a quota",
        Verb::CreateQuota,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_QUOTA],
    )
    .alias(&["resourcequota"]),
    leaf(
        "role",
        " NAME --verb=verb --resource=resource.group/subresource [options]",
        "Create a role",
        Verb::CreateRole,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_ROLE],
    ),
    leaf(
        "rolebinding",
        " NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name] [options]",
        "Create a role binding",
        Verb::CreateRoleBinding,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_BINDING, t::CREATE_ROLE_BINDING],
    ),
    group("secret", "Create a secret", SECRET),
    group("service", "Create a service", SERVICE).alias(&["svc"]),
    leaf(
        "serviceaccount",
        " NAME [options]",
        "Create a service account",
        Verb::CreateServiceAccount,
        MAKE,
    )
    .alias(&["sa"]),
    leaf(
        "token",
        " SERVICE_ACCOUNT_NAME [options]",
        "Request a token of a service account",
        Verb::CreateToken,
        &[t::OUTPUT, t::CREATE_TOKEN],
    ),
];
const ROLLOUT: &[Command] = &[
    leaf(
        "history",
        " (TYPE NAME | TYPE/NAME) [flags]",
        "Show the revisions",
        Verb::RolloutHistory,
        &[t::OUTPUT, t::FILES, t::SELECTOR, t::ROLLOUT_HISTORY],
    ),
    leaf(
        "pause",
        " RESOURCE",
        "Stop rolling out",
        Verb::RolloutPause,
        &[t::OUTPUT, t::FILES, t::SELECTOR, t::ROLLOUT],
    ),
    leaf(
        "restart",
        " RESOURCE",
        "Make the pods anew",
        Verb::RolloutRestart,
        &[t::OUTPUT, t::FILES, t::SELECTOR, t::ROLLOUT],
    ),
    leaf(
        "resume",
        " RESOURCE",
        "Go on rolling out",
        Verb::RolloutResume,
        &[t::OUTPUT, t::FILES, t::SELECTOR, t::ROLLOUT],
    ),
    leaf(
        "status",
        " (TYPE NAME | TYPE/NAME) [flags]",
        "Show how far a rollout is",
        Verb::RolloutStatus,
        &[t::FILES, t::SELECTOR, t::ROLLOUT_STATUS],
    ),
    leaf(
        "undo",
        " (TYPE NAME | TYPE/NAME) [flags]",
        "Go back to an earlier revision",
        Verb::RolloutUndo,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::SELECTOR, t::ROLLOUT_UNDO],
    ),
];
const SET: &[Command] = &[
    leaf(
        "env",
        " RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
        "Change environment variables",
        Verb::SetEnv,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::SELECTOR, t::ALL, t::LOCAL, t::SET, t::SET_ENV],
    ),
    leaf(
        "image",
        " (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ...",
        "Change images",
        Verb::SetImage,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::SELECTOR, t::ALL, t::LOCAL, t::SET, t::RECORD],
    ),
    leaf(
        "resources",
        " (-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
        "Change requests and limits",
        Verb::SetResources,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::SELECTOR, t::ALL, t::LOCAL, t::SET, t::SET_RESOURCES],
    ),
    leaf(
        "serviceaccount",
        " (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
        "Change the service account",
        Verb::SetServiceAccount,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::ALL, t::LOCAL, t::SET],
    )
    .alias(&["sa"]),
];
const AUTH: &[Command] = &[
    leaf(
        "can-i",
        " VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
        "Check whether an action is allowed",
        Verb::CanI,
        &[t::ALL_NAMESPACES, t::CAN_I],
    ),
    leaf(
        "reconcile",
        " -f FILENAME",
        "Not available here",
        Verb::Refused("kubectl auth reconcile is not available in the console: use kubectl apply"),
        &[],
    ),
    leaf("whoami", "", "Who the server takes you for", Verb::Whoami, &[t::OUTPUT]),
];
const TOP: &[Command] = &[
    leaf(
        "node",
        " [NAME | -l label]",
        "Usage of nodes",
        Verb::TopNode,
        &[t::SELECTOR, t::TOP, t::TOP_NODE],
    )
    .alias(&["nodes", "no"]),
    leaf(
        "pod",
        " [NAME | -l label]",
        "Usage of pods",
        Verb::TopPod,
        &[t::SELECTOR, t::FIELD_SELECTOR, t::ALL_NAMESPACES, t::TOP, t::TOP_POD],
    )
    .alias(&["pods", "po"]),
];
const CONFIG: &[Command] = &[
    leaf("current-context", " [flags]", "Show the current context", Verb::ConfigCurrent, &[]),
    leaf("get-contexts", " [(-o|--output=)name)]", "Show the contexts", Verb::ConfigContexts, &[]),
    leaf(
        "view",
        " [flags]",
        "Show the configuration",
        Verb::ConfigView,
        &[t::OUTPUT, t::CONFIG_VIEW],
    ),
];
const APPLY: &[Command] = &[leaf(
    "view-last-applied",
    " (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    "Show what was applied last",
    Verb::ApplyViewLast,
    &[t::FILES, t::SELECTOR, t::ALL, t::OUTPUT],
)];

/// The commands of kubectl, in the order of names.
pub(crate) static COMMANDS: &[Command] = &[
    leaf(
        "annotate",
        " [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
        "Change annotations",
        Verb::Annotate,
        &[
            t::OUTPUT,
            t::DRY_RUN,
            t::FILES,
            t::SELECTOR,
            t::FIELD_SELECTOR,
            t::ALL,
            t::ALL_NAMESPACES,
            t::LOCAL,
            t::ANNOTATE,
            t::RECORD,
        ],
    ),
    leaf(
        "api-resources",
        " [flags]",
        "Show the resources of the server",
        Verb::ApiResources,
        &[t::API_RESOURCES],
    ),
    leaf("api-versions", "", "Show the API versions of the server", Verb::ApiVersions, &[]),
    leaf(
        "apply",
        " (-f FILENAME | -k DIRECTORY)",
        "Make the cluster look like a manifest",
        Verb::Apply,
        &[
            t::OUTPUT,
            t::DRY_RUN,
            t::FILES,
            t::SELECTOR,
            t::ALL,
            t::VALIDATE,
            t::FORCE_DELETE,
            t::SUBRESOURCE,
            t::APPLY,
            t::RECORD,
        ],
    )
    .with(APPLY),
    leaf(
        "attach",
        " (POD | TYPE/NAME) -c CONTAINER",
        "Not available here",
        Verb::Refused(
            "kubectl attach is not available in the console: use kubectl logs -f or kubectl exec",
        ),
        &[],
    ),
    group("auth", "Ask about authorization", AUTH),
    leaf(
        "autoscale",
        " (-f FILENAME | TYPE NAME | TYPE/NAME) --max=MAXPODS",
        "Not available here",
        Verb::Refused(
            "kubectl autoscale is not available in the console: apply a HorizontalPodAutoscaler from an editor cell",
        ),
        &[],
    ),
    leaf(
        "certificate",
        " SUBCOMMAND",
        "Not available here",
        Verb::Refused("kubectl certificate is not available in the console"),
        &[],
    ),
    leaf("cluster-info", "", "Show where the cluster answers", Verb::ClusterInfo, &[]),
    leaf(
        "completion",
        " SHELL",
        "Not available here",
        Verb::Refused("the console completes by itself: press Tab"),
        &[],
    ),
    group("config", "Look at the configuration", CONFIG),
    leaf("cordon", " NODE", "Let no new pod onto a node", Verb::Cordon, &[t::DRY_RUN, t::SELECTOR]),
    leaf(
        "cp",
        " <file-spec-src> <file-spec-dest>",
        "Not available here",
        Verb::Refused(
            "kubectl cp is not available in the console: there is no file system beside the cluster; use kubectl exec with cat",
        ),
        &[],
    ),
    Command {
        name: "create",
        aliases: &[],
        usage: " -f FILENAME",
        short: "Create an object",
        flags: MAKE_FILES,
        verb: Verb::Create,
        children: CREATE,
    },
    leaf(
        "debug",
        " (POD | TYPE[[.VERSION].GROUP]/NAME)",
        "Not available here",
        Verb::Refused(
            "kubectl debug is not available in the console: use kubectl exec or kubectl run",
        ),
        &[],
    ),
    leaf(
        "delete",
        " ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
        "Delete objects",
        Verb::Delete,
        &[
            t::DRY_RUN,
            t::FILES,
            t::SELECTOR,
            t::FIELD_SELECTOR,
            t::ALL,
            t::ALL_NAMESPACES,
            t::FORCE_DELETE,
            t::DELETE,
            OUTPUT_NAME,
        ],
    ),
    leaf(
        "describe",
        " (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
        "Tell about objects in detail",
        Verb::Describe,
        &[t::FILES, t::SELECTOR, t::ALL_NAMESPACES, t::CHUNK, t::DESCRIBE],
    ),
    leaf(
        "diff",
        " -f FILENAME",
        "Show what apply would change",
        Verb::Diff,
        &[t::FILES, t::SELECTOR, t::DIFF],
    ),
    leaf(
        "drain",
        " NODE",
        "Empty a node",
        Verb::Drain,
        &[t::DRY_RUN, t::SELECTOR, t::CHUNK, t::DRAIN],
    ),
    leaf(
        "edit",
        " (RESOURCE/NAME | -f FILENAME)",
        "Not available here",
        Verb::Refused(
            "kubectl edit opens no editor in the console: change the object in an editor cell and apply it, or use kubectl patch",
        ),
        &[],
    ),
    leaf(
        "events",
        " [(-o|--output=)json|yaml|wide] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
        "Show events",
        Verb::Events,
        &[t::OUTPUT, t::ALL_NAMESPACES, t::CHUNK, t::EVENTS],
    ),
    leaf(
        "exec",
        " (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
        "Run a command in a container",
        Verb::Exec,
        &[t::FILES, t::EXEC],
    ),
    leaf(
        "explain",
        " TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
        "Tell about the fields of a resource",
        Verb::Explain,
        &[t::EXPLAIN],
    ),
    leaf(
        "expose",
        " (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
        "Make a service for an object",
        Verb::Expose,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::EXPOSE],
    ),
    leaf(
        "get",
        " [(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
        "Show objects",
        Verb::Get,
        &[
            t::OUTPUT,
            t::FILES,
            t::SELECTOR,
            t::FIELD_SELECTOR,
            t::ALL_NAMESPACES,
            t::CHUNK,
            t::SUBRESOURCE,
            t::GET,
        ],
    ),
    leaf("help", " [command]", "Help about a command", Verb::Options, &[]),
    leaf(
        "kustomize",
        " DIR",
        "Not available here",
        Verb::Refused(
            "kubectl kustomize is not available in the console: there is no directory to build from",
        ),
        &[],
    ),
    leaf(
        "label",
        " [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
        "Change labels",
        Verb::Label,
        &[
            t::OUTPUT,
            t::DRY_RUN,
            t::FILES,
            t::SELECTOR,
            t::FIELD_SELECTOR,
            t::ALL,
            t::ALL_NAMESPACES,
            t::LOCAL,
            t::LABEL,
            t::RECORD,
        ],
    ),
    leaf(
        "logs",
        " [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
        "Show what containers print",
        Verb::Logs,
        &[t::LOGS],
    )
    .alias(&["log"]),
    leaf("options", "", "Show the flags that every command takes", Verb::Options, &[]),
    leaf(
        "patch",
        " (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
        "Change fields of an object",
        Verb::Patch,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::LOCAL, t::SUBRESOURCE, t::PATCH, t::RECORD],
    ),
    leaf(
        "port-forward",
        " TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT",
        "Not available here",
        Verb::Refused(
            "kubectl port-forward is not available in the console: use kubectl exec with wget, or a connection check",
        ),
        &[],
    ),
    leaf(
        "proxy",
        " [--port=PORT]",
        "Not available here",
        Verb::Refused("kubectl proxy is not available in the console: use kubectl get --raw"),
        &[],
    ),
    leaf(
        "replace",
        " -f FILENAME",
        "Replace objects",
        Verb::Replace,
        &[
            t::OUTPUT,
            t::DRY_RUN,
            t::FILES,
            t::VALIDATE,
            t::FORCE_DELETE,
            t::SUBRESOURCE,
            t::REPLACE,
        ],
    ),
    group("rollout", "Look after the rollout of an object", ROLLOUT),
    leaf(
        "run",
        " NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
        "Run an image in a pod",
        Verb::Run,
        &[t::OUTPUT, t::DRY_RUN, t::RUN, t::FORCE_DELETE, WAIT_FLAG],
    ),
    leaf(
        "scale",
        " [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
        "Change the number of replicas",
        Verb::Scale,
        &[t::OUTPUT, t::DRY_RUN, t::FILES, t::SELECTOR, t::ALL, t::SCALE, t::RECORD],
    ),
    group("set", "Change fields of an object", SET),
    leaf(
        "taint",
        " NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
        "Change the taints of nodes",
        Verb::Taint,
        &[t::OUTPUT, t::DRY_RUN, t::SELECTOR, t::ALL, t::VALIDATE, t::TAINT],
    ),
    group("top", "Show what pods and nodes use", TOP),
    leaf(
        "uncordon",
        " NODE",
        "Let pods onto a node again",
        Verb::Uncordon,
        &[t::DRY_RUN, t::SELECTOR],
    ),
    leaf("version", "", "Show versions", Verb::Version, &[t::VERSION]),
    leaf(
        "wait",
        FILES_USAGE,
        "Wait for something",
        Verb::Wait,
        &[
            t::OUTPUT,
            t::FILES,
            t::SELECTOR,
            t::FIELD_SELECTOR,
            t::ALL,
            t::ALL_NAMESPACES,
            t::LOCAL,
            t::WAIT,
        ],
    ),
];

const MAKE_FILES: &[&[Flag]] =
    &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::FILES, t::SELECTOR, t::RECORD];
const OUTPUT_NAME: &[Flag] = &[Flag {
    name: "output",
    short: Some('o'),
    kind: super::flags::Kind::Text,
    default: "",
    usage: "name.",
}];
const WAIT_FLAG: &[Flag] = &[Flag {
    name: "wait",
    short: None,
    kind: super::flags::Kind::Bool,
    default: "false",
    usage: "Wait until deleted objects are gone.",
}];

/// A command line, taken apart.
pub(crate) struct Found {
    /// `kubectl rollout status`.
    pub(crate) path: String,
    /// None is kubectl itself.
    pub(crate) command: Option<&'static Command>,
    /// Everything but the names of the commands.
    pub(crate) words: Vec<String>,
}

/// Finds the command of a line, as cobra does: flags may stand before it.
pub(crate) fn find(words: &[String]) -> Found {
    let mut found = Found { path: "kubectl".to_owned(), command: None, words: words.to_vec() };
    loop {
        let children = found.command.map_or(COMMANDS, |command| command.children);
        let Some(at) = first_argument(found.command, &found.words) else { return found };
        let Some(name) = found.words.get(at) else { return found };
        let child = children
            .iter()
            .find(|child| child.name == name || child.aliases.contains(&name.as_str()));
        let Some(child) = child else { return found };
        found.words.remove(at);
        found.path = format!("{} {}", found.path, child.name);
        found.command = Some(child);
    }
}

/// The place of the first word that is neither a flag nor the value of one.
fn first_argument(command: Option<&Command>, words: &[String]) -> Option<usize> {
    let own = command.map_or(&[][..], |command| command.flags);
    let lookup = |matches: &dyn Fn(&Flag) -> bool| {
        own.iter()
            .chain([&t::GLOBAL])
            .flat_map(|group| group.iter())
            .find(|flag| matches(flag))
            .copied()
    };
    let takes_value = |flag: Option<Flag>| {
        flag.is_none_or(|flag| {
            !matches!(flag.kind, super::flags::Kind::Bool | super::flags::Kind::Optional(_))
        })
    };
    let mut skip = false;
    for (index, word) in words.iter().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word == "--" {
            return None;
        }
        if let Some(long) = word.strip_prefix("--") {
            skip = !long.contains('=') && takes_value(lookup(&|flag| flag.name == long));
        } else if word.len() > 1 && word.starts_with('-') {
            let letter = word.chars().nth(1);
            skip = word.chars().count() == 2 && takes_value(lookup(&|flag| flag.short == letter));
        } else {
            return Some(index);
        }
    }
    None
}
