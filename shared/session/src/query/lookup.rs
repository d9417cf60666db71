//! What could stand at a place of a text, and what stands there: by indentation, because a text that is
//! being written is seldom whole.

use apimachinery::descriptions;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{Definition, Field, Schema, Type};
use protocol::v1::Completion;

/// The keys above a line, outermost first, with the version and kind of its document.
struct Place<'a> {
    api_version: &'a str,
    kind: &'a str,
    path: Vec<String>,
    /// Keys that stand beside it already.
    beside: Vec<&'a str>,
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

/// The key of a line, and the column where it stands; list dashes count as indentation.
fn key_of(line: &str) -> Option<(usize, &str)> {
    let mut column = indent(line);
    let mut rest = line.trim_start();
    while let Some(inner) = rest.strip_prefix("- ") {
        column += 2;
        rest = inner;
    }
    let (key, _) = rest.split_once(':')?;
    (!key.is_empty() && !key.starts_with('#')).then_some((column, key.trim_matches(['"', '\''])))
}

fn place(text: &str, line: u32, column: usize) -> Place<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let at = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let first = (0..at.min(lines.len()))
        .rev()
        .find(|index| starts_document(&lines, *index))
        .map_or(0, |index| index + 1);
    let last =
        (at..lines.len()).find(|index| starts_document(&lines, *index)).unwrap_or(lines.len());
    let document = lines.get(first..last).unwrap_or(&[]);
    let value = |wanted: &str| {
        document
            .iter()
            .find_map(|line| line.strip_prefix(wanted))
            .map_or("", |rest| rest.trim().trim_matches(['"', '\'']))
    };
    let (mut path, mut beside, mut limit) = (Vec::new(), Vec::new(), column);
    for line in lines.get(first..at).unwrap_or(&[]).iter().rev() {
        let Some((found, key)) = key_of(line) else { continue };
        if found < limit {
            path.push(key.to_owned());
            limit = found;
        } else if found == column && limit == column {
            beside.push(key);
        }
    }
    path.reverse();
    Place { api_version: value("apiVersion:"), kind: value("kind:"), path, beside }
}

/// The kind of the document at a line, as far as it is written.
pub(super) fn kind_at(text: &str, line: u32) -> GroupVersionKind {
    let place = place(text, line, 0);
    GroupVersionKind::of(place.api_version, place.kind)
}

fn starts_document(lines: &[&str], index: usize) -> bool {
    lines.get(index).is_some_and(|line| line.starts_with("---"))
}

/// The definition that a path of keys leads to.
fn definition<'a>(schema: &'a Schema, place: &Place<'_>) -> Option<&'a Definition> {
    let gvk = GroupVersionKind::of(place.api_version, place.kind);
    let mut found = schema.kind(&gvk)?;
    for key in &place.path {
        found = inner(schema, &found.fields.get(key)?.ty)?;
    }
    Some(found)
}

fn inner<'a>(schema: &'a Schema, ty: &'a Type) -> Option<&'a Definition> {
    match ty {
        Type::Ref(name) => schema.definition(name),
        Type::List(items) => inner(schema, items),
        Type::Map(values) => inner(schema, values),
        Type::Word(_) => None,
    }
}

/// A type as kubectl explain writes it.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Word(word) => format!("{word:?}").to_lowercase(),
        Type::Ref(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
        Type::List(items) => format!("[]{}", type_name(items)),
        Type::Map(values) => format!("map[string]{}", type_name(values)),
    }
}

fn detail(field: &Field) -> String {
    let required = if field.required { " -required-" } else { "" };
    format!("<{}>{required}", type_name(&field.ty))
}

