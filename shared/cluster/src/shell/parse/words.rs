//! Words: quotes, variables, command output, arithmetic.

use super::super::syntax::Part;
use super::super::syntax::Word;
use super::Parsed;
use super::Parser;
use super::SyntaxError;
use super::ends_word;
use super::parse;

impl Parser {
    /// A word up to the next unquoted blank or operator.
    pub(super) fn word(&mut self) -> Parsed<Word> {
        let mut word = Word::new();
        while let Some(letter) = self.peek() {
            match letter {
                letter if ends_word(letter) => break,
                '\'' => {
                    self.at += 1;
                    let mut text = String::new();
                    loop {
                        match self.next() {
                            Some('\'') => break,
                            Some(letter) => text.push(letter),
                            None => return Err(SyntaxError::Incomplete),
                        }
                    }
                    word.push(Part::Text { text, quoted: true });
                }
                '"' => {
                    self.at += 1;
                    word.push(Part::Text { text: String::new(), quoted: true });
                    word.extend(self.quoted(Some('"'))?);
                }
                '\\' => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') => {}
                        Some(letter) => push(&mut word, letter, true),
                        None => push(&mut word, '\\', true),
                    }
                }
                '$' | '`' => word.push(self.dollar(false)?),
                letter => {
                    self.at += 1;
                    push(&mut word, letter, false);
                }
            }
        }
        if word.is_empty() { Err(self.unexpected()) } else { Ok(word) }
    }

    /// Text inside double quotes up to `end`, or to the end of the text.
    pub(super) fn quoted(&mut self, end: Option<char>) -> Parsed<Word> {
        let mut word = Word::new();
        loop {
            match self.peek() {
                None if end.is_none() => return Ok(word),
                None => return Err(SyntaxError::Incomplete),
                letter if letter == end => {
                    self.at += 1;
                    return Ok(word);
                }
                Some('\\') => {
                    self.at += 1;
                    match self.next() {
                        Some('\n') => {}
                        Some(letter @ ('$' | '`' | '"' | '\\')) => push(&mut word, letter, true),
                        Some(letter) => {
                            push(&mut word, '\\', true);
                            push(&mut word, letter, true);
                        }
                        None => return Err(SyntaxError::Incomplete),
                    }
                }
                Some('$' | '`') => word.push(self.dollar(true)?),
                Some(letter) => {
                    self.at += 1;
                    push(&mut word, letter, true);
                }
            }
        }
    }

    /// What follows `$`, or a command in backquotes.
    pub(super) fn dollar(&mut self, quoted: bool) -> Parsed<Part> {
        if self.next() == Some('`') {
            let mut text = String::new();
            loop {
                match self.next() {
                    Some('`') => break,
                    Some('\\') => text.extend(self.next()),
                    Some(letter) => text.push(letter),
                    None => return Err(SyntaxError::Incomplete),
                }
            }
            return Ok(Part::Command { script: parse(&text)?, quoted });
        }
        if self.take("((") {
            return self.arithmetic();
        }
        if self.take("(") {
            let script = self.list(&[])?;
            if !self.take(")") {
                return Err(self.unexpected());
            }
            return Ok(Part::Command { script, quoted });
        }
        if self.take("{") {
            return self.braces(quoted);
        }
        let mut name = String::new();
        if let Some(letter) = self.peek().filter(|letter| "?#$!@*0123456789".contains(*letter)) {
            self.at += 1;
            name.push(letter);
        } else {
            while let Some(letter) =
                self.peek().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            {
                self.at += 1;
                name.push(letter);
            }
        }
        if name.is_empty() {
            return Ok(Part::Text { text: "$".to_owned(), quoted: true });
        }
        Ok(Part::Variable { name, operation: None, quoted })
    }

    pub(super) fn arithmetic(&mut self) -> Parsed<Part> {
        let mut depth = 0;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(SyntaxError::Incomplete),
                Some(')') if depth == 0 && self.peek() == Some(')') => {
                    self.at += 1;
                    break;
                }
                Some(letter) => {
                    depth += match letter {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                    text.push(letter);
                }
            }
        }
        let mut inner = Self { chars: text.chars().collect(), at: 0 };
        Ok(Part::Arithmetic(inner.quoted(None)?))
    }

    /// `${name…}`.
    pub(super) fn braces(&mut self, quoted: bool) -> Parsed<Part> {
        let mut name = String::new();
        if self.peek() == Some('#') && self.second() != Some('}') {
            self.at += 1;
            name.push('#');
        }
        while let Some(letter) = self.peek().filter(|letter| {
            letter.is_ascii_alphanumeric()
                || "_?#@*".contains(*letter) && name.is_empty()
                || *letter == '_'
        }) {
            self.at += 1;
            name.push(letter);
        }
        if self.take("}") {
            return Ok(Part::Variable { name, operation: None, quoted });
        }
        let operator = [":-", ":=", ":+", ":?", "##", "%%", "-", "=", "+", "?", "#", "%"]
            .into_iter()
            .find(|operator| self.take(operator));
        let Some(operator) = operator else { return Err(self.unexpected()) };
        let mut depth = 0;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(SyntaxError::Incomplete),
                Some('}') if depth == 0 => break,
                Some(letter) => {
                    depth += match letter {
                        '{' => 1,
                        '}' => -1,
                        _ => 0,
                    };
                    text.push(letter);
                }
            }
        }
        let text = text.trim_matches('"');
        let mut inner = Self { chars: text.chars().collect(), at: 0 };
        Ok(Part::Variable {
            name,
            operation: Some((operator.to_owned(), inner.quoted(None)?)),
            quoted,
        })
    }
}

pub(super) fn push(word: &mut Word, letter: char, quote: bool) {
    if let Some(Part::Text { text, quoted }) = word.last_mut()
        && *quoted == quote
    {
        text.push(letter);
        return;
    }
    word.push(Part::Text { text: letter.to_string(), quoted: quote });
}
