//! `kubectl explain`, over the server's `/openapi/v3` (`kubectl/pkg/explain/v2`).

use serde_json::Value;

use crate::client::Client;
use crate::discovery::Resource;
use crate::failure::{Failure, Outcome, go_quote};
use crate::session::Session;
use crate::value::{Reading as _, append, plain};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let [target] = arguments.as_slice() else {
        return Err(if arguments.is_empty() {
            Failure::message(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
            )
        } else {
            Failure::message("We accept only this format: explain RESOURCE\n")
        });
    };
    let output = session.flags.text("output").to_owned();
    if output != "plaintext" {
        return Err(Failure::message(format!(
            "the output format {output} is not available in the console"
        )));
    }
    let (resource, path) = resource(session, target.trim_end_matches('.')).await?;
    let document = document(&session.client, &resource).await?;
    let group = if resource.group.is_empty() {
        String::new()
    } else {
        format!("GROUP:      {}\n", resource.group)
    };
    session.say(&format!(
        "{group}KIND:       {}\nVERSION:    {}\n\n",
        resource.kind, resource.version
    ));
    let schema = document
        .entries("components.schemas")
        .into_iter()
        .find(|(_, schema)| {
            schema.list("x-kubernetes-group-version-kind").iter().any(|gvk| {
                gvk.text("group") == resource.group
                    && gvk.text("version") == resource.version
                    && gvk.text("kind") == resource.kind
            })
        })
        .map(|(_, schema)| schema);
    let Some(schema) = schema else {
        return Err(Failure::message(format!(
            "GVK {} not found in OpenAPI schema",
            resource.printed_kind_of_group()
        )));
    };
    let explaining = Explaining { document: &document, recursive: session.flags.is("recursive") };
    let fields: Vec<&str> = path.iter().map(String::as_str).collect();
    if let Some(text) = explaining.output(schema, &fields, &[]) {
        session.say(&format!("{text}\n"));
        Ok(())
    } else {
        let last = fields.last().copied().unwrap_or("");
        Err(Failure::message(format!("field {} does not exist", go_quote(last))))
    }
}

/// The resource of `pods.spec.containers` or `deployments.apps.spec`, and the fields behind it.
async fn resource(session: &mut Session<'_>, target: &str) -> Outcome<(Resource, Vec<String>)> {
    let discovery = session.discovery().await?;
    let wanted = session.flags.text("api-version").to_owned();
    let words: Vec<&str> = target.split('.').collect();
    let first = words.first().copied().unwrap_or("");
    for length in (1..=words.len()).rev() {
        let name = words.get(..length).unwrap_or(&[]).join(".");
        let group = name.split_once('.').map(|(_, group)| group);
        let Some(found) = discovery.find(&name) else { continue };
        if length > 1 && Some(found.group.as_str()) != group {
            continue;
        }
        let fields = words.iter().skip(length).map(|word| (*word).to_owned()).collect();
        if wanted.is_empty() {
            return Ok((found.clone(), fields));
        }
        let exact = discovery
            .resources
            .iter()
            .find(|known| known.kind == found.kind && known.api_version() == wanted);
        if let Some(exact) = exact {
            return Ok((exact.clone(), fields));
        }
        return Err(Failure::message(format!(
            "couldn't find resource for {}",
            go_quote(&format!("{wanted}, Resource={}", found.plural))
        )));
    }
    Err(Failure::Raw(format!("the server doesn't have a resource type {}", go_quote(first))))
}

async fn document(client: &Client, resource: &Resource) -> Outcome<Value> {
    let index = client.get("/openapi/v3").await?;
    let key = if resource.group.is_empty() {
        format!("api/{}", resource.version)
    } else {
        format!("apis/{}/{}", resource.group, resource.version)
    };
    let path = index
        .get("paths")
        .and_then(|paths| paths.get(&key))
        .map(|entry| entry.text("serverRelativeURL").to_owned())
        .ok_or_else(|| {
            Failure::message(format!("couldn't find resource for {}", go_quote(&key)))
        })?;
    client.get(&path).await
}

struct Explaining<'a> {
    document: &'a Value,
    recursive: bool,
}

