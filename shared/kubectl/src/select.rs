//! Which objects a command line is about: `cli-runtime/pkg/resource/builder.go`.

use serde_json::Value;

use crate::client::JSON;
use crate::discovery::{Resource, query};
use crate::failure::{Failure, Outcome, go_quote};
use crate::manifest;
use crate::session::{Session, items_of};
use crate::validation::check_metadata;
use crate::value::{Reading as _, set};

/// `missingResourceError`.
pub(crate) const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// An object of the server or of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Info {
    pub(crate) resource: Resource,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Null when it was not asked for.
    pub(crate) object: Value,
    /// The file it comes from.
    pub(crate) source: String,
}

impl Info {
    /// `deployment.apps/web`.
    pub(crate) fn shown(&self) -> String {
        format!("{}/{}", self.resource.printed_kind(), self.name)
    }

    /// `deployments.apps/web`, `info.ObjectName()`.
    pub(crate) fn object_name(&self) -> String {
        format!("{}/{}", self.resource.group_resource(), self.name)
    }

    pub(crate) fn path(&self) -> String {
        self.resource.item(&self.namespace, &self.name)
    }
}

/// How arguments are to be understood.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of the resource builder")]
pub(crate) struct Wanted {
    /// A type without names means all of its objects.
    pub(crate) all_of_type: bool,
    /// Do not ask the server for objects that are named.
    pub(crate) names_only: bool,
    /// All arguments must be of one type.
    pub(crate) single_type: bool,
    /// Go on after an error.
    pub(crate) go_on: bool,
}

/// What the arguments name.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// Objects of files, and what was wrong with others beside them.
    Files(Vec<Info>, Vec<Failure>),
    /// All objects of these types that the selectors admit.
    Lists(Vec<Resource>),
    Named(Vec<(Resource, String)>),
}

impl Target {
    /// The objects of files as names to ask the server for.
    pub(crate) fn by_name(self) -> Outcome<Self> {
        match self {
            Self::Files(infos, failures) => {
                Failure::gather(failures)?;
                Ok(Self::Named(infos.into_iter().map(|info| (info.resource, info.name)).collect()))
            }
            other => Ok(other),
        }
    }
}

/// Objects, and what went wrong beside them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visited {
    pub(crate) infos: Vec<Info>,
    pub(crate) failures: Vec<Failure>,
}

