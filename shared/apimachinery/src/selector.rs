//! Label and field selectors, as `k8s.io/apimachinery/pkg/labels` and `pkg/fields`.

mod fields;
mod parse;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

pub use self::fields::{FieldRequirement, FieldSelector};
use crate::names;
use crate::order::Order as _;

/// What a requirement asks of the value of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of the values; the key may be missing.
    NotIn,
    /// The key is there.
    Exists,
    /// The key is missing.
    DoesNotExist,
    /// A whole number above.
    Gt,
    /// A whole number below.
    Lt,
    /// Equal, written with `=`.
    Equals,
    /// Equal, written with `==`.
    DoubleEquals,
    /// Not equal, written with `!=`; the key may be missing.
    NotEquals,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Label key.
    key: String,
    /// What is asked.
    operator: Operator,
    /// Of these.
    values: Vec<String>,
}

impl Requirement {
    /// `key=value`, which nobody has checked.
    pub fn equals(key: &str, value: &str) -> Self {
        let values = vec![value.to_owned()];
        Self { key: key.to_owned(), operator: Operator::Equals, values }
    }

    /// `NewRequirement`: the error is Go's.
    fn checked(key: String, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let mut say = |path: &str, value: &str, why: &str| {
            let text = format!("{path}: Invalid value: {value}: {why}");
            if !wrong.contains(&text) {
                wrong.push(text);
            }
        };
        let faults = names::qualified_name(&key);
        if !faults.is_empty() {
            say("key", &crate::go::quote(&key), &faults.join("; "));
        }
        let shown = || Value::from(values.clone()).to_string();
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                // An empty list that was copied is none for Go.
                say("values", "null", "for 'in', 'notin' operators, values set can't be empty");
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                say("values", &shown(), "values set must be empty for exists and does not exist");
            }
            Operator::Gt | Operator::Lt => {
                for (index, value) in values.iter().enumerate() {
                    if value.parse::<i64>().is_err() {
                        let path = format!("values[{index}]");
                        let why = "for 'Gt', 'Lt' operators, the value must be an integer";
                        say(&path, &crate::go::quote(value), why);
                    }
                }
            }
            _ => {}
        }
        for (index, value) in values.iter().enumerate() {
            let faults = names::label_value(value);
            if !faults.is_empty() {
                let path = format!("values[{index}][{key}]");
                say(&path, &crate::go::quote(value), &faults.join("; "));
            }
        }
        match wrong.as_slice() {
            [] => Ok(Self { key, operator, values }),
            // Several errors are printed as a list (`util/errors/errors.go`).
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let compared = || {
            let value = value?.parse::<i64>().ok()?;
            Some(value.cmp(&self.values.first()?.parse::<i64>().ok()?))
        };
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                value.is_some_and(|value| self.values.contains(value))
            }
            Operator::NotIn | Operator::NotEquals => {
                value.is_none_or(|value| !self.values.contains(value))
            }
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => compared().is_some_and(std::cmp::Ordering::is_gt),
            Operator::Lt => compared().is_some_and(std::cmp::Ordering::is_lt),
        }
    }
}

/// All requirements must hold; none: everything matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// The requirements, sorted by key.
    requirements: Vec<Requirement>,
    nothing: bool,
}

impl LabelSelector {
    /// Matches nothing (a missing selector where upstream says so).
    pub fn nothing() -> Self {
        Self { requirements: Vec::new(), nothing: true }
    }

