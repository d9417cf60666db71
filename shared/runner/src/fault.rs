//! `podium fault <verb> <kind> <name> [<more>]`: something breaks in the embedded cluster. Nothing of it is in
//! anybody's power on a real one, and that is what is said there.

use http::Method;
use kubectl::Output;
use serde_json::{Value, json};

use crate::Runner;
use crate::client::Problem;

const USAGE: &str = "error: usage: podium fault VERB KIND NAME [MORE], for example: podium fault stop node worker-1\n";
const REAL: &str =
    "error: podium fault breaks things in the embedded cluster only; this cluster is a real one\n";

impl Runner {
    /// Runs the line when it is one of these; its exit code.
    pub(crate) async fn fault(&self, line: &str, out: &mut dyn Output) -> Option<i32> {
        let mut words = line.split_whitespace();
        if words.next() != Some("podium") {
            return None;
        }
        let words: Vec<&str> = words.collect();
        let (verb, kind, name, more) = match words.as_slice() {
            ["fault", verb, kind, name] => (*verb, *kind, *name, ""),
            ["fault", verb, kind, name, more] => (*verb, *kind, *name, *more),
            _ => {
                out.stderr(USAGE);
                return Some(1);
            }
        };
        let body = json!({ "verb": verb, "kind": kind, "name": name, "more": more });
        let answer = self.client.send(Method::POST, "/podium/v1/faults", None, Some(&body)).await;
        Some(match answer {
            Ok(done) => {
                let text = done.pointer("/message").and_then(Value::as_str).unwrap_or_default();
                out.stdout(&format!("{text}\n"));
                0
            }
            Err(Problem::Status(status)) if status.code == 400 => {
                out.stderr(&format!("error: {}\n", status.message));
                1
            }
            Err(_) => {
                out.stderr(REAL);
                1
            }
        })
    }
}
