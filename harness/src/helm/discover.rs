//! Helms in a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Helm, HelmError};

/// Every executable whose name begins with `helm`, in the folder or directly below it, oldest Helm first.
///
/// One that is no Helm is an error: a folder of Helms is made on purpose.
pub async fn discover(folder: &Path) -> Result<Vec<Helm>, HelmError> {
    let mut helms = Vec::new();
    for path in executables(folder)? {
        helms.push(Helm::meet(&path).await?);
    }
    if helms.is_empty() {
        return Err(HelmError::Nowhere {
            path: folder.to_owned(),
        });
    }
    helms.sort_by(|one, other| {
        one.version
            .cmp(&other.version)
            .then_with(|| one.path.cmp(&other.path))
    });
    Ok(helms)
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
    let named = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("helm"));
    named
        && fs::metadata(path)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helms_are_found_in_a_folder_and_directly_below_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, mode| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            fs::write(&path, "").expect("it can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        };
        make("helm3", 0o755);
        make("helm.txt", 0o644);
        make("kubectl", 0o755);
        make("4.2.4/helm", 0o755);
        make("4.2.4/deeper/helm", 0o755);
        let found = executables(folder.path()).expect("it can be read");
        let found: Vec<_> = found
            .iter()
            .filter_map(|path| path.strip_prefix(folder.path()).ok())
            .collect();
        assert_eq!(found, [Path::new("4.2.4/helm"), Path::new("helm3")]);
    }
}
