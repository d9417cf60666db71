//! Variables of a scenario: the names of its namespaces.
//!
//! On a shared cluster a session may give the namespaces other names. Commands and checks name them as
//! `${variable}`. The manifests of `cells/` hold the default names literally, so that anybody can apply
//! them by hand; there the name of a namespace is replaced where a manifest names a namespace:
//! `namespace:` fields and the name of a Namespace.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scenario::{Notebook, Variable};

/// Why variables could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// A text names a variable that the scenario does not have.
    #[error("`${{{name}}}` is not a variable of the scenario; there are {known}")]
    Unknown {
        /// The name in the text.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A session sets a variable that the scenario does not have.
    #[error("the scenario has no variable `{name}`; there are {known}")]
    NotThere {
        /// The name that was set.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A text begins `${` and does not end it.
    #[error("`${{` without `}}` in `{text}`")]
    Open {
        /// The text.
        text: String,
    },
    /// The scenario with the values filled in cannot be read (the value breaks it).
    #[error("the values break the scenario: {0}")]
    Broken(String),
}

/// The values of all variables: what is set, otherwise the default.
pub fn values(
    variables: &[Variable],
    set: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, VariableError> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for variable in variables {
        values.insert(variable.name.clone(), variable.default.clone());
    }
    for (name, value) in set {
        let known = names(&values);
        let Some(slot) = values.get_mut(name) else {
            return Err(VariableError::NotThere { name: name.clone(), known });
        };
        value.clone_into(slot);
    }
    Ok(values)
}

/// A text with each `${name}` replaced by its value.
pub fn substitute(text: &str, values: &BTreeMap<String, String>) -> Result<String, VariableError> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        done.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err(VariableError::Open { text: text.to_owned() });
        };
        let Some(value) = values.get(name) else {
            return Err(VariableError::Unknown { name: name.to_owned(), known: names(values) });
        };
        done.push_str(value);
        rest = behind;
    }
    done.push_str(rest);
    Ok(done)
}

fn names(values: &BTreeMap<String, String>) -> String {
    if values.is_empty() {
        return "none".to_owned();
    }
    values.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A manifest with the default names of namespaces replaced by the session's: in `namespace:` fields
/// in the name of a Namespace, and in what a claim asks for. Comments and layout stay.
pub fn rename(manifest: &str, renames: &BTreeMap<String, String>) -> String {
    let mut done = String::with_capacity(manifest.len());
    for document in documents(manifest) {
        let is_namespace = document.lines().any(|line| {
            let (key, value) = entry(line).unwrap_or_default();
            line.starts_with("kind:") && key == "kind" && value == "Namespace"
        });
        let mut in_metadata = false;
        for line in document.split_inclusive('\n') {
            if !line.starts_with([' ', '#', '\n']) {
                in_metadata = line.starts_with("metadata:");
            }
            let (key, value) = entry(line).unwrap_or_default();
            // A claim names the namespace that it asks for (HyperCloud).
            let claimed = key == "resourceName" && indent(line) == 0;
            let own_name = is_namespace && in_metadata && key == "name" && indent(line) <= 2;
            match renames.get(value) {
                Some(name) if key == "namespace" || own_name || claimed => {
                    done.push_str(&line.replacen(&format!(": {value}"), &format!(": {name}"), 1));
                }
                _ => done.push_str(line),
            }
        }
    }
    done
}

fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
        if line.trim_end() == "---" {
            documents.push(String::new());
        }
    }
    documents
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Key and plain value of a `key: value` line (also as the first of a list item).
fn entry(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("- ");
    let (key, value) = line.split_once(": ")?;
    Some((key, value.split(" #").next().unwrap_or_default().trim()))
}

impl Notebook {
    /// The notebook with the session's values in commands, checks and manifests; defaults where the
    /// session sets none. Call this before a notebook is shown or executed.
    pub fn with_variables(&self, set: &BTreeMap<String, String>) -> Result<Self, VariableError> {
        let broken = |error: serde_json::Error| VariableError::Broken(error.to_string());
        let scenario = serde_json::to_value(&self.scenario).map_err(broken)?;
        self.filled(scenario, set)
    }

    /// The same of a notebook with the text that it was read from: who only reads, as the page does, need not bring
    /// the code that writes.
    pub fn with_variables_of(
        &self,
        text: &str,
        set: &BTreeMap<String, String>,
    ) -> Result<Self, VariableError> {
        let broken = |error: serde_json::Error| VariableError::Broken(error.to_string());
        let mut read: Value = serde_json::from_str(text).map_err(broken)?;
        let scenario = read.get_mut("scenario").map(Value::take).unwrap_or_default();
        self.filled(scenario, set)
    }

    fn filled(
        &self,
        mut scenario: Value,
        set: &BTreeMap<String, String>,
    ) -> Result<Self, VariableError> {
        let values = values(&self.scenario.variables, set)?;
        let broken = |error: serde_json::Error| VariableError::Broken(error.to_string());
        fill(&mut scenario, &values)?;
        let renames = self
            .scenario
            .variables
            .iter()
            .filter_map(|variable| Some((&variable.default, values.get(&variable.name)?)))
            .filter(|(default, value)| default != value)
            .map(|(default, value)| (default.clone(), value.clone()))
            .collect();
        let mut files = BTreeMap::new();
        for (path, text) in &self.files {
            // Lines name variables as those of cells do, manifests have the names literally.
            let text = if path.ends_with(".txt") {
                substitute(text, &values)?
            } else {
                rename(text, &renames)
            };
            files.insert(path.clone(), text);
        }
        Ok(Self {
            // By way of a text: the page reads texts anyway, so this adds the least code to it.
            scenario: serde_json::from_str(&scenario.to_string()).map_err(broken)?,
            files,
            ..self.clone()
        })
    }
}

fn fill(value: &mut Value, values: &BTreeMap<String, String>) -> Result<(), VariableError> {
    match value {
        Value::String(text) => *text = substitute(text, values)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, values))?,
        Value::Object(entries) => entries.values_mut().try_for_each(|item| fill(item, values))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_text_takes_the_values_of_its_variables() {
        let values = map(&[("dev", "kim-dev"), ("op", "kim-op")]);
        let text = substitute("kubectl get pods -n ${dev} -n ${op}", &values).unwrap();
        assert_eq!(text, "kubectl get pods -n kim-dev -n kim-op");
        expect!["`${test}` is not a variable of the scenario; there are `dev`, `op`"]
            .assert_eq(&substitute("-n ${test}", &values).unwrap_err().to_string());
        expect!["`${` without `}` in `-n ${dev`"]
            .assert_eq(&substitute("-n ${dev", &values).unwrap_err().to_string());
    }

    #[test]
    fn a_manifest_is_renamed_where_it_names_a_namespace_and_nowhere_else() {
        let text = "\
kind: Namespace
metadata:
  name: op
  labels:
    ns: op # stays
    name: op
---
kind: RoleBinding
metadata:
  name: op
  namespace: op # here
subjects:
  - namespace: op
    name: op
---
kind: NamespaceClaim
metadata:
  name: op
resourceName: op
";
        expect![[r"
            kind: Namespace
            metadata:
              name: kim-op
              labels:
                ns: op # stays
                name: op
            ---
            kind: RoleBinding
            metadata:
              name: op
              namespace: kim-op # here
            subjects:
              - namespace: kim-op
                name: op
            ---
            kind: NamespaceClaim
            metadata:
              name: op
            resourceName: kim-op
        "]]
        .assert_eq(&rename(text, &map(&[("op", "kim-op")])));
    }
}
