//! The server's tables: `cli-runtime/pkg/printers/tableprinter.go`, `kubectl/pkg/cmd/get/sorter.go`.

use apimachinery::order::Order as _;
use std::cmp::Ordering;

use apimachinery::jsonpath::JsonPath;
use serde_json::{Value, json};

use super::tabwriter::escape;
use crate::value::{Reading as _, append, plain};

/// What the flags say about tables.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of kubectl get")]
pub(crate) struct TableOptions {
    pub(crate) no_headers: bool,
    pub(crate) wide: bool,
    pub(crate) with_namespace: bool,
    pub(crate) show_labels: bool,
    pub(crate) label_columns: Vec<String>,
    /// `pod`, when names carry their kind.
    pub(crate) kind: Option<String>,
}

/// Prints tables one after the other, with one heading as long as the columns stay.
#[derive(Debug, Clone, Default)]
pub(crate) struct TablePrinter {
    options: TableOptions,
    last_columns: Vec<Value>,
    printed_headers: bool,
    /// Objects that are no table were printed: their heading stands.
    plain_headers: bool,
}

impl TablePrinter {
    pub(crate) fn new(options: TableOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The tab-separated lines of a table; `event` is the type of a watch event.
    pub(crate) fn print(&mut self, table: &Value, event: Option<&str>) -> String {
        if table.text("kind") != "Table" {
            return self.print_object(table);
        }
        let given = table.list("columnDefinitions");
        let same = given.is_empty() || given == self.last_columns.as_slice();
        let no_headers = self.options.no_headers || (self.printed_headers && same);
        if !same {
            self.last_columns = given.to_vec();
            self.printed_headers = false;
        }
        let rows = table.list("rows");
        if !rows.is_empty() {
            self.printed_headers = true;
        }
        let columns = self.columns(event.is_some());
        let mut said = String::new();
        if rows.is_empty() {
            return said;
        }
        let shown: Vec<bool> = columns
            .iter()
            .map(|column| self.options.wide || column.int("priority").unwrap_or(0) == 0)
            .collect();
        if !no_headers {
            let names: Vec<String> = columns
                .iter()
                .zip(&shown)
                .filter(|(_, shown)| **shown)
                .map(|(column, _)| column.text("name").to_uppercase())
                .collect();
            said.push_str(&names.join("\t"));
            said.push('\n');
        }
        for row in rows {
            let cells = self.cells(row, event);
            let texts: Vec<String> = cells
                .iter()
                .zip(&shown)
                .filter(|(_, shown)| **shown)
                .map(|(cell, _)| cell_text(cell))
                .collect();
            said.push_str(&texts.join("\t"));
            said.push('\n');
        }
        said
    }

    fn columns(&self, event: bool) -> Vec<Value> {
        let mut columns = Vec::new();
        if event {
            columns.push(json!({"name": "Event"}));
        }
        if self.options.with_namespace {
            columns.push(json!({"name": "Namespace"}));
        }
        columns.extend(self.last_columns.iter().cloned());
        for label in &self.options.label_columns {
            let name = label.rsplit('/').next().unwrap_or(label).to_uppercase();
            columns.push(json!({"name": name}));
        }
        if self.options.show_labels {
            columns.push(json!({"name": "Labels"}));
        }
        columns
    }

    fn cells(&self, row: &Value, event: Option<&str>) -> Vec<Value> {
        let mut cells = Vec::new();
        if let Some(event) = event {
            cells.push(Value::from(format!("{event:<10}")));
        }
        if self.options.with_namespace {
            cells.push(Value::from(row.text("object.metadata.namespace")));
        }
        let name_column = self.options.kind.as_ref().and_then(|kind| {
            let at = self.last_columns.iter().position(|column| {
                column.text("format") == "name" && column.text("type") == "string"
            })?;
            Some((at, kind))
        });
        for (index, cell) in row.list("cells").iter().take(self.last_columns.len()).enumerate() {
            match name_column {
                Some((at, kind)) if at == index => {
                    cells.push(Value::from(format!("{kind}/{}", plain(cell))));
                }
                _ => cells.push(cell.clone()),
            }
        }
        let labels = row.entries("object.metadata.labels");
        for column in &self.options.label_columns {
            let value = labels.iter().find(|(key, _)| key == column).map(|(_, value)| plain(value));
            cells.push(Value::from(value.unwrap_or_default()));
        }
        if self.options.show_labels {
            cells.push(Value::from(format_labels(&labels)));
        }
        cells
    }

    /// An object without a table: name and age, as `printObjectMeta`.
    fn print_object(&mut self, object: &Value) -> String {
        let mut said = String::new();
        if !self.plain_headers && !self.options.no_headers {
            said.push_str(if self.options.with_namespace {
                "NAMESPACE\tNAME\tAGE\n"
            } else {
                "NAME\tAGE\n"
            });
        }
        self.plain_headers = true;
        if self.options.with_namespace {
            append(&mut said, format_args!("{}\t", object.text("metadata.namespace")));
        }
        append(&mut said, format_args!("{}\t<unknown>\n", object.text("metadata.name")));
        said
    }
}

/// `labels.FormatLabels`.
pub(crate) fn format_labels(labels: &[(&str, &Value)]) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    let pairs: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
    pairs.join(",")
}

