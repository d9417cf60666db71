//! Commands: which exist in an image, the shell's own, and those about files and processes.

mod arithmetic;
mod format;

pub(super) use self::arithmetic::evaluate;
pub(super) use self::format::unescape;

use std::time::Duration;

use super::expand::Scope;
use super::files::{Entry, NOT_FOUND, absolute};
use super::machine::{Os, base};
use super::{archive_commands, load_commands, network_commands, text_commands};

/// What a command leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) code: i32,
}

impl Output {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { stdout: text.into().into_bytes(), ..Self::default() }
    }

    pub(super) fn fail(code: i32, text: impl Into<String>) -> Self {
        Self { stderr: text.into().into_bytes(), code, ..Self::default() }
    }

    pub(super) fn code(code: i32) -> Self {
        Self { code, ..Self::default() }
    }
}

/// How a command goes on.
pub(super) enum Started {
    Done(Output),
    /// It takes this long.
    Later(Duration, Output),
    /// It reads standard input first.
    NeedsInput,
    /// It shows what is added to a file.
    Follow(String, Output),
    /// It waits for connections.
    Listen(u16),
    /// It computes, on so many CPUs, for ever or so long.
    Busy {
        lasts: Option<Duration>,
        cores: u32,
        /// Bytes that it holds.
        memory: u64,
        output: Output,
    },
    /// It writes the same for ever.
    Repeat(Output),
    /// It becomes another command, which may take so long; else its exit code is this.
    Limited {
        lasts: Duration,
        code: i32,
        argv: Vec<String>,
    },
    /// It becomes another command.
    Run(Vec<String>),
    /// It runs these one after the other.
    RunAll(Vec<Vec<String>>),
    NotFound,
}

/// Commands that are part of every shell.
const OWN: [&str; 22] = [
    ":", ".", "[", "alias", "cd", "command", "echo", "export", "false", "kill", "local", "printf",
    "pwd", "set", "shift", "source", "test", "trap", "true", "type", "umask", "unset",
];

