//! The mutating webhook that writes down who made and who changed an object (`MutatingHandler.java`).

use cluster::addon::{Admission, Review};
use cluster::fields;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::operator;

/// Its Service.
pub(super) const SERVICE: &str = "hypercloud4-webhook-svc";
/// Its path.
pub(super) const PATH: &str = "/api/webhook/metadata";
/// What it writes, and nobody else may.
const MARKS: [&str; 4] = ["creator", "updater", "createdTime", "updatedTime"];
const REFUSAL: &str = "Users cannot create or patch creator/updater/createdTime/updatedTime.";

/// Answers for the Service of HyperCloud.
pub(super) fn admit(review: &Review<'_>) -> Option<Admission> {
    if review.service != (operator::NAMESPACE, SERVICE) || review.path != PATH {
        return None;
    }
    // `isSystem`: what components write is trusted.
    let system = review.user.split(':').next().is_some_and(|first| first == "system");
    if !system && touches(review.object, review.old) {
        return Some(Admission::Denied { code: 403, message: REFUSAL.to_owned() });
    }
    Some(Admission::Allowed(marks(review)))
}

/// Whether a write gives or changes one of the marks. Leaving one out is a change, too.
fn touches(object: &Value, old: Option<&Value>) -> bool {
    MARKS.iter().any(|mark| {
        let before = old.map_or("", |old| fields::annotation(old, mark));
        fields::annotation(object, mark) != before
    })
}

fn marks(review: &Review<'_>) -> Value {
    let at = local_time(review.now);
    let given = review.object.pointer("/metadata/annotations").and_then(Value::as_object);
    let Some(given) = given else {
        let all = json!({
            "creator": review.user, "createdTime": at, "updater": review.user, "updatedTime": at,
        });
        return json!([{ "op": "add", "path": "/metadata/annotations", "value": all }]);
    };
    let add = |mark: &str, value: &str| json!({ "op": "add", "path": format!("/metadata/annotations/{mark}"), "value": value });
    let mut patch = Vec::new();
    for (mark, value) in [("creator", review.user), ("createdTime", at.as_str())] {
        if !given.contains_key(mark) {
            patch.push(add(mark, value));
        }
    }
    patch.push(add("updater", review.user));
    patch.push(add("updatedTime", &at));
    Value::Array(patch)
}

/// `SimpleDateFormat("YYYY-MM-dd HH:mm:ss")` in the time zone of the container, Asia/Seoul.
fn local_time(now: Timestamp) -> String {
    let seoul = TimeZone::fixed(Offset::constant(9));
    now.to_zoned(seoul).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