    /// Whether it asks nothing.
    pub fn is_empty(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Exactly these labels.
    pub fn from_map(labels: &BTreeMap<String, String>) -> Self {
        let requirements =
            labels.iter().map(|(key, value)| Requirement::equals(key, value)).collect();
        Self { requirements, nothing: false }
    }

    /// From `matchLabels` and `matchExpressions` (`metav1.LabelSelectorAsSelector`).
    pub fn from_object(selector: &Value) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for (key, value) in crate::object::string_map(selector, &["matchLabels"]) {
            requirements.push(Requirement::checked(key, Operator::Equals, vec![value])?);
        }
        let expressions = selector.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or("");
            let operator = match text("operator") {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    let other = crate::go::quote(other);
                    return Err(format!("{other} is not a valid label selector operator"));
                }
            };
            let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
            let values = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
            requirements.push(Requirement::checked(text("key").to_owned(), operator, values)?);
        }
        let mut found = Self { requirements, nothing: false };
        found.sort();
        Ok(found)
    }

    /// Reads kubectl's form, for example `app=web,tier in (a,b),!canary`; the error is Go's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut found = Self { requirements: parse::requirements(text)?, nothing: false };
        found.sort();
        Ok(found)
    }

    /// Asks for more.
    pub fn extend(&mut self, requirements: impl IntoIterator<Item = Requirement>) {
        self.requirements.extend(requirements);
    }

    /// As `matchLabels` and `matchExpressions` (`metav1.ParseToLabelSelector`); these cannot say all that a
    /// selector of kubectl says.
    pub fn to_object(&self) -> Result<Value, String> {
        let mut labels = Map::new();
        let mut expressions = Vec::new();
        for Requirement { key, operator, values } in &self.requirements {
            let operator = match operator {
                Operator::Equals | Operator::DoubleEquals => {
                    let value = values.first().cloned().unwrap_or_default();
                    labels.insert(key.clone(), Value::from(value));
                    continue;
                }
                Operator::In => "In",
                Operator::NotIn => "NotIn",
                Operator::Exists => "Exists",
                Operator::DoesNotExist => "DoesNotExist",
                Operator::Gt => return Err("\"gt\" isn't supported in label selectors".to_owned()),
                Operator::Lt => return Err("\"lt\" isn't supported in label selectors".to_owned()),
                Operator::NotEquals => {
                    return Err("\"!=\" is not a valid label selector operator".to_owned());
                }
            };
            let mut expression = json!({"key": key, "operator": operator});
            if let Some(fields) = expression.as_object_mut().filter(|_| !values.is_empty()) {
                fields.insert("values".to_owned(), json!(values));
            }
            expressions.push(expression);
        }
        let mut selector = Map::new();
        if !labels.is_empty() {
            selector.insert("matchLabels".to_owned(), Value::Object(labels));
        }
        if !expressions.is_empty() {
            selector.insert("matchExpressions".to_owned(), Value::Array(expressions));
        }
        Ok(Value::Object(selector))
    }

    /// Its requirements.
    pub fn into_requirements(self) -> Vec<Requirement> {
        self.requirements
    }

    /// Whether labels match.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    fn sort(&mut self) {
        self.requirements.order_by(|a, b| a.key.cmp(&b.key));
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator, values } = self;
        let mut sorted: Vec<&str> = values.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let values = sorted.join(",");
        match operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::Gt => write!(f, "{key}>{values}"),
            Operator::Lt => write!(f, "{key}<{values}"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::LabelSelector;

    #[test]
    fn selectors_are_read_as_go_reads_them() {
        let mut said = String::new();
        for text in [
            "b==x, a in (y,x),!c",
            "a in (,),b notin ()",
            "a>007",
            "a>b",
            "a=b=c",
            "a,",
            "in in (in,notin)",
            "a in",
            "a in x",
            "a in (x",
            "!a=b",
            "a b",
            "=x",
            "a=,b",
            "a/b/c",
            "a=_b",
            "a=!",
        ] {
            let found = match LabelSelector::parse(text) {
                Ok(found) => found.to_string(),
                Err(error) => error.chars().take(90).collect(),
            };
            said.extend([text, " -> ", &found, "\n"]);
        }
        expect![[r#"
            b==x, a in (y,x),!c -> a in (x,y),b==x,!c
            a in (,),b notin () -> a in (),b notin ()
            a>007 -> a>007
            a>b -> unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the 
            a=b=c -> found '=', expected: ',' or 'end of string'
            a, -> found '', expected: identifier after ','
            in in (in,notin) -> in in (in,notin)
            a in -> unable to parse requirement: found '' expected: '('
            a in x -> unable to parse requirement: found 'x' expected: '('
            a in (x -> unable to parse requirement: found '', expected: ',' or ')'
            !a=b -> found '=', expected: ',' or 'end of string'
            a b -> unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt
            =x -> found '=', expected: !, identifier, or 'end of string'
            a=,b -> a=,b
            a/b/c -> unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key must consist
            a=_b -> unable to parse requirement: values[0][a]: Invalid value: "_b": a valid label must be an e
            a=! -> unable to parse requirement: found '!', expected: identifier
        "#]].assert_eq(&said);
    }
}
