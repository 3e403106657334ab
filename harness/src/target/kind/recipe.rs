//! The start of a registry, in a container or as a process: its environment, its command, its files.
//!
//! Values may hold placeholders, which are filled for one launch: `{certificate}` and `{key}` (PEM; the registry is
//! then reached over TLS), `{htpasswd}`, `{bcrypt}`, `{username}` and `{password}` (a user created for the launch),
//! `{port}` (the port it listens on), `{url}` (its URL), `{dir}` (a folder of its own; for a process only).

use std::collections::BTreeMap;

use crate::target::spec::TargetSpec;

/// The path that a registry serves once it is ready.
const READY: &str = "/v2/";

/// Environment, command and files of a registry, with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Variables of its environment.
    pub env: BTreeMap<String, String>,
    /// Its arguments. None keeps those of an image.
    pub command: Vec<String>,
    /// Its files, by path.
    pub files: BTreeMap<String, String>,
    /// The folders of a container that are kept in memory.
    pub tmpfs: Vec<String>,
    /// The path that returns a success status or 401 once the registry is ready.
    pub ready: String,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            env: BTreeMap::new(),
            command: Vec::new(),
            files: BTreeMap::new(),
            tmpfs: Vec::new(),
            ready: READY.to_owned(),
        }
    }
}

impl Recipe {
    /// The recipe in the entry of a targets file.
    pub(super) fn of(spec: &TargetSpec) -> Self {
        Self {
            env: spec.env.clone(),
            command: spec.command.clone(),
            files: spec.files.clone(),
            tmpfs: Vec::new(),
            ready: spec.ready.clone().unwrap_or_else(|| READY.to_owned()),
        }
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<String>) -> Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// Keeps a folder of the container in memory: what a run stores is deleted with the container anyway.
    #[must_use]
    pub fn in_memory(mut self, folder: &str) -> Self {
        self.tmpfs.push(folder.to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        self.command.extend(arguments);
        self
    }

    /// True if one of the placeholders occurs.
    pub fn mentions(&self, placeholders: &[&str]) -> bool {
        let values = self.env.values().chain(&self.command);
        let mut values = values.chain(self.files.values());
        values.any(|value| placeholders.iter().any(|word| value.contains(word)))
    }
}
