//! Schedules: `github.com/robfig/cron/v3`, as validation and the CronJob controller use it.

use cluster::cron::{Schedule, zone};
use cluster::rng::Stream;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::text;
use crate::pick::Pick as _;

/// (In Pacific/Apia, which once left out a day, upstream does not come back.)
const ZONES: [&str; 9] = [
    "UTC",
    "",
    "Asia/Seoul",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Auckland",
];
const NAMES: [&str; 9] = ["jan", "DEC", "feb", "sun", "mon", "Fri", "sat", "foo", "MAY"];
const WORDS: [&str; 31] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
    "@every 1h30m",
    "@every 90s",
    "@every 1.5s",
    "@every 0.1s",
    "@every 1d",
    "@every",
    "@every -1h",
    "@every 1h1m1ms",
    "@often",
    "",
    "@every 100us",
    "@every 2",
    "@every 1h 2m",
    "TZ=UTC * * * * *",
    "CRON_TZ=Asia/Seoul 0 3 * * *",
    "TZ=0",
    "TZ=Nowhere 0 3 * * *",
    "TZ=../UTC * * * * *",
    "TZ=asia/seoul 0 3 * * *",
    "CRON_TZ= 1 2 * * *",
    "@every 1h\u{b5}",
    "@every 0.5h",
    "@every 9223372036s",
    "@every 99999999h",
];

pub(super) fn case(chance: &mut Stream) -> Value {
    // From 1999 to 2033.
    let from = 920_000_000 + chance.below(1_100_000_000);
    json!({ "Schedule": schedule(chance), "Zone": chance.one(&ZONES), "From": from })
}

/// A case has all its parts.
pub(super) fn fits(case: &Value) -> bool {
    ["Schedule", "Zone", "From"].iter().all(|key| case.get(key).is_some())
        && ZONES.contains(&text(case, "Zone"))
}

fn schedule(chance: &mut Stream) -> String {
    if chance.once_in(12) {
        return chance.one(&WORDS).to_owned();
    }
    let count = if chance.once_in(20) { chance.upto(7) } else { 5 };
    let fields: Vec<String> = (0..count).map(|at| field(chance, at)).collect();
    fields.join(chance.one(&[" ", " ", " ", "  ", "\t"]))
}

fn field(chance: &mut Stream, at: usize) -> String {
    if chance.once_in(3) {
        return chance.one(&["*", "*", "?"]).to_owned();
    }
    let parts: Vec<String> = (0..=chance.upto(6) / 4).map(|_| range(chance, at)).collect();
    parts.join(",")
}

fn range(chance: &mut Stream, at: usize) -> String {
    let most = [60, 24, 32, 13, 7].get(at).copied().unwrap_or(60) + usize::from(chance.once_in(20));
    let number = |chance: &mut Stream| match chance.upto(40) {
        0 => chance
            .one(&["", "x", "-1", "1.5", "+3", "99999999999999999999", "*", "0x1", "07"])
            .to_owned(),
        1..=3 if at >= 3 => chance.one(&NAMES).to_owned(),
        _ => chance.upto(most).to_string(),
    };
    let mut found = match chance.upto(5) {
        0 | 1 => number(chance),
        2 => format!("{}-{}", chance.upto(most / 2 + 1), most / 2 + chance.upto(most / 2 + 1)),
        3 => format!("{}-{}", number(chance), number(chance)),
        _ => "*".to_owned(),
    };
    if chance.once_in(3) {
        found.push('/');
        found.push_str(&number(chance));
    }
    if chance.once_in(60) {
        found.push_str(chance.one(&["/2", "-3", "-", "/"]));
    }
    found
}

pub(super) fn ours(case: &Value) -> Value {
    let schedule = match Schedule::parse(text(case, "Schedule")) {
        Ok(found) => found,
        Err(error) => return json!({ "error": error }),
    };
    let from = case.get("From").and_then(Value::as_i64).unwrap_or_default();
    let (Some(zone), Ok(mut at)) = (zone(text(case, "Zone")), Timestamp::from_second(from)) else {
        return json!({ "error": "no such zone or time" });
    };
    let mut due = Vec::new();
    while let Some(next) = schedule.next(at, &zone).filter(|_| due.len() < 3) {
        due.push(next.to_string());
        at = next;
    }
    json!({ "due": due })
}
