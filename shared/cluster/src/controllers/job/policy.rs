//! What a failed pod means for its job, and when a part of the indexes is enough
//! (`pkg/controller/job/pod_failure_policy.go`, `success_policy.go`).

use serde_json::Value;

use super::indexes::Indexes;
use super::{Verdict, count};
use crate::fields;

/// The first rule that a failed pod matches: its place, and what matched.
fn rule<'a>(job: &'a Value, pod: &Value) -> Option<(usize, &'a Value, String)> {
    if fields::text(pod, "/status/phase") != "Failed" {
        return None;
    }
    let full = format!("{}/{}", fields::namespace(pod), fields::name(pod));
    fields::items(job, "/spec/podFailurePolicy/rules").iter().enumerate().find_map(|(at, rule)| {
        let found = exit_code(rule, pod)
            .map(|(container, code)| {
                format!("Container {container} for pod {full} failed with exit code {code}")
            })
            .or_else(|| {
                let condition = pod_condition(rule, pod)?;
                Some(format!("Pod {full} has condition {condition}"))
            })?;
        Some((at, rule, found))
    })
}

fn exit_code(rule: &Value, pod: &Value) -> Option<(String, i64)> {
    let wanted = rule.get("onExitCodes")?;
    let values: Vec<i64> =
        fields::items(wanted, "/values").iter().filter_map(Value::as_i64).collect();
    let only = fields::text(wanted, "/containerName");
    fields::items(pod, "/status/initContainerStatuses")
        .iter()
        .chain(fields::items(pod, "/status/containerStatuses"))
        .filter(|one| only.is_empty() || fields::text(one, "/name") == only)
        .find_map(|one| {
            let code =
                fields::number(one, "/state/terminated/exitCode").filter(|code| *code != 0)?;
            let within = values.contains(&code);
            let fits = within == (fields::text(wanted, "/operator") == "In");
            fits.then(|| (fields::text(one, "/name").to_owned(), code))
        })
}

fn pod_condition(rule: &Value, pod: &Value) -> Option<String> {
    fields::items(rule, "/onPodConditions").iter().find_map(|wanted| {
        let kind = fields::text(wanted, "/type");
        let status = match fields::text(wanted, "/status") {
            "" => "True",
            status => status,
        };
        fields::condition(pod, kind)
            .filter(|one| fields::text(one, "/status") == status)
            .map(|_| kind.to_owned())
    })
}

/// Whether a failed pod is not to be counted.
pub(super) fn ignores(job: &Value, pod: &Value) -> bool {
    rule(job, pod).is_some_and(|(_, rule, _)| fields::text(rule, "/action") == "Ignore")
}

/// Whether a failed pod means that its index has failed for good.
pub(super) fn fails_index(job: &Value, pod: &Value) -> bool {
    rule(job, pod).is_some_and(|(_, rule, _)| fields::text(rule, "/action") == "FailIndex")
}

/// The message with which a failed pod fails the whole job.
pub(super) fn fails(job: &Value, pod: &Value) -> Option<String> {
    let (at, rule, found) = rule(job, pod)?;
    (fields::text(rule, "/action") == "FailJob")
        .then(|| format!("{found} matching FailJob rule at index {at}"))
}

/// The rule of the success policy that the succeeded indexes meet.
pub(super) fn succeeds(job: &Value, succeeded: &Indexes) -> Option<Verdict> {
    let rules = fields::items(job, "/spec/successPolicy/rules");
    let met = rules.iter().position(|rule| {
        let enough = fields::number(rule, "/succeededCount");
        let Some(listed) = rule.get("succeededIndexes").and_then(Value::as_str) else {
            return enough.is_some_and(|enough| succeeded.count() >= enough);
        };
        let listed = Indexes::parse(listed);
        succeeded.common(&listed) >= enough.unwrap_or_else(|| listed.count())
    })?;
    let text = format!("Matched rules at index {}", count(met));
    Some(Verdict::success("SuccessPolicy", text))
}
