//! `kubectl describe` of config maps, secrets and service accounts.

use base64::Engine as _;
use serde_json::Value;

use super::page::Page;
use crate::value::{Reading as _, plain};

fn decoded(value: &Value) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(plain(value)).unwrap_or_default()
}

/// Writes the text of a config map.
pub(super) fn config_map(page: &mut Page, map: &Value) {
    page.heading(map, true);
    page.at(0, "\nData\n====\n");
    for (key, value) in map.entries("data") {
        page.at(0, &format!("{key}:\n----\n"));
        page.at(0, &format!("{}\n", plain(value)));
        page.at(0, "\n");
    }
    page.at(0, "\nBinaryData\n====\n");
    for (key, value) in map.entries("binaryData") {
        page.at(0, &format!("{key}: {} bytes\n", decoded(value).len()));
    }
    page.at(0, "\n");
}

/// Writes the text of a secret; values stay hidden.
pub(super) fn secret(page: &mut Page, secret: &Value) {
    page.heading(secret, true);
    page.at(0, &format!("\nType:\t{}\n", secret.text("type")));
    page.at(0, "\nData\n====\n");
    for (key, value) in secret.entries("data") {
        let bytes = decoded(value);
        if key == "token" && secret.text("type") == "kubernetes.io/service-account-token" {
            page.field(0, key, &String::from_utf8_lossy(&bytes));
        } else {
            page.field(0, key, &format!("{} bytes", bytes.len()));
        }
    }
}

/// Writes the text of a service account.
pub(super) fn service_account(page: &mut Page, account: &Value) {
    page.heading(account, true);
    let names: Vec<&str> =
        account.list("imagePullSecrets").iter().map(|secret| secret.text("name")).collect();
    if names.is_empty() {
        page.at(0, "Image pull secrets:\t<none>\n");
    }
    for (index, name) in names.into_iter().enumerate() {
        let title = if index == 0 { "Image pull secrets:" } else { "                   " };
        page.at(0, &format!("{title}\t{name}\n"));
    }
}
