//! What differs between kinds, as a table: defaults, preparation, validation, selectable fields. One file
//! per family below. A kind that is not in the table is stored, decoded by the schema, and inert.

mod batch;
pub(crate) mod certificate;
mod container;
pub(crate) mod definition;
mod definition_parts;
pub(crate) mod definition_rules;
mod endpoints;
mod events;
mod label_keys;
mod labels;
mod meta;
mod network_policy;
mod node;
mod placement;
mod pod;
mod pod_defaults;
mod pod_spec;
mod probes;
mod quota;
mod rbac;
mod scheduling_gates;
mod security;
mod service;
mod service_account;
mod settings;
mod storage;
mod structural;
mod update;
mod volumes;
mod webhook;
mod workload;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

pub(crate) use self::pod::qos_class;
pub(crate) use self::update::path_of as value_at;
pub(crate) use self::update::{prepare_update, reset, validate_update};
use super::call::Call;
use super::write::Target;
pub(crate) use meta::annotations_too_long;

/// What is wrong with an object.
pub(crate) type Faults = Vec<FieldError>;

/// How one kind differs.
#[expect(clippy::struct_excessive_bools, reason = "a row of a table of independent answers")]
pub(crate) struct Kind {
    /// Key in the store.
    pub(crate) key: &'static str,
    /// Whether `metadata.generation` counts its specs.
    pub(crate) generation: bool,
    /// Whether PUT creates it.
    pub(crate) create_on_update: bool,
    /// Whether PUT needs no resourceVersion.
    pub(crate) unconditional_update: bool,
    /// Whether something in this cluster acts on it.
    pub(crate) acted_on: bool,
    /// What is wrong with a name.
    pub(crate) name: fn(&str) -> Vec<String>,
    /// Fills in defaults (`SetDefaults_*`).
    pub(crate) default: fn(&mut Value),
    /// The strategy's `PrepareForCreate`.
    pub(crate) prepare_create: fn(&mut Value),
    /// Validation.
    pub(crate) validate: fn(&Value, &mut Faults),
    /// Validation of a change: new, old.
    pub(crate) validate_update: fn(&Value, &Value, &mut Faults),
    /// Selectable fields beyond name and namespace.
    pub(crate) fields: &'static [&'static str],
}

/// Nothing special.
const PLAIN: Kind = Kind {
    key: "",
    generation: false,
    create_on_update: false,
    unconditional_update: true,
    acted_on: true,
    name: names::dns1123_subdomain,
    default: nothing,
    prepare_create: clear_status,
    validate: valid,
    validate_update: valid_update,
    fields: &[],
};

/// Custom resources.
pub(crate) static CUSTOM: Kind =
    Kind { generation: true, unconditional_update: false, prepare_create: nothing, ..PLAIN };

/// Kinds that nothing here knows.
static UNKNOWN: Kind = Kind { acted_on: false, ..PLAIN };

fn nothing(_: &mut Value) {}
fn valid(_: &Value, _: &mut Faults) {}
fn valid_update(_: &Value, _: &Value, _: &mut Faults) {}

/// Whoever creates an object does not say its status.
pub(crate) fn clear_status(value: &mut Value) {
    if let Some(map) = value.as_object_mut()
        && map.contains_key("status")
    {
        map.insert("status".to_owned(), serde_json::json!({}));
    }
}

