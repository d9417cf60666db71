//! Quantities: `k8s.io/apimachinery/pkg/api/resource`.

use apimachinery::quantity::Quantity;
use cluster::rng::Stream;
use serde_json::{Value, json};

use super::text;
use crate::pick::Pick as _;

const SUFFIXES: [&str; 32] = [
    "", "", "", "n", "u", "m", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi",
    "Ei", "e3", "e-3", "E2", "e+6", "e9", "e-9", "e-12", "e", "i", "Kim", "e1e", "e60", "e-60",
];

pub(super) fn case(chance: &mut Stream) -> Value {
    json!({ "A": one(chance), "B": one(chance) })
}

/// Numbers that both sides can hold: Go would write out all zeros of `1e999999`.
pub(super) fn fits(case: &Value) -> bool {
    let exponent = |text: &str| text.rsplit(['e', 'E']).next().unwrap_or_default().len();
    ["A", "B"]
        .iter()
        .all(|key| !text(case, key).contains(['e', 'E']) || exponent(text(case, key)) < 4)
}

fn one(chance: &mut Stream) -> String {
    let mut found = chance.one(&["", "", "", "", "", "+", "-", "-"]).to_owned();
    let number = number(chance);
    found.push_str(&number);
    found.push_str(chance.one(&SUFFIXES));
    if chance.once_in(30) {
        let at = chance.upto(found.len() + 1);
        found.insert_str(at, chance.one(&[" ", ".", "-", "x", "0", "i", "K", "\u{663}", "\t"]));
    }
    found
}

fn number(chance: &mut Stream) -> String {
    let digits = |chance: &mut Stream, most: usize| {
        chance.words(&["0", "0", "0", "1", "2", "5", "7", "9", "00", "000"], most)
    };
    match chance.upto(12) {
        0 => String::new(),
        1 => "0".to_owned(),
        2 | 3 => chance
            .one(&[
                "1",
                "1024",
                "1000",
                "512",
                "999",
                "1048576",
                "1023",
                "2048",
                "8",
                "7",
                "9223372036854775807",
                "9223372036854775808",
                "9007199254740993",
            ])
            .to_owned(),
        4..=6 => digits(chance, 3),
        7 if chance.once_in(3) => digits(chance, 60),
        7 => digits(chance, 10),
        8 => format!(".{}", digits(chance, 5)),
        9 => format!("{}.", digits(chance, 4)),
        10 => format!("{}.{}", digits(chance, 4), digits(chance, 5)),
        _ => format!("{}.{}", digits(chance, 20), digits(chance, 30)),
    }
}

pub(super) fn ours(case: &Value) -> Value {
    let a = match Quantity::parse(text(case, "A")) {
        Ok(found) => found,
        Err(error) => return json!({ "error": error }),
    };
    let canonical = Quantity::canonical(text(case, "A")).unwrap_or_default();
    let mut said = json!({
        "text": canonical, "value": number_of(a.value()), "milli": number_of(a.milli_value()), "sign": a.sign(),
    });
    if let (Ok(b), Some(said)) = (Quantity::parse(text(case, "B")), said.as_object_mut()) {
        said.insert("sum".to_owned(), json!(a.add(&b).to_string()));
        said.insert("difference".to_owned(), json!(a.sub(&b).to_string()));
        said.insert("compared".to_owned(), json!(a.cmp(&b) as i8));
    }
    said
}

fn number_of(value: i128) -> Value {
    i64::try_from(value).map_or_else(|_| json!(value.to_string()), |value| json!(value))
}
