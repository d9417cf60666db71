//! What `--help` prints: what the command does, how it is called, its flags.

use super::catalogue::COMMANDS;
use super::flags::{Flag, Kind};
use super::tables;
use super::tree::Command;
use crate::value::append;
use apimachinery::order::Order as _;

/// The help of a command; of kubectl itself without one.
pub(crate) fn help_text(path: &str, command: Option<&Command>) -> String {
    let Some(command) = command else {
        let mut said = "kubectl controls the Kubernetes cluster manager.\n\nCommands:\n".to_owned();
        list(&mut said, COMMANDS);
        said.push_str(
            "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n",
        );
        return said;
    };
    let mut said = format!("{}\n", command.short);
    if !command.aliases.is_empty() {
        append(
            &mut said,
            format_args!("\nAliases:\n{}, {}\n", command.name, command.aliases.join(", ")),
        );
    }
    if !command.children.is_empty() {
        said.push_str("\nAvailable Commands:\n");
        list(&mut said, command.children);
    }
    if command.flags.iter().any(|group| !group.is_empty()) {
        said.push_str("\nOptions:\n");
        let mut flags: Vec<&Flag> = command.flags.iter().flat_map(|group| group.iter()).collect();
        flags.order_by_key(|flag| flag.name);
        for flag in flags {
            said.push_str(&describe(flag));
        }
    }
    append(&mut said, format_args!("\nUsage:\n  {path}{}\n", command.usage));
    if !command.children.is_empty() {
        append(
            &mut said,
            format_args!(
                "\nUse \"{path} <command> --help\" for more information about a given command.\n"
            ),
        );
    }
    said
}

/// The flags that every command takes.
pub(crate) fn global_flags() -> String {
    tables::GLOBAL.iter().map(describe).collect()
}

fn list(said: &mut String, commands: &[Command]) {
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0);
    for command in commands {
        append(said, format_args!("  {:width$}  {}\n", command.name, command.short));
    }
}

fn describe(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let default = match flag.kind {
        Kind::Bool => if flag.default.is_empty() { "false" } else { flag.default }.to_owned(),
        Kind::List | Kind::Array => "[]".to_owned(),
        Kind::Int | Kind::Span => flag.default.to_owned(),
        Kind::Text | Kind::Optional(_) => format!("'{}'", flag.default),
    };
    format!("    {short}--{}={default}:\n\t{}\n\n", flag.name, flag.usage)
}
