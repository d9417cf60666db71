//! From text to syntax tree: a recursive-descent parser that reads words where it needs them.

mod words;

use std::sync::Arc;

use super::syntax::{Node, Part, Redirect, RedirectKind, Simple};

/// Why a script is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SyntaxError {
    /// More lines are needed (an interactive shell asks for them).
    Incomplete,
    /// This token is not expected here.
    Unexpected(String),
}

type Parsed<T> = Result<T, SyntaxError>;

/// Parses a whole script.
pub(super) fn parse(script: &str) -> Parsed<Arc<Node>> {
    let mut parser = Parser { chars: script.chars().collect(), at: 0 };
    let list = parser.list(&[])?;
    parser.blanks();
    match parser.peek() {
        None => Ok(list),
        Some(other) => Err(SyntaxError::Unexpected(other.to_string())),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

const RESERVED: [&str; 14] = [
    "if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "{",
    "}",
];

fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, ';' | '&' | '|' | '<' | '>' | '(' | ')')
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn second(&self) -> Option<char> {
        self.chars.get(self.at + 1).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn take(&mut self, text: &str) -> bool {
        let fits = text
            .chars()
            .enumerate()
            .all(|(index, letter)| self.chars.get(self.at + index) == Some(&letter));
        if fits {
            self.at += text.chars().count();
        }
        fits
    }

    /// Blanks, continued lines and comments; no line breaks.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.second() == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn lines(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some('\n') => self.at += 1,
                _ => return,
            }
        }
    }

    /// The plain word that starts here, without taking it.
    fn ahead(&mut self) -> String {
        self.blanks();
        self.chars.iter().skip(self.at).take_while(|letter| !ends_word(**letter)).collect()
    }

    fn keyword(&mut self, word: &str) -> bool {
        if self.ahead() == word {
            self.at += word.len();
            return true;
        }
        false
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        self.lines();
        if self.keyword(word) {
            return Ok(());
        }
        Err(self.unexpected())
    }

    fn unexpected(&mut self) -> SyntaxError {
        let word = self.ahead();
        match self.peek() {
            None => SyntaxError::Incomplete,
            Some(_) if !word.is_empty() => SyntaxError::Unexpected(word),
            Some('\n') => SyntaxError::Unexpected("newline".to_owned()),
            Some(letter) => SyntaxError::Unexpected(letter.to_string()),
        }
    }

    /// Commands until one of `ends`, a closing bracket or the end of the text.
    fn list(&mut self, ends: &[&str]) -> Parsed<Arc<Node>> {
        let mut nodes = Vec::new();
        loop {
            self.lines();
            let ahead = self.ahead();
            let closing = self.peek() == Some(')') || self.take_case_end(false);
            if self.peek().is_none() || closing || ends.contains(&ahead.as_str()) {
                break;
            }
            let node = self.and_or()?;
            self.blanks();
            if self.peek() == Some('&') && self.second() != Some('&') {
                self.at += 1;
                nodes.push(Arc::new(Node::Background(node)));
            } else {
                nodes.push(node);
                match self.peek() {
                    Some(';') if self.second() != Some(';') => self.at += 1,
                    Some('\n' | ')') | None => {}
                    Some(';') => {}
                    Some(_) => return Err(self.unexpected()),
                }
            }
        }
        if self.peek().is_none() && !ends.is_empty() {
            return Err(SyntaxError::Incomplete);
        }
        match nodes.as_slice() {
            [only] => Ok(Arc::clone(only)),
            _ => Ok(Arc::new(Node::List(nodes))),
        }
    }

    fn take_case_end(&mut self, take: bool) -> bool {
        let found = self.peek() == Some(';') && self.second() == Some(';');
        if found && take {
            self.at += 2;
        }
        found
    }

    fn and_or(&mut self) -> Parsed<Arc<Node>> {
        let mut left = self.pipeline()?;
        loop {
            self.blanks();
            if self.take("&&") {
                self.lines();
                left = Arc::new(Node::And(left, self.pipeline()?));
            } else if self.take("||") {
                self.lines();
                left = Arc::new(Node::Or(left, self.pipeline()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn pipeline(&mut self) -> Parsed<Arc<Node>> {
        let negated = self.keyword("!");
        let mut parts = vec![self.command()?];
        loop {
            self.blanks();
            if self.peek() == Some('|') && self.second() != Some('|') {
                self.at += 1;
                self.lines();
                parts.push(self.command()?);
            } else {
                break;
            }
        }
        match (parts.as_slice(), negated) {
            ([only], false) => Ok(Arc::clone(only)),
            _ => Ok(Arc::new(Node::Pipe { parts, negated })),
        }
    }

    fn command(&mut self) -> Parsed<Arc<Node>> {
        let ahead = self.ahead();
        if ahead.is_empty() && self.peek() == Some('(') {
            self.at += 1;
            let body = self.list(&[])?;
            if !self.take(")") {
                return Err(self.unexpected());
            }
            let redirects = self.redirects()?;
            return Ok(Arc::new(Node::Group { body, redirects, subshell: true }));
        }
        let compound = match ahead.as_str() {
            "if" => self.conditional()?,
            "while" | "until" => self.repetition()?,
            "for" => self.each()?,
            "case" => self.choice()?,
            "{" => {
                self.at += 1;
                let body = self.list(&["}"])?;
                self.expect("}")?;
                body
            }
            word if RESERVED.contains(&word) => return Err(self.unexpected()),
            _ => return self.simple(&ahead),
        };
        let redirects = self.redirects()?;
        if redirects.is_empty() {
            return Ok(compound);
        }
        Ok(Arc::new(Node::Group { body: compound, redirects, subshell: false }))
    }

    fn conditional(&mut self) -> Parsed<Arc<Node>> {
        self.at += 2;
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
            if self.keyword("elif") {
                continue;
            }
            if self.keyword("else") {
                otherwise = Some(self.list(&["fi"])?);
            }
            self.expect("fi")?;
            return Ok(Arc::new(Node::If { arms, otherwise }));
        }
    }

    fn repetition(&mut self) -> Parsed<Arc<Node>> {
        let until = self.ahead() == "until";
        self.at += 5;
        let condition = self.list(&["do"])?;
        let body = self.body()?;
        Ok(Arc::new(Node::While { condition, body, until }))
    }

    fn body(&mut self) -> Parsed<Arc<Node>> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn each(&mut self) -> Parsed<Arc<Node>> {
        self.at += 3;
        let name = self.ahead();
        self.at += name.chars().count();
        self.lines();
        let mut words = None;
        if self.keyword("in") {
            let mut found = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    None => return Err(SyntaxError::Incomplete),
                    Some(';' | '\n') => break,
                    Some(_) => found.push(self.word()?),
                }
            }
            words = Some(found);
        }
        self.blanks();
        if self.peek() == Some(';') {
            self.at += 1;
        }
        let body = self.body()?;
        Ok(Arc::new(Node::For { name, words, body }))
    }

    fn choice(&mut self) -> Parsed<Arc<Node>> {
        self.at += 4;
        self.blanks();
        let word = self.word()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.lines();
            if self.keyword("esac") {
                return Ok(Arc::new(Node::Case { word, arms }));
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                match self.next() {
                    Some('|') => {}
                    Some(')') => break,
                    None => return Err(SyntaxError::Incomplete),
                    Some(other) => return Err(SyntaxError::Unexpected(other.to_string())),
                }
            }
            arms.push((patterns, self.list(&["esac"])?));
            self.take_case_end(true);
        }
    }

    fn redirects(&mut self) -> Parsed<Vec<Redirect>> {
        let mut found = Vec::new();
        while let Some(redirect) = self.redirect()? {
            found.push(redirect);
        }
        Ok(found)
    }

    /// A redirection, if one starts here.
    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        self.blanks();
        let digit = self.peek().and_then(|letter| letter.to_digit(10));
        let numbered = digit.is_some() && matches!(self.second(), Some('<' | '>'));
        let both = self.peek() == Some('&') && self.second() == Some('>');
        if !numbered && !both && !matches!(self.peek(), Some('<' | '>')) {
            return Ok(None);
        }
        if numbered || both {
            self.at += 1;
        }
        let (kind, usual) = if self.take("<<") {
            return self.here().map(Some);
        } else if self.take("<") {
            (RedirectKind::Read, 0)
        } else if self.take(">>") {
            (RedirectKind::Append, 1)
        } else if self.take(">&") {
            (RedirectKind::Duplicate, 1)
        } else {
            self.at += 1;
            self.take("|");
            (RedirectKind::Write, 1)
        };
        self.blanks();
        let target = self.word()?;
        let given = digit.filter(|_| numbered).and_then(|digit| usize::try_from(digit).ok());
        Ok(Some(Redirect { descriptor: given.unwrap_or(usual), kind, target }))
    }

    /// `<<END`: the text comes after the line.
    fn here(&mut self) -> Parsed<Redirect> {
        let strip = self.take("-");
        self.blanks();
        let mark = self.word()?;
        let plain = mark.iter().all(|part| matches!(part, Part::Text { quoted: false, .. }));
        let end: String = mark
            .iter()
            .filter_map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        // The text starts after the next line break, wherever the rest of this line goes on.
        let rest: String = self.chars.iter().skip(self.at).collect();
        let Some((first, after)) = rest.split_once('\n') else {
            return Err(SyntaxError::Incomplete);
        };
        let mut text = String::new();
        let mut used = 0;
        let mut ended = false;
        for line in after.split_inclusive('\n') {
            used += line.chars().count();
            let line = if strip { line.trim_start_matches('\t') } else { line };
            if line.trim_end_matches('\n') == end {
                ended = true;
                break;
            }
            text.push_str(line);
        }
        if !ended {
            return Err(SyntaxError::Incomplete);
        }
        let start = self.at + first.chars().count() + 1;
        self.chars.drain(start..start + used);
        let target = if plain {
            let mut inner = Self { chars: text.chars().collect(), at: 0 };
            inner.quoted(None)?
        } else {
            vec![Part::Text { text, quoted: true }]
        };
        Ok(Redirect { descriptor: 0, kind: RedirectKind::Here, target })
    }

    fn simple(&mut self, ahead: &str) -> Parsed<Arc<Node>> {
        let mut simple = Simple::default();
        let after_name = self.at + ahead.chars().count();
        if is_name(ahead)
            && self.chars.get(after_name) == Some(&'(')
            && self.chars.get(after_name + 1) == Some(&')')
        {
            self.at = after_name + 2;
            self.lines();
            let body = self.command()?;
            return Ok(Arc::new(Node::Function { name: ahead.to_owned(), body }));
        }
        loop {
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | '(' | ')') => break,
                Some(_) => {}
            }
            let ahead = self.ahead();
            let assigned = ahead.split_once('=').map(|(name, _)| name.to_owned());
            match assigned.filter(|name| simple.words.is_empty() && is_name(name)) {
                Some(name) => {
                    self.at += name.chars().count() + 1;
                    let value =
                        if self.peek().is_none_or(ends_word) { Vec::new() } else { self.word()? };
                    simple.assignments.push((name, value));
                }
                None => simple.words.push(self.word()?),
            }
        }
        if simple == Simple::default() {
            return Err(self.unexpected());
        }
        Ok(Arc::new(Node::Simple(simple)))
    }
}

/// Whether a text can name a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
