//! The environment variables of the program. Only the command line creates an [`Environment`].

use std::ffi::OsString;
use std::path::PathBuf;

type Read = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// A reader of environment variables. An empty variable counts as unset, as it does for Helm.
pub struct Environment(Box<Read>);

impl Environment {
    /// An environment that reads each variable by this function.
    pub fn new(read: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Box::new(read))
    }

    fn value(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// A variable that holds text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.into_string().ok()
    }

    /// A variable that names a file or a folder.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    /// The search path of programs; empty if it is not set.
    pub fn search_path(&self) -> OsString {
        self.value("PATH").unwrap_or_default()
    }

    /// The folder in which Helm keeps its data.
    pub fn helm_data(&self) -> Option<PathBuf> {
        let default = if cfg!(target_os = "macos") {
            "Library/helm"
        } else {
            ".local/share/helm"
        };
        self.helm_folder("HELM_DATA_HOME", "XDG_DATA_HOME", default)
    }

    /// The files in which Helm looks for credentials, each with the program that owns it: its own, then Docker's.
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

    /// The folder in which Helm keeps its configuration.
    fn helm_config(&self) -> Option<PathBuf> {
        let default = if cfg!(target_os = "macos") {
            "Library/Preferences/helm"
        } else {
            ".config/helm"
        };
        self.helm_folder("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", default)
    }

    fn helm_folder(&self, own: &str, base: &str, default: &str) -> Option<PathBuf> {
        let own = self.path(own);
        let based = || self.path(base).map(|base| base.join("helm"));
        own.or_else(based).or_else(|| self.home(default))
    }

    /// A path below the user's home folder.
    fn home(&self, below: &str) -> Option<PathBuf> {
        self.path("HOME").map(|home| home.join(below))
    }
}

#[cfg(test)]
impl Environment {
    /// An environment with these variables only.
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables: Vec<(String, OsString)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        Self::new(move |wanted| {
            let variable = variables.iter().find(|(name, _)| name == wanted);
            variable.map(|(_, value)| value.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_prefers_its_own_variable_to_that_of_the_desktop() {
        let own = [("HELM_DATA_HOME", "/own"), ("XDG_DATA_HOME", "/desktop")];
        let helm_data = |variables| Environment::of(variables).helm_data();
        assert_eq!(helm_data(&own), Some("/own".into()));
        assert_eq!(helm_data(&own[1..]), Some("/desktop/helm".into()));
        let home = helm_data(&[("HOME", "/home/ann"), ("HELM_DATA_HOME", "")]);
        let home = home.expect("there is a home");
        assert!(home.starts_with("/home/ann") && home.ends_with("helm"));
        assert_eq!(helm_data(&[]), None);
    }

    #[test]
    fn login_files_are_those_that_helm_and_docker_read() {
        let paths = |variables| {
            let files = Environment::of(variables).login_files().into_iter();
            files.map(|(_, path)| path).collect::<Vec<_>>()
        };
        let given = [("HELM_REGISTRY_CONFIG", "/h.json"), ("DOCKER_CONFIG", "/d")];
        assert_eq!(
            paths(&given),
            ["/h.json", "/d/config.json"].map(PathBuf::from)
        );
        let home = [("HOME", "/u"), ("HELM_CONFIG_HOME", "/c")];
        let expected = ["/c/registry/config.json", "/u/.docker/config.json"];
        assert_eq!(paths(&home), expected.map(PathBuf::from));
    }
}
