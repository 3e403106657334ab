//! Views as Markdown: for the summary of a CI job, for a pull request, or for a page in a repository.

mod comparison;
mod diff;
mod matrix;
mod summary;

use std::fmt::Write;

use crate::text;

pub use self::comparison::comparison;
pub use self::diff::diff;
pub use self::matrix::matrix;
pub use self::summary::summary;

/// Text without markup.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for character in text::line(text).chars() {
        if "\\`*_{}[]<>#|~!&".contains(character) {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// A word as code.
fn code(word: &str) -> String {
    format!("`{}`", text::line(word).replace('`', "'"))
}

/// Writes one line of markup.
fn line(page: &mut String, markup: &str) {
    writeln!(page, "{markup}").expect("a write to a String cannot fail");
}
