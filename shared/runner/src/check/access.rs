//! `can`: SubjectAccessReviews.

use notebook::check::{AccessExpectation, AccessRequest};
use notebook::scenario::Persona;
use serde_json::{Value, json};

use super::Look;
use crate::client::Problem;
use crate::{Runner, Said};

/// An answer of the authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) allowed: bool,
    /// The authorizer's own words; may be empty.
    pub(crate) reason: String,
}

impl Runner {
    pub(super) async fn look_can(&self, requests: &[AccessExpectation]) -> Look {
        for expectation in requests {
            let said = |code: &str| said(code, expectation);
            let expected = said(if expectation.allowed {
                "check-expected-can"
            } else {
                "check-expected-cannot"
            });
            let Ok(persona) = self.persona(Some(&expectation.persona)) else {
                let found = Said::new("check-found-problem").with("message", &expectation.persona);
                return Look { holds: false, expected, found };
            };
            match self.review(&persona, &expectation.request).await {
                Ok(review) if review.allowed == expectation.allowed => {}
                Ok(review) => {
                    let found = match (review.allowed, review.reason.as_str()) {
                        (true, "") => said("check-found-can"),
                        (true, reason) => said("check-found-can-because").with("reason", reason),
                        (false, "") => said("check-found-cannot"),
                        (false, reason) => {
                            said("check-found-cannot-because").with("reason", reason)
                        }
                    };
                    return Look { holds: false, expected, found };
                }
                Err(problem) => return Look::problem(expected, &problem),
            }
        }
        let expected = match requests {
            [only] => {
                let code =
                    if only.allowed { "check-expected-can" } else { "check-expected-cannot" };
                said(code, only)
            }
            many => Said::new("check-expected-answers").with("count", many.len()),
        };
        let found = match requests {
            [only] => {
                said(if only.allowed { "check-found-can" } else { "check-found-cannot" }, only)
            }
            many => Said::new("check-found-answers").with("count", many.len()),
        };
        Look { holds: true, expected, found }
    }

    /// Whether a persona may do something; for diagrams of access. `None`: it could not be found out.
    pub async fn can(&self, persona: &str, request: &AccessRequest) -> Option<bool> {
        let persona = self.persona(Some(persona)).ok()?;
        self.review(&persona, request).await.ok().map(|review| review.allowed)
    }

    pub(crate) async fn review(
        &self,
        persona: &Persona,
        request: &AccessRequest,
    ) -> Result<Review, Problem> {
        let (resource, subresource) =
            request.resource.split_once('/').unwrap_or((&request.resource, ""));
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let attributes = json!({
            "namespace": request.namespace, "verb": request.verb, "group": group,
            "resource": resource, "subresource": subresource, "name": request.name,
        });
        let (path, kind, spec) = if persona.user.is_empty() {
            ("selfsubjectaccessreviews", "SelfSubjectAccessReview", json!({}))
        } else {
            let mut groups = persona.groups.clone();
            groups.push("system:authenticated".to_owned());
            let spec = json!({"user": persona.user, "groups": groups});
            ("subjectaccessreviews", "SubjectAccessReview", spec)
        };
        let mut review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec,
        });
        if let Some(spec) = review.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("resourceAttributes".to_owned(), attributes);
        }
        let answer =
            self.client.post(&format!("/apis/authorization.k8s.io/v1/{path}"), &review).await?;
        let allowed = answer.pointer("/status/allowed").and_then(Value::as_bool);
        let Some(allowed) = allowed else {
            return Err(Problem::Odd("the review has no answer".to_owned()));
        };
        let reason = answer.pointer("/status/reason").and_then(Value::as_str).unwrap_or_default();
        Ok(Review { allowed, reason: reason.to_owned() })
    }
}

fn said(code: &str, expectation: &AccessExpectation) -> Said {
    let request = &expectation.request;
    let wanted = match request.namespace.as_str() {
        "" => format!("{} {}", request.verb, request.resource),
        namespace => format!("{} {} -n {namespace}", request.verb, request.resource),
    };
    Said::new(code).with("persona", &expectation.persona).with("request", wanted)
}
