//! Letters can be read in every theme: the tokens keep a contrast of 4.5 to 1 (3 to 1 for borders of
//! controls), as WCAG counts it.

use std::collections::BTreeMap;

const TEXT: [(&str, &str); 34] = [
    ("accent", "code"),
    ("info", "code"),
    ("ink-faint", "code"),
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "good-soft"),
    ("ink", "bad-soft"),
    ("ink", "accent-soft"),
    ("ink-soft", "paper"),
    ("ink-soft", "surface"),
    ("ink-soft", "sunken"),
    ("ink-faint", "paper"),
    ("ink-faint", "surface"),
    ("ink-faint", "sunken"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent-strong", "accent-soft"),
    ("accent-strong", "code"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("good", "surface"),
    ("good", "good-soft"),
    ("bad", "surface"),
    ("bad", "bad-soft"),
    ("bad", "code"),
    ("warn", "surface"),
    ("warn", "warn-soft"),
    ("warn", "code"),
    ("info", "info-soft"),
    ("code-ink", "code"),
    ("target-ink", "target"),
    ("through-ink", "through"),
    ("stopped-ink", "stopped"),
];

const CONTROLS: [(&str, &str); 4] =
    [("line-strong", "surface"), ("focus", "surface"), ("focus", "paper"), ("accent", "surface")];

type Tokens = BTreeMap<String, [f64; 3]>;

fn themes() -> BTreeMap<String, Tokens> {
    let css = include_str!("../styles/tokens.css");
    css.split('}')
        .filter_map(|block| {
            let (head, body) = block.split_once('{')?;
            let name = head.rsplit("*/").next().unwrap_or(head).trim().to_owned();
            Some((name, body.lines().filter_map(token).collect()))
        })
        .collect()
}

fn token(line: &str) -> Option<(String, [f64; 3])> {
    let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
    let value = value.trim_end_matches(';');
    let part = |at: usize| u8::from_str_radix(value.get(at..at + 2)?, 16).ok().map(f64::from);
    Some((name.to_owned(), [part(0)?, part(2)?, part(4)?]))
}

fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = part / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.0722_f64.mul_add(blue, 0.2126_f64.mul_add(red, 0.7152 * green))
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn letters_stand_out_from_what_they_stand_on() {
    let mut wrong = Vec::new();
    let themes = themes();
    assert_eq!(themes.len(), 3, "{:?}", themes.keys());
    for (theme, tokens) in themes {
        for (pairs, least) in [(&TEXT[..], 4.5), (&CONTROLS[..], 3.0)] {
            for (front, back) in pairs {
                let found = contrast(tokens[*front], tokens[*back]);
                if found < least {
                    wrong.push(format!("{theme}: {front} on {back} has {found:.2}, least {least}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
