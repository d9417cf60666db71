//! `kubectl config`, as far as it has a meaning without a file: the console has one context.

use serde_json::json;

use crate::cli::Verb;
use crate::manifest::to_yaml;
use crate::print::{TabWriter, pretty};
use crate::session::Session;

const CONTEXT: &str = "podium";

/// Runs the command.
pub(super) fn run(session: &mut Session<'_>, verb: Verb) {
    let user = match &session.client.kubectl.persona {
        Some((user, _)) => user.clone(),
        None => CONTEXT.to_owned(),
    };
    let namespace = session.client.kubectl.namespace.clone();
    let text = match verb {
        Verb::ConfigCurrent => format!("{CONTEXT}\n"),
        Verb::ConfigContexts => {
            let mut writer = TabWriter::table();
            writer.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
            writer.write(&format!("*\t{CONTEXT}\t{CONTEXT}\t{user}\t{namespace}\n"));
            writer.flush()
        }
        _ => {
            let config = json!({
                "apiVersion": "v1", "kind": "Config", "preferences": {}, "current-context": CONTEXT,
                "clusters": [{"name": CONTEXT, "cluster": {"server": "https://kubernetes.default.svc"}}],
                "contexts": [{
                    "name": CONTEXT,
                    "context": {"cluster": CONTEXT, "namespace": namespace, "user": user},
                }],
                "users": [{"name": user, "user": {}}],
            });
            if session.flags.text("output") == "json" { pretty(&config) } else { to_yaml(&config) }
        }
    };
    session.say(&text);
}