/// Offers for a place.
pub(super) fn complete(schema: &Schema, text: &str, line: u32, column: u32) -> Vec<Completion> {
    let at = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let current = text.lines().nth(at).unwrap_or("");
    let before: String =
        current.chars().take(usize::try_from(column).unwrap_or(1).saturating_sub(1)).collect();
    if let Some((key_column, key)) = key_of(&before) {
        let gap = if before.ends_with(':') { " " } else { "" };
        return values(schema, &place(text, line, key_column), (key, gap));
    }
    let typed = before.trim_start().trim_start_matches("- ");
    let start = before.chars().count() - typed.chars().count();
    let place = place(text, line, start);
    let Some(definition) = definition(schema, &place) else { return top_level(&place) };
    definition
        .fields
        .iter()
        .filter(|(name, _)| name.starts_with(typed) && !place.beside.contains(&name.as_str()))
        .map(|(name, field)| Completion {
            label: name.clone(),
            insert: format!("{name}: "),
            detail: detail(field),
            documentation: descriptions::of(&definition.name, name).to_owned(),
        })
        .collect()
}

/// Without a version and kind these two come first.
fn top_level(place: &Place<'_>) -> Vec<Completion> {
    let missing = |key: &&str| place.path.is_empty() && !place.beside.contains(key);
    ["apiVersion", "kind", "metadata"]
        .iter()
        .filter(|key| missing(key))
        .map(|key| Completion {
            label: (*key).to_owned(),
            insert: format!("{key}: "),
            detail: String::new(),
            documentation: String::new(),
        })
        .collect()
}

/// The values of an enumeration; kinds and versions for the two keys of every document. The gap is what is
/// missing between the key's colon and a value.
fn values(schema: &Schema, place: &Place<'_>, (key, gap): (&str, &str)) -> Vec<Completion> {
    let offer = |value: String| Completion {
        label: value.clone(),
        insert: format!("{gap}{value}"),
        detail: String::new(),
        documentation: String::new(),
    };
    if place.path.is_empty() && key == "kind" {
        let of_version = schema.resources().iter().filter(|one| {
            one.gvk().group_version().to_string() == place.api_version
                || place.api_version.is_empty()
        });
        return of_version.map(|one| offer(one.kind.clone())).collect();
    }
    let field = definition(schema, place).and_then(|definition| definition.fields.get(key));
    field.map(|field| field.values.iter().cloned().map(offer).collect()).unwrap_or_default()
}

/// What the key of a line means: its type.
pub(super) fn hover(schema: &Schema, text: &str, line: u32, _column: u32) -> Option<String> {
    let at = usize::try_from(line).ok()?.checked_sub(1)?;
    let (column, key) = key_of(text.lines().nth(at)?)?;
    let place = place(text, line, column);
    let definition = definition(schema, &place)?;
    let field = definition.fields.get(key)?;
    let values = if field.values.is_empty() {
        String::new()
    } else {
        format!("\n\nOne of: {}", field.values.join(", "))
    };
    let words = descriptions::of(&definition.name, key);
    let words = if words.is_empty() { String::new() } else { format!("\n\n{words}") };
    Some(format!("`{key}` {}{words}{values}", detail(field)))
}

#[cfg(test)]
mod tests {
    use apimachinery::schema::Schema;

    use super::complete;

    /// What a text becomes when the first offer at its end is taken.
    fn taken(text: &str) -> String {
        let line = text.lines().count();
        let column = text.lines().last().unwrap_or("").chars().count() + 1;
        let (line, column) = (u32::try_from(line).unwrap_or(1), u32::try_from(column).unwrap_or(1));
        let first = complete(Schema::builtin(), text, line, column).into_iter().next();
        let insert = first.map(|offer| offer.insert).unwrap_or_default();
        let word = text.rsplit([' ', ':', '\n']).next().unwrap_or("");
        format!("{}{insert}", text.strip_suffix(word).unwrap_or(text))
    }

    #[test]
    fn an_offer_for_a_value_leaves_one_space_after_the_colon() {
        let pod = "apiVersion: v1\nkind: Pod\nspec:\n  restartPolicy";
        for gap in [":", ": "] {
            assert_eq!(taken(&format!("{pod}{gap}")), format!("{pod}: Always"));
        }
    }

    #[test]
    fn an_offer_for_a_key_completes_the_word_that_was_begun() {
        assert_eq!(
            taken("apiVersion: v1\nkind: Pod\nspec:\n  restartP"),
            "apiVersion: v1\nkind: Pod\nspec:\n  restartPolicy: "
        );
    }
}
