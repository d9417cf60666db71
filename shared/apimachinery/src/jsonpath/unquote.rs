//! Quoted text (`parser.go` `UnquoteExtend`, `strconv.UnquoteChar`).

const WRONG: &str = "invalid syntax";

/// What a text with its quotes means.
pub(super) fn unquote(text: &str) -> Result<String, String> {
    let quote = text.chars().next().filter(|_| text.len() > 1).ok_or(WRONG)?;
    let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).ok_or(WRONG)?;
    let mut found = Vec::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => escaped(&mut letters, quote, &mut found)?,
            letter if letter == quote => return Err(WRONG.to_owned()),
            letter => push(letter, &mut found),
        }
    }
    Ok(String::from_utf8_lossy(&found).into_owned())
}

fn push(letter: char, into: &mut Vec<u8>) {
    into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escaped(
    letters: &mut std::str::Chars<'_>,
    quote: char,
    into: &mut Vec<u8>,
) -> Result<(), String> {
    let letter = letters.next().ok_or(WRONG)?;
    let mut number = |first: u32, digits: usize, base: u32| {
        (0..digits).try_fold(first, |number, _| {
            let digit = letters.next().and_then(|one| one.to_digit(base))?;
            number.checked_mul(base)?.checked_add(digit)
        })
    };
    match letter {
        'a' => into.push(7),
        'b' => into.push(8),
        'f' => into.push(12),
        'n' => into.push(b'\n'),
        'r' => into.push(b'\r'),
        't' => into.push(b'\t'),
        'v' => into.push(11),
        '\\' => into.push(b'\\'),
        '"' | '\'' if letter == quote => push(letter, into),
        'x' => into.push(u8::try_from(number(0, 2, 16).ok_or(WRONG)?).map_err(|_over| WRONG)?),
        'u' | 'U' => {
            let digits = if letter == 'u' { 4 } else { 8 };
            let found = number(0, digits, 16).and_then(char::from_u32).ok_or(WRONG)?;
            push(found, into);
        }
        '0'..='7' => {
            let first = letter.to_digit(8).unwrap_or_default();
            into.push(u8::try_from(number(first, 2, 8).ok_or(WRONG)?).map_err(|_over| WRONG)?);
        }
        _ => return Err(WRONG.to_owned()),
    }
    Ok(())
}
