//! Images as behaviour data: what a container does, which files and commands it has.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// How a simulated image behaves; one file of `manifests/images` each.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property that an author may give an image"
)]
pub struct Image {
    /// Repositories that it answers to, for example `nginx`.
    pub names: Vec<String>,
    /// Tags that exist; an image with another tag is not found.
    pub tags: Vec<String>,
    /// What runs when the container gives no command.
    pub command: Vec<String>,
    /// What arguments are appended to when the container gives `args` and no `command`.
    pub entrypoint: Vec<String>,
    /// Whether the command is a program of its own that runs until it is stopped.
    pub service: bool,
    /// Whether its tools are those of busybox.
    pub busybox: bool,
    /// Folder whose files its web server serves.
    pub web_root: String,
    /// Whether its program is Tomcat, which reads its ports and applications from its files.
    pub catalina: bool,
    /// Whether its program is agnhost, whose subcommand says what it serves.
    pub agnhost: bool,
    /// Working directory.
    pub folder: String,
    /// Name of its web server in the header `Server`.
    pub server: String,
    /// Size in bytes.
    pub size: u64,
    /// Milliseconds that pulling takes.
    pub pull_millis: u64,
    /// Milliseconds from start until it serves.
    pub ready_millis: u64,
    /// TCP ports that its process listens on.
    pub ports: Vec<u16>,
    /// What it answers to HTTP, by path.
    pub http: BTreeMap<String, String>,
    /// Lines that it logs at its start.
    pub logs: Vec<String>,
    /// Commands that it has, besides the shell's own.
    pub commands: Vec<String>,
    /// Files, by path; a path that ends with `/` is an empty directory.
    pub files: BTreeMap<String, String>,
    /// Whether the main process ends at once on SIGTERM.
    pub ends_on_term: bool,
    /// How much memory its processes use, as a quantity.
    pub memory: String,
    /// Thousandths of a CPU that its processes use when nobody asks anything of them; 0 is 1.
    pub idle_millis: u32,
    /// Microseconds of CPU that answering one HTTP request takes; 0 is 100.
    pub request_micros: u64,
    /// Name of the user that it runs as.
    pub user: String,
}

/// A reference as `[registry/]repository[:tag]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Repository without the default registry.
    pub repository: String,
    /// Tag.
    pub tag: String,
}

impl Reference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Self {
        let text = text.split('@').next().unwrap_or(text);
        let (path, tag) = match text.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, tag),
            _ => (text, "latest"),
        };
        let repository = path.trim_start_matches("docker.io/").trim_start_matches("library/");
        Self { repository: repository.to_owned(), tag: tag.to_owned() }
    }

    /// As containerd names it.
    pub fn canonical(&self) -> String {
        if self.repository.split('/').next().is_some_and(|first| first.contains('.')) {
            format!("{}:{}", self.repository, self.tag)
        } else if self.repository.contains('/') {
            format!("docker.io/{}:{}", self.repository, self.tag)
        } else {
            format!("docker.io/library/{}:{}", self.repository, self.tag)
        }
    }
}

/// All images.
pub fn all() -> &'static [Image] {
    static ALL: OnceLock<Vec<Image>> = OnceLock::new();
    ALL.get_or_init(|| {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/images.json")))
            .unwrap_or_default()
    })
}

/// The image of a reference; `None` when no registry has it.
pub fn find(reference: &str) -> Option<&'static Image> {
    let reference = Reference::parse(reference);
    all().iter().find(|image| {
        image.names.contains(&reference.repository) && image.tags.contains(&reference.tag)
    })
}

/// Whether a registry has the repository of a reference, whatever its tags.
pub fn has_repository(reference: &str) -> bool {
    let repository = Reference::parse(reference).repository;
    all().iter().any(|image| image.names.contains(&repository))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    #[test]
    fn every_image_is_written_in_the_words_of_the_engine() {
        let text = include_str!(concat!(env!("OUT_DIR"), "/images.json"));
        let images: Vec<super::Image> = serde_json::from_str(text).unwrap_or_else(|why| {
            assert_eq!(why.to_string(), "", "manifests/images");
            Vec::new()
        });
        assert!(images.iter().all(|image| !image.names.is_empty() && !image.tags.is_empty()));
    }

    #[test]
    fn the_published_schema_knows_the_fields_of_the_engine_and_their_types() {
        let text = include_str!("../../../manifests/images/image.schema.json");
        let schema: Value = serde_json::from_str(text).unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object).cloned();
        let properties = properties.unwrap_or_default();
        let refused = serde_json::from_value::<super::Image>(json!({ "?": 0 }));
        let refused = refused.map_or_else(|why| why.to_string(), |_| String::new());
        // "unknown field `?`, expected one of `names`, `tags`, ..."
        let known: BTreeSet<&str> = refused.split('`').skip(3).step_by(2).collect();
        assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
        for (name, property) in &properties {
            let of = |path: &str| property.pointer(path).and_then(Value::as_str);
            let sample = match (of("/type"), of("/items/type")) {
                (Some("array"), Some("integer")) => json!([80]),
                (Some("array"), _) => json!(["a"]),
                (Some("boolean"), _) => json!(true),
                (Some("integer"), _) => json!(1),
                (Some("object"), _) => json!({ "a": "b" }),
                _ => json!("a"),
            };
            let one = serde_json::from_value::<super::Image>(json!({ name.as_str(): sample }));
            assert_eq!(one.map(drop).map_err(|why| why.to_string()), Ok(()), "{name}");
        }
    }
}
