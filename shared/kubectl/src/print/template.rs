//! The part of Go's `text/template` that people use with `-o go-template`: fields, variables, `range`,
//! `if`, `with`, `index`, `len`, `print`, `printf`, comparisons and logic.

use std::collections::BTreeMap;

use serde_json::Value;

mod functions;

use functions::call;

use super::columns::go_text;
use crate::failure::go_quote;

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    Show(Pipeline),
    Set(String, Pipeline),
    If(Pipeline, Vec<Self>, Vec<Self>),
    With(Pipeline, Vec<Self>, Vec<Self>),
    Range { names: Vec<String>, over: Pipeline, body: Vec<Self>, otherwise: Vec<Self> },
}

/// Calls, each fed with the result of the one before.
type Pipeline = Vec<Vec<Term>>;

#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// `.a.b`, or `$x.a`.
    Path(Option<String>, Vec<String>),
    Literal(Value),
    Word(String),
    Group(Pipeline, Vec<String>),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let pieces = pieces(text)?;
        let mut pieces = pieces.into_iter().peekable();
        let (nodes, end) = block(&mut pieces)?;
        match end.as_str() {
            "" => Ok(Self { nodes }),
            end => Err(format!("template: output:1: unexpected {{{{{end}}}}}")),
        }
    }

    pub(crate) fn run(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        let mut scope = Scope { variables: BTreeMap::new(), root: value };
        scope.variables.insert(String::new(), value.clone());
        scope.nodes(&self.nodes, value, &mut out)?;
        Ok(out)
    }
}

enum Piece {
    Text(String),
    Action(Vec<String>),
}

/// Cuts a template into text and actions, with `{{-` and `-}}` applied.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut trim = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let (action, tail) = after
            .split_once("}}")
            .ok_or_else(|| "template: output:1: unclosed action".to_owned())?;
        let before = if trim { before.trim_start() } else { before };
        let (before, action) = match action.strip_prefix("- ") {
            Some(action) => (before.trim_end(), action),
            None => (before, action),
        };
        let (action, trim_next) = match action.strip_suffix(" -") {
            Some(action) => (action, true),
            None => (action, false),
        };
        found.push(Piece::Text(before.to_owned()));
        if !action.trim_start().starts_with("/*") {
            found.push(Piece::Action(tokens(action)?));
        }
        trim = trim_next;
        rest = tail;
    }
    let rest = if trim { rest.trim_start() } else { rest };
    found.push(Piece::Text(rest.to_owned()));
    Ok(found)
}

fn tokens(action: &str) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    let mut characters = action.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            c if c.is_whitespace() => {}
            '(' | '|' | ',' => found.push(character.to_string()),
            ')' => {
                let mut token = String::from(")");
                while let Some(next) = characters.next_if(|c| *c == '.' || c.is_alphanumeric()) {
                    token.push(next);
                }
                found.push(token);
            }
            '"' | '`' => {
                let mut token = String::from('"');
                loop {
                    match characters.next() {
                        Some(end) if end == character => break,
                        Some('\\') if character == '"' => match characters.next() {
                            Some('n') => token.push('\n'),
                            Some('t') => token.push('\t'),
                            Some(other) => token.push(other),
                            None => {
                                return Err(
                                    "template: output:1: unterminated quoted string".to_owned()
                                );
                            }
                        },
                        Some(other) => token.push(other),
                        None => {
                            return Err("template: output:1: unterminated quoted string".to_owned());
                        }
                    }
                }
                found.push(token);
            }
            other => {
                let mut token = String::from(other);
                while let Some(next) = characters.next_if(|c| {
                    !c.is_whitespace() && !matches!(c, '(' | ')' | '|' | ',' | '"' | '`')
                }) {
                    token.push(next);
                }
                found.push(token);
            }
        }
    }
    Ok(found)
}

