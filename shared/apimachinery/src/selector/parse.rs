//! The reader of label selectors (`labels/selector.go` `Lexer`, `Parser`).

use super::{Operator, Requirement};
use crate::names;

/// A token with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    End,
    /// A word, `in` and `notin` among them: only where an operator stands they are one.
    Word(&'a str),
    /// One of [`SYMBOLS`].
    Symbol(&'a str),
}

const SYMBOLS: [&str; 9] = ["==", "!=", "(", ")", ",", "!", "=", ">", "<"];
const SPECIAL: &str = "=!(),><";

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::End => "",
            Self::Word(text) | Self::Symbol(text) => text,
        }
    }
}

fn is_space(one: char) -> bool {
    matches!(one, ' ' | '\t' | '\r' | '\n')
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_space);
        // Upstream takes a zero byte for the end of the text, and of a token.
        if rest.is_empty() || rest.starts_with('\0') {
            found.push(Token::End);
            return found;
        }
        let (token, length) =
            if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                (Token::Symbol(symbol), symbol.len())
            } else {
                let end = rest.find(|one| SPECIAL.contains(one) || is_space(one) || one == '\0');
                let end = end.unwrap_or(rest.len());
                (Token::Word(rest.get(..end).unwrap_or_default()), end)
            };
        found.push(token);
        rest = rest.get(length..).unwrap_or_default();
        rest = rest.strip_prefix('\0').unwrap_or(rest);
    }
}

/// Reads all requirements, in their order.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens };
    let mut found = Vec::new();
    loop {
        match parser.peek() {
            Token::Word(_) | Token::Symbol("!") => {}
            Token::End => return Ok(found),
            Token::Symbol(other) => {
                return Err(format!(
                    "found '{other}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        let one = parser.requirement();
        found.push(one.map_err(|why| format!("unable to parse requirement: {why}"))?);
        match parser.next() {
            Token::End => return Ok(found),
            Token::Symbol(",") => match parser.peek() {
                Token::Word(_) | Token::Symbol("!") => {}
                other => {
                    let other = other.text();
                    return Err(format!("found '{other}', expected: identifier after ','"));
                }
            },
            other => {
                let other = other.text();
                return Err(format!("found '{other}', expected: ',' or 'end of string'"));
            }
        }
    }
}

struct Parser<'a, 'b> {
    tokens: &'b [Token<'a>],
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Token<'a> {
        self.tokens.first().copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let found = self.peek();
        self.tokens = self.tokens.get(1..).unwrap_or_default();
        found
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.next();
        }
        let Token::Word(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.text()));
        };
        let faults = names::qualified_name(key);
        if !faults.is_empty() {
            let key = crate::go::quote(key);
            return Err(format!("<nil>: Invalid value: {key}: {}", faults.join("; ")));
        }
        // Without an operator; after `!` upstream asks for none either.
        if negated || matches!(self.peek(), Token::End | Token::Symbol(",")) {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Requirement::checked(key.to_owned(), operator, Vec::new());
        }
        let operator = self.operator()?;
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.value()?],
        };
        values.sort_unstable();
        values.dedup();
        Requirement::checked(key.to_owned(), operator, values)
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let token = self.next();
        Ok(match token {
            Token::Word("in") => Operator::In,
            Token::Word("notin") => Operator::NotIn,
            Token::Symbol("=") => Operator::Equals,
            Token::Symbol("==") => Operator::DoubleEquals,
            Token::Symbol("!=") => Operator::NotEquals,
            Token::Symbol(">") => Operator::Gt,
            Token::Symbol("<") => Operator::Lt,
            other => {
                let other = other.text();
                return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        })
    }

    fn value(&mut self) -> Result<String, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(value) => Ok(value.to_owned()),
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        match self.peek() {
            Token::Symbol(")") => {
                self.next();
                Ok(vec![String::new()])
            }
            Token::Word(_) | Token::Symbol(",") => self.list(),
            other => Err(format!("found '{}', expected: ',', ')' or identifier", other.text())),
        }
    }

    /// `parseIdentifiersList` with the parenthesis behind it.
    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        loop {
            match self.next() {
                Token::Word(value) => {
                    found.push(value.to_owned());
                    match self.peek() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => break,
                        other => {
                            return Err(format!("found '{}', expected: ',' or ')'", other.text()));
                        }
                    }
                }
                Token::Symbol(",") => {
                    if found.is_empty() {
                        found.push(String::new());
                    }
                    match self.peek() {
                        Token::Symbol(")") => {
                            found.push(String::new());
                            break;
                        }
                        Token::Symbol(",") => found.push(String::new()),
                        _ => {}
                    }
                }
                other => {
                    return Err(format!("found '{}', expected: ',', or identifier", other.text()));
                }
            }
        }
        self.next();
        Ok(found)
    }
}
