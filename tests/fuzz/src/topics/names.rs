//! Names: `k8s.io/apimachinery/pkg/util/validation`, `SafeEncodeString` and `GenerateName`.

use apimachinery::names;
use cluster::rng::Stream;
use serde_json::{Value, json};

use super::text;
use crate::pick::Pick as _;

const PARTS: [&str; 24] = [
    "a",
    "b",
    "z9",
    "0",
    "-",
    "--",
    ".",
    "..",
    "_",
    "A",
    "web",
    "example.com",
    "/",
    "*",
    "*.",
    "%",
    " ",
    "\n",
    "\u{e9}",
    "\u{1f600}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "b.c",
    "x-",
];

pub(super) fn case(chance: &mut Stream) -> Value {
    let most = if chance.once_in(5) { 12 } else { 4 };
    json!({ "Text": if chance.once_in(50) { String::new() } else { chance.words(&PARTS, most) } })
}

pub(super) fn ours(case: &Value) -> Value {
    let text = text(case, "Text");
    json!({
        "label": names::dns1123_label(text),
        "subdomain": names::dns1123_subdomain(text),
        "underscore": names::underscored_subdomain(text),
        "wildcard": names::wildcard_dns1123_subdomain(text),
        "service": names::dns1035_label(text),
        "key": names::qualified_name(text),
        "value": names::label_value(text),
        "encoded": names::safe_encode(text),
        "generated": names::generated_base(text),
    })
}