/// Nodes up to `end`, `else` or the end of the text.
fn block(
    pieces: &mut std::iter::Peekable<std::vec::IntoIter<Piece>>,
) -> Result<(Vec<Node>, String), String> {
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let words = match piece {
            Piece::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Piece::Action(words) => words,
        };
        let Some((first, rest)) = words.split_first() else {
            return Err("template: output:1: missing value for command".to_owned());
        };
        match first.as_str() {
            "end" | "else" => return Ok((nodes, words.join(" "))),
            "if" | "with" | "range" => nodes.push(control(first, rest, pieces)?),
            "define" | "template" | "block" | "break" | "continue" => {
                return Err(format!("template: output:1: {first} is not available in the console"));
            }
            name if name.starts_with('$')
                && rest.first().is_some_and(|word| word == ":=" || word == "=") =>
            {
                let value = pipeline(rest.get(1..).unwrap_or(&[]))?;
                nodes.push(Node::Set(name.trim_start_matches('$').to_owned(), value));
            }
            _ => nodes.push(Node::Show(pipeline(&words)?)),
        }
    }
    Ok((nodes, String::new()))
}

fn control(
    keyword: &str,
    words: &[String],
    pieces: &mut std::iter::Peekable<std::vec::IntoIter<Piece>>,
) -> Result<Node, String> {
    let assign = words.iter().position(|word| word == ":=");
    let (names, over) = match assign {
        Some(at) => {
            let names = words.iter().take(at).filter(|word| *word != ",");
            (
                names.map(|name| name.trim_start_matches('$').to_owned()).collect(),
                words.get(at + 1..),
            )
        }
        None => (Vec::new(), Some(words)),
    };
    let condition = pipeline(over.unwrap_or(&[]))?;
    let (body, end) = block(pieces)?;
    let otherwise = match end.as_str() {
        "end" => Vec::new(),
        "else" => {
            let (otherwise, end) = block(pieces)?;
            if end != "end" {
                return Err("template: output:1: unexpected EOF".to_owned());
            }
            otherwise
        }
        chained if chained.starts_with("else if") => {
            let words: Vec<String> = tokens(chained)?.into_iter().skip(2).collect();
            vec![control("if", &words, pieces)?]
        }
        _ => return Err("template: output:1: unexpected EOF".to_owned()),
    };
    Ok(match keyword {
        "if" => Node::If(condition, body, otherwise),
        "with" => Node::With(condition, body, otherwise),
        _ => Node::Range { names, over: condition, body, otherwise },
    })
}

fn pipeline(words: &[String]) -> Result<Pipeline, String> {
    let mut words = words.iter();
    let (pipeline, closed) = commands(&mut words)?;
    if closed.is_some() {
        return Err("template: output:1: unexpected right paren".to_owned());
    }
    Ok(pipeline)
}

/// Commands up to the end or a closing parenthesis, whose trailing fields are handed back.
fn commands(
    words: &mut std::slice::Iter<'_, String>,
) -> Result<(Pipeline, Option<Vec<String>>), String> {
    let mut pipeline: Pipeline = vec![Vec::new()];
    while let Some(word) = words.next() {
        let Some(current) = pipeline.last_mut() else { break };
        match word.as_str() {
            "|" => pipeline.push(Vec::new()),
            "(" => {
                let (inner, fields) = commands(words)?;
                let fields =
                    fields.ok_or_else(|| "template: output:1: unclosed left paren".to_owned())?;
                current.push(Term::Group(inner, fields));
            }
            closing if closing.starts_with(')') => {
                let fields = closing.trim_start_matches(')');
                return Ok((pipeline, Some(names(fields))));
            }
            other => current.push(term(other)?),
        }
    }
    Ok((pipeline, None))
}

fn names(path: &str) -> Vec<String> {
    path.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn term(word: &str) -> Result<Term, String> {
    if let Some(text) = word.strip_prefix('"') {
        return Ok(Term::Literal(Value::from(text)));
    }
    if let Some(rest) = word.strip_prefix('$') {
        let (name, fields) = rest.split_once('.').unwrap_or((rest, ""));
        return Ok(Term::Path(Some(name.to_owned()), names(fields)));
    }
    if word.starts_with('.') {
        return Ok(Term::Path(None, names(word)));
    }
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return serde_json::from_str(word).map(Term::Literal).map_err(|error| {
            format!("template: output:1: bad number syntax: {} ({error})", go_quote(word))
        });
    }
    Ok(match word {
        "true" => Term::Literal(Value::Bool(true)),
        "false" => Term::Literal(Value::Bool(false)),
        "nil" => Term::Literal(Value::Null),
        function => Term::Word(function.to_owned()),
    })
}

