//! Updates and autoscalers in numbers.

use diagram::autoscaler::calculation;
use diagram::rollout::rollout;
use serde_json::{Value, json};

fn set(owner: &str, revision: &str, (pods, available): (i64, i64)) -> Value {
    json!({
        "metadata": {
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": owner}],
        },
        "spec": {"template": {"spec": {"containers": [{"image": format!("web:{revision}")}]}}},
        "status": {"replicas": pods, "availableReplicas": available},
    })
}

fn deployment(strategy: Value) -> Value {
    json!({"metadata": {"uid": "mine"}, "spec": {"replicas": 4, "strategy": strategy}})
}

fn rolling(surge: Value, missing: Value) -> Value {
    json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}})
}

#[test]
fn an_update_shows_the_versions_that_have_pods() {
    let sets = [
        set("mine", "1", (0, 0)),
        set("mine", "10", (1, 0)),
        set("mine", "9", (4, 4)),
        set("other", "3", (2, 2)),
    ];
    let found = rollout(&deployment(rolling(json!("25%"), json!("25%"))), &sets);
    let versions: Vec<_> =
        found.versions.iter().map(|one| (one.revision, one.pods, one.available)).collect();
    assert_eq!(versions, [(10, 1, 0), (9, 4, 4)]);
    assert_eq!((found.total, found.available), (5, 4));
    assert_eq!(found.versions.first().unwrap().images, ["web:10"]);
}

#[test]
fn an_update_moves_between_rounded_bounds() {
    let of = |strategy| {
        let found = rollout(&deployment(strategy), &[]);
        (found.least, found.most)
    };
    assert_eq!(of(rolling(json!("25%"), json!("25%"))), (3, 5));
    assert_eq!(of(rolling(json!("30%"), json!("30%"))), (3, 6));
    assert_eq!(of(rolling(json!(0), json!("10%"))), (3, 4), "one pod must be able to move");
    assert_eq!(of(rolling(json!(2), json!(0))), (4, 6));
    assert_eq!(of(json!({"type": "Recreate"})), (0, 4));
}

fn autoscaler(replicas: i64, now: Option<i64>) -> Value {
    json!({
        "spec": {"maxReplicas": 5, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}},
        ]},
        "status": {
            "currentReplicas": replicas, "desiredReplicas": 4,
            "currentMetrics": now.map(|now| json!([
                {"resource": {"name": "cpu", "current": {"averageUtilization": now}}},
            ])),
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "Ready", "message": "r"},
                {"type": "ScalingLimited", "status": "True", "reason": "TooMany", "message": "m"},
            ],
        },
    })
}

#[test]
fn an_autoscaler_calculates_and_rounds_up() {
    let asks = |replicas, now| {
        let found = calculation(&autoscaler(replicas, now));
        let metric = found.metrics.first().cloned().unwrap();
        (metric.asks, metric.steady)
    };
    assert_eq!(asks(1, Some(200)), (Some(4), false));
    assert_eq!(asks(3, Some(70)), (Some(5), false));
    assert_eq!(asks(4, Some(55)), (Some(4), true));
    assert_eq!(asks(4, Some(56)), (Some(5), false));
    assert_eq!(asks(4, None), (None, false));
}

#[test]
fn an_autoscaler_says_what_holds_it_back() {
    let found = calculation(&autoscaler(1, None));
    assert_eq!(found.said, Some(("TooMany".to_owned(), "m".to_owned())));
    assert_eq!((found.least, found.most, found.wanted), (1, 5, 4));
    // 8 are asked for, of which it may have 5, and it wants 4.
    assert!(calculation(&autoscaler(4, Some(100))).differs());
    assert!(!calculation(&autoscaler(4, Some(50))).differs() && !found.differs());
}

#[test]
fn an_autoscaler_says_how_far_and_how_soon_it_goes() {
    let said = |behavior: Value| {
        let mut given = autoscaler(4, Some(53));
        given.as_object_mut().unwrap().get_mut("spec").unwrap()["behavior"] = behavior;
        let found = calculation(&given);
        let rules = |rules: &diagram::autoscaler::Rules| {
            let of = |one: &diagram::autoscaler::Policy| {
                format!("{}{}/{}s", one.value, if one.percent { "%" } else { "" }, one.seconds)
            };
            let policies: Vec<String> = rules.policies.iter().map(of).collect();
            format!("{}s {} {} {}", rules.window, rules.select, policies.join(","), rules.tolerance)
        };
        let steady = found.metrics.first().is_some_and(|one| one.steady);
        (rules(&found.up), rules(&found.down), steady)
    };
    let usual = ("0s Max 4/15s,100%/15s 100".to_owned(), "300s Max 100%/15s 100".to_owned(), true);
    assert_eq!(said(Value::Null), usual);
    let own = json!({
        "scaleUp": {"tolerance": "0.05", "selectPolicy": "Disabled", "policies": [
            {"type": "Pods", "value": 1, "periodSeconds": 60}]},
        "scaleDown": {"stabilizationWindowSeconds": 30, "tolerance": "50m"},
    });
    let found = ("0s Disabled 1/60s 50".to_owned(), "30s Max 100%/15s 50".to_owned(), false);
    assert_eq!(said(own), found);
}
