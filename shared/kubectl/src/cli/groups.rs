//! The commands below `create`, `rollout`, `set`, `auth`, `top`, `config` and `apply`.

use super::flags::Flag;
use super::tables as t;
use super::tree::{Command, Verb, group, leaf};

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
        Verb::CreateSecretTls,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_TLS],
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
pub(super) const CREATE: &[Command] = &[
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
        "ingress",
        " NAME --rule=host/path=service:port[,tls[=secret]] ",
        "Create an ingress",
        Verb::CreateIngress,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_INGRESS],
    )
    .alias(&["ing"]),
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
        "poddisruptionbudget",
        " NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
        "Create a pod disruption budget",
        Verb::CreateDisruptionBudget,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_BUDGET],
    )
    .alias(&["pdb"]),
    leaf(
        "priorityclass",
        " NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
        "Create a priority class",
        Verb::CreatePriorityClass,
        &[t::OUTPUT, t::DRY_RUN, t::VALIDATE, t::CREATE, t::CREATE_PRIORITY_CLASS],
    )
    .alias(&["pc"]),
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
pub(super) const ROLLOUT: &[Command] = &[
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
pub(super) const SET: &[Command] = &[
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
pub(super) const AUTH: &[Command] = &[
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
pub(super) const CERTIFICATE: &[Command] = &[
    leaf(
        "approve",
        " (-f FILENAME | NAME)",
        "Approve a certificate signing request",
        Verb::CertificateApprove,
        &[t::OUTPUT, t::FILES, t::CERTIFICATE],
    ),
    leaf(
        "deny",
        " (-f FILENAME | NAME)",
        "Deny a certificate signing request",
        Verb::CertificateDeny,
        &[t::OUTPUT, t::FILES, t::CERTIFICATE],
    ),
];
pub(super) const TOP: &[Command] = &[
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
pub(super) const CONFIG: &[Command] = &[
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
pub(super) const APPLY: &[Command] = &[leaf(
    "view-last-applied",
    " (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    "Show what was applied last",
    Verb::ApplyViewLast,
    &[t::FILES, t::SELECTOR, t::ALL, t::OUTPUT],
)];
