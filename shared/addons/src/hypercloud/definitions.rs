//! The kinds of HyperCloud (`_yaml_CRD/4.1.7.0`) and HyperAuth's users (`keycloak-operator` 11.0.0), rewritten for
//! `apiextensions.k8s.io/v1`.

use serde_json::{Map, Value, json};

/// Definitions of custom resources.
pub(super) const RESOURCE: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// What a quota of a claim may limit.
const QUOTA: [&str; 25] = [
    "limits.cpu",
    "limits.memory",
    "limits.storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "count/persistentvolumeclaims",
    "count/services",
    "count/secrets",
    "count/configmaps",
    "count/deployments.apps",
    "count/replicasets.apps",
    "count/statefulsets.apps",
    "count/jobs.batch",
    "count/cronjobs.batch",
    "requests.nvidia.com/gpu",
    "ssd-ceph-fs.storageclass.storage.k8s.io/requests.storage",
];
const QUANTITY: &str = "^([+]?[0-9.]+)([einumkKMGTP]*[-+]?[0-9]*)$";

/// Names and scope of a kind.
struct Names {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    scope: &'static str,
}

/// All definitions.
pub(super) fn all() -> Vec<Value> {
    let claim = |kind, plural, short, scope| Names {
        group: "tmax.io",
        version: "v1",
        kind,
        plural,
        short,
        scope,
    };
    let with_deleted = ["Awaiting", "Success", "Reject", "Error", "Deleted"];
    let states = &with_deleted[..4];
    vec![
        claimed(
            &claim("NamespaceClaim", "namespaceclaims", &["nsc"], "Cluster"),
            (&["resourceName", "spec"], json!({ "spec": quota() })),
            &with_deleted,
        ),
        claimed(
            &claim("ResourceQuotaClaim", "resourcequotaclaims", &["rqc"], "Namespaced"),
            (&["resourceName", "spec"], json!({ "spec": quota() })),
            states,
        ),
        claimed(
            &claim("RoleBindingClaim", "rolebindingclaims", &["rbc"], "Namespaced"),
            (&["resourceName", "subjects", "roleRef"], binding()),
            states,
        ),
        security_policy(),
        menu_policy(),
        keycloak_user(),
    ]
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn texts() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

fn definition(names: &Names, schema: Value, version: Value) -> Value {
    let mut served = json!({
        "name": names.version, "served": true, "storage": true,
        "schema": { "openAPIV3Schema": schema },
    });
    if let (Some(served), Value::Object(more)) = (served.as_object_mut(), version) {
        served.extend(more);
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", names.plural, names.group) },
        "spec": {
            "group": names.group, "scope": names.scope,
            "names": {
                "kind": names.kind, "plural": names.plural, "singular": names.kind.to_lowercase(),
                "shortNames": names.short, "listKind": format!("{}List", names.kind),
            },
            "versions": [served],
        },
    })
}

/// A claim: what is asked for, and what was decided.
fn claimed(names: &Names, (required, asked): (&[&str], Value), states: &[&str]) -> Value {
    let mut properties = json!({
        "apiVersion": text(), "kind": text(), "metadata": { "type": "object" },
        "operatorStartTime": text(), "resourceName": text(),
        "status": {
            "type": "object",
            "properties": {
                "lastTransitionTime": { "type": "string", "format": "date-time" },
                "message": text(), "reason": text(),
                "status": { "type": "string", "enum": states },
            },
        },
    });
    if let (Some(properties), Value::Object(asked)) = (properties.as_object_mut(), asked) {
        properties.extend(asked);
    }
    let schema = json!({
        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
        "required": required, "properties": properties,
    });
    let column =
        |name: &str, path: &str| json!({ "name": name, "type": "string", "jsonPath": path });
    definition(
        names,
        schema,
        json!({
            "subresources": { "status": {} },
            "additionalPrinterColumns": [
                column("Status", ".status.status"), column("Reason", ".status.reason"),
            ],
        }),
    )
}

/// The `spec` of a ResourceQuota, in which limits of CPU and memory must be given.
fn quota() -> Value {
    let amount = json!({ "x-kubernetes-int-or-string": true, "pattern": QUANTITY });
    let mut hard: Map<String, Value> =
        QUOTA.iter().map(|name| ((*name).to_owned(), amount.clone())).collect();
    for class in ["hdd-ceph-fs", "ssd-ceph-block", "hdd-ceph-block"] {
        let name = format!("{class}.storageclass.storage.k8s.io/requests.storage");
        hard.insert(name, amount.clone());
    }
    json!({
        "type": "object", "x-kubernetes-preserve-unknown-fields": true, "required": ["hard"],
        "properties": {
            "hard": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "required": ["limits.cpu", "limits.memory"], "properties": hard,
            },
        },
    })
}

/// `subjects` and `roleRef` of a RoleBinding.
fn binding() -> Value {
    let part = |required: &[&str]| {
        json!({
            "type": "object", "required": required,
            "properties": { "kind": text(), "name": text(), "apiGroup": text() },
        })
    };
    json!({
        "subjects": { "type": "array", "items": part(&["kind", "name"]) },
        "roleRef": part(&["kind", "name", "apiGroup"]),
    })
}

fn security_policy() -> Value {
    let names = Names {
        group: "tmax.io",
        version: "v1",
        kind: "Usersecuritypolicy",
        plural: "usersecuritypolicies",
        short: &["usp"],
        scope: "Cluster",
    };
    let schema = json!({
        "type": "object", "required": ["otpEnable"],
        "properties": {
            "otpEnable": text(), "otp": { "type": "integer" }, "ipRange": texts(), "otpRegisterTime": text(),
        },
    });
    definition(&names, schema, json!({}))
}

fn menu_policy() -> Value {
    let names = Names {
        group: "ui.tmax.io",
        version: "v1",
        kind: "ClusterMenuPolicy",
        plural: "clustermenupolicies",
        short: &["cmp"],
        scope: "Cluster",
    };
    let menu = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({
        "type": "object", "required": ["menus"],
        "properties": { "menus": { "type": "array", "items": menu } },
    });
    definition(&names, schema, json!({}))
}

/// What Keycloak knows of a user.
fn keycloak_user() -> Value {
    let names = Names {
        group: "keycloak.org",
        version: "v1alpha1",
        kind: "KeycloakUser",
        plural: "keycloakusers",
        short: &[],
        scope: "Namespaced",
    };
    let credential = json!({
        "type": "object",
        "properties": { "type": text(), "value": text(), "temporary": { "type": "boolean" } },
    });
    let user = json!({
        "type": "object",
        "properties": {
            "username": text(), "email": text(), "firstName": text(), "lastName": text(), "id": text(),
            "emailVerified": { "type": "boolean" }, "enabled": { "type": "boolean" },
            "requiredActions": texts(), "realmRoles": texts(), "groups": texts(),
            "credentials": { "type": "array", "items": credential },
        },
    });
    let selector = json!({
        "type": "object",
        "properties": {
            "matchLabels": { "type": "object", "additionalProperties": { "type": "string" } },
        },
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "spec": {
                "type": "object", "required": ["user"],
                "properties": { "realmSelector": selector, "user": user },
            },
            "status": {
                "type": "object", "required": ["message", "phase"],
                "properties": { "message": text(), "phase": text() },
            },
        },
    });
    definition(&names, schema, json!({ "subresources": { "status": {} } }))
}