static KINDS: &[Kind] = &[
    Kind {
        key: "pods",
        generation: true,
        name: names::dns1123_subdomain,
        default: pod::default,
        prepare_create: pod::prepare_create,
        validate: pod::validate,
        validate_update: pod::validate_update,
        fields: pod::FIELDS,
        ..PLAIN
    },
    Kind {
        key: "deployments.apps",
        generation: true,
        default: workload::default_deployment,
        validate: workload::validate_deployment,
        validate_update: workload::validate_deployment_update,
        ..PLAIN
    },
    Kind {
        key: "replicasets.apps",
        generation: true,
        default: workload::default_replica_set,
        prepare_create: workload::prepare_replica_set,
        validate: workload::validate_replica_set,
        validate_update: workload::validate_replica_set_update,
        fields: &["status.replicas"],
        ..PLAIN
    },
    Kind {
        key: "statefulsets.apps",
        generation: true,
        default: workload::default_stateful_set,
        validate: workload::validate_template_owner,
        ..PLAIN
    },
    Kind {
        key: "daemonsets.apps",
        generation: true,
        default: workload::default_daemon_set,
        prepare_create: workload::prepare_daemon_set,
        validate: workload::validate_template_owner,
        ..PLAIN
    },
    Kind {
        key: "replicationcontrollers",
        generation: true,
        acted_on: false,
        default: workload::default_replication_controller,
        prepare_create: workload::prepare_replica_set,
        ..PLAIN
    },
    Kind {
        key: "jobs.batch",
        generation: true,
        default: batch::default_job,
        prepare_create: batch::prepare_job,
        validate: batch::validate_job,
        ..PLAIN
    },
    Kind {
        key: "cronjobs.batch",
        generation: true,
        default: batch::default_cron_job,
        validate: batch::validate_cron_job,
        ..PLAIN
    },
    Kind {
        key: "services",
        create_on_update: true,
        name: labels::name,
        default: service::default,
        prepare_create: service::prepare_create,
        validate: service::validate,
        validate_update: service::validate_update,
        fields: &["spec.clusterIP", "spec.type"],
        ..PLAIN
    },
    Kind {
        key: "endpoints",
        create_on_update: true,
        default: endpoints::default,
        validate: endpoints::validate,
        ..PLAIN
    },
    Kind {
        key: "endpointslices.discovery.k8s.io",
        generation: true,
        default: endpoints::default_slice,
        validate: endpoints::validate_slice,
        validate_update: endpoints::validate_slice_update,
        ..PLAIN
    },
    Kind {
        key: "configmaps",
        validate: settings::validate_config_map,
        validate_update: settings::validate_immutable,
        ..PLAIN
    },
    Kind {
        key: "secrets",
        default: settings::default_secret,
        validate: settings::validate_secret,
        validate_update: settings::validate_secret_update,
        fields: &["type"],
        ..PLAIN
    },
    Kind { key: "serviceaccounts", prepare_create: service_account::prepare, ..PLAIN },
    Kind {
        key: "namespaces",
        name: labels::name,
        default: settings::default_namespace,
        prepare_create: settings::prepare_namespace,
        fields: &["status.phase"],
        ..PLAIN
    },
    Kind {
        key: "nodes",
        default: node::default,
        prepare_create: nothing,
        validate: node::validate,
        validate_update: node::validate_update,
        fields: &["spec.unschedulable"],
        ..PLAIN
    },
    Kind {
        key: "events",
        create_on_update: true,
        validate: events::validate,
        fields: events::FIELDS,
        ..PLAIN
    },
    Kind {
        key: "networkpolicies.networking.k8s.io",
        generation: true,
        default: network_policy::default,
        validate: network_policy::validate,
        ..PLAIN
    },
    Kind {
        key: "roles.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        validate: rbac::validate_role,
        ..PLAIN
    },
    Kind {
        key: "clusterroles.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        validate: rbac::validate_cluster_role,
        ..PLAIN
    },
    Kind {
        key: "rolebindings.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        default: rbac::default_binding,
        validate: rbac::validate_binding,
        validate_update: rbac::validate_binding_update,
        ..PLAIN
    },
    Kind {
        key: "clusterrolebindings.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        default: rbac::default_binding,
        validate: rbac::validate_binding,
        validate_update: rbac::validate_binding_update,
        ..PLAIN
    },
    Kind {
        key: "resourcequotas",
        validate: quota::validate,
        validate_update: quota::validate_update,
        ..PLAIN
    },
    Kind {
        key: "limitranges",
        create_on_update: true,
        default: quota::default_limit_range,
        validate: quota::validate_limit_range,
        ..PLAIN
    },
    Kind {
        key: "priorityclasses.scheduling.k8s.io",
        create_on_update: true,
        generation: true,
        default: settings::default_priority_class,
        validate: settings::validate_priority_class,
        validate_update: settings::validate_priority_class_update,
        ..PLAIN
    },
    Kind {
        key: "leases.coordination.k8s.io",
        create_on_update: true,
        unconditional_update: false,
        ..PLAIN
    },
    Kind {
        key: "persistentvolumeclaims",
        default: storage::default_claim,
        prepare_create: storage::prepare_claim,
        ..PLAIN
    },
    Kind {
        key: "persistentvolumes",
        default: storage::default_volume,
        prepare_create: storage::prepare_volume,
        ..PLAIN
    },
    Kind { key: "storageclasses.storage.k8s.io", default: storage::default_class, ..PLAIN },
    Kind { key: "ingresses.networking.k8s.io", acted_on: false, generation: true, ..PLAIN },
    Kind {
        key: "poddisruptionbudgets.policy",
        generation: true,
        unconditional_update: false,
        validate: settings::validate_budget,
        ..PLAIN
    },
    Kind {
        key: "horizontalpodautoscalers.autoscaling",
        default: workload::default_autoscaler,
        ..PLAIN
    },
    Kind {
        key: "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: webhook::default,
        validate: webhook::validate,
        ..PLAIN
    },
    Kind {
        key: "validatingwebhookconfigurations.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: webhook::default,
        validate: webhook::validate,
        ..PLAIN
    },
    Kind { key: "controllerrevisions.apps", ..PLAIN },
    Kind { key: "runtimeclasses.node.k8s.io", ..PLAIN },
    Kind {
        key: "customresourcedefinitions.apiextensions.k8s.io",
        generation: true,
        unconditional_update: false,
        default: definition::default,
        prepare_create: definition::prepare_create,
        validate: definition::validate,
        validate_update: definition::validate_update,
        ..PLAIN
    },
    Kind {
        key: certificate::KEY,
        name: certificate::name,
        prepare_create: nothing,
        validate: certificate::validate,
        fields: &["spec.signerName"],
        ..PLAIN
    },
    Kind {
        key: "flowschemas.flowcontrol.apiserver.k8s.io",
        generation: true,
        acted_on: false,
        ..PLAIN
    },
];

