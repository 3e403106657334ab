//! Snapshots in a folder: one folder a target, one file a subject.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use helm_oci_reports::snapshot::{Snapshot, SnapshotFiles};
use thiserror::Error;

/// A reason why a snapshot could not be read or written.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder contains no snapshot.
    #[error("no snapshot in {folder}; take one with `snapshot TARGET --out DIR`", folder = .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// Another version of this program took the snapshot, in another form.
    #[error("the snapshot in {folder} was taken by another version; take it again with `snapshot TARGET --out DIR`", folder = .folder.display())]
    Form {
        /// The folder.
        folder: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {path}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file could not be written or removed.
    #[error("cannot write {path}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// The name of a target's folder, without a version, so that an upgrade changes the same folder.
pub fn name(target: &str) -> String {
    if let Some(image) = target.strip_prefix("image:") {
        let image = image.split('@').next().unwrap_or(image);
        let tag = image.rfind(':').filter(|at| !image[*at..].contains('/'));
        return safe(&image[..tag.unwrap_or(image.len())]);
    }
    if let Some(command) = target.strip_prefix("process:") {
        let program = command.split_whitespace().next().unwrap_or_default();
        return safe(program.rsplit('/').next().unwrap_or(program));
    }
    if let Some((_, rest)) = target.split_once("://") {
        return safe(rest);
    }
    let (base, options) = target.split_once('+').unwrap_or((target, ""));
    match base.split_once(':') {
        Some((kind, _)) if kind.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            let joint = if options.is_empty() { "" } else { "+" };
            safe(&format!("{kind}{joint}{options}"))
        }
        _ => safe(target),
    }
}

/// A name that is valid as a folder on every system.
pub fn safe(name: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "._+-@".contains(c);
    let name: String = name
        .chars()
        .map(|c| if is_safe(c) { c } else { '_' })
        .collect();
    match name.trim_start_matches('.') {
        "" => "_".to_owned(),
        name => name.to_owned(),
    }
}

/// Reads the snapshot in a folder.
pub fn read(folder: &Path) -> Result<Snapshot, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::Missing {
            folder: folder.to_owned(),
        });
    }
    let mut files = SnapshotFiles::new();
    collect(folder, "", &mut files)?;
    Snapshot::read(files).ok_or_else(|| FolderError::Form {
        folder: folder.to_owned(),
    })
}

fn collect(folder: &Path, prefix: &str, files: &mut SnapshotFiles) -> Result<(), FolderError> {
    let failed = |path: &Path, source| FolderError::Read {
        path: path.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(|source| failed(folder, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| failed(folder, source))?;
        let (path, own) = (entry.path(), entry.file_name());
        let name = format!("{prefix}{}", own.to_string_lossy());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            let text = fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
            // A checkout may have changed line endings.
            files.insert(name, text.replace("\r\n", "\n"));
        }
    }
    Ok(())
}

/// The folders that were created for a snapshot, the innermost first. They are removed again if they stay empty.
#[derive(Debug)]
pub struct CreatedFolders(Vec<PathBuf>);

impl Drop for CreatedFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // A folder with content stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Creates the folder before the run, so that an invalid path is reported at once.
pub fn create(folder: &Path) -> Result<CreatedFolders, FolderError> {
    let missing = folder.ancestors().take_while(|one| !one.exists());
    let created = CreatedFolders(missing.map(Path::to_owned).collect());
    fs::create_dir_all(folder).map_err(|source| FolderError::Write {
        path: folder.to_owned(),
        source,
    })?;
    Ok(created)
}

/// Writes a snapshot into a folder, and deletes the files of the previous one.
pub fn write(folder: &Path, snapshot: &Snapshot) -> Result<(), FolderError> {
    let failed = |path: &Path, source| FolderError::Write {
        path: path.to_owned(),
        source,
    };
    let mut old = SnapshotFiles::new();
    if folder.is_dir() {
        collect(folder, "", &mut old)?;
    }
    for name in old
        .keys()
        .filter(|name| !snapshot.files().contains_key(*name))
    {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|source| failed(&path, source))?;
    }
    for (name, text) in snapshot.files() {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| failed(parent, source))?;
        }
        fs::write(&path, text).map_err(|source| failed(&path, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_name_without_a_version() {
        for (target, folder) in [
            ("distribution:3.0.0+htpasswd", "distribution+htpasswd"),
            ("zot", "zot"),
            ("reference+tls", "reference+tls"),
            (
                "image:r.example:5000/a/b:1.2@sha256:ab",
                "r.example_5000_a_b",
            ),
            ("image:a/b", "a_b"),
            ("process:/usr/bin/docker-registry", "docker-registry"),
            (
                "process:/opt/c++/registry --url http://r.example/x",
                "registry",
            ),
            ("https://r.example:5000/charts", "r.example_5000_charts"),
            ("r.example:5000/charts", "r.example_5000_charts"),
            ("oci://../..", "_.."),
        ] {
            assert_eq!(name(target), folder, "{target}");
        }
    }
}
