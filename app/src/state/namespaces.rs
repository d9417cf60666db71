//! Names of a scenario's namespaces on a shared cluster: which are offered, and which cannot be used.

use std::collections::BTreeMap;

use notebook::scenario::Variable;

/// The longest name of a namespace (a DNS label).
const LONGEST: usize = 63;
/// Namespaces of the cluster itself.
const RESERVED: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Names that nobody else uses: the defaults with a mark of this browser behind them.
pub(crate) fn offered(variables: &[Variable], mark: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for variable in variables {
        names.insert(variable.name.clone(), format!("{}-{mark}", variable.default));
    }
    names
}

/// What is wrong with a variable's name, as a key of the words.
pub(crate) fn fault(names: &BTreeMap<String, String>, variable: &str) -> Option<&'static str> {
    let name = names.get(variable)?;
    let letter = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit();
    let label = name.starts_with(letter)
        && name.ends_with(letter)
        && name.chars().all(|sign| letter(sign) || sign == '-');
    if !label || name.len() > LONGEST {
        return Some("real-name-wrong");
    }
    if RESERVED.contains(&name.as_str()) {
        return Some("real-name-reserved");
    }
    let twice = names.iter().any(|(other, value)| other != variable && value == name);
    twice.then_some("real-name-twice")
}

/// From the names that texts hold to the names that they shall hold.
pub(crate) fn renames(
    variables: &[Variable],
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let value = |set: &BTreeMap<String, String>, variable: &Variable| {
        set.get(&variable.name).unwrap_or(&variable.default).clone()
    };
    let mut renames = BTreeMap::new();
    for variable in variables {
        let (old, new) = (value(before, variable), value(now, variable));
        if old != new {
            renames.insert(old, new);
        }
    }
    renames
}

#[cfg(test)]
mod tests {
    use super::*;
    use notebook::scenario::Localized;

    fn variables() -> Vec<Variable> {
        ["dev", "op"]
            .map(|name| Variable {
                name: name.to_owned(),
                default: name.to_owned(),
                title: Localized::default(),
            })
            .into()
    }

    fn names(dev: &str, op: &str) -> BTreeMap<String, String> {
        [("dev", dev), ("op", op)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn offered_names_are_this_browsers_own_and_can_be_used() {
        let offered = offered(&variables(), "3f9a");
        assert_eq!(offered, names("dev-3f9a", "op-3f9a"));
        assert_eq!(fault(&offered, "dev"), None);
    }

    #[test]
    fn a_name_that_cannot_be_a_namespace_of_ones_own_says_why() {
        let faults: Vec<_> = ["", "-a", "a-", "Dev", "a.b", "default", "kube-system", "op", "0-a"]
            .map(|dev| fault(&names(dev, "op"), "dev"))
            .into();
        assert_eq!(
            faults,
            [
                Some("real-name-wrong"),
                Some("real-name-wrong"),
                Some("real-name-wrong"),
                Some("real-name-wrong"),
                Some("real-name-wrong"),
                Some("real-name-reserved"),
                Some("real-name-reserved"),
                Some("real-name-twice"),
                None
            ]
        );
        assert_eq!(fault(&names(&"a".repeat(64), "op"), "dev"), Some("real-name-wrong"));
    }

    #[test]
    fn texts_are_renamed_from_what_they_hold_to_what_they_shall_hold() {
        let renamed = renames(&variables(), &names("dev-1", "op"), &BTreeMap::new());
        assert_eq!(renamed, [("dev-1".to_owned(), "dev".to_owned())].into());
    }
}
