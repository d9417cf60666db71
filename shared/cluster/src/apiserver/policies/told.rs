//! What validating policies say besides yes and no: warnings for the client, annotations for the audit log
//! (`policy/validating/dispatcher.go`).

use apimachinery::go;
use serde_json::{Value, json};

use super::super::call::Call;
use super::validating::Denial;
use crate::fields::{items, text};

/// Annotations of one policy, with the different values of its bindings.
pub(super) type Collected = Vec<(String, Vec<String>)>;

/// `auditAnnotationCollector.add`.
pub(super) fn collect(notes: &mut Collected, key: String, value: String) {
    match notes.iter_mut().find(|(known, _)| *known == key) {
        None => notes.push((key, vec![value])),
        Some((_, values)) if values.contains(&value) => {}
        Some((_, values)) => values.push(value),
    }
}

/// What is told of a request.
#[derive(Debug, Default)]
pub(crate) struct Told {
    warnings: Vec<String>,
    pub(super) notes: Vec<(String, String)>,
}

impl Told {
    /// What a binding says of a validation that does not hold.
    pub(super) fn of(&mut self, policy: &str, binding: &Value, denial: &Denial) {
        let name = text(binding, "/metadata/name");
        for action in items(binding, "/spec/validationActions").iter().filter_map(Value::as_str) {
            match action {
                "Warn" => self.warnings.push(format!(
                    "Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{name}': {}",
                    denial.message
                )),
                "Audit" => {
                    let failure = failure(policy, binding, denial);
                    let key = "validation.policy.admission.k8s.io/validation_failure";
                    self.notes.push((key.to_owned(), failure));
                }
                _ => {}
            }
        }
    }

    /// Hands it on.
    pub(crate) fn tell(self, call: &mut Call) {
        for warning in self.warnings {
            call.warn(warning);
        }
        for (key, value) in self.notes {
            call.notes.annotate(&key, value);
        }
    }
}

/// `ValidationFailureValue`, with its members in the order of Go.
fn failure(policy: &str, binding: &Value, denial: &Denial) -> String {
    let actions = binding.pointer("/spec/validationActions");
    let text = format!(
        r#"[{{"message":{},"policy":{},"binding":{},"expressionIndex":{},"validationActions":{}}}]"#,
        json!(denial.message),
        json!(policy),
        json!(text(binding, "/metadata/name")),
        denial.index,
        json!(actions)
    );
    go::escaped(&text)
}
