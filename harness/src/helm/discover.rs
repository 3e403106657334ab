//! Discovery of Helm binaries in a folder and on the search path.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Helm, HelmError};

/// Every executable in the folder or its direct subfolders whose name starts with `helm`, by version, oldest first.
///
/// An executable of such a name that is no Helm binary is an error.
pub async fn discover(folder: &Path) -> Result<Vec<Helm>, HelmError> {
    let mut helm_binaries = Vec::new();
    for path in in_folder(folder)? {
        helm_binaries.push(Helm::probe(&path).await?);
    }
    helm_binaries.sort_by(|one, other| {
        one.version
            .cmp(&other.version)
            .then_with(|| one.path.cmp(&other.path))
    });
    Ok(helm_binaries)
}

/// The binaries that an argument refers to: the path of a binary, a folder of binaries, or a name on the search path.
pub fn candidates(given: &Path, search_path: &OsStr) -> Result<Vec<PathBuf>, HelmError> {
    if given.components().count() == 1 && !given.exists() {
        let mut folders = env::split_paths(search_path).map(|folder| folder.join(given));
        let binary = folders.find(|binary| is_executable(binary));
        let missing = || HelmError::NotOnPath {
            name: given.to_owned(),
        };
        return Ok(vec![binary.ok_or_else(missing)?]);
    }
    if given.is_dir() {
        in_folder(given)
    } else {
        Ok(vec![given.to_owned()])
    }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, HelmError> {
    let found = executables(folder)?;
    if found.is_empty() {
        return Err(HelmError::NoneInFolder {
            path: folder.to_owned(),
        });
    }
    Ok(found)
}

/// The Helm binaries that the paths refer to, oldest first; see [`candidates`]. Two binaries of one version are an
/// error.
pub async fn locate(paths: &[PathBuf], search_path: &OsStr) -> Result<Vec<Helm>, HelmError> {
    let mut helm_binaries: Vec<Helm> = Vec::new();
    for path in paths {
        for binary in candidates(path, search_path)? {
            helm_binaries.push(Helm::probe(&binary).await?);
        }
    }
    helm_binaries.sort_by(|one, other| one.version.cmp(&other.version));
    for pair in helm_binaries.windows(2) {
        if let [one, other] = pair
            && one.version == other.version
        {
            return Err(HelmError::Duplicate {
                version: one.version.clone(),
                binaries: format!("{} and {}", one.path.display(), other.path.display()),
            });
        }
    }
    Ok(helm_binaries)
}

/// Every executable on a search path, such as `PATH`, with the name `helm` or that of a version: `helm3`,
/// `helm-3.10.1`, `helm-v4.2.4`. In the order of the path; a binary with several names counts once.
///
/// Names of other programs start with `helm` as well: `helmfile`, `helm-docs`.
pub fn on_path(search_path: &OsStr) -> Vec<PathBuf> {
    let mut met = BTreeSet::new();
    let mut found = Vec::new();
    for folder in env::split_paths(search_path) {
        // A search path may contain folders that do not exist.
        let here = entries(&folder).unwrap_or_default();
        let helm_binaries = here.into_iter().filter(|path| is_version(path));
        found.extend(
            helm_binaries.filter(|path| fs::canonicalize(path).is_ok_and(|real| met.insert(real))),
        );
    }
    found
}

fn executables(folder: &Path) -> Result<Vec<PathBuf>, HelmError> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(entries(&path)?.into_iter().filter(|path| is_helm(path)));
        } else if is_helm(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, HelmError> {
    let failed = |source| HelmError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_helm(path: &Path) -> bool {
    suffix(path).is_some() && is_executable(path)
}

fn is_version(path: &Path) -> bool {
    let named = suffix(path).is_some_and(|suffix| {
        let version = suffix.strip_prefix('-').unwrap_or(&suffix);
        let version = version.strip_prefix('v').unwrap_or(version);
        suffix.is_empty() || version.starts_with(|c: char| c.is_ascii_digit())
    });
    named && is_executable(path)
}

/// The rest of a file name after `helm`.
fn suffix(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    name.strip_prefix("helm").map(ToOwned::to_owned)
}

/// True if a file is executable.
pub(crate) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_helm(path: &Path, version: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, format!("#!/bin/sh\necho v{version}\n")).expect("it can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    #[tokio::test]
    async fn a_binary_is_located_by_path_by_folder_and_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        write_helm(&at("one/helm"), "4.2.4");
        write_helm(&at("bin/helm3"), "3.10.1");
        write_helm(&at("other"), "3.7.2");
        write_helm(&at("again"), "3.7.2");
        let path = at("bin").into_os_string();
        let asked = [at("one"), at("other"), PathBuf::from("helm3")];
        // Another test may fork while a script is open for writing.
        let located = async |asked: Vec<PathBuf>| loop {
            match locate(&asked, &path).await {
                Err(HelmError::Start { source, .. })
                    if source.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
                located => return located,
            }
        };
        let found = located(asked.to_vec()).await.expect("all are there");
        let versions: Vec<_> = found.iter().map(|helm| helm.version.to_string()).collect();
        assert_eq!(versions, ["3.7.2", "3.10.1", "4.2.4"]);
        let twice = located(vec![at("other"), at("again")]).await;
        assert!(
            matches!(twice, Err(HelmError::Duplicate { .. })),
            "{twice:?}"
        );
        let missing = located(vec![PathBuf::from("helm9")]).await;
        assert!(
            matches!(missing, Err(HelmError::NotOnPath { .. })),
            "{missing:?}"
        );
    }

    fn make(folder: &Path, name: &str, mode: u32) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(&path, "").expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    /// The paths relative to a folder.
    fn below<'a>(folder: &Path, found: &'a [PathBuf]) -> Vec<&'a Path> {
        found
            .iter()
            .filter_map(|path| path.strip_prefix(folder).ok())
            .collect()
    }

    #[test]
    fn binaries_are_found_in_a_folder_and_its_direct_subfolders() {
        let folder = tempfile::tempdir().expect("a folder");
        make(folder.path(), "helm3", 0o755);
        make(folder.path(), "helm.txt", 0o644);
        make(folder.path(), "kubectl", 0o755);
        make(folder.path(), "4.2.4/helm", 0o755);
        make(folder.path(), "4.2.4/deeper/helm", 0o755);
        let found = executables(folder.path()).expect("it can be read");
        let found = below(folder.path(), &found);
        assert_eq!(found, [Path::new("4.2.4/helm"), Path::new("helm3")]);
    }

    #[test]
    fn each_binary_on_the_search_path_is_found_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            "b/helm",
            "a/helm-v4.2.4",
            "a/helm3",
            "a/helmfile",
            "a/helm-docs",
        ] {
            make(folder.path(), name, 0o755);
        }
        make(folder.path(), "a/helm", 0o644);
        std::os::unix::fs::symlink(folder.path().join("b/helm"), folder.path().join("b/helm-3"))
            .expect("a link");
        let folders = ["b", "nowhere", "a"].map(|name| folder.path().join(name));
        let search_path = env::join_paths(folders).expect("no colon in it");
        let found = on_path(&search_path);
        let found = below(folder.path(), &found);
        let expected = ["b/helm", "a/helm-v4.2.4", "a/helm3"];
        assert_eq!(found, expected.map(Path::new));
    }
}
