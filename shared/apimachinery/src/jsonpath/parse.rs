//! The reader of templates (`parser.go`).

use super::unquote::unquote;
use super::{Node, Param};

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut reader = Reader { text, at: 0, start: 0 };
    let mut nodes = Vec::new();
    loop {
        let end = reader.rest().find('{').map_or(text.len(), |found| reader.at + found);
        reader.at = end;
        let plain = reader.take();
        if !plain.is_empty() {
            nodes.push(Node::Text(plain.to_owned()));
        }
        if reader.next().is_none() {
            return Ok(nodes);
        }
        reader.take();
        let mut action = Vec::new();
        reader.action(&mut action)?;
        nodes.push(Node::List(action));
    }
}

/// An expression without its braces (`parseAction`).
fn expression(text: &str) -> Result<Vec<Node>, String> {
    match template(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where what is being read begins.
    start: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    /// What was read since the last time.
    fn take(&mut self) -> &'a str {
        let found = self.text.get(self.start..self.at).unwrap_or_default();
        self.start = self.at;
        found
    }

    /// Whether the letter before the last one is a backslash.
    fn is_escaped(&self) -> bool {
        self.at.checked_sub(2).and_then(|at| self.text.as_bytes().get(at)) == Some(&b'\\')
    }

    /// `parseInsideAction`.
    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            let rest = self.rest();
            if rest.starts_with('}') {
                self.at += 1;
                self.take();
                return Ok(());
            }
            if rest.starts_with("[?(") {
                self.filter(nodes)?;
                continue;
            }
            if rest.starts_with("..") {
                self.recursive(nodes)?;
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {
                    self.take();
                }
                Some('[') => self.array(nodes)?,
                Some(quote @ ('"' | '\'')) => self.quoted(quote, nodes)?,
                Some('.') => self.field(nodes),
                Some(one) if matches!(one, '+' | '-') || one.is_numeric() => self.number(nodes)?,
                Some(one) if one == '_' || one.is_alphabetic() => self.identifier(nodes),
                Some(other) => {
                    let code = u32::from(other);
                    return Err(format!(
                        "unrecognized character in action: U+{code:04X} '{other}'"
                    ));
                }
            }
        }
    }

    fn identifier(&mut self, nodes: &mut Vec<Node>) {
        while self.peek().is_some_and(|one| !ends(one)) {
            self.next();
        }
        nodes.push(match self.take() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            other => Node::Identifier(other.to_owned()),
        });
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if nodes.last() == Some(&Node::Recursive) {
            return Err("invalid multiple recursive descent".to_owned());
        }
        self.at += 2;
        self.take();
        nodes.push(Node::Recursive);
        if self.peek().is_some_and(|one| one == '_' || one.is_alphanumeric()) {
            self.field(nodes);
        }
        Ok(())
    }

    fn number(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        while self.peek().is_some_and(|one| one == '.' || one.is_numeric()) {
            self.next();
        }
        let text = self.take();
        let float =
            || text.parse::<f64>().ok().filter(|_| text.contains(|one: char| one.is_ascii_digit()));
        nodes.push(match (text.parse(), float()) {
            (Ok(number), _) => Node::Int(number),
            (_, Some(number)) => Node::Float(number),
            _ => return Err(format!("cannot parse number {text}")),
        });
        Ok(())
    }

    fn field(&mut self, nodes: &mut Vec<Node>) {
        self.take();
        while let Some(one) = self.peek().filter(|one| !ends(*one)) {
            self.next();
            if one == '\\' {
                self.next();
            }
        }
        nodes.push(match self.take() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        });
    }

    fn quoted(&mut self, quote: char, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(one) if one == quote && !self.is_escaped() => break,
                Some(_) => {}
            }
        }
        let text = self.take();
        let found = unquote(text);
        nodes.push(Node::Text(found.map_err(|why| format!("unquote string {text} error {why}"))?));
        Ok(())
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.take();
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let text = text.map_or("", |text| if text == "*" { ":" } else { text });
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > 1 {
            let parts =
                parts.iter().map(|part| expression(&format!("[{}]", part.trim_matches(' '))));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            nodes.extend(expression(&format!(".{key}"))?);
            return Ok(());
        }
        nodes.push(Node::Array(slice(text)?));
        Ok(())
    }

    fn filter(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        self.at += 3;
        self.take();
        let (mut begun, mut ended, mut quote) = (false, false, None);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(one @ ('"' | '\'')) => {
                    if !begun {
                        (begun, quote) = (true, Some(one));
                    } else if !self.is_escaped() && quote == Some(one) {
                        ended = true;
                    }
                }
                Some(')') if begun == ended => break,
                Some(_) => {}
            }
        }
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text = self.take();
        let text = text.strip_suffix(")]").unwrap_or(text);
        let is_operator = |one: char| "!<>=".contains(one);
        let split = text.find(is_operator).filter(|at| *at > 0).and_then(|at| {
            let (left, rest) = text.split_at_checked(at)?;
            let right = rest.trim_start_matches(is_operator);
            let operator = rest.strip_suffix(right)?;
            // An operator at the end gives its last sign to the right side, as the expression must have one.
            if right.is_empty() {
                let (operator, right) = operator.split_at_checked(operator.len() - 1)?;
                return (!operator.is_empty()).then_some((left, operator, right));
            }
            Some((left, operator, right))
        });
        nodes.push(match split {
            Some((left, operator, right)) => {
                Node::Filter(expression(left)?, operator.to_owned(), expression(right)?)
            }
            None => Node::Filter(expression(text)?, "exists".to_owned(), Vec::new()),
        });
        Ok(())
    }
}

/// `isTerminator`.
fn ends(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// `start:end:step`.
fn slice(text: &str) -> Result<[Param; 3], String> {
    let parts: Vec<&str> = text.split(':').collect();
    let number =
        |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|it| it.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(number) {
        return Err(format!("invalid array index {text}"));
    }
    let mut params = [Param::default(); 3];
    for (param, part) in params.iter_mut().zip(&parts).filter(|(_, part)| !part.is_empty()) {
        let value = part.parse().map_err(|_wrong| format!("array index {part} is not a number"))?;
        *param = Param { value, known: true, derived: false };
    }
    if let ([first, second, _], 1) = (&mut params, parts.len()) {
        *second = Param { value: first.value.wrapping_add(1), known: true, derived: true };
    }
    Ok(params)
}
