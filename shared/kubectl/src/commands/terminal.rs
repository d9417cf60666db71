//! Talking with a process in a container: what is typed goes in, what it writes is shown as it comes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use apimachinery::transport::{Dialogue, ExecError, Told};
use http::Method;

use crate::client::JSON;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Whether `-it` opens a terminal: somebody is at the keyboard, and the line has no other input.
pub(super) fn opens(session: &Session<'_>) -> bool {
    let at_keyboard = session.client.kubectl.keyboard.is_some() && session.stdin.is_empty();
    at_keyboard && session.flags.is("stdin") && session.flags.is("tty")
}

/// Talks with what a path of `exec` or `attach` leads to until it ends; its exit code. What is typed is passed on
/// when it `reads`.
pub(super) async fn talk(session: &mut Session<'_>, path: &str, reads: bool) -> Outcome<i32> {
    let request = session.client.request(Method::GET, path, JSON, None)?;
    let transport = Arc::clone(&session.client.kubectl.transport);
    let dialogue = transport.converse(request).await.map_err(refused)?;
    let Dialogue { mut told, mut input } = dialogue;
    let keyboard = session.client.kubectl.keyboard.clone().filter(|_| reads);
    if let Some(keyboard) = &keyboard {
        keyboard.listen();
    }
    let (mut stdout, mut stderr) = (Text::default(), Text::default());
    loop {
        let next = poll_fn(|context| {
            while let Some(Poll::Ready(typed)) =
                keyboard.as_ref().map(|keyboard| keyboard.poll_typed(context))
            {
                input.write(typed.as_bytes());
            }
            let next = told.as_mut().poll_next(context);
            if next.is_pending() {
                session.flush();
            }
            next
        })
        .await;
        match next {
            Some(Ok(Told::Stdout(bytes))) => session.say(&stdout.take(&bytes)),
            Some(Ok(Told::Stderr(bytes))) => session.err(&stderr.take(&bytes)),
            Some(Ok(Told::Ended(code))) => return Ok(code),
            Some(Err(error)) => return Err(refused(error)),
            None => return Err(Failure::message("the connection ended before the command did")),
        }
    }
}

/// Why a process in a container cannot be talked with.
pub(super) fn refused(error: ExecError) -> Failure {
    let status = match error {
        ExecError::Transport(error) => return error.into(),
        ExecError::Refused(status) => status,
    };
    // At the end of a command this is its fate; everything else refused the connection itself, and its status is only
    // quoted (`k8s.io/streaming/pkg/httpstream/spdy/roundtripper.go`, `NewConnection`).
    if status.reason == "InternalError" && status.message.starts_with("Internal error occurred") {
        return Failure::Message(status.message);
    }
    Failure::Message(format!("unable to upgrade connection: {}", status.message))
}

/// Bytes that arrive in pieces, as text: a character that is cut in two waits for its rest.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn take(&mut self, bytes: &[u8]) -> String {
        self.0.extend(bytes);
        let whole = match std::str::from_utf8(&self.0) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.0.len(),
        };
        let rest = self.0.split_off(whole);
        String::from_utf8_lossy(&std::mem::replace(&mut self.0, rest)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_character_that_is_cut_in_two_waits_for_its_rest() {
        let (mut text, bytes) = (Text::default(), "h\u{e9}!".as_bytes());
        let pieces: Vec<String> = bytes.iter().map(|byte| text.take(&[*byte])).collect();
        assert_eq!(pieces, ["h", "", "\u{e9}", "!"]);
        assert_eq!(text.take(b"\xffx"), "\u{fffd}x");
    }
}
