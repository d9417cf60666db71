//! The compiled course, fetched as static files.

use gloo_net::http::Request;
use notebook::scenario::{Catalog, Notebook};

use super::browser;

/// Why content did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentError {
    /// There is no such scenario.
    Missing,
    /// It could not be fetched or read; the cause in English.
    Broken(String),
}

/// The catalogue.
pub(crate) async fn catalog() -> Result<Catalog, ContentError> {
    let text = fetch("/scenarios/catalog.json").await?;
    serde_json::from_str(&text).map_err(|error| ContentError::Broken(error.to_string()))
}

/// A scenario in one language, with the text it came as (a worker wants to read it too).
pub(crate) async fn notebook(id: &str, language: &str) -> Result<(Notebook, String), ContentError> {
    let text = fetch(&format!("/scenarios/{id}/{language}.json")).await?;
    let notebook =
        serde_json::from_str(&text).map_err(|error| ContentError::Broken(error.to_string()))?;
    Ok((notebook, text))
}

/// The words of the page in a language. The build writes down in the document where they are.
pub(crate) async fn words(language: &str) -> Result<String, ContentError> {
    match browser::document_data(&format!("words-{language}")) {
        Some(address) => fetch(&address).await,
        None => Err(ContentError::Missing),
    }
}

async fn fetch(address: &str) -> Result<String, ContentError> {
    let answer = Request::get(address)
        .send()
        .await
        .map_err(|error| ContentError::Broken(error.to_string()))?;
    // A file server with a fallback answers with the page itself where there is no file.
    let kind = answer.headers().get("content-type").unwrap_or_default();
    if answer.status() == 404 || kind.starts_with("text/html") {
        return Err(ContentError::Missing);
    }
    if !answer.ok() {
        return Err(ContentError::Broken(format!("{address}: {}", answer.status())));
    }
    answer.text().await.map_err(|error| ContentError::Broken(error.to_string()))
}
