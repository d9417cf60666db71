//! `-o custom-columns=NAME:.path,…`: `kubectl/pkg/cmd/get/customcolumn.go`.

use apimachinery::jsonpath::JsonPath;
use serde_json::Value;

use super::table::relaxed;
use crate::value::plain;

/// Columns that the user has written down.
#[derive(Debug, Clone)]
pub(crate) struct CustomColumns {
    columns: Vec<(String, JsonPath)>,
    no_headers: bool,
    printed: bool,
}

impl CustomColumns {
    pub(crate) fn parse(spec: &str, no_headers: bool) -> Result<Self, String> {
        if spec.is_empty() {
            return Err("custom-columns format specified but no custom columns given".to_owned());
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((name, path)) = part.split_once(':') else {
                return Err(format!(
                    "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
                ));
            };
            columns.push((name.to_owned(), JsonPath::parse(&relaxed(path)?)?));
        }
        Ok(Self { columns, no_headers, printed: false })
    }

    /// The lines of an object or of the items of a list.
    pub(crate) fn print(&mut self, value: &Value) -> String {
        let mut said = String::new();
        if !self.no_headers && !self.printed {
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
            said.push_str(&names.join("\t"));
            said.push('\n');
        }
        self.printed = true;
        match value.get("items").and_then(Value::as_array) {
            Some(items) => {
                for item in items {
                    said.push_str(&self.line(item));
                }
            }
            None => said.push_str(&self.line(value)),
        }
        said
    }

    fn line(&self, value: &Value) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|(_, path)| {
                let found: Vec<Value> = path
                    .find(value)
                    .map(|found| found.into_iter().flatten().collect())
                    .unwrap_or_default();
                if found.is_empty() {
                    return "<none>".to_owned();
                }
                let texts: Vec<String> = found.iter().map(go_text).collect();
                super::escape(&texts.join(","))
            })
            .collect();
        format!("{}\n", cells.join("\t"))
    }
}

/// `%v` of Go.
pub(crate) fn go_text(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(go_text).collect();
            format!("[{}]", texts.join(" "))
        }
        Value::Object(map) => {
            let texts: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect();
            format!("map[{}]", texts.join(" "))
        }
        other => plain(other),
    }
}
