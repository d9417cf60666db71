//! What a command line says before it is run: its command, the resources that it names, and whether it
//! may change something. For those who write lines for others and want to know that they are right.

use crate::cli::{self, COMMANDS, GLOBAL, Parsed, Verb};
use crate::completion::takes_resources;
use crate::{Invocation, UsageError};

/// A line of kubectl, understood and not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `rollout status`; empty for kubectl alone.
    pub command: String,
    /// The words that name resources, as they are written: `deployment`, `po`, `jobs.batch`.
    pub resources: Vec<String>,
    /// Whether it may change something in the cluster; `exec` may.
    pub changes: bool,
}

/// Understands a line; an unknown command or flag is an error in kubectl's words.
pub fn read(line: &str) -> Result<Line, UsageError> {
    let invocation = Invocation::parse(line)?;
    let found = cli::find(&invocation.arguments);
    let command = found.path.strip_prefix("kubectl").unwrap_or_default().trim().to_owned();
    let groups: Vec<&[cli::Flag]> = found
        .command
        .map_or(&[][..], |command| command.flags)
        .iter()
        .copied()
        .chain([GLOBAL])
        .collect();
    let parsed = Parsed::parse(&groups, &found.words).map_err(UsageError::new)?;
    let known = found.command.map_or(COMMANDS, |command| command.children);
    if let (false, Some(word)) = (known.is_empty(), parsed.arguments.first()) {
        let inside = if command.is_empty() { String::new() } else { format!(" {command}") };
        let message = format!("unknown command \"{word}\" for \"kubectl{inside}\"");
        return Err(UsageError::new(message));
    }
    let Some(known) = found.command else {
        return Ok(Line { command, resources: Vec::new(), changes: false });
    };
    let resources = resources(known.name, &parsed);
    Ok(Line { command, resources, changes: changes(known.verb) })
}

/// The words of a command's arguments that name resources.
fn resources(command: &str, parsed: &Parsed) -> Vec<String> {
    let upto = parsed.before_dash.unwrap_or(parsed.arguments.len());
    let arguments = parsed.arguments.get(..upto).unwrap_or_default();
    let of_name = |word: &String| word.split_once('/').map(|(resource, _)| resource.to_owned());
    let words: Vec<String> = match (command, arguments) {
        ("can-i", [_, resource, ..]) => vec![resource.clone()],
        ("logs" | "exec", [target, ..]) => of_name(target).into_iter().collect(),
        ("explain", [field, ..]) => {
            field.split('.').next().map(str::to_owned).into_iter().collect()
        }
        (command, [first, ..]) if takes_resources(command) => match of_name(first) {
            // `TYPE/NAME ...`: every argument names its own, unless it is a change like `a=b`.
            Some(_) => {
                arguments.iter().filter(|word| !word.contains('=')).filter_map(of_name).collect()
            }
            None => first.split(',').map(str::to_owned).collect(),
        },
        _ => Vec::new(),
    };
    let plain = |word: String| word.split('/').next().unwrap_or_default().to_owned();
    words.into_iter().map(plain).filter(|word| !word.is_empty() && word != "all").collect()
}

fn changes(verb: Verb) -> bool {
    !matches!(
        verb,
        Verb::ApiResources
            | Verb::ApiVersions
            | Verb::ApplyViewLast
            | Verb::CanI
            | Verb::ClusterInfo
            | Verb::ConfigContexts
            | Verb::ConfigCurrent
            | Verb::ConfigView
            | Verb::Describe
            | Verb::Diff
            | Verb::Events
            | Verb::Explain
            | Verb::Get
            | Verb::Group
            | Verb::Logs
            | Verb::Options
            | Verb::RolloutHistory
            | Verb::RolloutStatus
            | Verb::TopNode
            | Verb::TopPod
            | Verb::Version
            | Verb::Wait
            | Verb::Whoami
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        match read(line) {
            Ok(line) => {
                let sign = if line.changes { "changes" } else { "reads" };
                format!("{} {:?} {sign}", line.command, line.resources)
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_line_names_its_resources() {
        let table = [
            ("kubectl get deployment,rs,pod -n dev", r#"get ["deployment", "rs", "pod"] reads"#),
            ("kubectl -n dev delete pod web -l a=b", r#"delete ["pod"] changes"#),
            ("kubectl rollout status deployment/web", r#"rollout status ["deployment"] reads"#),
            ("kubectl set image deploy/web web=nginx", r#"set image ["deploy"] changes"#),
            ("kubectl label node n1 disk=ssd", r#"label ["node"] changes"#),
            (
                "kubectl auth can-i list deployments.apps",
                r#"auth can-i ["deployments.apps"] reads"#,
            ),
            ("kubectl exec -n dev client -- cat a/b", "exec [] changes"),
            ("kubectl explain pod.spec.containers", r#"explain ["pod"] reads"#),
            ("kubectl get all", "get [] reads"),
            ("kubectl apply -f cells/a.yaml", "apply [] changes"),
            ("kubectl gte pods", "unknown command \"gte\" for \"kubectl\""),
            ("kubectl rollout stats x", "unknown command \"stats\" for \"kubectl rollout\""),
            ("kubectl get pods --namspace dev", "unknown flag: --namspace"),
        ];
        for (line, expected) in table {
            assert_eq!(said(line), expected, "{line}");
        }
    }
}
