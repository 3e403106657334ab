//! JSON that is safe to print on a terminal.

use std::fmt::Write;

use serde::Serialize;

use crate::text;

/// A value as indented JSON with a newline at the end. Steering characters in its strings are escaped.
pub(crate) fn write(value: &impl Serialize) -> String {
    let plain = serde_json::to_string_pretty(value).expect("a record serialises");
    let mut safe = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        if character != '\n' && text::is_steering(character) {
            // Such a character occurs only in strings, where JSON allows it and a terminal obeys it.
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a write to a String cannot fail");
            }
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    safe
}