/// Starts `argv`; `input` is its whole standard input once it has been read.
pub(super) fn start(
    argv: &[String],
    input: Option<&[u8]>,
    scope: &mut Scope,
    os: &mut Os<'_>,
) -> Started {
    let Some((program, arguments)) = argv.split_first() else {
        return Started::Done(Output::default());
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let name = base(program);
    let known = OWN.contains(&program.as_str()) || os.facts.commands.iter().any(|one| one == name);
    if !known {
        return Started::NotFound;
    }
    if let Some(output) = own(name, &arguments, scope, os) {
        return Started::Done(output);
    }
    match name {
        "sleep" => sleep(&arguments, os),
        "command" | "exec" => Started::Run(
            arguments
                .iter()
                .filter(|one| !one.starts_with('-'))
                .map(|one| (*one).to_owned())
                .collect(),
        ),
        "nice" | "nohup" | "stdbuf" => {
            let rest = arguments.iter().skip_while(|one| one.starts_with('-'));
            Started::Run(rest.map(|one| (*one).to_owned()).collect())
        }
        "timeout" => load_commands::timeout(&arguments, os.facts.busybox),
        "yes" => load_commands::yes(&arguments),
        "stress" | "stress-ng" => load_commands::stress(name, &arguments),
        "dd" => load_commands::dd(&arguments),
        "md5sum" | "sha1sum" | "sha256sum" | "sha512sum" | "cat"
            if load_commands::endless(&arguments) =>
        {
            Started::Busy { lasts: None, cores: 1, memory: 0, output: Output::default() }
        }
        "md5sum" | "sha1sum" | "sha512sum" => Started::Done(Output::fail(
            1,
            format!("{name}: only /dev/zero is simulated here, and sha256sum\n"),
        )),
        "tail" | "sort" if load_commands::endless(&arguments) => load_commands::hoard(),
        "sha256sum" => load_commands::sha256sum(&arguments, input, scope, os),
        "env" if arguments.iter().any(|one| !one.contains('=') && !one.starts_with('-')) => {
            for (key, value) in arguments.iter().map_while(|one| one.split_once('=')) {
                scope.variables.insert(key.to_owned(), value.to_owned());
                scope.exported.insert(key.to_owned());
            }
            Started::Run(
                arguments
                    .iter()
                    .skip_while(|one| one.contains('='))
                    .map(|one| (*one).to_owned())
                    .collect(),
            )
        }
        "xargs" => match input {
            None => Started::NeedsInput,
            Some(input) => xargs(&arguments, input),
        },
        "tar" => archive_commands::start(&arguments, input, scope, os),
        _ => network_commands::start(name, &arguments, os)
            .or_else(|| text_commands::start(name, &arguments, input, scope, os))
            .unwrap_or_else(|| Started::Done(about_system(name, &arguments, scope, os))),
    }
}

fn own(name: &str, arguments: &[&str], scope: &mut Scope, os: &mut Os<'_>) -> Option<Output> {
    let done = Output::default();
    Some(match name {
        ":" | "true" | "set" | "trap" | "umask" | "alias" | "sync" | "stty" => done,
        "false" => Output::code(1),
        "cd" => change_folder(arguments, scope, os),
        "pwd" => Output::text(format!("{}\n", scope.folder)),
        "export" | "local" | "readonly" => {
            for argument in arguments {
                let (key, value) = argument
                    .split_once('=')
                    .map_or((*argument, None), |(key, value)| (key, Some(value)));
                if let Some(value) = value {
                    scope.variables.insert(key.to_owned(), value.to_owned());
                }
                if name == "export" {
                    scope.exported.insert(key.to_owned());
                }
            }
            done
        }
        "unset" => {
            for argument in arguments {
                scope.variables.remove(*argument);
                scope.exported.remove(*argument);
            }
            done
        }
        "shift" => {
            let count = arguments.first().and_then(|one| one.parse().ok()).unwrap_or(1);
            let count = scope.arguments.len().min(count);
            scope.arguments.drain(..count);
            done
        }
        "echo" => format::echo(arguments),
        "printf" => Output::text(format::printf(arguments)),
        "test" => test(arguments, scope, os),
        "[" => match arguments.split_last() {
            Some((&"]", rest)) => test(rest, scope, os),
            _ => Output::fail(2, "sh: missing ]\n"),
        },
        "which" | "type" => which(arguments, os),
        "command" if arguments.first() == Some(&"-v") => {
            which(arguments.get(1..).unwrap_or_default(), os)
        }
        "kill" => done,
        _ => return None,
    })
}

/// A time as `sleep` reads it: a number with a unit.
pub(super) fn span(text: &str) -> Option<Duration> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, letter)) if letter.is_ascii_alphabetic() => {
            (text.get(..at).unwrap_or_default(), letter)
        }
        _ => (text, 's'),
    };
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    Some(Duration::from_millis(decimal_millis(number)?.saturating_mul(factor)))
}

fn sleep(arguments: &[&str], os: &Os<'_>) -> Started {
    let mut total = Duration::ZERO;
    for argument in arguments {
        if matches!(*argument, "infinity" | "inf") {
            return Started::Later(Duration::from_secs(u64::from(u32::MAX)), Output::default());
        }
        match span(argument) {
            Some(found) => total += found,
            None if os.facts.busybox => {
                return Started::Done(Output::fail(
                    1,
                    format!("sleep: invalid number '{argument}'\n"),
                ));
            }
            None => {
                return Started::Done(Output::fail(
                    1,
                    format!("sleep: invalid time interval '{argument}'\n"),
                ));
            }
        }
    }
    if arguments.is_empty() {
        return Started::Done(Output::fail(1, "sleep: missing operand\n"));
    }
    Started::Later(total, Output::default())
}

/// `1.25` as 1250.
pub(super) fn decimal_millis(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = format!("{fraction:0<3}");
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some(whole * 1000 + fraction.get(..3)?.parse::<u64>().ok()?)
}

