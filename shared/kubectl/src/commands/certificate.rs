//! `kubectl certificate approve` and `deny` (`certificates.go`).

use http::Method;
use serde_json::{Value, json};

use crate::cli::Verb;
use crate::client::JSON;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer, compact};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

/// A decision, and the one that excludes it.
struct Decision {
    word: &'static str,
    condition: &'static str,
    excludes: &'static str,
    reason: &'static str,
    message: &'static str,
}

const APPROVE: Decision = Decision {
    word: "approved",
    condition: "Approved",
    excludes: "Denied",
    reason: "KubectlApprove",
    message: "This CSR was approved by kubectl certificate approve.",
};
const DENY: Decision = Decision {
    word: "denied",
    condition: "Denied",
    excludes: "Approved",
    reason: "KubectlDeny",
    message: "This CSR was denied by kubectl certificate deny.",
};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>, verb: Verb) -> Outcome {
    let decision = if verb == Verb::CertificateApprove { APPROVE } else { DENY };
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let names = session.flags.arguments.clone();
    let files = !session.flags.all("filename").is_empty();
    if names.is_empty() && !files {
        return Err(Failure::message(
            "one or more CSRs must be specified as <name> or -f <filename>",
        ));
    }
    let mut arguments = Vec::new();
    if !names.is_empty() {
        arguments.push("certificatesigningrequests".to_owned());
        arguments.extend(names);
    }
    let wanted = Wanted { go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    let mut printer = Printer::new(format, &session.flags, decision.word);
    for info in visited.infos {
        match decide(session, &info, &decision).await {
            Ok(()) => {
                let text = printer.print(&info.object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

async fn decide(session: &mut Session<'_>, info: &Info, decision: &Decision) -> Outcome {
    let mut request = session.get(&info.path()).await?;
    let has = |request: &Value, kind: &str| {
        request.list("status.conditions").iter().any(|condition| condition.text("type") == kind)
    };
    if has(&request, decision.excludes) {
        return Err(Failure::Message(format!(
            "certificate signing request \"{}\" is already {}",
            info.name, decision.excludes
        )));
    }
    let decided = has(&request, decision.condition);
    if decided && !session.flags.is("force") {
        return Ok(());
    }
    if !decided {
        let now = apimachinery::time::format_rfc3339(session.client.kubectl.clock.now());
        let mut conditions = request.list("status.conditions").to_vec();
        conditions.push(json!({
            "type": decision.condition, "status": "True", "reason": decision.reason,
            "message": decision.message, "lastUpdateTime": now, "lastTransitionTime": null,
        }));
        set(&mut request, &["status", "conditions"], Value::Array(conditions));
    }
    let path = format!("{}/approval", info.path());
    let body = Some((JSON, compact(&request).into_bytes()));
    session.send(Method::PUT, &path, JSON, body).await?;
    Ok(())
}
