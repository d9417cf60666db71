//! What a request is about, read from its method, path and query as
//! `k8s.io/apiserver/pkg/endpoints/request/requestinfo.go` does.

use std::collections::BTreeMap;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestInfo {
    /// Whether it is about a resource (below `/api/v1` or `/apis/<group>/<version>`).
    pub is_resource: bool,
    /// API verb (`get`, `list`, `watch`, `create`, …) or the lower-case method.
    pub verb: String,
    /// Group; empty for core.
    pub api_group: String,
    /// Version.
    pub api_version: String,
    /// Namespace; empty at cluster scope.
    pub namespace: String,
    /// Plural resource.
    pub resource: String,
    /// Subresource; empty when there is none.
    pub subresource: String,
    /// Name; empty for collections.
    pub name: String,
    /// What follows the subresource (`proxy/<path>`).
    pub rest: String,
    /// Path as sent.
    pub path: String,
    /// Query parameters, decoded; the last of equal names, except in [`query_all`].
    pub query: BTreeMap<String, String>,
}

/// All pairs of a query, decoded, in order. Like Go's `url.ParseQuery`, it passes over what is wrong.
pub fn query_all(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.contains(';') && is_encoded(pair))
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key, true), percent_decode(value, true))
        })
        .collect()
}

/// Whether two digits follow each `%`.
fn is_encoded(text: &str) -> bool {
    let digits = |part: &str| part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.split('%').skip(1).all(digits)
}

/// Decodes `%xx`, and `+` when it stands for a space.
pub fn percent_decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if plus => bytes.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                if let (Some(high), Some(low)) = (digit(ahead.next()), digit(ahead.next())) {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    rest = ahead;
                } else {
                    bytes.push(byte);
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes everything but unreserved characters.
pub fn percent_encode(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            found.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            found.push('%');
            for nibble in [byte >> 4, byte & 15] {
                found.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
            }
        }
    }
    found
}

impl RequestInfo {
    /// Reads a request.
    pub fn parse(method: &str, path: &str, query: &str) -> Self {
        let query: BTreeMap<String, String> = query_all(query).into_iter().collect();
        let mut info = Self {
            verb: method.to_ascii_lowercase(),
            path: path.to_owned(),
            query,
            ..Self::default()
        };
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode(part, false))
            .collect();
        let rest = match parts.first().map(String::as_str) {
            Some("api") if parts.len() >= 3 => {
                info.api_version = parts.get(1).cloned().unwrap_or_default();
                parts.get(2..)
            }
            Some("apis") if parts.len() >= 4 => {
                info.api_group = parts.get(1).cloned().unwrap_or_default();
                info.api_version = parts.get(2).cloned().unwrap_or_default();
                parts.get(3..)
            }
            _ => None,
        };
        if let Some(rest) = rest {
            info.read_resource(method, rest);
        }
        info
    }

    fn read_resource(&mut self, method: &str, parts: &[String]) {
        self.is_resource = true;
        method_verb(method).clone_into(&mut self.verb);
        let mut parts = parts;
        if let ([first, tail @ ..], "get" | "list") = (parts, self.verb.as_str())
            && first == "watch"
        {
            "watch".clone_into(&mut self.verb);
            parts = tail;
        }
        if let [first, namespace, tail @ ..] = parts
            && first == "namespaces"
        {
            let own =
                matches!(tail.first().map(String::as_str), None | Some("status" | "finalize"));
            namespace.clone_into(&mut self.namespace);
            if !own {
                parts = tail;
            }
        }
        let part = |index: usize| parts.get(index).cloned().unwrap_or_default();
        self.resource = part(0);
        self.name = part(1);
        self.subresource = part(2);
        self.rest = parts.get(3..).map(|rest| rest.join("/")).unwrap_or_default();
        if self.name.is_empty() {
            self.collection_verb();
        }
    }

    fn collection_verb(&mut self) {
        if self.verb == "get" {
            let watches = self
                .query
                .get("watch")
                .is_some_and(|value| !matches!(value.as_str(), "0" | "false"));
            if watches { "watch" } else { "list" }.clone_into(&mut self.verb);
            // `metadata.name=x` makes a list a question about one object, also for RBAC.
            let name = self.query.get("fieldSelector").and_then(|text| {
                text.split(',').find_map(|part| part.strip_prefix("metadata.name="))
            });
            if let Some(name) = name {
                name.trim_start_matches('=').clone_into(&mut self.name);
            }
        } else if self.verb == "delete" {
            "deletecollection".clone_into(&mut self.verb);
        }
    }
}

fn method_verb(method: &str) -> &'static str {
    match method {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "get",
    }
}

/// A path to a resource, for clients.
#[derive(Debug, Clone)]
pub struct ApiPath {
    path: String,
    query: Vec<(String, String)>,
    resource: String,
    namespace: String,
    name: String,
    subresource: String,
}

impl ApiPath {
    /// The collection of a resource.
    pub fn new(group: &str, version: &str, resource: &str) -> Self {
        let path = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        Self {
            path,
            query: Vec::new(),
            resource: resource.to_owned(),
            namespace: String::new(),
            name: String::new(),
            subresource: String::new(),
        }
    }

    /// In a namespace (empty: none).
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// One object.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// A subresource of it.
    #[must_use]
    pub fn subresource(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }

    /// A query parameter.
    #[must_use]
    pub fn query(mut self, key: &str, value: &str) -> Self {
        self.query.push((key.to_owned(), value.to_owned()));
        self
    }
}

impl std::fmt::Display for ApiPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        if !self.namespace.is_empty() {
            write!(f, "/namespaces/{}", percent_encode(&self.namespace))?;
        }
        write!(f, "/{}", self.resource)?;
        for part in [&self.name, &self.subresource] {
            if !part.is_empty() {
                write!(f, "/{}", percent_encode(part))?;
            }
        }
        for (index, (key, value)) in self.query.iter().enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            write!(f, "{sign}{key}={}", percent_encode(value))?;
        }
        Ok(())
    }
}
