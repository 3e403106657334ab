//! The folder of a site: all files are written next to it first, and then take the place of an earlier site.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use helm_oci_reports::site::{ROOTS, SiteFile};
use thiserror::Error;

/// The file by which a site is recognised.
const MARKER: &str = ".helm-oci-conformance-site";

/// A folder into which no site can be written.
#[derive(Debug, Error)]
pub(in crate::cli) enum FolderError {
    #[error(
        "{out} is not empty, and no site that this program wrote; name a new folder, or empty it", out = .out.display()
    )]
    Foreign { out: PathBuf },
    #[error("{out} is not a folder; name a new folder", out = .out.display())]
    NoFolder { out: PathBuf },
    #[error("cannot write the site to {out}; what was there before is unchanged", out = .out.display())]
    Unwritable {
        out: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A folder into which a site can be written.
pub(super) struct Folder {
    out: PathBuf,
    exists: bool,
}

/// A folder that is removed with everything in it.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the renaming there may be none.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    /// Verifies that the folder does not exist, is empty, or holds a site.
    pub(super) fn open(out: &Path) -> Result<Self, FolderError> {
        let out = out.to_owned();
        let mut entries = match fs::read_dir(&out) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { out, exists: false });
            }
            Err(_) if out.is_file() => return Err(FolderError::NoFolder { out }),
            Err(source) => return Err(FolderError::Unwritable { out, source }),
        };
        if entries.next().is_some() && !out.join(MARKER).is_file() {
            return Err(FolderError::Foreign { out });
        }
        Ok(Self { out, exists: true })
    }

    /// Writes the files. Files that no site consists of are left alone.
    pub(super) fn write(&self, files: &[SiteFile]) -> Result<(), FolderError> {
        self.replace(files)
            .map_err(|source| FolderError::Unwritable {
                out: self.out.clone(),
                source,
            })
    }

    fn replace(&self, files: &[SiteFile]) -> io::Result<()> {
        let name = format!(".site.{}.part", std::process::id());
        let part = if self.exists {
            self.out.join(name)
        } else {
            let around = self
                .out
                .parent()
                .filter(|around| !around.as_os_str().is_empty());
            let around = around.unwrap_or(Path::new("."));
            fs::create_dir_all(around)?;
            around.join(name)
        };
        let part = Part(part);
        let (new, old) = (part.0.join("new"), part.0.join("old"));
        for file in files {
            let path = new.join(&file.path);
            fs::create_dir_all(path.parent().unwrap_or(&new))?;
            fs::write(&path, &file.content)?;
        }
        fs::write(
            new.join(MARKER),
            "a site of helm-oci-conformance; `site` replaces it\n",
        )?;
        if !self.exists {
            return fs::rename(&new, &self.out);
        }
        fs::create_dir_all(&old)?;
        let roots: Vec<&str> = std::iter::once(MARKER)
            .chain(ROOTS.iter().copied())
            .collect();
        for (position, root) in roots.iter().enumerate() {
            if let Err(error) = exchange(&self.out.join(root), &new.join(root), &old.join(root)) {
                for done in roots[..=position].iter().rev() {
                    // The error that is reported is the first one.
                    let _ = exchange(&self.out.join(done), &old.join(done), &new.join(done));
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Moves what is at a place to `away`, and `new` to the place. Either may be missing.
fn exchange(place: &Path, new: &Path, away: &Path) -> io::Result<()> {
    let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
    if exists(place) {
        fs::rename(place, away)?;
    }
    if exists(new) {
        fs::rename(new, place)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> SiteFile {
        SiteFile {
            path: path.to_owned(),
            content: content.to_owned(),
        }
    }

    /// The paths below a folder, sorted.
    fn paths(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(folder).expect("it is below");
                    found.push(relative.display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_site_replaces_an_earlier_site_and_nothing_else() {
        let around = tempfile::tempdir().expect("a folder");
        let out = around.path().join("a/site");
        let write = |files: &[SiteFile]| Folder::open(&out).expect("it is usable").write(files);
        write(&[file("index.html", "1"), file("registry/a.html", "1")]).expect("it is written");
        assert_eq!(paths(&out), [MARKER, "index.html", "registry/a.html"]);
        fs::write(out.join("CNAME"), "example.org").expect("it is written");
        write(&[file("index.html", "2"), file("registry/b.html", "2")]).expect("it is written");
        assert_eq!(
            paths(&out),
            [MARKER, "CNAME", "index.html", "registry/b.html"]
        );
        assert_eq!(
            fs::read_to_string(out.join("index.html")).expect("it is read"),
            "2"
        );
        assert_eq!(paths(around.path()).len(), 4, "nothing else is left");
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let around = tempfile::tempdir().expect("a folder");
        let error = |out: &Path| Folder::open(out).err().expect("it is refused").to_string();
        let path = around.path().join("file");
        fs::write(&path, "").expect("it is written");
        assert!(error(&path).contains("is not a folder"));
        assert!(error(around.path()).contains("is not empty, and no site"));
        assert_eq!(paths(around.path()), ["file"]);
    }

    #[test]
    fn a_site_that_cannot_be_written_leaves_the_earlier_one() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(around.path()).expect("it is empty");
        folder
            .write(&[file("index.html", "1"), file("v1/a", "1")])
            .expect("it is written");
        // A file and a folder of one name cannot both be written.
        let error = folder.write(&[file("index.html", "2"), file("v1", ""), file("v1/a", "2")]);
        let error = error.expect_err("it fails").to_string();
        assert!(
            error.contains("what was there before is unchanged"),
            "{error}"
        );
        assert_eq!(paths(around.path()), [MARKER, "index.html", "v1/a"]);
        assert_eq!(
            fs::read_to_string(around.path().join("index.html")).expect("it is read"),
            "1"
        );
    }
}
