//! Files of a container: its image's, what was written since, and the volumes mounted over them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Something at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A directory.
    Folder,
    /// A file.
    File(Arc<[u8]>),
    /// An executable of the image.
    Program,
}

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Where, without a slash at the end.
    pub(crate) path: String,
    /// Name of the volume.
    pub(crate) volume: String,
    /// Part of the volume; empty for all of it.
    pub(crate) sub_path: String,
    /// Whether writes are refused.
    pub(crate) read_only: bool,
    /// Permissions of its files.
    pub(crate) modes: Modes,
}

/// Permissions of the files of a volume that comes from the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    /// Of all files that have none of their own.
    pub(crate) default: Option<u32>,
    /// By path in the volume.
    pub(crate) files: BTreeMap<String, u32>,
}

/// The contents of a tree: paths that begin with `/`.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// What a container sees. Volumes belong to the pod and are lent for a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) root: Tree,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) volumes: BTreeMap<String, Tree>,
    pub(crate) read_only_root: bool,
}

pub(super) const NOT_FOUND: &str = "No such file or directory";
pub(super) const IS_FOLDER: &str = "Is a directory";
pub(super) const NOT_FOLDER: &str = "Not a directory";
pub(super) const READ_ONLY: &str = "Read-only file system";
pub(super) const EXISTS: &str = "File exists";
pub(super) const NOT_EMPTY: &str = "Directory not empty";

/// An absolute path without `.`, `..` and repeated slashes.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

impl Files {
    /// The mount that covers a path, and the path inside its volume.
    fn place(&self, path: &str) -> Option<(&Mount, String)> {
        let covers = |mount: &&Mount| {
            path == mount.path
                || path.strip_prefix(mount.path.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let mount = self.mounts.iter().filter(covers).max_by_key(|mount| mount.path.len())?;
        let rest = path.strip_prefix(mount.path.as_str()).unwrap_or_default();
        let inner = if mount.sub_path.is_empty() {
            rest.to_owned()
        } else {
            format!("/{}{rest}", mount.sub_path)
        };
        Some((mount, if inner.is_empty() { "/".to_owned() } else { inner }))
    }

    fn tree(&self, path: &str) -> (Option<&Tree>, String) {
        match self.place(path) {
            Some((mount, inner)) => (self.volumes.get(&mount.volume), inner),
            None => (Some(&self.root), path.to_owned()),
        }
    }

    fn tree_mut(&mut self, path: &str) -> Result<(&mut Tree, String), &'static str> {
        match self.place(path).map(|(mount, inner)| (mount.read_only, mount.volume.clone(), inner))
        {
            Some((true, _, _)) => Err(READ_ONLY),
            Some((false, volume, inner)) => Ok((self.volumes.entry(volume).or_default(), inner)),
            None if self.read_only_root => Err(READ_ONLY),
            None => Ok((&mut self.root, path.to_owned())),
        }
    }

    /// What is at a path.
    pub(crate) fn entry(&self, path: &str) -> Option<Entry> {
        if path == "/"
            || self.mounts.iter().any(|mount| mount.path == path && mount.sub_path.is_empty())
        {
            return Some(Entry::Folder);
        }
        let (tree, inner) = self.tree(path);
        let tree = tree?;
        if let Some(entry) = tree.get(&inner) {
            return Some(entry.clone());
        }
        let prefix = format!("{}/", inner.trim_end_matches('/'));
        let implied = tree
            .range(prefix.clone()..)
            .next()
            .is_some_and(|(known, _)| known.starts_with(&prefix));
        let above_mount = self
            .mounts
            .iter()
            .any(|mount| mount.path.starts_with(&format!("{}/", path.trim_end_matches('/'))));
        (implied || above_mount).then_some(Entry::Folder)
    }

    /// The permissions of a file that a volume sets.
    pub(crate) fn mode(&self, path: &str) -> Option<u32> {
        let (mount, inner) = self.place(path)?;
        mount.modes.files.get(&inner).copied().or(mount.modes.default)
    }

    /// The contents of a file.
    pub(crate) fn read(&self, path: &str) -> Result<Arc<[u8]>, &'static str> {
        match self.entry(path) {
            Some(Entry::File(data)) => Ok(data),
            Some(Entry::Folder) => Err(IS_FOLDER),
            Some(Entry::Program) => Ok(Arc::from(b"\x7fELF".as_slice())),
            None if matches!(self.entry(parent(path)), Some(Entry::File(_))) => Err(NOT_FOLDER),
            None => Err(NOT_FOUND),
        }
    }

