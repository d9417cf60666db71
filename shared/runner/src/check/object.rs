//! `assert` and `absent`.

use serde_json::Value;

use super::Look;
use crate::client::Target;
use crate::matching::{mismatch, title};
use crate::{Runner, Said};

impl Runner {
    /// The live object that a document names, if it is there.
    pub async fn object(&self, document: &Value) -> Option<Value> {
        self.client.find(&Target::of(document)).await.ok().flatten()
    }

    pub(super) async fn look_assert(&self, object: &Value) -> Look {
        let named = title(object);
        let expected = Said::new("check-expected-object").with("object", &named);
        let live = match self.client.find(&Target::of(object)).await {
            Ok(Some(live)) => live,
            Ok(None) => {
                let found = Said::new("check-found-missing").with("object", &named);
                return Look { holds: false, expected, found };
            }
            Err(problem) => return Look::problem(expected, &problem),
        };
        let Some(miss) = mismatch(object, &live) else {
            let found = Said::new("check-found-object").with("object", &named);
            return Look { holds: true, expected, found };
        };
        let at = |code: &str| Said::new(code).with("object", &named).with("path", &miss.path);
        let found = match &miss.found {
            Some(value) => at("check-found-field").with("value", value),
            None => at("check-found-no-field"),
        };
        let expected = at("check-expected-field").with("value", &miss.expected);
        Look { holds: false, expected, found }
    }

    pub(super) async fn look_absent(&self, object: &Value) -> Look {
        let named = title(object);
        let said = |code: &str| Said::new(code).with("object", &named);
        let expected = said("check-expected-absent");
        match self.client.find(&Target::of(object)).await {
            Ok(None) => Look { holds: true, expected, found: said("check-found-absent") },
            Ok(Some(live)) if live.pointer("/metadata/deletionTimestamp").is_some() => {
                Look { holds: false, expected, found: said("check-found-terminating") }
            }
            Ok(Some(_)) => Look { holds: false, expected, found: said("check-found-present") },
            Err(problem) => Look::problem(expected, &problem),
        }
    }
}