fn xargs(arguments: &[&str], input: &[u8]) -> Started {
    let mut arguments = arguments.to_vec();
    let mut each = None;
    let mut count = usize::MAX;
    while let Some(option) = arguments.first().copied().filter(|one| one.starts_with('-')) {
        arguments.remove(0);
        match option {
            "-I" if !arguments.is_empty() => each = Some(arguments.remove(0)),
            "-n" if !arguments.is_empty() => count = arguments.remove(0).parse().unwrap_or(1),
            option if option.starts_with("-n") => {
                count = option.get(2..).and_then(|one| one.parse().ok()).unwrap_or(1);
            }
            _ => {}
        }
    }
    let input = String::from_utf8_lossy(input).into_owned();
    let command: Vec<String> = if arguments.is_empty() {
        vec!["echo".to_owned()]
    } else {
        arguments.iter().map(|one| (*one).to_owned()).collect()
    };
    if let Some(mark) = each {
        let run = |line: &str| command.iter().map(|one| one.replace(mark, line)).collect();
        return Started::RunAll(input.lines().map(run).collect());
    }
    let words: Vec<String> = input.split_whitespace().map(str::to_owned).collect();
    let run = |chunk: &[String]| [command.as_slice(), chunk].concat();
    Started::RunAll(words.chunks(count.min(words.len()).max(1)).map(run).collect())
}

fn change_folder(arguments: &[&str], scope: &mut Scope, os: &Os<'_>) -> Output {
    let home = scope.get("HOME").unwrap_or_else(|| "/".to_owned());
    let target = match arguments.first() {
        None => home,
        Some(&"-") => scope.get("OLDPWD").unwrap_or_else(|| "/".to_owned()),
        Some(target) => (*target).to_owned(),
    };
    let path = absolute(&scope.folder, &target);
    match os.files.entry(&path) {
        Some(Entry::Folder) => {
            scope.variables.insert("OLDPWD".to_owned(), scope.folder.clone());
            scope.variables.insert("PWD".to_owned(), path.clone());
            scope.folder = path;
            Output::default()
        }
        Some(_) => Output::fail(2, format!("sh: cd: can't cd to {target}: Not a directory\n")),
        None => Output::fail(2, format!("sh: cd: can't cd to {target}: {NOT_FOUND}\n")),
    }
}

fn test(arguments: &[&str], scope: &Scope, os: &Os<'_>) -> Output {
    match holds(arguments, scope, os) {
        Ok(true) => Output::default(),
        Ok(false) => Output::code(1),
        Err(text) => Output::fail(2, format!("sh: {text}\n")),
    }
}

fn holds(arguments: &[&str], scope: &Scope, os: &Os<'_>) -> Result<bool, String> {
    let number = |text: &str| {
        text.trim().parse::<i64>().map_err(|error| format!("{text}: bad number ({error})"))
    };
    if let Some(at) = arguments.iter().position(|one| *one == "-o") {
        let (left, right) = arguments.split_at(at);
        return Ok(holds(left, scope, os)? || holds(right.get(1..).unwrap_or_default(), scope, os)?);
    }
    if let Some(at) = arguments.iter().position(|one| *one == "-a").filter(|at| *at > 0) {
        let (left, right) = arguments.split_at(at);
        return Ok(holds(left, scope, os)? && holds(right.get(1..).unwrap_or_default(), scope, os)?);
    }
    Ok(match arguments {
        [] => false,
        ["!", rest @ ..] => !holds(rest, scope, os)?,
        [one] => !one.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        [operator, path] if operator.starts_with('-') => {
            let entry = os.files.entry(&absolute(&scope.folder, path));
            match *operator {
                "-e" | "-r" | "-w" => entry.is_some(),
                "-f" => matches!(entry, Some(Entry::File(_) | Entry::Program)),
                "-d" => matches!(entry, Some(Entry::Folder)),
                "-x" => matches!(entry, Some(Entry::Program | Entry::Folder)),
                "-s" => matches!(entry, Some(Entry::File(data)) if !data.is_empty()),
                "-t" => false,
                other => return Err(format!("{other}: unknown operand")),
            }
        }
        [left, operator, right] => match *operator {
            "=" | "==" => left == right,
            "!=" => left != right,
            "-eq" => number(left)? == number(right)?,
            "-ne" => number(left)? != number(right)?,
            "-lt" => number(left)? < number(right)?,
            "-le" => number(left)? <= number(right)?,
            "-gt" => number(left)? > number(right)?,
            "-ge" => number(left)? >= number(right)?,
            other => return Err(format!("{other}: unknown operand")),
        },
        _ => return Err("syntax error".to_owned()),
    })
}