    /// Writes a file.
    pub(crate) fn write(
        &mut self,
        path: &str,
        data: &[u8],
        append: bool,
    ) -> Result<(), &'static str> {
        if path == "/dev/null" {
            return Ok(());
        }
        match (self.entry(path), self.entry(parent(path))) {
            (Some(Entry::Folder), _) => return Err(IS_FOLDER),
            (_, None) => return Err(NOT_FOUND),
            (_, Some(Entry::File(_) | Entry::Program)) => return Err(NOT_FOLDER),
            _ => {}
        }
        let (tree, inner) = self.tree_mut(path)?;
        let mut whole = match tree.get(&inner) {
            Some(Entry::File(known)) if append => known.to_vec(),
            _ => Vec::new(),
        };
        whole.extend_from_slice(data);
        tree.insert(inner, Entry::File(whole.into()));
        Ok(())
    }

    /// Makes a directory.
    pub(crate) fn make_folder(&mut self, path: &str, parents: bool) -> Result<(), &'static str> {
        match self.entry(path) {
            Some(Entry::Folder) if parents => return Ok(()),
            Some(_) => return Err(EXISTS),
            None => {}
        }
        match self.entry(parent(path)) {
            Some(Entry::Folder) => {}
            Some(_) => return Err(NOT_FOLDER),
            None if parents => self.make_folder(parent(path).to_owned().as_str(), true)?,
            None => return Err(NOT_FOUND),
        }
        let (tree, inner) = self.tree_mut(path)?;
        tree.insert(inner, Entry::Folder);
        Ok(())
    }

    /// Removes a file, or with `deep` a directory and all in it.
    pub(crate) fn remove(&mut self, path: &str, deep: bool) -> Result<(), &'static str> {
        match self.entry(path) {
            None => return Err(NOT_FOUND),
            Some(Entry::Folder) if !deep => {
                return Err(if self.names(path).is_empty() { IS_FOLDER } else { NOT_EMPTY });
            }
            Some(_) => {}
        }
        let (tree, inner) = self.tree_mut(path)?;
        let prefix = format!("{}/", inner.trim_end_matches('/'));
        tree.retain(|known, _| *known != inner && !known.starts_with(&prefix));
        Ok(())
    }

    /// The names in a directory, in order.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let (tree, inner) = self.tree(path);
        let prefix = format!("{}/", inner.trim_end_matches('/'));
        let mut names: Vec<String> = tree
            .into_iter()
            .flat_map(|tree| tree.range(prefix.clone()..))
            .take_while(|(known, _)| known.starts_with(&prefix))
            .filter_map(|(known, _)| {
                known.strip_prefix(&prefix)?.split('/').next().map(str::to_owned)
            })
            .collect();
        let outer = format!("{}/", path.trim_end_matches('/'));
        names.extend(self.mounts.iter().filter_map(|mount| {
            mount.path.strip_prefix(&outer)?.split('/').next().map(str::to_owned)
        }));
        names.sort();
        names.dedup();
        names.retain(|name| !name.is_empty());
        names
    }

    /// Every path below a directory, itself first.
    pub(crate) fn walk(&self, path: &str) -> Vec<String> {
        let mut found = vec![path.to_owned()];
        if matches!(self.entry(path), Some(Entry::Folder)) {
            for name in self.names(path) {
                found.extend(self.walk(&absolute(path, &name)));
            }
        }
        found
    }
}
