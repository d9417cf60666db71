//! The regular expressions people type into grep: literals, `.`, `[...]`, `^`, `$`, `*`, and with
//! `-E` (or a backslash) `+`, `?` and `|`.

/// A pattern of grep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    alternatives: Vec<Vec<Piece>>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    atom: Atom,
    least: usize,
    many: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Atom {
    Start,
    End,
    Any,
    Literal(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; `extended` is `-E`, `fixed` is `-F`.
    pub(super) fn parse(text: &str, dialect: Dialect, ignore_case: bool) -> Result<Self, String> {
        let text = if ignore_case { text.to_lowercase() } else { text.to_owned() };
        if dialect == Dialect::Fixed {
            let literal = |c| Piece { atom: Atom::Literal(c), least: 1, many: false };
            let alternatives =
                text.lines().map(|line| line.chars().map(literal).collect()).collect();
            return Ok(Self { alternatives, ignore_case });
        }
        let extended = dialect == Dialect::Extended;
        let mut alternatives = vec![Vec::new()];
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = character == '\\';
            let character = if escaped {
                characters.next().ok_or_else(|| "Trailing backslash".to_owned())?
            } else {
                character
            };
            let special = extended != escaped;
            let Some(pieces) = alternatives.last_mut() else { break };
            match character {
                '|' if special => alternatives.push(Vec::new()),
                '+' if special => repeat(pieces, 1, true),
                '?' if special => repeat(pieces, 0, false),
                '(' | ')' | '{' | '}' if special => {
                    return Err(format!("this grep knows no {character} in a pattern"));
                }
                '*' if !escaped && !pieces.is_empty() => repeat(pieces, 0, true),
                '^' if !escaped && pieces.is_empty() => pieces.push(one(Atom::Start)),
                '$' if !escaped && matches!(characters.peek(), None | Some('|' | '\\')) => {
                    pieces.push(one(Atom::End));
                }
                '.' if !escaped => pieces.push(one(Atom::Any)),
                '[' if !escaped => pieces.push(one(set(&mut characters)?)),
                other => pieces.push(one(Atom::Literal(other))),
            }
        }
        Ok(Self { alternatives, ignore_case })
    }

    /// Whether a line contains the pattern; with `whole_word`, as a word of its own.
    pub(super) fn is_in(&self, line: &str, whole_word: bool) -> bool {
        let lowered = if self.ignore_case { line.to_lowercase() } else { line.to_owned() };
        let text: Vec<char> = lowered.chars().collect();
        let boundary = |at: usize, before: bool| {
            let neighbour = if before { at.checked_sub(1) } else { Some(at) };
            neighbour
                .and_then(|at| text.get(at))
                .is_none_or(|c| !(c.is_alphanumeric() || *c == '_'))
        };
        (0..=text.len()).any(|start| {
            self.alternatives.iter().any(|pieces| {
                let mut accept =
                    |end| !whole_word || (boundary(start, true) && boundary(end, false));
                matches(pieces, &text, start, &mut accept)
            })
        })
    }
}

/// How a pattern is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Basic,
    Extended,
    Fixed,
}

fn one(atom: Atom) -> Piece {
    Piece { atom, least: 1, many: false }
}

fn repeat(pieces: &mut [Piece], least: usize, many: bool) {
    if let Some(last) = pieces.last_mut() {
        last.least = least;
        last.many = many;
    }
}

fn set(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Atom, String> {
    let negated = characters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    let mut first = true;
    loop {
        let Some(low) = characters.next() else {
            return Err("Unmatched [, [^, [:, [., or [=".to_owned());
        };
        if low == ']' && !first {
            return Ok(Atom::Set { negated, ranges });
        }
        first = false;
        let mut ahead = characters.clone();
        let high = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(high)) if high != ']' => {
                *characters = ahead;
                high
            }
            _ => low,
        };
        ranges.push((low, high));
    }
}

fn matches(
    pieces: &[Piece],
    text: &[char],
    at: usize,
    accept: &mut dyn FnMut(usize) -> bool,
) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return accept(at) };
    match piece.atom {
        Atom::Start => return at == 0 && matches(rest, text, at, accept),
        Atom::End => return at == text.len() && matches(rest, text, at, accept),
        Atom::Any | Atom::Literal(_) | Atom::Set { .. } => {}
    }
    let most = if piece.many { usize::MAX } else { 1 };
    let run = text.iter().skip(at).take_while(|c| fits(&piece.atom, **c)).take(most).count();
    (piece.least..=run).rev().any(|count| matches(rest, text, at + count, accept))
}

fn fits(atom: &Atom, character: char) -> bool {
    match atom {
        Atom::Any => true,
        Atom::Literal(literal) => *literal == character,
        Atom::Set { negated, ranges } => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
        }
        Atom::Start | Atom::End => false,
    }
}
