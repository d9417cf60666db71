//! What kubectl itself finds wrong with a manifest; everything else is the server's to say.

use serde_json::Value;

use crate::failure::{Failure, Outcome, go_quote};
use crate::session::Session;
use crate::value::Reading as _;

impl Session<'_> {
    /// What kubectl's own validation says of a document that is no object or has no type; the rest is the server's.
    pub(crate) fn unset(&self, document: &Value) -> Option<String> {
        let validates = self.validates();
        let missing: Vec<String> = ["apiVersion", "kind"]
            .iter()
            .filter(|field| document.text(field).is_empty())
            .map(|field| format!("{field} not set"))
            .collect();
        match missing.as_slice() {
            _ if !validates => None,
            _ if !document.is_object() => Some("invalid object to validate".to_owned()),
            [] => None,
            [single] => Some(single.clone()),
            several => Some(format!("[{}]", several.join(", "))),
        }
    }

    fn validates(&self) -> bool {
        self.flags.knows("validate") && !matches!(self.flags.text("validate"), "ignore" | "false")
    }

    /// Whether the server validates fields of a kind is read off its PATCH; where there is none, kubectl looks
    /// whether the kind is a custom one, and fails when it may not look
    /// (`cli-runtime/pkg/resource/query_param_verifier.go`, `HasSupport`).
    pub(crate) async fn definitions_unseen(&mut self, document: &Value) -> Outcome<Option<String>> {
        if !self.validates() {
            return Ok(None);
        }
        let discovery = self.discovery().await?;
        let of_kind = discovery.of_kind(document.text("apiVersion"), document.text("kind"));
        if of_kind.is_none_or(|resource| resource.can("patch")) {
            return Ok(None);
        }
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        Ok(match self.client.get(path).await {
            Ok(_) => None,
            Err(failure) => {
                Some(format!("failed to check CRD: failed to list CRDs: {}", failure.text()))
            }
        })
    }
}

/// `metadataValidatingDecoder`: names, labels and annotations are text before anything is sent.
pub(crate) fn check_metadata(object: &Value, source: &str) -> Outcome {
    let refuse_at = |value: &Value, field: &str, wanted: &str| {
        let found = match value {
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) | Value::Null => "object",
        };
        Failure::message(format!(
            "unable to decode {}: json: cannot unmarshal {found} into Go struct field {field} of type {wanted}",
            go_quote(source)
        ))
    };
    let refuse = |value: &Value, field: &str, wanted: &str| {
        refuse_at(value, &format!("ObjectMeta.metadata.{field}"), wanted)
    };
    if let Some(metadata) = object.get("metadata").filter(|it| !it.is_object() && !it.is_null()) {
        return Err(refuse_at(metadata, "metadataOnlyObject.metadata", "v1.ObjectMeta"));
    }
    for field in ["name", "generateName", "namespace"] {
        let value = object.at("metadata").and_then(|metadata| metadata.get(field));
        if let Some(value) = value.filter(|value| !value.is_string() && !value.is_null()) {
            return Err(refuse(value, field, "string"));
        }
    }
    for field in ["labels", "annotations"] {
        match object.at("metadata").and_then(|metadata| metadata.get(field)) {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                if let Some(value) =
                    map.values().find(|value| !value.is_string() && !value.is_null())
                {
                    return Err(refuse(value, field, "string"));
                }
            }
            Some(other) => return Err(refuse(other, field, "map[string]string")),
        }
    }
    Ok(())
}
