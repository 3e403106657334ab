//! A chart as the registry returned it: bytes, digests, and their meaning to Helm.

use std::fmt::Write;

use helm_oci_suite::session::digest_of;
use serde_json::Value;

use crate::text::{self, plural};

/// The longest text that is shown completely: 64 KiB.
const LIMIT: usize = 64 << 10;

/// One part of a chart.
#[derive(Debug, Clone)]
pub struct ChartPart<'a> {
    /// `manifest`, `config`, `chart`, `provenance` or `layer`.
    pub role: &'a str,
    /// The `Content-Type` of the response.
    pub media_type: Option<String>,
    /// The bytes of the part, or the response that was returned instead.
    pub got: Result<&'a [u8], String>,
    /// The bytes that were pushed, if they were.
    pub pushed: Option<&'a [u8]>,
}

/// The file of one chart; the manifest is the first part.
pub fn chart(title: &str, tag: &str, parts: &[ChartPart<'_>]) -> String {
    let mut text = String::new();
    line(&mut text, 0, title);
    line(&mut text, 0, &format!("tag {tag}"));
    for part in parts {
        text.push('\n');
        line(&mut text, 0, part.role);
        match &part.got {
            Err(instead) => line(&mut text, 2, &format!("not available: {instead}")),
            Ok(bytes) => self::bytes(&mut text, part, bytes),
        }
    }
    text
}

fn bytes(text: &mut String, part: &ChartPart<'_>, bytes: &[u8]) {
    line(text, 2, &size_and_digest(bytes));
    match part.pushed {
        Some(pushed) if pushed == bytes => line(text, 2, "as pushed"),
        Some(pushed) => {
            let pushed = size_and_digest(pushed);
            line(text, 2, &format!("not as pushed; pushed: {pushed}"));
        }
        None => {}
    }
    if part.role == "manifest" {
        let media_type = part.media_type.as_deref().unwrap_or("none");
        line(text, 2, &format!("Content-Type {media_type}"));
    }
    if matches!(part.role, "manifest" | "config") {
        content(text, bytes);
    }
    if part.role == "manifest" {
        meaning(text, bytes);
    }
}

fn size_and_digest(bytes: &[u8]) -> String {
    format!("{}, {}", plural(bytes.len(), "byte"), digest_of(bytes))
}

fn content(text: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(content) if content.len() <= LIMIT => {
            for row in text::block(content).lines() {
                // The mark shows a reader of the file where the content ends.
                line(text, 2, &format!("| {row}"));
            }
        }
        _ => line(text, 2, "| (not text, or longer than 64 KiB)"),
    }
}

/// The fields of a manifest that Helm interprets.
fn meaning(text: &mut String, manifest: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(manifest) else {
        return line(text, 2, "not a manifest: invalid JSON");
    };
    line(text, 2, &format!("config {}", descriptor(&value["config"])));
    for layer in value["layers"].as_array().into_iter().flatten() {
        line(text, 2, &format!("layer {}", descriptor(layer)));
    }
    for (name, value) in value["annotations"].as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        line(text, 2, &format!("annotation {name}: {value}"));
    }
    for field in ["mediaType", "artifactType"] {
        if let Some(value) = value[field].as_str() {
            line(text, 2, &format!("{field} {value}"));
        }
    }
    if let Some(subject) = value.get("subject") {
        line(text, 2, &format!("subject {}", descriptor(subject)));
    }
}

fn descriptor(value: &Value) -> String {
    let word = |name: &str| value[name].as_str().unwrap_or("?");
    let size = value["size"]
        .as_u64()
        .map_or("?".to_owned(), |size| size.to_string());
    format!("{}, {size} bytes, {}", word("mediaType"), word("digest"))
}

fn line(text: &mut String, indent: usize, content: &str) {
    writeln!(text, "{:indent$}{}", "", text::line(content))
        .expect("a write to a String cannot fail");
}
