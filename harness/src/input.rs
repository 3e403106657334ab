//! Files of the user: their size is limited, and an error quotes only the beginning of their lines.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use helm_oci_reports::text::line;
use helm_oci_suite::oci::in_words;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The longest part of a line that an error quotes, in characters.
const QUOTED: usize = 120;

/// The most lines of an error of a parser.
const LINES: usize = 6;

/// The largest run record that is read, in bytes.
const LARGEST_RECORD: u64 = 1 << 30;

/// Reads a file of text that somebody wrote.
pub fn read(path: &Path) -> io::Result<String> {
    read_up_to(path, LARGEST)
}

/// Reads a run record.
pub fn read_record(path: &Path) -> io::Result<String> {
    read_up_to(path, LARGEST_RECORD)
}

fn read_up_to(path: &Path, largest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(largest + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let mebibytes = largest >> 20;
        return Err(io::Error::other(format!(
            "it is larger than {mebibytes} MiB"
        )));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text in UTF-8"))
}

/// The error of a parser: its first lines, cut, without control characters, and without names of types.
pub fn problem(error: &impl ToString) -> String {
    let text = error.to_string();
    let lines = text.trim_end().lines().take(LINES).map(|quoted| {
        let mut cut: String = quoted.chars().take(QUOTED).collect();
        if cut.len() < quoted.len() {
            cut.push('…');
        }
        in_words(&line(&cut))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_rejected_and_a_text_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for (content, expected) in [
            (&b"a text"[..], Ok("a text")),
            (&[0xff], Err("it is not text in UTF-8")),
        ] {
            std::fs::write(&path, content).expect("it is written");
            let read = read(&path).map_err(|error| error.to_string());
            let read = read.as_deref().map_err(String::as_str);
            assert_eq!(read, expected);
        }
        let file = File::create(&path).expect("it is created");
        file.set_len(LARGEST + 1).expect("it is sparse");
        let error = read(&path).expect_err("it is too large").to_string();
        assert_eq!(error, "it is larger than 16 MiB");
    }

    #[test]
    fn an_error_quotes_the_beginning_of_a_line() {
        let text = format!("a = {}", "\0".repeat(10_000));
        let error = toml::from_str::<toml::Table>(&text).expect_err("it is not TOML");
        let shown = problem(&error);
        assert!(shown.starts_with("TOML parse error at line 1"), "{shown}");
        assert!(shown.len() < 2000 && !shown.contains('\0'), "{shown}");
    }
}
