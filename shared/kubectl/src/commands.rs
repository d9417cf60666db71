//! The commands.

mod about;
mod access;
mod apply;
mod attach;
mod autoscale;
mod bindings;
mod budgets;
mod certificate;
mod config;
mod controller_revisions;
mod create;
mod debug;
mod delete;
mod describe;
mod diff;
mod drain;
mod dry_run;
mod edit_metadata;
mod events;
mod exec;
mod explain;
mod expose;
mod generators;
mod get;
mod history;
mod ingress;
mod logs;
mod nodes;
mod patch;
mod pods;
mod rollout;
mod run;
mod scale;
mod services;
mod set;
mod set_env;
mod status_viewer;
mod terminal;
mod top;
mod wait;

pub(crate) use apply::{Options as ApplyOptions, apply_info};
pub(crate) use delete::{DeleteOptions, delete_info, said as deleted_line};
pub(crate) use diff::preview;
pub(crate) use dry_run::DryRun;

use crate::cli::{self, Command, Verb};
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Runs a command.
#[expect(clippy::cognitive_complexity, reason = "one line for every command")]
pub(crate) async fn dispatch(session: &mut Session<'_>, command: &Command) -> Outcome {
    let verb = command.verb;
    match verb {
        Verb::Get => get::run(session).await,
        Verb::Describe => describe::run(session).await,
        Verb::Apply => apply::run(session).await,
        Verb::ApplyViewLast => apply::view_last(session).await,
        Verb::Delete => delete::run(session).await,
        Verb::Logs => logs::run(session).await,
        Verb::Exec => exec::run(session).await,
        Verb::Attach => attach::run(session).await,
        Verb::Debug => debug::run(session).await,
        Verb::Create => create::run(session).await,
        Verb::Replace => create::replace(session).await,
        Verb::Patch => patch::run(session).await,
        Verb::Label | Verb::Annotate => edit_metadata::run(session, verb).await,
        Verb::Scale => scale::run(session).await,
        Verb::Run => run::run(session).await,
        Verb::Expose => expose::run(session).await,
        Verb::Wait => wait::run(session).await,
        Verb::Diff => diff::run(session).await,
        Verb::Events => events::run(session).await,
        Verb::Explain => explain::run(session).await,
        Verb::Cordon | Verb::Uncordon => nodes::cordon(session, verb).await,
        Verb::Drain => drain::drain(session).await,
        Verb::Taint => nodes::taint(session).await,
        Verb::TopNode => top::nodes(session).await,
        Verb::TopPod => top::pods(session).await,
        Verb::CanI => access::can_i(session).await,
        Verb::Whoami => access::whoami(session).await,
        Verb::SetImage | Verb::SetResources | Verb::SetServiceAccount => {
            set::run(session, verb).await
        }
        Verb::SetEnv => set_env::run(session).await,
        Verb::RolloutStatus => rollout::status(session).await,
        Verb::RolloutHistory => rollout::history(session).await,
        Verb::RolloutUndo => rollout::undo(session).await,
        Verb::RolloutPause | Verb::RolloutRestart | Verb::RolloutResume => {
            rollout::change(session, verb).await
        }
        Verb::Autoscale => autoscale::run(session).await,
        Verb::CertificateApprove | Verb::CertificateDeny => certificate::run(session, verb).await,
        Verb::ApiResources => about::api_resources(session).await,
        Verb::ApiVersions => about::api_versions(session).await,
        Verb::Version => about::version(session).await,
        Verb::ClusterInfo => about::cluster_info(session).await,
        Verb::ConfigView | Verb::ConfigCurrent | Verb::ConfigContexts => {
            config::run(session, verb);
            Ok(())
        }
        Verb::Options => {
            options(session);
            Ok(())
        }
        Verb::Refused(sentence) => Err(Failure::message(sentence)),
        Verb::Group => group(session, command),
        Verb::CreateClusterRole
        | Verb::CreateClusterRoleBinding
        | Verb::CreateConfigMap
        | Verb::CreateCronJob
        | Verb::CreateDeployment
        | Verb::CreateIngress
        | Verb::CreateJob
        | Verb::CreateNamespace
        | Verb::CreateDisruptionBudget
        | Verb::CreatePriorityClass
        | Verb::CreateQuota
        | Verb::CreateRole
        | Verb::CreateRoleBinding
        | Verb::CreateSecretDocker
        | Verb::CreateSecretGeneric
        | Verb::CreateSecretTls
        | Verb::CreateServiceAccount
        | Verb::CreateServiceClusterIp
        | Verb::CreateServiceExternalName
        | Verb::CreateServiceLoadBalancer
        | Verb::CreateServiceNodePort
        | Verb::CreateToken => create::generate(session, verb).await,
    }
}

fn group(session: &mut Session<'_>, command: &Command) -> Outcome {
    if let [first, ..] = session.flags.arguments.as_slice() {
        return Err(session.usage(format!("unknown command \"{first}\"")));
    }
    let text = cli::help_text(&session.path, Some(command));
    if command.name == "rollout" {
        session.say(&text);
    } else {
        session.err(&text);
    }
    Err(Failure::Exit(1))
}

fn options(session: &mut Session<'_>) {
    let text = if session.path.ends_with("options") {
        format!("The following options can be passed to any command:\n\n{}", cli::global_flags())
    } else {
        let words = session.flags.arguments.clone();
        let found = cli::find(&words);
        cli::help_text(&found.path, found.command)
    };
    session.say(&text);
}

/// A failure out of the `Status` of an `ERROR` event.
fn status_of(object: serde_json::Value) -> Failure {
    match serde_json::from_value(object) {
        Ok(status) => Failure::Status(Box::new(status)),
        Err(error) => Failure::message(error.to_string()),
    }
}
