//! Commands that make load or bound it: what people type to see a limit or an autoscaler at work.

use std::time::Duration;

use super::commands::{Output, Started, span};
use super::expand::Scope;
use super::files::absolute;
use super::machine::Os;

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|one| (*one).to_owned()).collect()
}

/// `timeout DURATION COMMAND`: busybox lets the command die of SIGTERM, GNU says 124.
pub(super) fn timeout(arguments: &[&str], busybox: bool) -> Started {
    let mut rest = arguments;
    loop {
        match rest {
            ["-s" | "-k" | "--signal" | "--kill-after", _, tail @ ..] => rest = tail,
            [flag, tail @ ..] if flag.starts_with('-') => rest = tail,
            _ => break,
        }
    }
    match rest {
        [limit, command @ ..] if !command.is_empty() => match span(limit) {
            Some(Duration::ZERO) => Started::Run(owned(command)),
            Some(lasts) => Started::Limited {
                lasts,
                code: if busybox { 143 } else { 124 },
                argv: owned(command),
            },
            None => Started::Done(Output::fail(
                if busybox { 1 } else { 125 },
                format!("timeout: invalid time interval '{limit}'\n"),
            )),
        },
        _ => {
            Started::Done(Output::fail(if busybox { 1 } else { 125 }, "timeout: missing operand\n"))
        }
    }
}

/// `yes [WORD]...`.
pub(super) fn yes(arguments: &[&str]) -> Started {
    let line = if arguments.is_empty() { "y".to_owned() } else { arguments.join(" ") };
    Started::Repeat(Output::text(format!("{line}\n").repeat(1000)))
}

/// Whether a filter reads what never ends.
pub(super) fn endless(arguments: &[&str]) -> bool {
    let files: Vec<&str> = arguments.iter().filter(|one| !one.starts_with('-')).copied().collect();
    matches!(files.first(), Some(&("/dev/zero" | "/dev/urandom" | "/dev/random")))
}

/// `stress --cpu N --timeout S`.
pub(super) fn stress(name: &str, arguments: &[&str]) -> Started {
    let value = |names: [&str; 2]| {
        arguments.iter().enumerate().find_map(|(at, one)| {
            let (key, value) = one.split_once('=').unwrap_or((one, ""));
            if !names.contains(&key) {
                return None;
            }
            if value.is_empty() { arguments.get(at + 1).copied() } else { Some(value) }
        })
    };
    let count = |names| value(names).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
    let (cores, hoarders) = (count(["--cpu", "-c"]), count(["--vm", "-m"]));
    let bytes = value(["--vm-bytes", "--vm-bytes"]).and_then(size).unwrap_or(256 << 20);
    let lasts = value(["--timeout", "-t"]).and_then(span);
    let text =
        format!("{name}: info: [1] dispatching hogs: {cores} cpu, 0 io, {hoarders} vm, 0 hdd\n");
    if cores + hoarders == 0 {
        let text = format!("{name}: only --cpu and --vm are simulated here\n");
        return Started::Done(Output::fail(1, text));
    }
    let seconds = lasts.map_or(0, |lasts| lasts.as_secs());
    let end = format!("{name}: info: [1] successful run completed in {seconds}s\n");
    Started::Busy {
        lasts,
        cores: cores + hoarders,
        memory: bytes.saturating_mul(u64::from(hoarders)),
        output: Output::text(format!("{text}{end}")),
    }
}

/// A filter that keeps in memory what never ends: it takes all that there is.
pub(super) fn hoard() -> Started {
    Started::Busy { lasts: None, cores: 1, memory: u64::MAX, output: Output::default() }
}

/// A size as these tools read it: a number with a unit of 1024.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..)? {
        "" | "b" | "B" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    Some(digits.parse::<u64>().ok()?.saturating_mul(factor))
}

/// `dd` of endless devices to nowhere: it copies 1 GB in a second.
pub(super) fn dd(arguments: &[&str]) -> Started {
    let value = |key: &str| {
        arguments.iter().find_map(|one| one.split_once('=').filter(|(name, _)| *name == key))
    };
    let (from, to) = (value("if").map(|one| one.1), value("of").map(|one| one.1));
    if !matches!(from, Some("/dev/zero" | "/dev/urandom")) || to != Some("/dev/null") {
        let text = "dd: only if=/dev/zero or /dev/urandom and of=/dev/null are simulated here\n";
        return Started::Done(Output::fail(1, text));
    }
    let block = value("bs").and_then(|one| size(one.1)).unwrap_or(512);
    let Some(count) = value("count").and_then(|one| size(one.1)) else {
        return Started::Busy { lasts: None, cores: 1, memory: 0, output: Output::default() };
    };
    let bytes = block.saturating_mul(count);
    let lasts = Duration::from_millis(bytes / 1_000_000);
    let text = format!("{count}+0 records in\n{count}+0 records out\n{bytes} bytes copied\n");
    let output = Output { stderr: text.into_bytes(), ..Output::default() };
    Started::Busy { lasts: Some(lasts), cores: 1, memory: 0, output }
}

/// `sha256sum [FILE]...`.
pub(super) fn sha256sum(
    arguments: &[&str],
    input: Option<&[u8]>,
    scope: &Scope,
    os: &Os<'_>,
) -> Started {
    use sha2::Digest as _;
    let line = |data: &[u8], name: &str| {
        let digest = sha2::Sha256::digest(data);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digits}  {name}\n")
    };
    let files: Vec<&str> = arguments.iter().filter(|one| !one.starts_with('-')).copied().collect();
    if files.is_empty() {
        return match input {
            None => Started::NeedsInput,
            Some(data) => Started::Done(Output::text(line(data, "-"))),
        };
    }
    let mut output = Output::default();
    for file in files {
        match os.files.read(&absolute(&scope.folder, file)) {
            Ok(data) => output.stdout.extend(line(&data, file).bytes()),
            Err(why) => {
                output.stderr.extend(format!("sha256sum: {file}: {why}\n").bytes());
                output.code = 1;
            }
        }
    }
    Started::Done(output)
}