fn which(arguments: &[&str], os: &Os<'_>) -> Output {
    let mut output = Output::default();
    for argument in arguments {
        if os.facts.commands.iter().any(|known| known == argument) {
            output.stdout.extend(format!("/usr/bin/{argument}\n").bytes());
        } else if OWN.contains(argument) {
            output.stdout.extend(format!("{argument}\n").bytes());
        } else {
            output.code = 1;
        }
    }
    output
}

/// The environment in the order in which a container gets it: the runtime's own, what the pod says, the
/// variables of Services, and the home directory at the end.
fn all_variables(scope: &Scope) -> String {
    let rank = |key: &str| match key {
        "PATH" => 0,
        "HOSTNAME" => 1,
        "HOME" => 4,
        key if key.contains("_SERVICE_") || key.contains("_PORT") => 3,
        _ => 2,
    };
    let exported = scope.variables.iter().filter(|(key, _)| scope.exported.contains(*key));
    let mut found: Vec<_> = exported.collect();
    found.sort_by_key(|(key, _)| (rank(key), key.as_str()));
    found.into_iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

/// Commands that tell about the container.
fn about_system(name: &str, arguments: &[&str], scope: &Scope, os: &Os<'_>) -> Output {
    let facts = os.facts;
    let root = facts.user == "root";
    Output::text(match name {
        "hostname" => format!("{}\n", facts.hostname),
        "whoami" => format!("{}\n", facts.user),
        "id" if let Some((user, group, groups)) = &facts.ids => {
            let groups: Vec<String> = groups.iter().map(i64::to_string).collect();
            match arguments.first() {
                Some(&"-u") => format!("{user}\n"),
                Some(&"-g") => format!("{group}\n"),
                Some(&"-G") => format!("{}\n", groups.join(" ")),
                _ => format!("uid={user} gid={group} groups={}\n", groups.join(",")),
            }
        }
        "id" if arguments.contains(&"-u") => format!("{}\n", if root { 0 } else { 101 }),
        "id" if root => "uid=0(root) gid=0(root) groups=0(root)\n".to_owned(),
        "id" => format!("uid=101({0}) gid=101({0}) groups=101({0})\n", facts.user),
        "date" => date(arguments, os),
        "uname" if arguments.contains(&"-a") => {
            format!("Linux {} 6.12.0 #1 SMP x86_64 {}\n", facts.hostname, if facts.busybox { "Linux" } else { "GNU/Linux" })
        }
        "uname" if arguments.contains(&"-r") => "6.12.0\n".to_owned(),
        "uname" if arguments.contains(&"-m") => "x86_64\n".to_owned(),
        "uname" => "Linux\n".to_owned(),
        "env" | "printenv" => match arguments.first() {
            Some(key) => match scope.get(key) {
                Some(value) => format!("{value}\n"),
                None => return Output::code(1),
            },
            None => all_variables(scope),
        },
        "ps" => {
            let head = if facts.busybox { "PID   USER     TIME  COMMAND\n" } else { "    PID TTY          TIME CMD\n" };
            let line = |(index, command): (usize, &String)| {
                if facts.busybox {
                    format!("{:>5} {:<8} 0:00  {command}\n", index + 1, facts.user)
                } else {
                    format!("{:>7} ?        00:00:00 {command}\n", index + 1)
                }
            };
            format!("{head}{}", facts.processes.iter().enumerate().map(line).collect::<String>())
        }
        "df" => "Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay              102400000  20480000  81920000  20% /\n".to_owned(),
        "nproc" => "8\n".to_owned(),
        other => return Output::fail(1, format!("{other}: this command is not simulated in this image\n")),
    })
}

fn date(arguments: &[&str], os: &Os<'_>) -> String {
    let format = arguments.iter().find_map(|one| one.strip_prefix('+'));
    let format = format.unwrap_or("%a %b %e %H:%M:%S UTC %Y");
    let shown = jiff::fmt::strtime::format(format, &os.now.to_zoned(jiff::tz::TimeZone::UTC));
    format!("{}\n", shown.unwrap_or_default())
}
