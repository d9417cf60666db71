//! What an answer of the API server means, where it can be said in more than its own words.

/// What is behind a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The namespace is gone, or was never there.
    NoNamespace(String),
    /// A ResourceQuota has no room: its name, and for each resource what was requested, used and allowed.
    Quota(String, Vec<[String; 4]>),
}

/// Reads an answer.
pub(crate) fn meaning(message: &str) -> Option<Meaning> {
    if let Some((_, rest)) = message.split_once("(NotFound): namespaces \"") {
        let name = rest.strip_suffix("\" not found")?;
        return Some(Meaning::NoNamespace(name.to_owned()));
    }
    // `pkg/quota/v1/resources.go`, `plugin/pkg/admission/resourcequota/controller.go`: lists are written as `a=1,b=2`.
    let (_, rest) = message.split_once("exceeded quota: ")?;
    let (name, rest) = rest.split_once(", requested: ")?;
    let (requested, rest) = rest.split_once(", used: ")?;
    let (used, limited) = rest.split_once(", limited: ")?;
    let of = |list: &str, resource: &str| {
        let found = list.split(',').filter_map(|item| item.split_once('='));
        found.into_iter().find(|(key, _)| *key == resource).map(|(_, value)| value.to_owned())
    };
    let rows = requested.split(',').filter_map(|item| {
        let (resource, wanted) = item.split_once('=')?;
        let (used, limited) = (of(used, resource)?, of(limited, resource)?);
        Some([resource.to_owned(), wanted.to_owned(), used, limited])
    });
    Some(Meaning::Quota(name.to_owned(), rows.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_as_the_api_server_writes_them() {
        let gone = "Error from server (NotFound): namespaces \"dev\" not found";
        assert_eq!(meaning(gone), Some(Meaning::NoNamespace("dev".to_owned())));
        let full = "Error from server (Forbidden): pods \"a\" is forbidden: exceeded quota: dev-quota, \
            requested: limits.cpu=2,pods=1, used: limits.cpu=500m,pods=2, limited: limits.cpu=1,pods=2";
        let rows = [["limits.cpu", "2", "500m", "1"], ["pods", "1", "2", "2"]];
        let rows = rows.map(|row| row.map(str::to_owned)).to_vec();
        assert_eq!(meaning(full), Some(Meaning::Quota("dev-quota".to_owned(), rows)));
        for other in ["pod/a created", "", "Error from server (NotFound): pods \"a\" not found"] {
            assert_eq!(meaning(other), None, "{other}");
        }
    }
}
