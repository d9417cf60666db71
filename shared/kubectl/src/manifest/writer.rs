//! YAML as `kubectl -o yaml` prints it: the emitter of `go.yaml.in/yaml/v2` (block style, lists not
//! indented under their key, folding at 80 columns, natural key order), for JSON values.

use apimachinery::order::Order as _;
use std::cmp::Ordering;

use serde_json::Value;

use super::number::yaml_float;
use super::resolve::{Scalar, resolve};

const BEST_WIDTH: usize = 80;
const BEST_INDENT: usize = 2;

/// The document as `-o yaml` prints it, with a line break at the end.
pub fn to_yaml(value: &Value) -> String {
    let mut emitter = Emitter { whitespace: true, indention: true, ..Emitter::default() };
    emitter.node(value, None, Place::Root);
    if emitter.column > 0 || emitter.out.is_empty() {
        emitter.line_break();
    }
    emitter.out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Sequence,
    Mapping,
    Key,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

#[derive(Default)]
struct Emitter {
    out: String,
    column: usize,
    /// The last character was white space.
    whitespace: bool,
    /// Only indentation (and dashes) stand on the line so far.
    indention: bool,
}

impl Emitter {
    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indent_to(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "the two facts of yaml_emitter_write_indicator"
    )]
    fn indicator(&mut self, text: &str, needs_space: bool, keeps_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        for character in text.chars() {
            self.put(character);
        }
        self.whitespace = false;
        self.indention = self.indention && keeps_indention;
    }

    fn node(&mut self, value: &Value, indent: Option<usize>, place: Place) {
        let deeper = indent.map_or(0, |indent| indent + BEST_INDENT);
        match value {
            Value::Null => self.plain("null"),
            Value::Bool(true) => self.plain("true"),
            Value::Bool(false) => self.plain("false"),
            Value::Number(number) => {
                let text = match (number.as_i64(), number.as_u64(), number.as_f64()) {
                    (Some(int), _, _) => int.to_string(),
                    (None, Some(uint), _) => uint.to_string(),
                    (None, None, Some(float)) => yaml_float(float),
                    (None, None, None) => number.to_string(),
                };
                self.plain(&text);
            }
            Value::String(text) => {
                let scalar_indent = indent.map_or(BEST_INDENT, |indent| indent + BEST_INDENT);
                self.text(text, scalar_indent, place);
            }
            Value::Array(items) if items.is_empty() => {
                self.indicator("[", true, false);
                self.indicator("]", false, false);
            }
            Value::Object(map) if map.is_empty() => {
                self.indicator("{", true, false);
                self.indicator("}", false, false);
            }
            Value::Array(items) => {
                let at = match indent {
                    Some(indent) if place == Place::Mapping && !self.indention => indent,
                    _ => deeper,
                };
                for item in items {
                    self.indent_to(at);
                    self.indicator("-", true, true);
                    self.node(item, Some(at), Place::Sequence);
                }
            }
            Value::Object(map) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.order_by(|a, b| natural_order(a, b));
                for key in keys {
                    self.indent_to(deeper);
                    self.entry(key, map.get(key).unwrap_or(&Value::Null), deeper);
                }
            }
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        let simple = key.len() <= 128 && !Analysis::of(key).multiline;
        if simple {
            self.text(key, indent + BEST_INDENT, Place::Key);
            self.indicator(":", false, false);
        } else {
            self.indicator("?", true, true);
            self.text(key, indent + BEST_INDENT, Place::Mapping);
            self.indent_to(indent);
            self.indicator(":", true, true);
        }
        self.node(value, Some(indent), Place::Mapping);
    }

    fn plain(&mut self, text: &str) {
        self.indicator(text, true, false);
    }

    fn text(&mut self, text: &str, indent: usize, place: Place) {
        let breaks_allowed = place != Place::Key;
        match style_of(text, place) {
            Style::Plain => self.write_plain(text, indent, breaks_allowed),
            Style::Single => self.write_single(text, indent, breaks_allowed),
            Style::Double => self.write_double(text, indent, breaks_allowed),
            Style::Literal => self.write_literal(text, indent),
        }
    }

    fn write_plain(&mut self, text: &str, indent: usize, breaks_allowed: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                let next_is_space = characters.peek() == Some(&' ');
                if breaks_allowed && !spaces && self.column > BEST_WIDTH && !next_is_space {
                    self.indent_to(indent);
                } else {
                    self.put(character);
                }
                spaces = true;
            } else {
                self.put(character);
                self.indention = false;
                spaces = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn write_single(&mut self, text: &str, indent: usize, breaks_allowed: bool) {
        self.indicator("'", true, false);
        let mut spaces = false;
        let mut breaks = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if character == ' ' {
                let may_fold = breaks_allowed && !spaces && self.column > BEST_WIDTH;
                if may_fold && !first && next.is_some_and(|c| c != ' ') {
                    self.indent_to(indent);
                } else {
                    self.put(character);
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.line_break();
                }
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent_to(indent);
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
            first = false;
        }
        self.indicator("'", false, false);
    }

    fn write_double(&mut self, text: &str, indent: usize, breaks_allowed: bool) {
        self.indicator("\"", true, false);
        let mut spaces = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            if !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                for escaped in escape(character).chars() {
                    self.put(escaped);
                }
                spaces = false;
            } else if character == ' ' {
                let may_fold = breaks_allowed && !spaces && self.column > BEST_WIDTH;
                if may_fold && !first && next.is_some() {
                    self.indent_to(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(character);
                }
                spaces = true;
            } else {
                self.put(character);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false);
    }

    fn write_literal(&mut self, text: &str, indent: usize) {
        self.indicator("|", true, false);
        if text.starts_with([' ', '\n']) {
            self.indicator("2", false, false);
        }
        let mut backwards = text.chars().rev();
        match backwards.next() {
            Some(last) if is_break(last) => {
                if backwards.next().is_none_or(is_break) {
                    self.indicator("+", false, false);
                }
            }
            _ => self.indicator("-", false, false),
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent_to(indent);
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn write_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
    }
}

fn style_of(text: &str, place: Place) -> Style {
    let analysis = Analysis::of(text);
    let mut style = if text.contains('\n') {
        Style::Literal
    } else if resolve(text) == Scalar::Text && !is_base60(text) {
        Style::Plain
    } else {
        Style::Double
    };
    if place == Place::Key && analysis.multiline {
        style = Style::Double;
    }
    if style == Style::Plain
        && (!analysis.plain_allowed || (text.is_empty() && place == Place::Key))
    {
        style = Style::Single;
    }
    if style == Style::Single && !analysis.single_allowed {
        style = Style::Double;
    }
    if style == Style::Literal && (!analysis.block_allowed || place == Place::Key) {
        style = Style::Double;
    }
    style
}

/// `yaml_emitter_analyze_scalar` of `emitterc.go`.
#[expect(clippy::struct_excessive_bools, reason = "the facts that libyaml keeps of a scalar")]
struct Analysis {
    multiline: bool,
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self {
                multiline: false,
                plain_allowed: true,
                single_allowed: true,
                block_allowed: false,
            };
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut line_breaks) = (false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut preceded_by_blank = true;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            let followed_by_blank = characters.peek().is_none_or(|c| matches!(c, ' ' | '\t'));
            indicators |= if first {
                matches!(
                    character,
                    '#' | ','
                        | '['
                        | ']'
                        | '{'
                        | '}'
                        | '&'
                        | '*'
                        | '!'
                        | '|'
                        | '>'
                        | '\''
                        | '"'
                        | '%'
                        | '@'
                        | '`'
                ) || (matches!(character, '?' | ':' | '-') && followed_by_blank)
            } else {
                (character == ':' && followed_by_blank) || (character == '#' && preceded_by_blank)
            };
            special |= !is_printable(character);
            if character == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(character) {
                line_breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            preceded_by_blank = matches!(character, ' ' | '\t') || is_break(character);
            first = false;
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let at_edges = text.starts_with(edge) || text.ends_with(edge);
        let hard = space_break || special;
        Self {
            multiline: line_breaks,
            plain_allowed: !(at_edges || break_space || hard || line_breaks || indicators),
            single_allowed: !(break_space || hard),
            block_allowed: !(text.ends_with(' ') || hard),
        }
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

fn escape(character: char) -> String {
    match character {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        other => {
            let code = u32::from(other);
            match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            }
        }
    }
}

/// Numbers in base 60 are quoted for readers that know them: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
fn is_base60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or("");
    let head_good = head.starts_with(|c: char| c.is_ascii_digit())
        && head.chars().all(|c| c.is_ascii_digit() || c == '_');
    let tail: Vec<&str> = parts.collect();
    let tail_good = tail.iter().all(|part| {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        digits
            && match part.len() {
                1 => true,
                2 => part.starts_with(['0', '1', '2', '3', '4', '5']),
                _ => false,
            }
    });
    head_good
        && !tail.is_empty()
        && tail_good
        && fraction.chars().all(|c| c.is_ascii_digit() || c == '_')
}

/// The order of `keyList` in `sorter.go`: letters after the rest, numbers by value.
fn natural_order(a: &str, b: &str) -> Ordering {
    let left: Vec<char> = a.chars().collect();
    let right: Vec<char> = b.chars().collect();
    for (index, (l, r)) in left.iter().zip(&right).enumerate() {
        if l == r {
            continue;
        }
        match (l.is_alphabetic(), r.is_alphabetic()) {
            (true, true) => return l.cmp(r),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let mut start = 0_i64;
        if *l == '0' || *r == '0' {
            let before = left.get(..index).unwrap_or(&[]);
            let digits = before.iter().rev().take_while(|c| c.is_numeric());
            if digits.into_iter().any(|c| *c != '0') {
                start = 1;
            }
        }
        let number = |text: &[char]| {
            text.iter().skip(index).take_while(|c| c.is_ascii_digit()).fold(
                (start, 0_usize),
                |(value, count), c| {
                    let digit = i64::from(c.to_digit(10).unwrap_or(0));
                    (value.wrapping_mul(10).wrapping_add(digit), count + 1)
                },
            )
        };
        let (left_number, right_number) = (number(&left), number(&right));
        return left_number.cmp(&right_number).then(l.cmp(r));
    }
    left.len().cmp(&right.len())
}