impl Session<'_> {
    /// Understands the arguments and file flags.
    pub(crate) async fn target(&mut self, arguments: &[String], wanted: Wanted) -> Outcome<Target> {
        let selector = !self.flags.text("selector").trim().is_empty();
        let field = !self.flags.text("field-selector").trim().is_empty();
        let all = self.flags.is("all");
        if all && (selector || field) {
            return Err(Failure::message(
                "setting 'all' parameter but found a non empty selector. ",
            ));
        }
        let files = self.flags.all("filename").to_vec();
        if !files.is_empty() {
            if !arguments.is_empty() || selector && arguments.is_empty() && wanted.single_type {
                return Err(Failure::message(
                    "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
                ));
            }
            let visited = self.read_files(&files).await?;
            return Ok(Target::Files(visited.infos, visited.failures));
        }
        let target = self.arguments(arguments, wanted, all || selector || field).await?;
        Ok(target)
    }

    async fn arguments(
        &mut self,
        arguments: &[String],
        wanted: Wanted,
        selecting: bool,
    ) -> Outcome<Target> {
        let arguments = spread(arguments);
        let with_slash = arguments.iter().filter(|word| word.contains('/')).count();
        if with_slash > 0 {
            if with_slash != arguments.len() {
                return Err(Failure::message(
                    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
                ));
            }
            if selecting {
                return Err(Failure::message(
                    "selectors and the all flag cannot be used when passing resource/name arguments",
                ));
            }
            return self.tuples(&arguments, wanted).await;
        }
        let Some((types, names)) = arguments.split_first() else {
            return Err(if selecting {
                Failure::message("at least one resource must be specified to use a selector")
            } else {
                Failure::message(NOTHING_NAMED)
            });
        };
        let resources = self.types(types, wanted).await?;
        if names.is_empty() {
            if wanted.all_of_type || selecting {
                return Ok(Target::Lists(resources));
            }
            return Err(Failure::message("resource(s) were provided, but no name was specified"));
        }
        if selecting {
            return Err(Failure::message("name cannot be provided when a selector is specified"));
        }
        let resource = match resources.as_slice() {
            [resource] => resource.clone(),
            _ => return Err(Failure::message("you must specify only one resource")),
        };
        Ok(Target::Named(names.iter().map(|name| (resource.clone(), name.clone())).collect()))
    }

    async fn tuples(&mut self, arguments: &[String], wanted: Wanted) -> Outcome<Target> {
        let mut named: Vec<(Resource, String)> = Vec::new();
        for argument in arguments {
            let mut parts = argument.split('/');
            let (Some(kind), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
                return Err(Failure::message(
                    "arguments in resource/name form may not have more than one slash",
                ));
            };
            if kind.is_empty() || name.is_empty() || kind.contains(',') {
                return Err(Failure::message(
                    "arguments in resource/name form must have a single resource and name",
                ));
            }
            let resource = self.resource(kind).await?;
            if wanted.single_type && named.iter().any(|(known, _)| *known != resource) {
                return Err(Failure::message("you may only specify a single resource type"));
            }
            named.push((resource, name.to_owned()));
        }
        Ok(Target::Named(named))
    }

    async fn types(&mut self, types: &str, wanted: Wanted) -> Outcome<Vec<Resource>> {
        let discovery = self.discovery().await?;
        let mut resources: Vec<Resource> = Vec::new();
        let mut words: Vec<&str> = types.split(',').collect();
        words.retain(|word| !word.is_empty() || types.is_empty());
        for word in words {
            let category = discovery.category(word);
            if !category.is_empty() {
                resources.extend(category.into_iter().cloned());
                continue;
            }
            let resource = self.resource(word).await?;
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        if wanted.single_type && resources.len() > 1 {
            return Err(Failure::message("you may only specify a single resource type"));
        }
        Ok(resources)
    }

    /// The objects of a target.
    pub(crate) async fn visit(&mut self, target: Target, wanted: Wanted) -> Outcome<Visited> {
        let mut visited = Visited::default();
        match target {
            Target::Files(infos, failures) => {
                if !wanted.go_on {
                    Failure::gather(failures.clone())?;
                }
                visited.infos = infos;
                visited.failures = failures;
            }
            Target::Lists(resources) => {
                for resource in resources {
                    match self.list_objects(&resource).await {
                        Ok(infos) => visited.infos.extend(infos),
                        Err(failure) if wanted.go_on => visited.failures.push(failure),
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Target::Named(named) => {
                for (resource, name) in named {
                    match self.named_object(resource, name, wanted).await {
                        Ok(info) => visited.infos.push(info),
                        Err(failure) if wanted.go_on => visited.failures.push(failure),
                        Err(failure) => return Err(failure),
                    }
                }
            }
        }
        Ok(visited)
    }

    /// [`Session::target`] and [`Session::visit`] in one; any failure fails.
    pub(crate) async fn objects(
        &mut self,
        arguments: &[String],
        wanted: Wanted,
    ) -> Outcome<Vec<Info>> {
        let target = self.target(arguments, wanted).await?;
        let visited = self.visit(target, wanted).await?;
        Failure::gather(visited.failures)?;
        Ok(visited.infos)
    }

    async fn list_objects(&mut self, resource: &Resource) -> Outcome<Vec<Info>> {
        let namespace = self.list_namespace(resource);
        let (labels, fields) = self.selectors();
        let path = resource.collection(&namespace);
        let pairs = [("labelSelector", labels.as_str()), ("fieldSelector", fields.as_str())];
        let pages = self.pages(&path, &pairs, 500, JSON).await?;
        let items = pages.into_iter().flat_map(|page| items_of(page, resource));
        Ok(items
            .map(|object| Info {
                resource: resource.clone(),
                namespace: object.text("metadata.namespace").to_owned(),
                name: object.text("metadata.name").to_owned(),
                object,
                source: String::new(),
            })
            .collect())
    }

    async fn named_object(
        &mut self,
        resource: Resource,
        name: String,
        wanted: Wanted,
    ) -> Outcome<Info> {
        if resource.namespaced && self.flags.is("all-namespaces") {
            return Err(Failure::message(
                "a resource cannot be retrieved by name across all namespaces",
            ));
        }
        let namespace = if resource.namespaced { self.namespace.clone() } else { String::new() };
        let mut info =
            Info { resource, namespace, name, object: Value::Null, source: String::new() };
        if !wanted.names_only {
            let subresource = match self.flags.text("subresource") {
                "" => String::new(),
                name => format!("/{name}"),
            };
            info.object = self.get(&format!("{}{subresource}", info.path())).await?;
        }
        Ok(info)
    }

    /// Label and field selectors of the flags.
    pub(crate) fn selectors(&self) -> (String, String) {
        let text = |name: &str| self.flags.text(name).trim().to_owned();
        (text("selector"), text("field-selector"))
    }

    /// The namespace to list in.
    pub(crate) fn list_namespace(&self, resource: &Resource) -> String {
        if resource.namespaced && !self.flags.is("all-namespaces") {
            self.namespace.clone()
        } else {
            String::new()
        }
    }

    /// Reads the manifests of `-f`; a faulty document does not hide the others.
    pub(crate) async fn read_files(&mut self, names: &[String]) -> Outcome<Visited> {
        let Visited { mut infos, mut failures } = Visited::default();
        for (source, text) in self.texts(names)? {
            let documents = match manifest::read(&text) {
                Ok(documents) => documents,
                Err(error) => {
                    failures.push(Failure::message(format!(
                        "error parsing {source}: error converting YAML to JSON: {error}"
                    )));
                    continue;
                }
            };
            for document in documents {
                let problem = match self.unset(&document.value) {
                    None => self.definitions_unseen(&document.value).await?,
                    problem => problem,
                };
                if let Some(problem) = problem {
                    failures.push(Failure::message(format!(
                        "error validating {}: error validating data: {problem}; if you choose to ignore these errors, turn validation off with --validate=false",
                        go_quote(&source)
                    )));
                    break;
                }
                match self.infos_of(document.value, &source).await {
                    Ok(found) => infos.extend(found),
                    Err(failure) => failures.push(failure),
                }
            }
        }
        Ok(Visited { infos, failures })
    }

    fn texts(&self, names: &[String]) -> Outcome<Vec<(String, String)>> {
        let mut texts = Vec::new();
        for name in names {
            if name == "-" {
                texts.push(("STDIN".to_owned(), self.stdin.to_owned()));
            } else if name.starts_with("http://") || name.starts_with("https://") {
                return Err(Failure::message(format!(
                    "{name}: the console does not read from the network; paste the manifest into an editor cell"
                )));
            } else {
                let text = self.files.read(name).ok_or_else(|| {
                    Failure::message(format!("the path {} does not exist", go_quote(name)))
                })?;
                texts.push((name.clone(), text));
            }
        }
        Ok(texts)
    }

    /// The objects of a document: one, or the items of a list.
    pub(crate) async fn infos_of(&mut self, value: Value, source: &str) -> Outcome<Vec<Info>> {
        let kind = value.text("kind").to_owned();
        if kind.ends_with("List") && value.at("items").is_some_and(Value::is_array) {
            let mut infos = Vec::new();
            for item in value.list("items") {
                infos.push(self.info_of(item.clone(), source).await?);
            }
            return Ok(infos);
        }
        Ok(vec![self.info_of(value, source).await?])
    }

    /// `mapper.infoForData`.
    async fn info_of(&mut self, mut object: Value, source: &str) -> Outcome<Info> {
        let said = object.to_string();
        let missing = |what: &str| {
            Failure::message(format!(
                "unable to decode {}: Object '{what}' is missing in '{said}'",
                go_quote(source)
            ))
        };
        if object.text("kind").is_empty() {
            return Err(missing("Kind"));
        }
        check_metadata(&object, source)?;
        let api_version = object.text("apiVersion").to_owned();
        let kind = object.text("kind").to_owned();
        let discovery = self.discovery().await?;
        let name = object.text("metadata.name").to_owned();
        let mut namespace = object.text("metadata.namespace").to_owned();
        let resource = discovery
            .of_kind(&api_version, &kind)
            .cloned()
            .ok_or_else(|| Failure::Message(no_mapping(&object, source)))?;
        if resource.namespaced {
            if self.explicit_namespace && !namespace.is_empty() && namespace != self.namespace {
                return Err(Failure::message(format!(
                    "the namespace from the provided object {} does not match the namespace {}. You must pass '--namespace={}' to perform this operation.",
                    go_quote(&namespace),
                    go_quote(&self.namespace),
                    namespace
                )));
            }
            if namespace.is_empty() {
                namespace.clone_from(&self.namespace);
                set(&mut object, &["metadata", "namespace"], Value::from(namespace.clone()));
            }
        } else {
            namespace.clear();
        }
        Ok(Info { resource, namespace, name, object, source: source.to_owned() })
    }
}

/// The sentence for a kind that the server does not serve.
pub(crate) fn no_mapping(object: &Value, source: &str) -> String {
    format!(
        "resource mapping not found for name: {} namespace: {} from {}: no matches for kind {} in version {}\nensure CRDs are installed first",
        go_quote(object.text("metadata.name")),
        go_quote(object.text("metadata.namespace")),
        go_quote(source),
        go_quote(object.text("kind")),
        go_quote(object.text("apiVersion"))
    )
}

/// `get pods,services a b` means every type with every name.
fn spread(arguments: &[String]) -> Vec<String> {
    let Some((first, names)) = arguments.split_first() else { return Vec::new() };
    let types: Vec<&str> = first.split(',').filter(|word| !word.is_empty()).collect();
    if names.is_empty() || types.len() < 2 {
        return arguments.to_vec();
    }
    types.iter().flat_map(|kind| names.iter().map(move |name| format!("{kind}/{name}"))).collect()
}

/// The query of a list or a watch.
pub(crate) fn list_query(labels: &str, fields: &str, more: &[(&str, &str)]) -> String {
    let mut pairs = vec![("labelSelector", labels), ("fieldSelector", fields)];
    pairs.extend_from_slice(more);
    query(&pairs)
}
