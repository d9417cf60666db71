//! Integers with the operators of C.

use super::super::expand::Scope;

/// `$((…))`: integers with the operators of C, variables without `$`.
pub(in crate::shell) fn evaluate(text: &str, scope: &Scope) -> i64 {
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut reader = Arithmetic { letters, at: 0, scope };
    reader.level(0)
}

pub(super) struct Arithmetic<'a> {
    letters: Vec<char>,
    at: usize,
    scope: &'a Scope,
}

pub(super) const LEVELS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Arithmetic<'_> {
    fn take(&mut self, text: &str) -> bool {
        let fits = text
            .chars()
            .enumerate()
            .all(|(index, letter)| self.letters.get(self.at + index) == Some(&letter));
        if fits {
            self.at += text.len();
        }
        fits
    }

    fn level(&mut self, level: usize) -> i64 {
        let Some(operators) = LEVELS.get(level) else { return self.atom() };
        let mut left = self.level(level + 1);
        while let Some(operator) = operators.iter().find(|operator| self.take(operator)) {
            let right = self.level(level + 1);
            left = match *operator {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                ">" => i64::from(left > right),
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                "/" => left.checked_div(right).unwrap_or_default(),
                _ => left.checked_rem(right).unwrap_or_default(),
            };
        }
        left
    }

    fn atom(&mut self) -> i64 {
        if self.take("(") {
            let value = self.level(0);
            self.take(")");
            return value;
        }
        if self.take("-") {
            return self.atom().wrapping_neg();
        }
        if self.take("!") {
            return i64::from(self.atom() == 0);
        }
        let word: String = self
            .letters
            .iter()
            .skip(self.at)
            .take_while(|letter| letter.is_ascii_alphanumeric() || **letter == '_')
            .collect();
        self.at += word.len().max(1);
        word.parse().unwrap_or_else(|_| {
            self.scope.get(&word).and_then(|value| value.trim().parse().ok()).unwrap_or_default()
        })
    }
}
