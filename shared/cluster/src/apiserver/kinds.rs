//! What differs between kinds, as a table: defaults, preparation, validation, selectable fields. One file
//! per family below. A kind that is not in the table is stored, decoded by the schema, and inert.

mod addresses;
mod api_service;
mod at;
mod autoscaler;
mod batch;
pub(crate) mod certificate;
mod claim;
mod container;
mod counts;
pub(crate) mod definition;
mod definition_parts;
pub(crate) mod definition_rules;
mod device_slices;
mod devices;
mod endpoints;
mod environment;
mod events;
mod flow;
mod ingress;
mod internal;
mod job_policy;
mod job_template;
mod label_keys;
mod labels;
mod lease;
mod meta;
mod network_policy;
mod node;
mod persistent_volume;
mod placement;
mod pod;
mod pod_defaults;
mod pod_spec;
mod pod_warnings;
mod policies;
mod probes;
mod projected;
mod quota;
mod rbac;
mod resize;
mod resources;
mod rows;
mod scheduling_gates;
mod security;
mod service;
mod service_account;
mod service_rules;
mod sets;
mod settings;
mod storage;
mod structural;
mod unified_diff;
mod update;
mod volume_source;
mod volumes;
mod webhook;
mod workload;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

pub(crate) use self::pod::qos_class;
pub(crate) use self::service::has_health_port;
pub(crate) use self::update::path_of as value_at;
pub(crate) use self::update::{prepare_update, reset, validate_update};
use super::call::Call;
use super::write::Target;
pub(crate) use meta::{annotations_too_long, validate as metadata};

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
    /// What only a new object must have.
    pub(crate) validate_create: fn(&Value, &mut Faults),
    /// Validation of a change: new, old.
    pub(crate) validate_update: fn(&Value, &Value, &mut Faults),
    /// Validation of a change of the status: new, old.
    pub(crate) validate_status: fn(&Value, &Value, &mut Faults),
    /// What is accepted and ill-advised: new, old.
    pub(crate) warnings: fn(&Value, Option<&Value>) -> Vec<String>,
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
    prepare_create: nothing,
    validate: valid,
    validate_create: valid,
    validate_update: valid_update,
    validate_status: valid_update,
    warnings: no_warnings,
    fields: &[],
};

/// Custom resources.
pub(crate) static CUSTOM: Kind =
    Kind { generation: true, unconditional_update: false, prepare_create: nothing, ..PLAIN };

/// Stored and validated, and nothing acts on it.
const INERT: Kind = Kind { acted_on: false, ..PLAIN };

/// Kinds that nothing here knows.
static UNKNOWN: Kind = INERT;

fn nothing(_: &mut Value) {}
fn valid(_: &Value, _: &mut Faults) {}
fn no_warnings(_: &Value, _: Option<&Value>) -> Vec<String> {
    Vec::new()
}
fn valid_update(_: &Value, _: &Value, _: &mut Faults) {}

/// The row of a kind.
pub(crate) fn of(key: &str) -> &'static Kind {
    rows::KINDS.iter().find(|kind| kind.key == key).unwrap_or(&UNKNOWN)
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

/// Everything that is wrong with a new object, whatever came of its former life.
fn validate(target: &Target, value: &Value) -> Faults {
    let mut faults = Vec::new();
    meta::validate(value, target.kind.name, !target.namespace.is_empty(), &mut faults);
    if target.custom.is_none() {
        meta::standard_finalizers(value, &mut faults);
    }
    (target.kind.validate)(value, &mut faults);
    faults
}

/// Everything that is wrong with a new object that came through this endpoint.
pub(crate) fn validate_create(target: &Target, value: &Value) -> Faults {
    let mut faults = validate(target, value);
    (target.kind.validate_create)(value, &mut faults);
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
    (evaluated, calls): (bool, bool),
) {
    if !call.info.subresource.is_empty() {
        return;
    }
    let policy = super::policies::ALL.contains(&kind.key);
    if !kind.acted_on || policy && !evaluated {
        let name = call.info.resource.clone();
        call.warn(format!(
            "Podium stores {name}, but nothing in this embedded cluster acts on them"
        ));
    }
    if kind.key.contains("webhookconfigurations.") {
        for warning in webhook::warnings(value, (evaluated, calls)) {
            call.warn(warning);
        }
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
    for warning in (kind.warnings)(value, old) {
        call.warn(warning);
    }
}
