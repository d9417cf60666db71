//! How Go prints things that stand in texts of Kubernetes.

/// A text as `strconv.Quote` and `%q` print it.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        let escape = match letter {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{b}' => "\\v",
            other if printable(other) => {
                quoted.push(other);
                continue;
            }
            other => {
                let escaped = match u32::from(other) {
                    code @ (0..0x20 | 0x7f) => format!("\\x{code:02x}"),
                    code @ ..0x1_0000 => format!("\\u{code:04x}"),
                    code => format!("\\U{code:08x}"),
                };
                quoted.push_str(&escaped);
                continue;
            }
        };
        quoted.push_str(escape);
    }
    quoted.push('"');
    quoted
}

/// `unicode.IsPrint`. Rust knows the same of a letter that does not begin a text (there it would escape a mark).
fn printable(letter: char) -> bool {
    letter.is_ascii_graphic()
        || letter == ' '
        || (!letter.is_ascii()
            && !['a', letter].iter().collect::<String>().escape_debug().any(|one| one == '\\'))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    #[test]
    fn what_cannot_be_printed_is_escaped_as_go_does() {
        let text = "a\"\\\n\u{0}\u{1f}\u{7f}\u{a0}\u{ad}\u{e0001}\u{b}";
        expect![[r#""a\"\\\n\x00\x1f\x7f\u00a0\u00ad\U000e0001\v""#]]
            .assert_eq(&super::quote(text));
        let text = "e\u{301}\u{ac00}\u{1f600}";
        assert_eq!(super::quote(text), format!("\"{text}\""));
    }
}
