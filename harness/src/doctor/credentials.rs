//! Stored logins, and the credential helpers that Helm and Docker run for them.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use helm_oci_reports::text::plural;

use super::Finding;
use crate::environment::Environment;
use crate::helm::is_executable;
use crate::target::credentials::{LoginError, Logins};

const ABOUT: &str = "credentials";

/// A file in which Helm looks for credentials.
pub(super) struct File {
    /// The program that owns it.
    pub(super) owner: &'static str,
    /// Its path.
    pub(super) path: PathBuf,
    /// Its logins.
    pub(super) logins: Result<Logins, LoginError>,
}

/// The files in which the user's Helm looks for credentials.
pub(super) fn files(environment: &Environment) -> Vec<File> {
    let files = environment.login_files().into_iter();
    files
        .map(|(owner, path)| File {
            owner,
            logins: Logins::read(&path),
            path,
        })
        .collect()
}

/// Findings on these files. Helpers are looked up on this search path.
pub(super) fn findings(files: &[File], search_path: &OsStr) -> Vec<Finding> {
    files
        .iter()
        .flat_map(|file| in_file(file, search_path))
        .collect()
}

fn in_file(file: &File, search_path: &OsStr) -> Vec<Finding> {
    let path = file.path.display();
    let logins = match &file.logins {
        Ok(logins) => logins,
        Err(LoginError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let seen = format!("no login stored by {}: {path} does not exist", file.owner);
            return vec![Finding::ok(ABOUT, seen)];
        }
        Err(LoginError::Unreadable { source, .. }) => {
            let seen = format!("cannot read {path}: {source}");
            return vec![Finding::problem(ABOUT, seen, "make the file readable")];
        }
        Err(_) => {
            let seen = format!("{path} is not a valid configuration file");
            let advice = "repair or remove it; `helm registry login` and `docker login` create it";
            return vec![Finding::problem(ABOUT, seen, advice)];
        }
    };
    let helpers = logins.helpers();
    if helpers.is_empty() {
        let stored = plural(logins.count(), "stored login");
        let seen = format!("{path} names no credential helper; {stored}");
        return vec![Finding::ok(ABOUT, seen)];
    }
    let finding = |helper: &str| helper_finding(file, helper, search_path);
    helpers.into_iter().map(finding).collect()
}

fn helper_finding(file: &File, helper: &str, search_path: &OsStr) -> Finding {
    let path = file.path.display();
    let program = format!("docker-credential-{helper}");
    let mut places = env::split_paths(search_path).map(|folder| folder.join(&program));
    match places.find(|place| is_executable(place)) {
        Some(place) => Finding::ok(
            ABOUT,
            format!("{path} uses the credential helper {}", place.display()),
        ),
        None => Finding::problem(
            ABOUT,
            format!("{path} uses the credential helper {program}, which is not on the PATH"),
            format!("install {program}, or remove it from credsStore and credHelpers"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::doctor::Grade;

    fn file(logins: Result<Logins, LoginError>) -> [File; 1] {
        [File {
            owner: "Helm",
            path: "/c.json".into(),
            logins,
        }]
    }

    fn graded(text: &str, search_path: &str) -> Vec<(Grade, String)> {
        let logins = Logins::parse(Path::new("/c.json"), text);
        let found = findings(&file(logins), search_path.as_ref());
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
        let uses = "/c.json uses the credential helper";
        let expected = [
            (
                Grade::Problem,
                format!("{uses} docker-credential-gone, which is not on the PATH"),
            ),
            (Grade::Ok, format!("{uses} {}", program.display())),
        ];
        assert_eq!(graded(text, &search_path), expected);
    }

    #[test]
    fn no_secret_is_repeated() {
        let text = r#"{"auths": {"ghcr.io": {"auth": "YW5uOnMzY3JldA=="}}}"#;
        let expected = "/c.json names no credential helper; 1 stored login";
        assert_eq!(graded(text, ""), [(Grade::Ok, expected.to_owned())]);
        let broken = graded(r#"{"auths": "YW5uOnMzY3JldA=="}"#, "");
        let expected = "/c.json is not a valid configuration file";
        assert_eq!(broken, [(Grade::Problem, expected.to_owned())]);
    }

    #[test]
    fn a_missing_file_is_ok_and_an_unreadable_one_is_a_problem() {
        let found = |kind: io::ErrorKind| {
            let unreadable = LoginError::Unreadable {
                path: "/c.json".into(),
                source: kind.into(),
            };
            findings(&file(Err(unreadable)), "".as_ref())
        };
        assert_eq!(found(io::ErrorKind::NotFound)[0].grade, Grade::Ok);
        let unreadable = found(io::ErrorKind::PermissionDenied);
        assert_eq!(unreadable[0].grade, Grade::Problem);
    }
}
