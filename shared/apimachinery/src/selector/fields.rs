//! Field selectors (`fields/selector.go`).

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRequirement {
    /// Path of the field.
    pub field: String,
    /// What it is compared with.
    pub value: String,
    /// Equal, or not equal.
    pub equal: bool,
}

/// All requirements must hold; none: everything matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    /// The requirements, in the order of their texts.
    pub requirements: Vec<FieldRequirement>,
}

impl FieldSelector {
    /// Reads kubectl's form, for example `metadata.name=a,spec.nodeName!=b`; the error is Go's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = split_terms(text);
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let (field, value, equal) = split_term(term)
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
            let (field, value) = (field.to_owned(), unescape(value)?);
            // A term of nothing is none (`Transform`).
            if !(field.is_empty() && value.is_empty()) {
                requirements.push(FieldRequirement { field, value, equal });
            }
        }
        Ok(Self { requirements })
    }

    /// Whether what `value` says of each field fits.
    pub fn matches(&self, value: impl Fn(&str) -> String) -> bool {
        self.requirements.iter().all(|one| (value(&one.field) == one.value) == one.equal)
    }
}

/// Splits at commas that no backslash escapes.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(text.get(start..).unwrap_or_default());
    terms
}

/// Splits at the first operator.
fn split_term(term: &str) -> Option<(&str, &str, bool)> {
    let at = term.char_indices().map(|(at, _)| at);
    at.filter_map(|at| term.split_at_checked(at)).find_map(|(field, rest)| {
        [("!=", false), ("==", true), ("=", true)]
            .iter()
            .find_map(|(sign, equal)| Some((field, rest.strip_prefix(sign)?, *equal)))
    })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut found = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => found.push(escaped),
                other => {
                    let other = other.map(String::from).unwrap_or_default();
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: \\{other}"
                    ));
                }
            },
            ',' | '=' => {
                let code = u32::from(letter);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {code}"
                ));
            }
            other => found.push(other),
        }
    }
    Ok(found)
}
