//! Kubeconfigs for the clusters that are served here.

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::Failure;

/// A kubeconfig with one context. JSON is YAML; the text is what kubectl writes.
pub(crate) struct Kubeconfig<'a> {
    /// Name of cluster and context.
    pub(crate) name: &'a str,
    /// Where the API server is.
    pub(crate) server: &'a str,
    /// Bearer token of the administrator.
    pub(crate) token: &'a str,
    /// PEM of the authority, the client certificate and its key, when it is served over TLS.
    pub(crate) tls: Option<(&'a str, &'a str, &'a str)>,
}

impl Kubeconfig<'_> {
    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut cluster = json!({ "server": self.server });
        let mut user = json!({ "token": self.token });
        if let Some((authority, certificate, key)) = self.tls {
            set(&mut cluster, "certificate-authority-data", authority);
            set(&mut user, "client-certificate-data", certificate);
            set(&mut user, "client-key-data", key);
        }
        let admin = format!("{}-admin", self.name);
        kubectl::manifest::to_yaml(&json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": self.name, "cluster": cluster }],
            "users": [{ "name": admin, "user": user }],
            "contexts": [{ "name": self.name, "context": { "cluster": self.name, "user": admin } }],
            "current-context": self.name,
            "preferences": {},
        }))
    }
}

fn set(target: &mut Value, key: &str, pem: &str) {
    if let Some(map) = target.as_object_mut() {
        map.insert(key.to_owned(), Value::String(STANDARD.encode(pem)));
    }
}

/// Writes a file that only its owner may read, in one step: readers see the whole text or none of it.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let unfinished = path.with_file_name(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&unfinished)?.write_all(text.as_bytes())?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|error| {
        Failure::surroundings(
            format!("the kubeconfig cannot be written to {} ({error})", path.display()),
            "name a file in a folder that you may write to with --write-kubeconfig",
        )
    })
}
