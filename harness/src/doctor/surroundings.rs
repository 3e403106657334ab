//! What the environment says, as far as Helm or Docker listens to it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that are looked at.
pub const VARIABLES: &[&str] = &[
    "DOCKER_CONFIG",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_EXPERIMENTAL_OCI",
    "HELM_PLUGINS",
    "HELM_REGISTRY_CONFIG",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// The values of [`VARIABLES`]; an empty one counts as absent, as it does for Helm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings(BTreeMap<&'static str, OsString>);

impl Surroundings {
    /// Reads each variable.
    pub fn of(read: impl Fn(&str) -> Option<OsString>) -> Self {
        let value = |name: &&'static str| {
            let value = read(name).filter(|value| !value.is_empty())?;
            Some((*name, value))
        };
        Self(VARIABLES.iter().filter_map(value).collect())
    }

    /// A variable as text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?;
        Some(value.to_string_lossy().into_owned())
    }

    /// A variable that names a file or a folder.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).map(PathBuf::from)
    }

    /// Where programs are looked for.
    pub(super) fn search_path(&self) -> OsString {
        self.0.get("PATH").cloned().unwrap_or_default()
    }

    /// Below the user's own folder.
    pub(super) fn home(&self, below: &str) -> Option<PathBuf> {
        self.path("HOME").map(|home| home.join(below))
    }

    /// Where Helm keeps its data.
    pub(super) fn helm_data(&self) -> Option<PathBuf> {
        let default = if cfg!(target_os = "macos") {
            "Library/helm"
        } else {
            ".local/share/helm"
        };
        self.helm_folder("HELM_DATA_HOME", "XDG_DATA_HOME", default)
    }

    /// Where Helm keeps its configuration.
    pub(super) fn helm_config(&self) -> Option<PathBuf> {
        let default = if cfg!(target_os = "macos") {
            "Library/Preferences/helm"
        } else {
            ".config/helm"
        };
        self.helm_folder("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", default)
    }

    /// The files in which a Helm of the user's looks for credentials, and whose each is: its own, then Docker's.
    pub fn login_files(&self) -> Vec<(&'static str, PathBuf)> {
        let helm = self.path("HELM_REGISTRY_CONFIG").or_else(|| {
            let config = self.helm_config();
            config.map(|config| config.join("registry/config.json"))
        });
        let docker = self.path("DOCKER_CONFIG").or_else(|| self.home(".docker"));
        let docker = docker.map(|folder| folder.join("config.json"));
        let files = [("Helm", helm), ("Docker", docker)];
        files
            .into_iter()
            .filter_map(|(owner, path)| Some((owner, path?)))
            .collect()
    }

    fn helm_folder(&self, own: &str, base: &str, default: &str) -> Option<PathBuf> {
        let own = self.path(own);
        let based = || self.path(base).map(|base| base.join("helm"));
        own.or_else(based).or_else(|| self.home(default))
    }
}

#[cfg(test)]
pub(super) fn made_of(values: &[(&str, &str)]) -> Surroundings {
    Surroundings::of(|name| {
        let value = values.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| OsString::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_prefers_its_own_variable_to_that_of_the_desktop() {
        let own = [("HELM_DATA_HOME", "/own"), ("XDG_DATA_HOME", "/desktop")];
        assert_eq!(made_of(&own).helm_data(), Some("/own".into()));
        assert_eq!(made_of(&own[1..]).helm_data(), Some("/desktop/helm".into()));
        let home = made_of(&[("HOME", "/home/ann"), ("HELM_DATA_HOME", "")]);
        let data = home.helm_data().expect("there is a home");
        assert!(data.starts_with("/home/ann") && data.ends_with("helm"));
        assert_eq!(made_of(&[]).helm_data(), None);
    }
}
