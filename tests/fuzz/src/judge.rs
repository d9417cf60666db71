//! The other side: one process for each topic.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use realcluster::Failure;
use serde_json::Value;

use crate::topics::Topic;

/// Go's own code, asked about one topic.
pub(crate) struct Judge {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    pub(crate) fn start(topic: &Topic) -> Result<Self, Failure> {
        let program = (topic.judge)()?;
        let mut process = Command::new(program)
            .arg(topic.name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the judge could not be started: {error}"))?;
        let questions = process.stdin.take();
        let answers = process.stdout.take().ok_or("the judge has no output")?;
        Ok(Self { process, questions, answers: BufReader::new(answers) })
    }

    /// Asks about several cases. They are written while answers are read, as a pipe holds only so much.
    pub(crate) fn ask(&mut self, cases: &[Value]) -> Result<Vec<Value>, Failure> {
        let mut text = String::new();
        for case in cases {
            text.push_str(&case.to_string());
            text.push('\n');
        }
        let questions = self.questions.as_mut().ok_or("the judge has ended")?;
        let answers = &mut self.answers;
        std::thread::scope(|scope| {
            let written = scope.spawn(move || questions.write_all(text.as_bytes()));
            let read = cases.iter().map(|case| answer(answers, case)).collect();
            match written.join() {
                Ok(Ok(())) => read,
                Ok(Err(error)) => Err(format!("the judge does not listen: {error}")),
                Err(_) => Err("the writer of questions has panicked".to_owned()),
            }
        })
    }

    pub(crate) fn ask_one(&mut self, case: &Value) -> Result<Value, Failure> {
        let mut answers = self.ask(std::slice::from_ref(case))?;
        answers.pop().ok_or_else(|| "the judge said nothing".to_owned())
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // The end of the questions is its order to stop.
        drop(self.questions.take());
        drop(self.process.wait());
    }
}

fn answer(answers: &mut BufReader<ChildStdout>, case: &Value) -> Result<Value, Failure> {
    let mut line = String::new();
    let read = answers.read_line(&mut line);
    let cannot = |why: &str| format!("no answer to {case}: {why}");
    match read {
        Ok(0) => Err(cannot("the judge has ended")),
        Ok(_) => serde_json::from_str(&line).map_err(|error| cannot(&error.to_string())),
        Err(error) => Err(cannot(&error.to_string())),
    }
}
