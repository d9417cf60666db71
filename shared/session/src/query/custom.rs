//! The schemas of custom resources, as the API server publishes them to everybody (`/openapi/v3`).

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use apimachinery::transport::Transport;
use serde_json::Value;

/// Those of the kinds that are served.
pub(super) async fn schemas(
    transport: &dyn Transport,
    kinds: Vec<GroupVersionKind>,
) -> Vec<(GroupVersionKind, Schema)> {
    let mut found: Vec<(GroupVersionKind, Schema)> = Vec::new();
    for gvk in kinds {
        if found.iter().any(|(known, _)| *known == gvk) || gvk.group.is_empty() {
            continue;
        }
        if let Some(schema) = published(transport, &gvk).await {
            found.push((gvk, schema));
        }
    }
    found
}

async fn published(transport: &dyn Transport, gvk: &GroupVersionKind) -> Option<Schema> {
    let path = format!("/openapi/v3/apis/{}/{}", gvk.group, gvk.version);
    let request = http::Request::get(path).body(Vec::new()).ok()?;
    let answer =
        transport.send(request).await.ok().filter(|answer| answer.status().is_success())?;
    let document: Value = serde_json::from_slice(answer.body()).ok()?;
    let schemas = document.pointer("/components/schemas")?.as_object()?;
    let own = schemas.values().find(|schema| names(schema, gvk))?;
    // Where anything is kept, a field that is not described is no mistake.
    let open = own.to_string().contains("x-kubernetes-preserve-unknown-fields");
    Some(if open { Schema::default() } else { Schema::of_custom(gvk, own) })
}

fn names(schema: &Value, gvk: &GroupVersionKind) -> bool {
    let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    kinds.into_iter().flatten().any(|one| {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or("");
        text("group") == gvk.group && text("version") == gvk.version && text("kind") == gvk.kind
    })
}
