//! `kubectl describe`.

use crate::describe::describe;
use crate::failure::{Failure, Outcome};
use crate::select::{Target, Wanted};
use crate::session::Session;

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let wanted = Wanted { all_of_type: true, go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    let mut show_events = session.flags.is("show-events");
    if (!failures.is_empty() || visited.infos.len() > 1) && !session.flags.changed("show-events") {
        show_events = false;
    }
    if let ([failure], [kind, prefix]) = (failures.as_slice(), arguments.as_slice())
        && failure.is_not_found()
        && visited.infos.is_empty()
    {
        let original = failure.clone();
        return by_prefix(session, kind, prefix, original, show_events).await;
    }
    let count = visited.infos.len();
    for (index, info) in visited.infos.into_iter().enumerate() {
        match describe(session, &info, show_events).await {
            Ok(text) => {
                let gap = if index > 0 { "\n\n" } else { "" };
                session.say(&format!("{gap}{text}"));
            }
            Err(failure) => failures.push(failure),
        }
    }
    if count == 0 && failures.is_empty() {
        let said = if session.flags.is("all-namespaces") {
            "No resources found\n".to_owned()
        } else {
            format!("No resources found in {} namespace.\n", session.namespace)
        };
        session.err(&said);
    }
    Failure::gather(failures)
}

/// `describe pod web` also means the pods whose names begin with `web`.
async fn by_prefix(
    session: &mut Session<'_>,
    kind: &str,
    prefix: &str,
    original: Failure,
    show_events: bool,
) -> Outcome {
    let wanted = Wanted { all_of_type: true, single_type: true, ..Wanted::default() };
    let target: Target = session.target(&[kind.to_owned()], wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut found = false;
    for info in visited.infos.into_iter().filter(|info| info.name.starts_with(prefix)) {
        found = true;
        let text = describe(session, &info, show_events).await?;
        session.say(&format!("{text}\n"));
    }
    if found { Ok(()) } else { Err(original) }
}
