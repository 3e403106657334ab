//! Notes about registries, from a file of the user: what no run can observe.

use serde::Serialize;
use strum::Display;
use wildmatch::WildMatch;

/// The notes of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// One entry for each registry.
    pub registries: Vec<RegistryNotes>,
}

/// The notes about one registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryNotes {
    /// The name of the registry on the site.
    pub name: String,
    /// Patterns of the names of its targets, with `*`.
    pub targets: Vec<String>,
    /// Hosted or self-run.
    pub kind: Option<Hosting>,
    /// The vendor, or the project.
    pub vendor: Option<String>,
    /// The page of the registry.
    pub url: Option<String>,
    /// The page that documents how it stores Helm charts.
    pub documentation: Option<String>,
    /// The configuration that was examined.
    pub configuration: Option<String>,
    /// What must be done before a push.
    pub before_push: BeforePush,
    /// Notes of the vendor or of others.
    pub notes: Vec<Note>,
    /// Known issues.
    pub issues: Vec<Issue>,
}

/// Everything that must be done before a push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BeforePush {
    /// The way in which the repository is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The form of the user name of `helm registry login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The kind of password or token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// The party that runs a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Hosting {
    /// The vendor.
    Hosted,
    /// The user.
    SelfRun,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The date of the note.
    pub date: String,
    /// The author.
    pub by: String,
    /// The note.
    pub text: String,
}

/// A known issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The issue in a few words.
    pub title: String,
    /// The page of the issue.
    pub url: String,
    /// The requirement whose finding it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
}

impl Notes {
    /// The notes about a target; the first entry that matches.
    pub fn about(&self, target: &str) -> Option<&RegistryNotes> {
        let mut all = self.registries.iter();
        all.find(|one| {
            one.targets
                .iter()
                .any(|pattern| WildMatch::new(pattern).matches(target))
        })
    }
}

impl BeforePush {
    /// The facts with their labels.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("repository", &self.repository),
            ("user name", &self.user_name),
            ("token", &self.token),
        ];
        all.into_iter()
            .filter_map(|(label, fact)| Some((label, fact.as_deref()?)))
    }
}
