//! What the rules of a definition may cost (`validation.go`, `cel_validation.go`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::Faults;
use crate::fields::{number, text};

/// `StaticEstimatedCostLimit`.
pub(super) const EXPRESSION_LIMIT: u64 = 10_000_000;
/// `StaticEstimatedCRDCostLimit`.
const DEFINITION_LIMIT: u64 = 100_000_000;
/// The largest request.
const MAX_REQUEST: u64 = 3 * 1024 * 1024;

/// How often values of a schema may occur; nothing when nothing bounds them (`MaxCardinality`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Cardinality(Option<u64>);

impl Default for Cardinality {
    fn default() -> Self {
        Self(Some(1))
    }
}

impl Cardinality {
    /// How often what is below a schema may occur (`childContext`).
    pub(super) fn below(self, schema: &Value) -> Self {
        let limit =
            |field: &str| number(schema, field).map(|most| u64::try_from(most).unwrap_or(0));
        let more = schema.get("additionalProperties").is_some_and(Value::is_object);
        let factor = match text(schema, "/type") {
            "object" if more => limit("/maxProperties"),
            "array" => limit("/maxItems"),
            _ => Some(1),
        };
        Self(self.0.zip(factor).map(|(own, factor)| own.saturating_mul(factor)))
    }

    /// `getExpressionCost`.
    pub(super) fn times(self, cost: u64, smallest: u64) -> u64 {
        cost.saturating_mul(self.0.unwrap_or(MAX_REQUEST / (smallest + 1)))
    }
}

/// The sum of all costs, with the rules that cost most (`TotalCost`).
#[derive(Debug, Default)]
pub(super) struct Total {
    sum: u64,
    most: Vec<(u64, String)>,
}

impl Total {
    pub(super) fn observe(&mut self, path: &str, cost: u64) {
        self.sum = self.sum.saturating_add(cost);
        if cost >= DEFINITION_LIMIT / 100 {
            self.most.push((cost, path.to_owned()));
            self.most.sort_by_key(|(cost, _)| std::cmp::Reverse(*cost));
            self.most.truncate(4);
        }
    }

    pub(super) fn judge(&self, path: &str, faults: &mut Faults) {
        if self.sum <= DEFINITION_LIMIT {
            return;
        }
        for (_, path) in &self.most {
            let why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
            faults.push(FieldError::forbidden(path, why));
        }
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        faults.push(FieldError::forbidden(path, too_much(what, self.sum, DEFINITION_LIMIT)));
    }
}

/// `getCostErrorMessage`: tells by which factor, exactly in whole numbers.
pub(super) fn too_much(what: &str, cost: u64, limit: u64) -> String {
    let (cost, limit) = (u128::from(cost), u128::from(limit));
    let factor = if cost > 100 * limit {
        "more than 100x".to_owned()
    } else if cost * 2 < limit * 3 {
        decimal(cost, limit, 6)
    } else {
        decimal(cost, limit, 1)
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
}

/// `cost / limit` with this many places, as `%.nfx`.
fn decimal(cost: u128, limit: u128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let scaled = (cost * scale * 2 + limit) / (limit * 2);
    let (whole, rest) = (scaled / scale, scaled % scale);
    let width = usize::try_from(places).unwrap_or(1);
    format!("{whole}.{rest:0width$}x")
}
