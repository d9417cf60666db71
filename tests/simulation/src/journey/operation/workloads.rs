//! What runs: Deployments and the like, Jobs, and what scales them.

use cluster::rng::Stream;
use serde_json::{Value, json};

use super::{Operation, pick};

pub(super) fn apps(namespace: &str, kind: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/{}s", kind.to_lowercase())
}

pub(super) fn jobs(namespace: &str) -> String {
    format!("/apis/batch/v1/namespaces/{namespace}/jobs")
}

pub(super) fn cron_jobs(namespace: &str) -> String {
    format!("/apis/batch/v1/namespaces/{namespace}/cronjobs")
}

pub(super) fn autoscalers(namespace: &str) -> String {
    format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers")
}

fn template(chance: &mut Stream, app: &str) -> Value {
    let image = pick(chance, &["nginx:1.27", "nginx:1.28", "nginx:1.28", "nginx:0.1"]);
    let cpu = pick(chance, &["100m", "1", "3"]).unwrap_or("100m");
    let mut main = json!({
        "name": "main", "image": image, "resources": { "requests": { "cpu": cpu } },
    });
    if chance.below(6) == 0 {
        main = json!({
            "name": "main", "image": "polinux/stress", "command": ["stress", "--cpu", "1"],
            "resources": { "requests": { "cpu": cpu } },
        });
    }
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": { "terminationGracePeriodSeconds": chance.below(40), "containers": [main] },
    })
}

pub(super) fn workload(chance: &mut Stream, namespace: &str, kind: &str, number: u64) -> Operation {
    let name = format!("{}-{number}", kind.to_lowercase());
    let mut spec = json!({
        "selector": { "matchLabels": { "app": name } }, "template": template(chance, &name),
    });
    if let Some(spec) = spec.as_object_mut() {
        if kind != "DaemonSet" {
            spec.insert("replicas".to_owned(), json!(chance.below(5)));
        }
        if kind == "Deployment" && chance.below(3) == 0 {
            spec.insert("strategy".to_owned(), json!({ "type": "Recreate" }));
        }
        if kind == "StatefulSet" {
            spec.insert("serviceName".to_owned(), json!(name));
            let policy = pick(chance, &["Parallel", "OrderedReady"]);
            spec.insert("podManagementPolicy".to_owned(), json!(policy));
            if chance.below(2) == 0 {
                claimed(chance, spec);
            }
        }
    }
    let object = json!({ "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name }, "spec": spec });
    Operation::Create(apps(namespace, kind), object)
}

/// A claim for each pod, which stays or goes.
fn claimed(chance: &mut Stream, spec: &mut serde_json::Map<String, Value>) {
    let claim = json!([{ "metadata": { "name": "data" }, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } },
    } }]);
    let mut word = || pick(chance, &["Retain", "Delete"]);
    let retention = json!({ "whenDeleted": word(), "whenScaled": word() });
    spec.insert("volumeClaimTemplates".to_owned(), claim);
    spec.insert("persistentVolumeClaimRetentionPolicy".to_owned(), retention);
}

fn job_spec(chance: &mut Stream) -> Value {
    let script =
        pick(chance, &["exit 0", "exit 1", "sleep 20", "sleep 90; exit 3"]).unwrap_or("exit 0");
    let template = json!({ "spec": {
        "restartPolicy": pick(chance, &["Never", "OnFailure"]),
        "containers": [{ "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script] }],
    } });
    json!({
        "completions": 1 + chance.below(3), "parallelism": 1 + chance.below(3),
        "backoffLimit": chance.below(3), "template": template,
    })
}

pub(super) fn job(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let object = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": format!("job-{number}") },
        "spec": job_spec(chance),
    });
    Operation::Create(jobs(namespace), object)
}

pub(super) fn cron_job(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    if chance.below(3) == 0 {
        let patch = json!({ "spec": {
            "suspend": chance.below(2) == 0,
            "concurrencyPolicy": pick(chance, &["Allow", "Forbid", "Replace"]),
        } });
        return Operation::Patch(format!("{}/cron-{number}", cron_jobs(namespace)), patch);
    }
    let object = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": format!("cron-{number}") },
        "spec": {
            "schedule": pick(chance, &["* * * * *", "*/7 * * * *", "30 2 * * *"]),
            "concurrencyPolicy": pick(chance, &["Allow", "Forbid", "Replace"]),
            "successfulJobsHistoryLimit": chance.below(4), "failedJobsHistoryLimit": chance.below(3),
            "jobTemplate": { "spec": job_spec(chance) },
        },
    });
    Operation::Create(cron_jobs(namespace), object)
}

pub(super) fn autoscaler(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let kind = pick(chance, &["Deployment", "Deployment", "StatefulSet"]).unwrap_or("Deployment");
    let least = 1 + chance.below(2);
    let object = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": format!("autoscaler-{number}") },
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1", "kind": kind, "name": format!("{}-{number}", kind.to_lowercase()),
            },
            "minReplicas": least, "maxReplicas": least + chance.below(4),
            "metrics": [{ "type": "Resource", "resource": {
                "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 50 },
            } }],
        },
    });
    Operation::Create(autoscalers(namespace), object)
}

pub(super) fn change(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let kind = pick(chance, &["Deployment", "StatefulSet", "DaemonSet"]).unwrap_or("Deployment");
    let path = format!("{}/{}-{number}", apps(namespace, kind), kind.to_lowercase());
    let patch = if kind == "DaemonSet" || chance.below(2) == 0 {
        json!({ "spec": { "template": template(chance, &format!("{}-{number}", kind.to_lowercase())) } })
    } else {
        json!({ "spec": { "replicas": chance.below(6) } })
    };
    Operation::Patch(path, patch)
}
