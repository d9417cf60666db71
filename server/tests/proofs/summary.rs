//! What `podium check` says of a notebook on a real cluster, in short.

use std::collections::BTreeMap;

/// What the cluster lacks, what holds, check by check, and how many checks are left out for which reason.
pub(crate) fn summary(name: &str, told: &str) -> String {
    let mut lines = vec![format!("# {name}")];
    let mut left_out = BTreeMap::new();
    for line in told.lines() {
        let (sign, check) = line.split_once(" hypercloud-4.1/").unwrap_or((line, ""));
        let (place, said) = check.split_once(": ").unwrap_or((check, ""));
        let reason = said.rsplit(" | ").next().unwrap_or_default();
        match sign.trim_end() {
            "LACKS" => lines.push(format!("lacks: {said}")),
            "ok" => lines.push(format!("ok {}", place.split(' ').nth(1).unwrap_or_default())),
            "NOT HERE" => *left_out.entry(reason.to_owned()).or_insert(0) += 1,
            _ => lines.push(line.to_owned()),
        }
    }
    lines.extend(left_out.iter().map(|(reason, count)| format!("{count} not here: {reason}")));
    lines.join("\n") + "\n"
}
