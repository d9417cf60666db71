//! Names: what is allowed, as `k8s.io/apimachinery/pkg/util/validation/validation.go`, and the alphabet
//! of generated ones.

/// Characters of generated name suffixes (`pkg/util/rand/rand.go`): no vowels, nothing easily misread.
pub const SUFFIX_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const UNDERSCORED_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
const WILDCARD_TEXT: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_TEXT: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const LABEL_1035_TEXT: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// The longest prefix that is kept of a `generateName` (`apiserver/pkg/storage/names/generate.go`).
const LONGEST_BASE: usize = 58;

/// What stands before the five letters of a generated name.
pub fn generated_base(prefix: &str) -> String {
    let cut = prefix.floor_char_boundary(LONGEST_BASE);
    let (whole, rest) = prefix.split_at_checked(cut).unwrap_or((prefix, ""));
    let halved = if rest.is_empty() { 0 } else { LONGEST_BASE - cut };
    whole.chars().chain(std::iter::repeat_n('\u{fffd}', halved)).collect()
}

/// A text in the alphabet of generated names, letter by letter (`pkg/util/rand/rand.go` `SafeEncodeString`).
pub fn safe_encode(text: &str) -> String {
    let letter = |one: char| {
        let code = usize::try_from(u32::from(one)).unwrap_or_default();
        SUFFIX_ALPHABET.get(code % SUFFIX_ALPHABET.len()).copied().map_or('x', char::from)
    };
    // Upstream makes room for bytes and fills in letters.
    let missing = text.len() - text.chars().count();
    text.chars().map(letter).chain(std::iter::repeat_n('\0', missing)).collect()
}

fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn label_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| lower(*byte))
        && bytes.last().is_some_and(|byte| lower(*byte))
        && bytes.iter().all(|byte| lower(*byte) || *byte == b'-')
}

fn loose_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// `pkg/util/validation` says characters and means bytes.
fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// `pkg/api/validate/content` says bytes.
fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// What is wrong with a DNS label (namespaces, ports of Services …); nothing when it is one.
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 63 {
        wrong.push(too_long(63));
    }
    if !label_shape(text) {
        // A subdomain that is no label has dots.
        let dots = text.split('.').all(label_shape);
        wrong.push(if dots { "must not contain dots" } else { LABEL_TEXT }.to_owned());
    }
    wrong
}

/// What is wrong with a DNS subdomain (most object names).
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    subdomain(text, too_long)
}

fn subdomain(text: &str, too_long: fn(usize) -> String) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    if !text.split('.').all(label_shape) {
        wrong.push(SUBDOMAIN_TEXT.to_owned());
    }
    wrong
}

/// What is wrong with a DNS subdomain that may have underscores.
pub fn underscored_subdomain(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    let part = |part: &str| {
        let bytes = part.strip_prefix('_').unwrap_or(part).as_bytes();
        bytes.first().is_some_and(|byte| lower(*byte))
            && bytes.last().is_some_and(|byte| lower(*byte))
            && bytes.iter().all(|byte| lower(*byte) || matches!(byte, b'-' | b'_'))
    };
    if !text.split('.').all(part) {
        wrong.push(UNDERSCORED_TEXT.to_owned());
    }
    wrong
}

/// What is wrong with a DNS subdomain whose first label is `*`.
pub fn wildcard_dns1123_subdomain(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    if !text.strip_prefix("*.").is_some_and(|rest| rest.split('.').all(label_shape)) {
        wrong.push(WILDCARD_TEXT.to_owned());
    }
    wrong
}

/// What is wrong with a DNS-1035 label (Service names).
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 63 {
        wrong.push(too_long(63));
    }
    if !label_shape(text) || !text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) {
        wrong.push(LABEL_1035_TEXT.to_owned());
    }
    wrong
}

/// What is wrong with a path segment name (RBAC objects).
pub fn path_segment(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text == "." || text == ".." {
        wrong.push(format!("may not be '{text}'"));
    }
    for illegal in ['/', '%'] {
        if text.contains(illegal) {
            wrong.push(format!("may not contain '{illegal}'"));
        }
    }
    wrong
}

/// What is wrong with a label key.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (*name).to_owned(),
        [prefix, name] => {
            if prefix.is_empty() {
                wrong.push("prefix part must be non-empty".to_owned());
            } else {
                let faults = subdomain(prefix, too_many_bytes);
                wrong.extend(faults.into_iter().map(|text| format!("prefix part {text}")));
            }
            (*name).to_owned()
        }
        _ => {
            let text = QUALIFIED_TEXT.trim_start_matches("name part");
            return vec![format!(
                "a valid label key{text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        wrong.push(format!("name part {}", too_many_bytes(63)));
    }
    if !loose_shape(&name) {
        wrong.push(QUALIFIED_TEXT.to_owned());
    }
    wrong
}

/// What is wrong with a label value.
pub fn label_value(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if text.len() > 63 {
        wrong.push(too_many_bytes(63));
    }
    if !text.is_empty() && !loose_shape(text) {
        wrong.push(VALUE_TEXT.to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{dns1123_label, generated_base, qualified_name, safe_encode};

    /// Each of them was wrong once.
    #[test]
    fn lengths_are_told_in_the_unit_of_their_package() {
        let long = "a".repeat(300);
        assert_eq!(dns1123_label(&long), ["must be no more than 63 characters"]);
        let key = format!("{long}/a");
        assert_eq!(qualified_name(&key), ["prefix part must be no more than 253 bytes"]);
    }

    #[test]
    fn generated_names_are_cut_by_bytes() {
        let prefix = format!("{}\u{e9}b", "a".repeat(57));
        assert_eq!(generated_base(&prefix), format!("{}\u{fffd}", "a".repeat(57)));
        assert_eq!(safe_encode("10\u{e9}"), "54w\0");
    }
}