impl<'a> Explaining<'a> {
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let name = reference(schema).rsplit('/').next().unwrap_or("");
        if name.is_empty() {
            return schema;
        }
        self.document
            .get("components")
            .and_then(|components| components.get("schemas"))
            .and_then(|schemas| schemas.get(name))
            .unwrap_or(schema)
    }

    /// The text below a path of fields; nothing when there is no such field.
    fn output(&self, schema: &'a Value, path: &[&str], history: &[&str]) -> Option<String> {
        let name = reference(schema);
        let resolved = self.resolve(schema);
        let Some((first, rest)) = path.split_first() else {
            return Some(self.summary(resolved));
        };
        if !name.is_empty() && history.contains(&name) {
            return None;
        }
        let mut seen = history.to_vec();
        seen.push(name);
        if let Some(child) = resolved.get("properties").and_then(|all| all.get(*first)) {
            let mut said = String::new();
            if rest.is_empty() {
                said = format!("FIELD: {first} <{}>\n", self.type_of(child));
                said.push_str(&long_enum(child));
                said.push_str("\n\n");
            }
            return self.output(child, rest, &[]).map(|text| format!("{said}{text}"));
        }
        if let Some(items) = resolved.get("items") {
            return self.output(items, path, &seen);
        }
        if let Some(values) =
            resolved.get("additionalProperties").filter(|values| values.is_object())
        {
            return self.output(values, path, &seen);
        }
        resolved.list("allOf").iter().find_map(|part| self.output(part, path, &seen))
    }

    fn summary(&self, schema: &'a Value) -> String {
        let mut description = String::new();
        self.describe(schema, &mut description);
        if description.is_empty() {
            description.push_str("<empty>");
        }
        let mut said = format!("DESCRIPTION:\n{}\n", indent(4, &wrap(76, &description)));
        let mut fields = String::new();
        self.fields(schema, 1, &[], &mut fields);
        if !fields.is_empty() {
            said.push_str("FIELDS:\n");
            said.push_str(&fields);
        }
        said
    }

    fn describe(&self, schema: &'a Value, said: &mut String) {
        let schema = self.resolve(schema);
        let own = schema.text("description");
        if !own.is_empty() {
            said.push_str(own);
            said.push('\n');
        }
        for part in schema.list("allOf") {
            self.describe(part, said);
        }
        if let Some(items) = schema.get("items") {
            self.describe(items, said);
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object())
        {
            self.describe(values, said);
        }
    }

    fn fields(&self, schema: &'a Value, level: usize, history: &[&str], said: &mut String) {
        let name = reference(schema);
        if !name.is_empty() && history.contains(&name) {
            return;
        }
        let mut seen = history.to_vec();
        seen.push(name);
        let resolved = self.resolve(schema);
        for (name, field) in resolved.entries("properties") {
            let required =
                resolved.list("required").iter().any(|required| required.as_str() == Some(name));
            self.field(name, field, required, level, said);
            if self.recursive {
                self.fields(field, level + 1, &seen, said);
            }
        }
        for part in resolved.list("allOf") {
            self.fields(part, level, &seen, said);
        }
        if let Some(items) = resolved.get("items") {
            self.fields(items, level, &seen, said);
        }
        if let Some(values) =
            resolved.get("additionalProperties").filter(|values| values.is_object())
        {
            self.fields(values, level, &seen, said);
        }
    }

    fn field(&self, name: &str, field: &'a Value, required: bool, level: usize, said: &mut String) {
        let space = level * 2;
        append(said, format_args!("{}{name}\t<{}>", " ".repeat(space), self.type_of(field)));
        if required {
            said.push_str(" -required-");
        }
        let values = field.list("enum");
        if !values.is_empty() {
            let mut shown: Vec<String> = values.iter().take(4).map(enum_value).collect();
            if values.len() > 4 {
                shown.push("....".to_owned());
            }
            append(said, format_args!("\n{}enum: {}", " ".repeat(space), shown.join(", ")));
        }
        said.push('\n');
        if self.recursive {
            return;
        }
        let description = match field.text("description") {
            "" => "<no description>",
            own => own,
        };
        said.push_str(&indent(space + 2, &wrap(78 - space, description)));
        said.push_str("\n\n");
    }

    fn type_of(&self, schema: &'a Value) -> String {
        if let Some(items) = schema.get("items") {
            return format!("[]{}", self.type_of(items));
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object())
        {
            return format!("map[string]{}", self.type_of(values));
        }
        if let ([single], None) = (schema.list("allOf"), schema.get("properties")) {
            return self.type_of(single);
        }
        let name = reference(schema);
        let kind = |schema: &Value| match schema.text("type") {
            "" | "object" => "Object".to_owned(),
            other => other.to_owned(),
        };
        if name.is_empty() {
            return kind(schema);
        }
        let target = self.resolve(schema);
        match target.text("type") {
            "" | "object" => name.rsplit(['/', '.']).next().unwrap_or("Object").to_owned(),
            other => other.to_owned(),
        }
    }
}

fn reference(schema: &Value) -> &str {
    schema.get("$ref").and_then(Value::as_str).unwrap_or("")
}

fn enum_value(value: &Value) -> String {
    match plain(value) {
        empty if empty.is_empty() => "\"\"".to_owned(),
        text => text,
    }
}

fn long_enum(schema: &Value) -> String {
    let values = schema.list("enum");
    if values.is_empty() {
        return String::new();
    }
    let lines: Vec<String> =
        values.iter().map(|value| format!("\n    {}", enum_value(value))).collect();
    format!("ENUM:{}", lines.concat())
}

fn indent(amount: usize, text: &str) -> String {
    let pad = " ".repeat(amount);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

/// `github.com/mitchellh/go-wordwrap WrapString`.
fn wrap(limit: usize, text: &str) -> String {
    let (mut out, mut word, mut space) = (String::new(), String::new(), String::new());
    let mut current = 0;
    let count = |text: &str| text.chars().count();
    for character in text.chars() {
        if character == '\n' {
            if !word.is_empty() || current + count(&space) <= limit {
                out.push_str(&space);
            }
            out.push_str(&word);
            space.clear();
            word.clear();
            out.push('\n');
            current = 0;
        } else if character.is_whitespace() && character != '\u{a0}' {
            if space.is_empty() || !word.is_empty() {
                current += count(&space) + count(&word);
                out.push_str(&space);
                out.push_str(&word);
                space.clear();
                word.clear();
            }
            space.push(character);
        } else {
            word.push(character);
            if current + count(&word) + count(&space) > limit && count(&word) < limit {
                out.push('\n');
                current = 0;
                space.clear();
            }
        }
    }
    if !word.is_empty() || current + count(&space) <= limit {
        out.push_str(&space);
    }
    out.push_str(&word);
    out
}
