//! What a command is, and how a line finds its command.

use super::catalogue::COMMANDS;
use super::flags::Flag;
use super::tables as t;

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Annotate,
    ApiResources,
    ApiVersions,
    Apply,
    ApplyViewLast,
    Attach,
    Autoscale,
    CanI,
    CertificateApprove,
    CertificateDeny,
    ClusterInfo,
    ConfigContexts,
    ConfigCurrent,
    ConfigView,
    Cordon,
    Create,
    CreateClusterRole,
    CreateClusterRoleBinding,
    CreateConfigMap,
    CreateCronJob,
    CreateDeployment,
    CreateDisruptionBudget,
    CreateIngress,
    CreateJob,
    CreateNamespace,
    CreatePriorityClass,
    CreateQuota,
    CreateRole,
    CreateRoleBinding,
    CreateSecretDocker,
    CreateSecretGeneric,
    CreateSecretTls,
    CreateServiceAccount,
    CreateServiceClusterIp,
    CreateServiceExternalName,
    CreateServiceLoadBalancer,
    CreateServiceNodePort,
    CreateToken,
    Debug,
    Delete,
    Describe,
    Diff,
    Drain,
    Events,
    Exec,
    Explain,
    Expose,
    Get,
    /// A command that only holds others.
    Group,
    Label,
    Logs,
    Options,
    Patch,
    Refused(&'static str),
    Replace,
    RolloutHistory,
    RolloutPause,
    RolloutRestart,
    RolloutResume,
    RolloutStatus,
    RolloutUndo,
    Run,
    Scale,
    SetEnv,
    SetImage,
    SetResources,
    SetServiceAccount,
    Taint,
    TopNode,
    TopPod,
    Uncordon,
    Version,
    Wait,
    Whoami,
}

/// A command, or a group of them.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) usage: &'static str,
    pub(crate) short: &'static str,
    pub(crate) flags: &'static [&'static [Flag]],
    pub(crate) verb: Verb,
    pub(crate) children: &'static [Self],
}

pub(super) const fn leaf(
    name: &'static str,
    usage: &'static str,
    short: &'static str,
    verb: Verb,
    flags: &'static [&'static [Flag]],
) -> Command {
    Command { name, aliases: &[], usage, short, flags, verb, children: &[] }
}

pub(super) const fn group(
    name: &'static str,
    short: &'static str,
    children: &'static [Command],
) -> Command {
    Command {
        name,
        aliases: &[],
        usage: " SUBCOMMAND",
        short,
        flags: &[],
        verb: Verb::Group,
        children,
    }
}

impl Command {
    pub(super) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn with(mut self, children: &'static [Self]) -> Self {
        self.children = children;
        self
    }
}

/// A command line, taken apart.
pub(crate) struct Found {
    /// `kubectl rollout status`.
    pub(crate) path: String,
    /// None is kubectl itself.
    pub(crate) command: Option<&'static Command>,
    /// Everything but the names of the commands.
    pub(crate) words: Vec<String>,
}

/// Finds the command of a line, as cobra does: flags may stand before it.
pub(crate) fn find(words: &[String]) -> Found {
    let mut found = Found { path: "kubectl".to_owned(), command: None, words: words.to_vec() };
    loop {
        let children = found.command.map_or(COMMANDS, |command| command.children);
        let Some(at) = first_argument(found.command, &found.words) else { return found };
        let Some(name) = found.words.get(at) else { return found };
        let child = children
            .iter()
            .find(|child| child.name == name || child.aliases.contains(&name.as_str()));
        let Some(child) = child else { return found };
        found.words.remove(at);
        found.path = format!("{} {}", found.path, child.name);
        found.command = Some(child);
    }
}

/// The place of the first word that is neither a flag nor the value of one.
fn first_argument(command: Option<&Command>, words: &[String]) -> Option<usize> {
    let own = command.map_or(&[][..], |command| command.flags);
    let lookup = |matches: &dyn Fn(&Flag) -> bool| {
        own.iter()
            .chain([&t::GLOBAL])
            .flat_map(|group| group.iter())
            .find(|flag| matches(flag))
            .copied()
    };
    let takes_value = |flag: Option<Flag>| {
        flag.is_none_or(|flag| {
            !matches!(flag.kind, super::flags::Kind::Bool | super::flags::Kind::Optional(_))
        })
    };
    let mut skip = false;
    for (index, word) in words.iter().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word == "--" {
            return None;
        }
        if let Some(long) = word.strip_prefix("--") {
            skip = !long.contains('=') && takes_value(lookup(&|flag| flag.name == long));
        } else if word.len() > 1 && word.starts_with('-') {
            let letter = word.chars().nth(1);
            skip = word.chars().count() == 2 && takes_value(lookup(&|flag| flag.short == letter));
        } else {
            return Some(index);
        }
    }
    None
}
