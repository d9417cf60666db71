//! Texts put together: `echo` and `printf`, and what a backslash means in them.

use super::Output;

pub(super) fn echo(arguments: &[&str]) -> Output {
    let mut rest = arguments;
    let (mut line, mut escapes) = (true, false);
    while let Some((first, after)) = rest.split_first() {
        match *first {
            "-n" => line = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (line, escapes) = (false, true),
            _ => break,
        }
        rest = after;
    }
    let text = rest.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    Output::text(if line { format!("{text}\n") } else { text })
}

pub(in super::super) fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('0') => {
                let mut value = 0;
                while let Some(digit) = letters.next_if(|letter| ('0'..='7').contains(letter)) {
                    value = value * 8 + digit.to_digit(8).unwrap_or_default();
                }
                out.extend(char::from_u32(value));
            }
            Some('e') => out.push('\u{1b}'),
            Some('\\') => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

pub(super) fn printf(arguments: &[&str]) -> String {
    let Some((format, values)) = arguments.split_first() else { return String::new() };
    let mut out = String::new();
    let mut values = values.iter();
    loop {
        let before = values.len();
        let mut letters = format.chars().peekable();
        let mut plain = String::new();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                plain.push(letter);
                continue;
            }
            out.push_str(&unescape(&std::mem::take(&mut plain)));
            let mut flags = String::new();
            while let Some(flag) =
                letters.next_if(|letter| letter.is_ascii_digit() || matches!(letter, '-' | '.'))
            {
                flags.push(flag);
            }
            let kind = letters.next().unwrap_or('%');
            if kind == '%' {
                out.push('%');
                continue;
            }
            out.push_str(&padded(values.next().copied().unwrap_or_default(), &flags, kind));
        }
        out.push_str(&unescape(&plain));
        if values.len() == 0 || values.len() == before {
            return out;
        }
    }
}

fn padded(value: &str, flags: &str, kind: char) -> String {
    let value = match kind {
        'd' | 'i' => value.parse::<i64>().unwrap_or_default().to_string(),
        'x' => format!("{:x}", value.parse::<i64>().unwrap_or_default()),
        'b' => unescape(value),
        _ => value.to_owned(),
    };
    let left = flags.starts_with('-');
    let zero = flags.starts_with('0');
    let width: usize = flags
        .trim_start_matches('-')
        .split('.')
        .next()
        .and_then(|one| one.parse().ok())
        .unwrap_or(0);
    match (left, zero) {
        (true, _) => format!("{value:<width$}"),
        (false, true) => format!("{value:0>width$}"),
        (false, false) => format!("{value:>width$}"),
    }
}