struct Scope<'a> {
    variables: BTreeMap<String, Value>,
    root: &'a Value,
}

impl Scope<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value, out: &mut String) -> Result<(), String> {
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Show(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    out.push_str(&shown(&value));
                }
                Node::Set(name, pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    self.variables.insert(name.clone(), value);
                }
                Node::If(condition, then, otherwise) => {
                    let holds = truth(&self.pipeline(condition, dot)?);
                    self.nodes(if holds { then } else { otherwise }, dot, out)?;
                }
                Node::With(condition, then, otherwise) => {
                    let value = self.pipeline(condition, dot)?;
                    if truth(&value) {
                        self.nodes(then, &value, out)?;
                    } else {
                        self.nodes(otherwise, dot, out)?;
                    }
                }
                Node::Range { names, over, body, otherwise } => {
                    let value = self.pipeline(over, dot)?;
                    let pairs: Vec<(Value, Value)> = match value {
                        Value::Array(items) => items
                            .into_iter()
                            .enumerate()
                            .map(|(at, item)| (Value::from(at), item))
                            .collect(),
                        Value::Object(map) => {
                            map.into_iter().map(|(key, item)| (Value::from(key), item)).collect()
                        }
                        Value::Null => Vec::new(),
                        other => {
                            return Err(format!(
                                "template: output:1: range can't iterate over {}",
                                shown(&other)
                            ));
                        }
                    };
                    if pairs.is_empty() {
                        self.nodes(otherwise, dot, out)?;
                    }
                    for (key, item) in pairs {
                        match names.as_slice() {
                            [] => {}
                            [single] => {
                                self.variables.insert(single.clone(), item.clone());
                            }
                            [first, second, ..] => {
                                self.variables.insert(first.clone(), key);
                                self.variables.insert(second.clone(), item.clone());
                            }
                        }
                        self.nodes(body, &item, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn pipeline(&self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in pipeline {
            last = Some(self.command(command, last, dot)?);
        }
        last.ok_or_else(|| "template: output:1: missing value for command".to_owned())
    }

    fn command(&self, terms: &[Term], piped: Option<Value>, dot: &Value) -> Result<Value, String> {
        let Some((first, rest)) = terms.split_first() else {
            return Err("template: output:1: missing value for command".to_owned());
        };
        let Term::Word(function) = first else {
            return self.term(first, dot);
        };
        let mut arguments =
            rest.iter().map(|term| self.term(term, dot)).collect::<Result<Vec<_>, _>>()?;
        arguments.extend(piped);
        call(function, &arguments)
    }

    fn term(&self, term: &Term, dot: &Value) -> Result<Value, String> {
        match term {
            Term::Literal(value) => Ok(value.clone()),
            Term::Word(function) => call(function, &[]),
            Term::Group(pipeline, fields) => fields_of(&self.pipeline(pipeline, dot)?, fields),
            Term::Path(None, fields) => fields_of(dot, fields),
            Term::Path(Some(name), fields) => {
                let value =
                    if name.is_empty() { Some(self.root) } else { self.variables.get(name) };
                let value = value
                    .ok_or_else(|| format!("template: output:1: undefined variable \"${name}\""))?;
                fields_of(value, fields)
            }
        }
    }
}

fn fields_of(value: &Value, fields: &[String]) -> Result<Value, String> {
    let mut value = value;
    for field in fields {
        match value {
            Value::Object(map) => value = map.get(field).unwrap_or(&Value::Null),
            Value::Null => return Ok(Value::Null),
            other => {
                return Err(format!(
                    "template: output:1: can't evaluate field {field} in value {}",
                    shown(other)
                ));
            }
        }
    }
    Ok(value.clone())
}

fn shown(value: &Value) -> String {
    if value.is_null() { "<no value>".to_owned() } else { go_text(value) }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
