//! Credential helpers: programs that Helm and Docker are told to ask, and that must be there.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Finding, Surroundings};
use crate::helm::is_executable;

const ABOUT: &str = "credentials";

/// A file in which Helm looks for credentials, with its content.
#[derive(Debug)]
pub(super) struct File {
    /// Whose it is.
    pub(super) owner: &'static str,
    /// Where it is.
    pub(super) path: PathBuf,
    /// What is in it.
    pub(super) text: io::Result<String>,
}

/// What matters of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "the values are secrets and are dropped as they are read"
    )]
    auths: BTreeMap<String, IgnoredAny>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

/// The files in which a Helm of the user's looks: its own, then Docker's.
pub(super) fn files(surroundings: &Surroundings) -> Vec<File> {
    let files = surroundings.login_files().into_iter();
    files
        .map(|(owner, path)| {
            let text = fs::read_to_string(&path);
            File { owner, path, text }
        })
        .collect()
}

/// What these files mean where programs are looked for on this search path.
pub(super) fn findings(files: &[File], search_path: &OsStr) -> Vec<Finding> {
    files
        .iter()
        .flat_map(|file| in_file(file, search_path))
        .collect()
}

fn in_file(file: &File, search_path: &OsStr) -> Vec<Finding> {
    let path = file.path.display();
    let text = match &file.text {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let owner = file.owner;
            return vec![Finding::ok(ABOUT, format!("{owner} has none: no {path}"))];
        }
        Err(error) => {
            let seen = format!("{path} cannot be read: {error}");
            return vec![Finding::problem(ABOUT, seen, "make it readable for you")];
        }
    };
    // The error may quote what is in the file, so it is not repeated.
    let Ok(settings) = serde_json::from_str::<Settings>(text) else {
        let seen = format!("{path} is no configuration of credentials");
        let advice = "repair or remove it; `helm registry login` and `docker login` write it anew";
        return vec![Finding::problem(ABOUT, seen, advice)];
    };
    let helpers = helpers(&settings);
    if helpers.is_empty() {
        let count = settings.auths.len();
        let seen = format!("{path} asks no helper, and knows {count} registries");
        return vec![Finding::ok(ABOUT, seen)];
    }
    let finding = |helper: &str| helper_finding(file, helper, search_path);
    helpers.into_iter().map(finding).collect()
}

fn helpers(settings: &Settings) -> BTreeSet<&str> {
    let all = settings
        .cred_helpers
        .values()
        .chain([&settings.creds_store]);
    all.map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect()
}

fn helper_finding(file: &File, helper: &str, search_path: &OsStr) -> Finding {
    let path = file.path.display();
    let program = format!("docker-credential-{helper}");
    let mut places = env::split_paths(search_path).map(|folder| folder.join(&program));
    match places.find(|place| is_executable(place)) {
        Some(place) => Finding::ok(ABOUT, format!("{path} asks {}", place.display())),
        None => Finding::problem(
            ABOUT,
            format!("{path} asks {program}, which is not on PATH"),
            format!("install {program}, or take it out of credsStore and credHelpers"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::doctor::Grade;
    use crate::doctor::surroundings::made_of;

    fn file(text: io::Result<String>) -> [File; 1] {
        [File {
            owner: "Helm",
            path: "/c.json".into(),
            text,
        }]
    }

    fn graded(text: &str, search_path: &str) -> Vec<(Grade, String)> {
        let found = findings(&file(Ok(text.to_owned())), search_path.as_ref());
        let graded = found.into_iter().map(|one| (one.grade, one.seen));
        graded.collect()
    }

    #[test]
    fn helpers_must_be_on_the_search_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("docker-credential-here");
        fs::write(&program, "").expect("a file in it");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let text =
            r#"{"credsStore": "gone", "credHelpers": {"ghcr.io": "here", "quay.io": "gone"}}"#;
        let search_path = folder.path().to_string_lossy();
        let expected = [
            (
                Grade::Problem,
                "/c.json asks docker-credential-gone, which is not on PATH".to_owned(),
            ),
            (Grade::Ok, format!("/c.json asks {}", program.display())),
        ];
        assert_eq!(graded(text, &search_path), expected);
    }

    #[test]
    fn no_secret_is_repeated() {
        let text = r#"{"auths": {"ghcr.io": {"auth": "YW5uOnMzY3JldA=="}}}"#;
        let expected = "/c.json asks no helper, and knows 1 registries";
        assert_eq!(graded(text, ""), [(Grade::Ok, expected.to_owned())]);
        let broken = graded(r#"{"auths": "YW5uOnMzY3JldA=="}"#, "");
        let expected = "/c.json is no configuration of credentials";
        assert_eq!(broken, [(Grade::Problem, expected.to_owned())]);
    }

    #[test]
    fn no_file_is_no_trouble_but_one_that_cannot_be_read_is() {
        let found = |kind: io::ErrorKind| findings(&file(Err(kind.into())), "".as_ref());
        assert_eq!(found(io::ErrorKind::NotFound)[0].grade, Grade::Ok);
        let unreadable = found(io::ErrorKind::PermissionDenied);
        assert_eq!(unreadable[0].grade, Grade::Problem);
    }

    #[test]
    fn the_files_are_where_helm_and_docker_look() {
        let paths = |values: &[(&str, &str)]| {
            let files = files(&made_of(values)).into_iter();
            files.map(|file| file.path).collect::<Vec<_>>()
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
