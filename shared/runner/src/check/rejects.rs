//! `rejects`: a document that the API server must refuse, sent as a dry run.

use apimachinery::status::Status;
use http::Method;
use regex_lite::Regex;

use super::Look;
use crate::client::{Problem, Target};
use crate::{Runner, Said};

/// The refusal that is expected.
pub(crate) struct Refusal<'a> {
    pub(crate) code: u16,
    pub(crate) reason: &'a str,
    pub(crate) pattern: &'a str,
}

impl Runner {
    pub(super) async fn look_rejects(
        &self,
        file: &str,
        persona: Option<&str>,
        refusal: &Refusal<'_>,
    ) -> Look {
        let expected = Said::new("check-expected-refused-document")
            .with("file", file)
            .with("code", refusal.code)
            .with("reason", refusal.reason)
            .with("pattern", refusal.pattern);
        match self.refused(file, persona).await {
            Ok(None) => {
                let found = Said::new("check-found-accepted").with("file", file);
                Look { holds: false, expected, found }
            }
            Ok(Some(status)) => {
                let told = Regex::new(refusal.pattern)
                    .is_ok_and(|pattern| pattern.is_match(&status.message));
                let holds = status.code == refusal.code && status.reason == refusal.reason && told;
                let found = Said::new("check-found-refused-document")
                    .with("file", file)
                    .with("code", status.code)
                    .with("reason", &status.reason)
                    .with("message", &status.message);
                Look { holds, expected, found }
            }
            Err(problem) => Look::problem(expected, &problem),
        }
    }

    /// Creates the documents of a file as a dry run: the first refusal, if there is one.
    async fn refused(&self, file: &str, persona: Option<&str>) -> Result<Option<Status>, Problem> {
        let odd = |error: &dyn std::fmt::Display| Problem::Odd(error.to_string());
        let text = self.file(file).map_err(|error| odd(&error))?;
        let persona = self.persona(persona).map_err(|error| odd(&error))?;
        let documents = kubectl::manifest::read(text).map_err(|error| odd(&error))?;
        for document in documents {
            let target = Target::of(&document.value);
            let path = self.client.path(&target, false).await?;
            let path = format!("{path}?dryRun=All");
            let sent =
                self.client.send(Method::POST, &path, Some(&persona), Some(&document.value)).await;
            match sent {
                Ok(_) => {}
                Err(Problem::Status(status)) => return Ok(Some(*status)),
                Err(problem) => return Err(problem),
            }
        }
        Ok(None)
    }
}
