//! JSON that is safe to print on a terminal.

use std::fmt::Write;

use serde::Serialize;

use crate::text;

/// A value as indented JSON with a newline at the end. Steering characters in its strings are escaped.
pub(crate) fn write(value: &impl Serialize) -> String {
    let plain = serde_json::to_string_pretty(value).expect("a record serialises");
    safe(&plain) + "\n"
}

/// A value as JSON on one line, with a newline at the end. Steering characters in its strings are escaped.
pub(crate) fn line(value: &impl Serialize) -> String {
    string(value) + "\n"
}

/// A value as JSON on one line.
pub(crate) fn string(value: &impl Serialize) -> String {
    safe(&serde_json::to_string(value).expect("a record serialises"))
}

/// JSON in which steering characters are escaped: they occur only in strings, where JSON allows them and a terminal obeys
/// them.
fn safe(plain: &str) -> String {
    let mut safe = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        if character != '\n' && text::is_steering(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a write to a String cannot fail");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}