/// The row of a kind.
pub(crate) fn of(key: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.key == key).unwrap_or(&UNKNOWN)
}

/// Fills in the defaults of an object.
pub(crate) fn default(value: &mut Value) {
    let gvk = apimachinery::gvk::GroupVersionKind::of(
        apimachinery::object::api_version(value),
        apimachinery::object::kind(value),
    );
    let resource = apimachinery::schema::Schema::builtin().resource_of(&gvk);
    if let Some(resource) = resource {
        let key = super::view::storage_key(&resource.group, &resource.plural);
        (of(&key).default)(value);
    }
}

/// Everything that is wrong with a new object.
pub(crate) fn validate(kind: &Kind, value: &Value, namespaced: bool) -> Faults {
    let mut faults = Vec::new();
    meta::validate(value, kind.name, namespaced, &mut faults);
    (kind.validate)(value, &mut faults);
    faults
}

/// Everything that is wrong with a new object that came through this endpoint.
pub(crate) fn validate_create(target: &Target, value: &Value) -> Faults {
    let mut faults = validate(target.kind, value, !target.namespace.is_empty());
    if target.gvk.kind == "CustomResourceDefinition" {
        definition::validate_name(value, &mut faults);
    }
    if let Some(custom) = &target.custom {
        custom.validate(value, &mut faults);
    }
    if target.gvk.group == "events.k8s.io" {
        events::validate_create(value, &mut faults);
    }
    faults
}

/// Says what this cluster accepts and does not do.
pub(crate) fn warn(
    call: &mut Call,
    kind: &Kind,
    (value, old): (&Value, Option<&Value>),
    evaluated: bool,
) {
    if !call.info.subresource.is_empty() {
        return;
    }
    if !kind.acted_on {
        let name = call.info.resource.clone();
        call.warn(format!(
            "Podium stores {name}, but nothing in this embedded cluster acts on them"
        ));
    }
    if kind.key.contains("webhookconfigurations.")
        && let Some(warning) = webhook::warning(value)
    {
        call.warn(warning);
    }
    if kind.key == "serviceaccounts"
        && let Some(warning) = service_account::warning(value, old)
    {
        call.warn(warning);
    }
    if kind.key == "customresourcedefinitions.apiextensions.k8s.io" {
        for warning in definition::warnings(value, evaluated) {
            call.warn(warning);
        }
    }
    if kind.key == "pods" || kind.key.rsplit('.').next() == Some("apps") {
        for warning in pod::warnings(value, old) {
            call.warn(warning);
        }
    }
}