fn cell_text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => match text.split_once(['\u{c}', '\n', '\r']) {
            Some((first, _)) => format!("{}...", escape(first)),
            None => escape(text),
        },
        other => plain(other),
    }
}

/// Sorts the rows of tables by a field of their objects.
pub(crate) fn sort_rows(table: &mut Value, field: &str) -> Result<(), String> {
    let path = JsonPath::parse(&relaxed(field)?)?;
    let Some(Value::Array(rows)) = table.get_mut("rows") else { return Ok(()) };
    sort_by_path(rows, &path, field, |row| row.get("object").cloned().unwrap_or(Value::Null))
}

/// Sorts objects by a field.
pub(crate) fn sort_objects(objects: &mut [Value], field: &str) -> Result<(), String> {
    let path = JsonPath::parse(&relaxed(field)?)?;
    sort_by_path(objects, &path, field, Clone::clone)
}

fn sort_by_path(
    values: &mut [Value],
    path: &JsonPath,
    field: &str,
    object: impl Fn(&Value) -> Value,
) -> Result<(), String> {
    let key = |value: &Value| -> Option<Value> {
        path.find(&object(value)).ok().and_then(|found| found.into_iter().flatten().next())
    };
    let mut keyed: Vec<(Option<Value>, Value)> =
        values.iter().map(|value| (key(value), value.clone())).collect();
    if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
        let inner = relaxed(field)?;
        return Err(format!(
            "couldn't find any field with path \"{inner}\" in the list of objects"
        ));
    }
    keyed.order_by(|(a, _), (b, _)| compare(a.as_ref(), b.as_ref()));
    for (slot, (_, value)) in values.iter_mut().zip(keyed) {
        *slot = value;
    }
    Ok(())
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
        }
        (Some(Value::String(a)), Some(Value::String(b))) => {
            match (
                apimachinery::quantity::Quantity::parse(a),
                apimachinery::quantity::Quantity::parse(b),
            ) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                _ => natural(a, b),
            }
        }
        (Some(a), Some(b)) => plain(a).cmp(&plain(b)),
    }
}

/// `sortorder.NaturalLess`: runs of digits compare as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars().peekable(), b.chars().peekable());
    loop {
        match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let number = |text: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    let mut digits = String::new();
                    while let Some(digit) = text.next_if(char::is_ascii_digit) {
                        digits.push(digit);
                    }
                    digits.trim_start_matches('0').to_owned()
                };
                let (x, y) = (number(&mut left), number(&mut right));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(&y));
                if order != Ordering::Equal {
                    return order;
                }
            }
            (Some(x), Some(y)) if x != y => return x.cmp(&y),
            _ => {
                left.next();
                right.next();
            }
        }
    }
}

/// `RelaxedJSONPathExpression`: braces and the first dot may be left out.
pub(crate) fn relaxed(expression: &str) -> Result<String, String> {
    if expression.is_empty() {
        return Ok(String::new());
    }
    let inner = match (expression.strip_prefix('{'), expression.ends_with('}')) {
        (Some(rest), true) => rest.strip_suffix('}').unwrap_or(rest),
        (None, false) => expression,
        _ => {
            return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".to_owned());
        }
    };
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    Ok(format!("{{.{inner}}}"))
}
