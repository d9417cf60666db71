//! `-o`: which format, and one object in it.

use apimachinery::jsonpath::JsonPath;
use serde_json::Value;

use super::columns::CustomColumns;
use super::json::pretty;
use super::tabwriter::TabWriter;
use super::template::Template;
use crate::cli::Parsed;
use crate::manifest::to_yaml;
use crate::value::{Reading as _, remove};

/// An output format.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// The words of the command, or a table.
    Human,
    Wide,
    Yaml,
    Json,
    Name,
    JsonPath(JsonPath),
    JsonPathAsJson(JsonPath),
    Template(Template),
    Columns(CustomColumns),
}

const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Format {
    /// Reads `-o` and `--template`; `get` also knows custom columns and `wide`.
    pub(crate) fn parse(flags: &Parsed, for_get: bool) -> Result<Self, String> {
        let output = flags.text("output");
        let template = flags.text("template");
        if output.is_empty() && template.is_empty() {
            return Ok(Self::Human);
        }
        let output = if output.is_empty() { "go-template" } else { output };
        let (name, argument) = output.split_once('=').unwrap_or((output, template));
        let json_path = |argument: &str| -> Result<JsonPath, String> {
            if argument.is_empty() {
                return Err("template format specified but no template given".to_owned());
            }
            JsonPath::parse(argument)
                .map_err(|error| format!("error parsing jsonpath {argument}, {error}"))
        };
        Ok(match name {
            "wide" if for_get => Self::Wide,
            "yaml" if output == name => Self::Yaml,
            "json" if output == name => Self::Json,
            "name" => Self::Name,
            "jsonpath" => Self::JsonPath(json_path(argument)?),
            "jsonpath-as-json" => Self::JsonPathAsJson(json_path(argument)?),
            "go-template" | "template" => {
                if argument.is_empty() {
                    return Err("template format specified but no template given".to_owned());
                }
                Self::Template(
                    Template::parse(argument)
                        .map_err(|error| format!("error parsing template {argument}, {error}"))?,
                )
            }
            "custom-columns" if for_get => {
                Self::Columns(CustomColumns::parse(argument, flags.is("no-headers"))?)
            }
            "kyaml"
            | "go-template-file"
            | "templatefile"
            | "jsonpath-file"
            | "custom-columns-file" => {
                return Err(format!("the output format {name} is not available in the console"));
            }
            _ => {
                let formats = if for_get { GET_FORMATS } else { FORMATS };
                return Err(format!(
                    "unable to match a printer suitable for the output format \"{output}\", allowed formats are: {formats}"
                ));
            }
        })
    }

    pub(crate) const fn is_human(&self) -> bool {
        matches!(self, Self::Human | Self::Wide)
    }
}

/// Prints objects in a format.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    format: Format,
    keep_managed_fields: bool,
    /// What happened to the object, for people: `created`.
    operation: String,
    documents: usize,
}

impl Printer {
    pub(crate) fn new(format: Format, flags: &Parsed, operation: impl Into<String>) -> Self {
        Self {
            format,
            keep_managed_fields: flags.is("show-managed-fields"),
            operation: operation.into(),
            documents: 0,
        }
    }

    /// Whether only names are printed: the object of a watch event instead of the event.
    pub(crate) const fn is_for_names(&self) -> bool {
        matches!(self.format, Format::Name)
    }

    /// The text of an object.
    pub(crate) fn print(&mut self, object: &Value) -> Result<String, String> {
        Ok(match &mut self.format {
            Format::Human | Format::Wide => name_line(object, &self.operation),
            Format::Name => names(object),
            Format::Json => pretty(&self.cleaned(object)),
            Format::Yaml => {
                self.documents += 1;
                let separator = if self.documents > 1 { "---\n" } else { "" };
                format!("{separator}{}", to_yaml(&self.cleaned(object)))
            }
            Format::JsonPath(path) => path.print(object)?,
            Format::JsonPathAsJson(path) => {
                let found: Vec<Value> = path.find(object)?.into_iter().flatten().collect();
                pretty(&Value::Array(found))
            }
            Format::Template(template) => template.run(object)?,
            Format::Columns(columns) => {
                let mut writer = TabWriter::table();
                writer.write(&columns.print(object));
                writer.flush()
            }
        })
    }

    fn cleaned(&self, object: &Value) -> Value {
        if self.keep_managed_fields { object.clone() } else { without_managed_fields(object) }
    }
}

/// The object, or list, without managedFields.
pub(crate) fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    remove(&mut object, &["metadata", "managedFields"]);
    if let Some(Value::Array(items)) = object.get_mut("items") {
        for item in items {
            remove(item, &["metadata", "managedFields"]);
        }
    }
    object
}

/// `pod/web created`; a list has a line per item.
pub(crate) fn name_line(object: &Value, operation: &str) -> String {
    if object.text("kind").ends_with("List") && object.has("items") {
        return object.list("items").iter().map(|item| name_line(item, operation)).collect();
    }
    let kind = object.text("kind").to_lowercase();
    let api_version = object.text("apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let name = match object.text("metadata.name") {
        "" => "<unknown>",
        name => name,
    };
    let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
    let space = if operation.is_empty() { "" } else { " " };
    format!("{kind}/{name}{space}{operation}\n")
}

fn names(object: &Value) -> String {
    name_line(object, "")
}
