//! Operators in the partial documents of `assert`: `(>= 2)`, `(~ ^web-)`, `(absent)` …

/// An operator that stands in place of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// `(>= n)`: a number or quantity at least this large.
    AtLeast(String),
    /// `(> n)`.
    MoreThan(String),
    /// `(<= n)`.
    AtMost(String),
    /// `(< n)`.
    LessThan(String),
    /// `(!= x)`: something else, or nothing.
    Not(String),
    /// `(~ regex)`: a text in which the regular expression is found.
    Matches(String),
    /// `(exists)`.
    Exists,
    /// `(absent)`.
    Absent,
    /// `(length n)`: a list, map or text with this many items.
    Length(usize),
}

/// The operators there are, for messages.
pub const EXPECTED: &str = "one of `(>= n)`, `(> n)`, `(<= n)`, `(< n)`, `(!= x)`, `(~ regex)`, \
                            `(exists)`, `(absent)`, `(length n)`";

impl Operator {
    /// Reads a scalar: `None` when it is an ordinary text, an error when it looks like an operator
    /// (in parentheses) and is none.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let inner = text.strip_prefix('(')?.strip_suffix(')')?;
        let (word, argument) = inner.split_once(' ').unwrap_or((inner, ""));
        let argument = argument.trim().to_owned();
        let needs_argument = !matches!(word, "exists" | "absent");
        if needs_argument == argument.is_empty() {
            return Some(Err(format!("`{text}` is not an operator")));
        }
        Some(match word {
            ">=" => Ok(Self::AtLeast(argument)),
            ">" => Ok(Self::MoreThan(argument)),
            "<=" => Ok(Self::AtMost(argument)),
            "<" => Ok(Self::LessThan(argument)),
            "!=" => Ok(Self::Not(argument)),
            "~" => Ok(Self::Matches(argument)),
            "exists" => Ok(Self::Exists),
            "absent" => Ok(Self::Absent),
            "length" => match argument.parse() {
                Ok(length) => Ok(Self::Length(length)),
                Err(_) => Err(format!("`{argument}` is not a length")),
            },
            _ => Err(format!("`{text}` is not an operator")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_parentheses_is_an_operator_or_an_error() {
        assert_eq!(Operator::parse("nginx"), None);
        assert_eq!(Operator::parse("(>= 2)"), Some(Ok(Operator::AtLeast("2".to_owned()))));
        assert_eq!(
            Operator::parse("(~ ^web-(a|b)$)"),
            Some(Ok(Operator::Matches("^web-(a|b)$".to_owned())))
        );
        assert_eq!(Operator::parse("(absent)"), Some(Ok(Operator::Absent)));
        for wrong in ["(=> 2)", "(>=)", "(absent 1)", "(length many)", "()"] {
            assert!(matches!(Operator::parse(wrong), Some(Err(_))), "{wrong}");
        }
    }
}
