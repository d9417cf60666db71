//! Strategic merge patch, as `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`: lists with a merge
//! key are merged by it, and directives delete, replace, keep or order.

mod create;
mod lists;
mod merge;
mod shape;

use serde_json::Value;

pub use self::create::{create_three_way, create_two_way};
use self::merge::Merge;
use self::shape::Shape;
use super::PatchError;
use crate::gvk::GroupVersionKind;
use crate::schema::Schema;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

/// The object with the patch applied.
pub fn apply(
    schema: &Schema,
    gvk: &GroupVersionKind,
    object: &Value,
    patch: &Value,
) -> Result<Value, PatchError> {
    let (Value::Object(original), Value::Object(patch)) = (object, patch) else {
        return Err(PatchError::Malformed("invalid JSON document".to_owned()));
    };
    let merge = Merge { schema, into_object: true };
    merge.map(Shape::kind(schema, gvk), original.clone(), patch.clone()).map(Value::Object)
}

fn malformed<T>(message: impl Into<String>) -> Result<T, PatchError> {
    Err(PatchError::Malformed(message.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{apply, create_three_way};
    use crate::gvk::GroupVersionKind;
    use crate::schema::Schema;

    fn pod(object: Value, patch: Value) -> String {
        let gvk = GroupVersionKind::of("v1", "Pod");
        match apply(Schema::builtin(), &gvk, &object, &patch) {
            Ok(patched) => patched.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Each of them was wrong once.
    #[test]
    fn patches_do_what_they_do_upstream() {
        let named =
            |names: &[&str]| -> Value { names.iter().map(|it| json!({ "name": it })).collect() };
        let containers = |names: &[&str]| json!({ "spec": { "containers": named(names) } });
        let finalizers = |names: &[&str]| json!({ "metadata": { "finalizers": names } });
        assert_eq!(
            pod(finalizers(&["a"]), finalizers(&["b"])),
            finalizers(&["b", "a"]).to_string()
        );
        let replace = json!({ "metadata": { "$patch": "bogus" } });
        assert_eq!(pod(json!({}), replace.clone()), "{}");
        assert_eq!(
            pod(finalizers(&[]), replace),
            "unknown patch type: bogus in map: map[$patch:bogus]"
        );
        let retain = json!({ "spec": { "$retainKeys": ["nodeName"], "hostname": "a" } });
        assert_eq!(pod(containers(&[]), retain), "invalid patch format of retainKeys");
        let unordered = json!({ "spec": {
            "containers": named(&["b", "a"]), "$setElementOrder/containers": named(&["a", "b"]),
        } });
        assert_eq!(
            pod(containers(&["c"]), unordered),
            "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n"
        );
        let unknown = json!({ "spec": { "nothing": { "b": 1 } } });
        assert_eq!(
            pod(json!({ "spec": { "nothing": { "a": 1 } } }), unknown),
            "unable to find api field in struct PodSpec for the json field \"nothing\""
        );
    }

    /// What is deleted makes room, in which upstream writes what it adds: so that comes behind the others.
    #[test]
    fn an_item_that_replaces_a_deleted_one_stands_last() {
        let secrets = |names: &[&str]| {
            let list: Value = names.iter().map(|it| json!({ "name": it })).collect();
            json!({ "secrets": list })
        };
        let gvk = GroupVersionKind::of("v1", "ServiceAccount");
        let (schema, live) = (Schema::builtin(), secrets(&["x", "y"]));
        let patch = create_three_way(schema, &gvk, &secrets(&["x"]), &secrets(&["z"]), &live);
        let patch = patch.expect("a patch");
        assert_eq!(
            patch.to_string(),
            r#"{"$setElementOrder/secrets":[{"name":"z"}],"secrets":[{"name":"z"},{"$patch":"delete","name":"x"}]}"#
        );
        let patched = apply(schema, &gvk, &live, &patch).expect("an object");
        assert_eq!(patched, secrets(&["y", "z"]));
    }
}
