//! Words as a POSIX shell makes them, without expansion.

use crate::UsageError;

/// Splits a line into the stages of a pipe, each a list of words.
pub(crate) fn split(line: &str) -> Result<Vec<Vec<String>>, UsageError> {
    let mut lexer = Lexer { stages: vec![Vec::new()], word: None };
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = lexer.word();
                loop {
                    match characters.next() {
                        Some('\'') => break,
                        Some(other) => word.push(other),
                        None => return Err(unclosed('\'')),
                    }
                }
            }
            '"' => lexer.double_quoted(&mut characters)?,
            '\\' => match characters.next() {
                Some('\n') => {}
                Some(other) => lexer.word().push(other),
                None => return Err(UsageError::new("the line ends with a backslash")),
            },
            ' ' | '\t' | '\r' => lexer.end_word(),
            '\n' => {
                if characters.clone().any(|c| !c.is_whitespace()) {
                    return Err(several());
                }
            }
            '#' if lexer.word.is_none() => break,
            '|' => {
                if characters.peek() == Some(&'|') {
                    return Err(several());
                }
                lexer.end_word();
                lexer.stages.push(Vec::new());
            }
            ';' | '&' => return Err(several()),
            '>' => {
                return Err(UsageError::new(
                    "output cannot be written to a file here: the console prints it",
                ));
            }
            '<' => {
                return Err(UsageError::new(
                    "input cannot be read with < here: name the file with -f, or use -f - with <<EOF",
                ));
            }
            '`' => return Err(substitution()),
            '$' if characters.peek() == Some(&'(') => return Err(substitution()),
            other => lexer.word().push(other),
        }
    }
    lexer.end_word();
    if lexer.stages.len() > 1 && lexer.stages.iter().any(Vec::is_empty) {
        return Err(UsageError::new("there is nothing on one side of the pipe"));
    }
    Ok(lexer.stages)
}

/// Takes a here-document off a line: `apply -f - <<EOF`, the text, `EOF`.
pub(super) fn here_document(text: &str) -> Result<(String, Option<String>), UsageError> {
    let text = text.trim();
    let Some((first, rest)) = text.split_once('\n') else { return Ok((text.to_owned(), None)) };
    let Some((before, after)) = first.split_once("<<") else { return Ok((text.to_owned(), None)) };
    let strip_tabs = after.starts_with('-');
    let after = after.strip_prefix('-').unwrap_or(after).trim_start();
    let end_of_word = after.find(char::is_whitespace).unwrap_or(after.len());
    let (word, tail) = after.split_at_checked(end_of_word).unwrap_or((after, ""));
    let delimiter = word.trim_matches(['\'', '"']);
    let mut document = String::new();
    for line in rest.lines() {
        let line = if strip_tabs { line.trim_start_matches('\t') } else { line };
        if line.trim_end() == delimiter {
            return Ok((format!("{before} {tail}"), Some(document)));
        }
        document.push_str(line);
        document.push('\n');
    }
    Err(UsageError::new(format!("the text after << does not end with a line {delimiter}")))
}

struct Lexer {
    stages: Vec<Vec<String>>,
    word: Option<String>,
}

impl Lexer {
    fn word(&mut self) -> &mut String {
        self.word.get_or_insert_default()
    }

    fn end_word(&mut self) {
        if let (Some(word), Some(stage)) = (self.word.take(), self.stages.last_mut()) {
            stage.push(word);
        }
    }

    fn double_quoted(
        &mut self,
        characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    ) -> Result<(), UsageError> {
        let word = self.word();
        loop {
            match characters.next() {
                Some('"') => return Ok(()),
                Some('\\') => match characters.next() {
                    Some('\n') => {}
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                    Some(other) => word.extend(['\\', other]),
                    None => return Err(unclosed('"')),
                },
                Some('`') => return Err(substitution()),
                Some('$') if characters.peek() == Some(&'(') => return Err(substitution()),
                Some(other) => word.push(other),
                None => return Err(unclosed('"')),
            }
        }
    }
}

fn unclosed(quote: char) -> UsageError {
    UsageError::new(format!("the quote {quote} is not closed"))
}

fn several() -> UsageError {
    UsageError::new("the console runs one command at a time: write each one by itself")
}

fn substitution() -> UsageError {
    UsageError::new("the console is no shell: it cannot insert the output of another command")
}
