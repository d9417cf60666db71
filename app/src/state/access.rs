//! The table of who may do what: which questions it asks, and what was answered.

use diagram::rights::{Grant, Wish, grant};
use notebook::check::AccessRequest;
use notebook::scenario::Persona;
use protocol::v1::Stream;

use super::objects::Objects;
use super::run::CellRun;
use super::shared::Shared;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Allowed.
    Yes,
    /// Denied.
    No,
    /// Not asked, or not answered yet.
    NotYet,
}

/// What decided an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decided {
    /// No rule allows it.
    Nothing,
    /// Who executes may do everything.
    Own,
    /// A rule.
    Rule(Grant),
    /// Something that the page does not see.
    Elsewhere,
}

/// The questions of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessPlan {
    cell: String,
    /// Rows.
    pub personas: Vec<Persona>,
    requests: Vec<AccessRequest>,
}

impl AccessPlan {
    /// The questions of a cell: about these personas, or all of the scenario.
    pub(crate) fn new(
        cell: &str,
        all: &[Persona],
        requests: Vec<AccessRequest>,
        wanted: &[String],
    ) -> Self {
        let personas = all.iter().filter(|one| wanted.is_empty() || wanted.contains(&one.id));
        Self { cell: cell.to_owned(), personas: personas.cloned().collect(), requests }
    }

    /// The requests in words.
    pub(crate) fn requests(&self) -> Vec<String> {
        let name = |request: &AccessRequest| {
            let place = if request.namespace.is_empty() {
                String::new()
            } else {
                format!(" ({})", request.namespace)
            };
            format!("{} {}{place}", request.verb, request.resource)
        };
        self.requests.iter().map(name).collect()
    }

    /// The questions: under which id each is run, by whom, and its line.
    pub(crate) fn questions(&self) -> Vec<(String, String, String)> {
        let rows = self.personas.iter().enumerate();
        rows.flat_map(|(row, persona)| {
            self.requests.iter().enumerate().map(move |(column, request)| {
                (self.id(row, column), persona.id.clone(), line(request))
            })
        })
        .collect()
    }

    /// What was answered so far, row by row.
    pub(crate) fn answers(&self, run: impl Fn(&str) -> Shared<CellRun>) -> Vec<Vec<Answered>> {
        let rows = 0..self.personas.len();
        rows.map(|row| {
            (0..self.requests.len()).map(|column| answer(&run(&self.id(row, column)))).collect()
        })
        .collect()
    }

    /// How many questions were answered with yes, and how many there are.
    pub(crate) fn count(answers: &[Vec<Answered>]) -> (usize, usize) {
        let all = answers.iter().flatten();
        (all.clone().filter(|answer| **answer == Answered::Yes).count(), all.count())
    }

    /// A fingerprint of all roles and bindings: answers are out of date when it changes.
    pub(crate) fn rules(objects: &Objects) -> Vec<String> {
        ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]
            .iter()
            .flat_map(|kind| {
                objects
                    .of_kind(kind)
                    .map(|(key, value)| {
                        let version = super::objects::text(value, "/metadata/resourceVersion");
                        format!("{kind}/{}/{}@{version}", key.namespace, key.name)
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// What decided each answer: persona, request, and the rule.
    pub(crate) fn decided(
        &self,
        objects: &Objects,
        answers: &[Vec<Answered>],
    ) -> Vec<(usize, usize, Decided)> {
        let of = |kinds: [&'static str; 2]| {
            let objects = kinds.into_iter().flat_map(|kind| objects.of_kind(kind));
            objects.map(|(_, value)| value.as_ref()).collect::<Vec<_>>()
        };
        let bindings = of(["ClusterRoleBinding", "RoleBinding"]);
        let roles = of(["ClusterRole", "Role"]);
        let mut decided = Vec::new();
        for (row, (persona, answers)) in self.personas.iter().zip(answers).enumerate() {
            for (column, (request, answer)) in self.requests.iter().zip(answers).enumerate() {
                let wish = Wish {
                    user: &persona.user,
                    groups: &persona.groups,
                    verb: &request.verb,
                    resource: &request.resource,
                    name: &request.name,
                    namespace: &request.namespace,
                };
                let found = match answer {
                    Answered::NotYet => continue,
                    Answered::No => Decided::Nothing,
                    Answered::Yes if persona.user.is_empty() => Decided::Own,
                    Answered::Yes => {
                        grant(&bindings, &roles, &wish).map_or(Decided::Elsewhere, Decided::Rule)
                    }
                };
                decided.push((row, column, found));
            }
        }
        decided
    }

    fn id(&self, row: usize, column: usize) -> String {
        format!("{}:{row}:{column}", self.cell)
    }
}

fn line(request: &AccessRequest) -> String {
    let mut line = format!("kubectl auth can-i {} {}", request.verb, request.resource);
    if let Some((resource, subresource)) = request.resource.split_once('/') {
        line =
            format!("kubectl auth can-i {} {resource} --subresource={subresource}", request.verb);
    }
    if !request.name.is_empty() {
        line =
            line.replacen(&request.resource, &format!("{}/{}", request.resource, request.name), 1);
    }
    if !request.namespace.is_empty() {
        line.push_str(" -n ");
        line.push_str(&request.namespace);
    }
    line
}

fn answer(run: &CellRun) -> Answered {
    let last = run.output.iter().rev().find(|line| line.stream == Stream::Stdout);
    match last.map(|line| line.text.trim()) {
        Some(text) if text.starts_with("yes") => Answered::Yes,
        Some(text) if text.starts_with("no") => Answered::No,
        _ => Answered::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(verb: &str, resource: &str, name: &str) -> AccessRequest {
        AccessRequest {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: "dev".to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_request_becomes_the_line_that_asks_for_it() {
        assert_eq!(line(&request("list", "pods", "")), "kubectl auth can-i list pods -n dev");
        assert_eq!(
            line(&request("patch", "deployments.apps/scale", "")),
            "kubectl auth can-i patch deployments.apps --subresource=scale -n dev"
        );
        assert_eq!(line(&request("get", "pods", "web")), "kubectl auth can-i get pods/web -n dev");
    }

    #[test]
    fn each_answer_has_what_decided_it() {
        let persona = |id: &str, user: &str| {
            let value = serde_json::json!({"id": id, "title": {"ko": id, "en": id}, "user": user});
            serde_json::from_value::<Persona>(value).unwrap()
        };
        let personas = [persona("admin", ""), persona("user", "a")];
        let plan = AccessPlan::new("who", &personas, vec![request("list", "pods", "")], &[]);
        let mut objects = Objects::default();
        let binding = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
            "metadata":{"name":"b","namespace":"dev"},"subjects":[{"kind":"User","name":"a"}],
            "roleRef":{"kind":"ClusterRole","name":"view"}}"#;
        objects.change(true, &[binding.to_owned()], &[]);
        let rule = Decided::Rule(Grant {
            binding: "RoleBinding dev/b".to_owned(),
            role: "ClusterRole view".to_owned(),
            rule: None,
        });
        let yes = [vec![Answered::Yes], vec![Answered::Yes]];
        assert_eq!(plan.decided(&objects, &yes), [(0, 0, Decided::Own), (1, 0, rule)]);
        assert_eq!(
            plan.decided(&Objects::default(), &[vec![Answered::NotYet], vec![Answered::Yes]]),
            [(1, 0, Decided::Elsewhere)]
        );
        let no = [vec![Answered::No], vec![Answered::NotYet]];
        assert_eq!(plan.decided(&objects, &no), [(0, 0, Decided::Nothing)]);
    }
}
