//! kubectl's dialect of JSONPath, as `k8s.io/client-go/util/jsonpath`: text with `{…}` expressions, `{range}`
//! loops, filters, slices, unions and quoted text.

mod compare;
mod evaluate;
mod parse;
mod unquote;

use std::borrow::Cow;

use serde_json::Value;

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
    allow_missing: bool,
}

/// A part of a template, or of an expression (`node.go`).
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// An expression: one node after the other.
    List(Vec<Self>),
    /// Text outside of braces, or quoted text inside.
    Text(String),
    /// `.name` or `['name']`.
    Field(String),
    /// `[start:end:step]`; a single index is a slice of one.
    Array([Param; 3]),
    /// `[?(…)]`: a side, an operator, another side.
    Filter(Vec<Self>, String, Vec<Self>),
    /// A number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `.*`.
    Wildcard,
    /// `..`: this value and everything below it.
    Recursive,
    /// `[a,b]`.
    Union(Vec<Vec<Self>>),
    /// A word: `range` or `end`.
    Identifier(String),
}

/// A part of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Param {
    value: i64,
    known: bool,
    /// Nobody has written it.
    derived: bool,
}

impl JsonPath {
    /// Reads a template such as `{.items[*].metadata.name}`.
    pub fn parse(template: &str) -> Result<Self, String> {
        Ok(Self { nodes: parse::template(template)?, allow_missing: true })
    }

    /// Missing fields become errors.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.allow_missing = false;
        self
    }

    /// What each part of the template finds.
    pub fn find(&self, document: &Value) -> Result<Vec<Vec<Value>>, String> {
        let found = evaluate::find(&self.nodes, document, self.allow_missing)?;
        let owned = found.into_iter().map(|values| values.into_iter().map(Cow::into_owned));
        Ok(owned.map(Iterator::collect).collect())
    }

    /// The template with its findings printed, those of one part separated by spaces.
    pub fn print(&self, document: &Value) -> Result<String, String> {
        let found = evaluate::find(&self.nodes, document, self.allow_missing)?;
        Ok(found.iter().map(|values| evaluate::print(values)).collect())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::JsonPath;

    /// Each of them was wrong once.
    #[test]
    fn templates_find_what_they_find_upstream() {
        let data = json!({
            "a": [{ "n": 1, "s": "x<y" }, { "n": 2.5, "s": null }, { "n": 1_000_000.0 }],
            "m": { "k": "v" },
            "t": "no",
        });
        let mut said = String::new();
        for template in [
            "{.a[1].s}",
            "{.a[0]}",
            "{.a[*].n}",
            "{.a[5].n}",
            "{.a[2:1]}",
            "{.m[0]}",
            "{.t[?(@.a)]}",
            "{.a[?(@.n==1)].s}",
            "{.a[?(@.n<2)].s}",
            "{.a[-1:].n}",
            "{.a[::0]}",
            "{range .a[*]}{.n}{\"\\t\"}{end}.",
            "{end}",
            "{.a",
            "{.a[}",
            "{..k}",
            "{....k}",
            "{\"\\q\"}",
            "{%}",
            "{true} {1.50} {-3}",
            "{.m['k','x']}",
            "{.nothing.at.all}",
        ] {
            let found = JsonPath::parse(template).and_then(|path| path.print(&data));
            said.extend([template, " -> ", &found.unwrap_or_else(|error| error), "\n"]);
        }
        expect![[r#"
            {.a[1].s} -> null
            {.a[0]} -> {"n":1,"s":"x\u003cy"}
            {.a[*].n} -> 1 2.5 1e+06
            {.a[5].n} -> array index out of bounds: index 5, length 3
            {.a[2:1]} -> starting index 2 is greater than ending index 1
            {.m[0]} -> map[string]interface {} is not array or slice
            {.t[?(@.a)]} -> no is not array or slice and cannot be filtered
            {.a[?(@.n==1)].s} -> incompatible types for comparison
            {.a[?(@.n<2)].s} -> incompatible types for comparison
            {.a[-1:].n} -> 1e+06
            {.a[::0]} -> step must be > 0
            {range .a[*]}{.n}{"\t"}{end}. -> 1	2.5	1e+06	.
            {end} -> not in range, nothing to end
            {.a -> unclosed action
            {.a[} -> unterminated array
            {..k} -> v
            {....k} -> invalid multiple recursive descent
            {"\q"} -> unquote string "\q" error invalid syntax
            {%} -> unrecognized character in action: U+0025 '%'
            {true} {1.50} {-3} -> true 1.5 -3
            {.m['k','x']} -> v
            {.nothing.at.all} -> 
        "#]]
        .assert_eq(&said);
    }
}
