//! Where rules in CEL take part in validation (`registry/customresource/strategy.go`,
//! `apiextensions/validation/validation.go`).

use apimachinery::field_error::{FieldError, FieldErrorKind};
use serde_json::Value;

use super::Apiserver;
use super::admission::webhook;
use super::call::Call;
use super::custom::DEFINITIONS;
use super::kinds::{Faults, definition, definition_rules};
use super::policies;
use super::write::Target;

/// `hasBlockingErr`: whether what is wrong already makes rules meaningless.
fn blocking(fault: &FieldError) -> bool {
    matches!(
        fault.kind,
        FieldErrorKind::NotSupported
            | FieldErrorKind::Required
            | FieldErrorKind::TooLong
            | FieldErrorKind::TooMany
            | FieldErrorKind::TypeInvalid
    )
}

impl Apiserver {
    /// Adds what rules say to what is wrong with an object.
    pub(crate) fn check_rules(
        &self,
        call: &mut Call,
        target: &Target,
        value: &Value,
        old: Option<&Value>,
        faults: &mut Faults,
    ) {
        if target.key == DEFINITIONS && target.subresource.is_empty() {
            self.check_definition(value, old, faults);
        }
        let policy = target.key == policies::VALIDATING || target.key == policies::MUTATING;
        if let Some(expressions) = self.expressions.as_deref()
            && policy
            && target.subresource.is_empty()
        {
            policies::validate(value, expressions, faults);
        }
        if let Some(expressions) = self.expressions.as_deref()
            && [webhook::MUTATING, webhook::VALIDATING].contains(&target.key.as_str())
        {
            policies::validate_hooks(value, expressions, faults);
        }
        let Some(custom) = target.custom.as_ref().filter(|custom| custom.has_rules()) else {
            return;
        };
        if faults.iter().any(blocking) {
            let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
            faults.push(FieldError::invalid("<nil>", Value::Null, why));
            return;
        }
        let mut found = custom.evaluate(value, old);
        faults.append(&mut found.faults);
        for warning in found.warnings {
            call.warn(warning);
        }
    }

    fn check_definition(&self, value: &Value, old: Option<&Value>, faults: &mut Faults) {
        let Some(expressions) = self.expressions.as_deref().filter(|_| faults.is_empty()) else {
            return;
        };
        for (schema, path, name) in definition::schemas(value) {
            let before = old.into_iter().flat_map(definition::schemas);
            let unchanged =
                before.into_iter().any(|(own, _, version)| version == name && own == schema);
            definition_rules::validate(schema, &path, expressions, unchanged, faults);
        }
    }
}
