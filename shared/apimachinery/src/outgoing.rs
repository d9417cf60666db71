//! What an embedded cluster wants to ask over the network, for its host: the calls of admission webhooks. The cluster
//! itself reaches nobody; it stops where the answer is needed, and does the same again once it has it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

/// An `AdmissionReview` to be sent with POST over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Configuration and name of the webhook.
    pub hook: String,
    /// Host and port to connect to.
    pub address: String,
    /// The name that its certificate must have.
    pub server_name: String,
    /// The URL, as errors tell it.
    pub url: String,
    /// The authorities that are trusted, PEM; those of the system when it is empty.
    pub authorities: Vec<u8>,
    /// How long an answer may take.
    pub patience: Duration,
    /// The review, without its uid.
    pub review: Value,
    /// The uid of this review.
    pub uid: String,
}

impl Outgoing {
    /// The body of the request.
    pub fn body(&self) -> Vec<u8> {
        let mut review = self.review.clone();
        if let Some(request) = review.get_mut("request").and_then(Value::as_object_mut) {
            request.insert("uid".to_owned(), json!(self.uid));
        }
        serde_json::to_vec(&review).unwrap_or_default()
    }

    /// Whether it asks the same.
    pub fn asks_like(&self, other: &Self) -> bool {
        (&self.hook, &self.url, &self.review) == (&other.hook, &other.url, &other.review)
    }
}

/// What came back: status, media type and body, or why nothing did, as Go says it.
pub type Returned = Result<(u16, String, Vec<u8>), String>;

/// A call with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The call.
    pub outgoing: Outgoing,
    /// Its answer.
    pub returned: Returned,
}

/// The answers to the calls of a request so far, in its extensions when it is sent again. A request that waits for
/// one is answered with the [`Outgoing`] in the extensions of the response, and has changed nothing.
#[derive(Debug, Clone, Default)]
pub struct Answers(pub Arc<[Incoming]>);

/// In the extensions of a request: it goes on with one that was let through already (a further connection of a
/// port-forward), so that nobody is asked again.
#[derive(Debug, Clone, Copy)]
pub struct Continued;
