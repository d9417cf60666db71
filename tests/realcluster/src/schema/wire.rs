//! `wire/*.txt`: how Go encodes each type, printed by the Go program and split by group here.

use std::collections::BTreeMap;

use super::file_of;
use crate::Failure;

const HEAD: &str = "\
# How Go encodes these types: protobuf tags, Go types (which its JSON errors name) and omitempty.
# Written by `cargo xtask schema` by reflection over the types of k8s.io/api; do not edit.
#
#   package PACKAGE
#   message NAME GOTYPE [= []TYPE]      with `=`: a slice that is a message with one field, repeated TYPE items = 1
#     JSONNAME TAG TYPE GOTYPE [omitempty] [omitzero] [inline]
# TYPE is string, bytes, bool, int32, int64, uint32, uint64, double, quantity, int-or-string, time, micro-time, duration,
# raw, fields, json, a NAME of this package, PACKAGE.NAME, []TYPE (repeated) or map[]TYPE (entries 1: string key, 2: value).
# JSONNAME - with `inline`: the members stand in this object in JSON and in message TAG in protobuf. TAG -: not in protobuf.
";

/// Splits the printed packages into one text per file.
pub(super) fn render(printed: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for block in printed.split("package ").skip(1) {
        let package = block.lines().next().unwrap_or_default();
        let text = files.entry(file_of(package)).or_insert_with(|| HEAD.to_owned());
        text.push_str("\npackage ");
        text.push_str(block.trim_end());
        text.push('\n');
    }
    if files.is_empty() { Err("the Go types are missing".to_owned()) } else { Ok(files) }
}
