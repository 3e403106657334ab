//! The destination of a report: standard output, or a file that is complete or does not exist.
//!
//! A report is written next to its destination and renamed. Without a report the destination stays as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::output::{self, OutputError};

/// The destination of a report.
pub(super) enum Sink {
    /// Standard output.
    Stdout,
    /// A pipe or a device, such as `/dev/stdout`, or a file in a folder that takes no other: it is written in place.
    InPlace(PathBuf, File),
    /// A file that others write as well; the report is appended.
    Append(PathBuf, File),
    /// A file, and the one next to it that takes its place.
    Beside {
        /// The file.
        path: PathBuf,
        /// The file next to it.
        part: Part,
    },
}

/// A file that is removed unless it is renamed.
pub(super) struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the renaming there is none.
        let _ = fs::remove_file(&self.0);
    }
}

impl Sink {
    /// Opens a file, or standard output for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let failed = |source| OutputError::file(path, source);
        // `/dev/stdout` may be a file, which the shell opened.
        let is_special =
            path.starts_with("/dev") || fs::metadata(path).is_ok_and(|found| !found.is_file());
        if !is_special {
            // A link stays a link.
            let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            match part(&place) {
                Ok(part) => return Ok(Self::Beside { path: place, part }),
                // The folder may hold a file that can be written, and take no other.
                Err(_) if place.is_file() => {}
                Err(source) => return Err(failed(source)),
            }
        }
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        Ok(Self::InPlace(path.to_owned(), file))
    }

    /// Opens a file to which the report is appended; it is created if it does not exist.
    pub(super) fn open_to_append(path: &Path) -> Result<Self, OutputError> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|source| OutputError::file(path, source))?;
        Ok(Self::Append(path.to_owned(), file))
    }

    /// Writes the report.
    pub(super) fn write(&mut self, text: &str) -> Result<(), OutputError> {
        match self {
            Self::Stdout => output::print(text),
            Self::InPlace(path, file) => {
                write_in_place(file, text).map_err(|source| OutputError::file(path, source))
            }
            Self::Append(path, file) => file
                .write_all(text.as_bytes())
                .map_err(|source| OutputError::file(path, source)),
            Self::Beside { path, part } => fs::write(&part.0, text)
                .and_then(|()| fs::rename(&part.0, &*path))
                .map_err(|source| OutputError::file(path, source)),
        }
    }
}

/// Writes a report, if one is wanted.
pub(super) fn write<E: From<OutputError>>(
    sink: &mut Option<Sink>,
    text: impl FnOnce() -> Result<String, E>,
) -> Result<(), E> {
    if let Some(sink) = sink {
        sink.write(&text()?)?;
    }
    Ok(())
}

/// Creates the file next to a destination.
fn part(path: &Path) -> io::Result<Part> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = path.with_file_name(name);
    File::create(&part)?;
    Ok(Part(part))
}

fn write_in_place(file: &mut File, text: &str) -> io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder is readable");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_report_is_complete_or_does_not_exist() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        fs::write(&path, "an older report, which is longer").expect("it is written");
        let mut sink = Sink::open(&path).expect("it is opened");
        let before = fs::read_to_string(&path).expect("it is read");
        assert_eq!(before, "an older report, which is longer");
        sink.write("new").expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is read"), "new");
        drop(sink);
        assert_eq!(names(folder.path()), ["report.json"]);

        drop(Sink::open(&path).expect("it is opened"));
        assert_eq!(
            names(folder.path()),
            ["report.json"],
            "a run without a report"
        );
        assert_eq!(fs::read_to_string(&path).expect("it is read"), "new");
    }

    #[test]
    fn a_destination_that_cannot_be_written_is_an_error_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().to_owned(), folder.path().join("no/report")] {
            assert!(Sink::open(&path).is_err(), "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_report_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, link] = ["report", "link"].map(|name| folder.path().join(name));
        fs::write(&path, "old").expect("it is written");
        std::os::unix::fs::symlink(&path, &link).expect("it is linked");
        let mut sink = Sink::open(&link).expect("it is opened");
        sink.write("new").expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is read"), "new");
        assert!(
            fs::symlink_metadata(&link)
                .expect("it is there")
                .is_symlink()
        );
    }
}
