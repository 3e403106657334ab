//! The responses to each request of Helm apart from the content: status, headers, errors.
//!
//! Responses that are equal once normalised are written once. Each line shows whether Helm reads it.

use std::collections::BTreeMap;

use helm_oci_fixtures::route::Route;
use helm_oci_suite::helm::response::ObservedResponse;
use helm_oci_suite::wire::exchange::{Exchange, ResponseRecord};
use serde_json::Value;

use super::names::Placeholders;
use super::{IGNORES, Snapshot, ignores, reads};

/// The number of places that are named where a response differs.
const PLACES: usize = 6;

/// A request that Helm, or a user next to it, sends.
#[derive(Debug, PartialEq, Eq)]
pub struct SnapshotStep {
    /// The file that holds its responses: `push`, `pull` …
    pub file: &'static str,
    /// The request in words, with the Helm versions that send it if not all do.
    pub description: &'static str,
}

/// One exchange of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepExchange {
    /// The step.
    pub step: &'static SnapshotStep,
    /// The object of the request, such as `helm-3.8 mychart-0.1.0 config`.
    pub place: String,
    /// The placeholders of its values.
    pub names: Placeholders,
    /// The exchange.
    pub exchange: Exchange,
}

/// One exchange in lines.
struct Lines<'a> {
    place: &'a str,
    /// The request, and the part of the response that Helm reads.
    read: Vec<String>,
    ignored: Vec<String>,
}

/// The lines of a response, and the places that returned it.
struct Variant<'a> {
    lines: &'a [String],
    places: Vec<&'a str>,
}

/// Writes one file for each kind of step, with the steps in the order of their requests.
pub(super) fn write(exchanges: &[StepExchange], snapshot: &mut Snapshot) {
    let mut steps: Vec<&SnapshotStep> = Vec::new();
    for StepExchange { step, .. } in exchanges {
        if !steps.contains(step) {
            steps.push(step);
        }
    }
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for step in steps {
        let of_step: Vec<Lines> = exchanges
            .iter()
            .filter(|exchange| exchange.step == step)
            .map(split)
            .collect();
        let text = files.entry(step.file).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(step.description);
        text.push('\n');
        // The two parts are grouped separately: a difference that Helm ignores must not split what it reads.
        push(text, &of_step, |lines| &lines.read, "  differs for ");
        push(
            text,
            &of_step,
            |lines| &lines.ignored,
            &ignores("differs for "),
        );
    }
    for (file, text) in files {
        snapshot.insert(format!("exchanges/{file}.txt"), text);
    }
}

/// Writes the most frequent response first, and the others with the places that returned them.
fn push<'a>(
    text: &mut String,
    exchanges: &'a [Lines<'a>],
    part: fn(&'a Lines<'a>) -> &'a Vec<String>,
    differs_for: &str,
) {
    let mut variants: Vec<Variant<'_>> = Vec::new();
    for exchange in exchanges {
        let lines = part(exchange).as_slice();
        match variants.iter_mut().find(|variant| variant.lines == lines) {
            Some(variant) => variant.places.push(exchange.place),
            None => variants.push(Variant {
                lines,
                places: vec![exchange.place],
            }),
        }
    }
    // The sort is stable: among equals the first stays first.
    variants.sort_by_key(|variant| std::cmp::Reverse(variant.places.len()));
    for (position, variant) in variants.iter().enumerate() {
        if position > 0 {
            text.push_str(differs_for);
            text.push_str(&places(&variant.places));
            text.push('\n');
        }
        for line in variant.lines {
            text.push_str(line);
            text.push('\n');
        }
    }
}

fn places(all: &[&str]) -> String {
    let mut named: Vec<String> = all.iter().take(PLACES).map(ToString::to_string).collect();
    if all.len() > PLACES {
        named.push(format!("and {} more", all.len() - PLACES));
    }
    named.join(", ")
}

fn split(of_step: &StepExchange) -> Lines<'_> {
    let lines = lines(&of_step.exchange, &of_step.names);
    let (ignored, read) = lines
        .into_iter()
        .partition(|line| line.starts_with(IGNORES));
    Lines {
        place: &of_step.place,
        read,
        ignored,
    }
}

/// One exchange, normalised.
fn lines(exchange: &Exchange, names: &Placeholders) -> Vec<String> {
    let request = &exchange.request;
    let mut lines = vec![format!("  {} {}", request.method, names.url(&request.uri))];
    let (Some(reader), Ok(response)) = (ObservedResponse::of(exchange), &exchange.response) else {
        lines.push(reads("no response"));
        return lines;
    };
    let mark = if reader.reads_status() {
        reads
    } else {
        ignores
    };
    let status = names.text(&response.status.to_string());
    lines.push(mark(&format!("status: {status}")));
    lines.extend(headers(response, names, &reader));
    lines.extend(body(response, names, &reader));
    lines
}

/// The headers that Helm reads, then the others, each by name.
fn headers(
    response: &ResponseRecord,
    names: &Placeholders,
    reader: &ObservedResponse,
) -> Vec<String> {
    let length = response.body.as_ref().map_or(0, |body| body.length);
    let shown = response.headers.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let value = names.header(&name, value, reader, length)?;
        Some((
            !reader.reads(&name),
            format!("{}: {value}", names.text(&name)),
        ))
    });
    let mut shown: Vec<(bool, String)> = shown.collect();
    shown.sort();
    let line = |(is_ignored, text): (bool, String)| {
        if is_ignored {
            ignores(&text)
        } else {
            reads(&text)
        }
    };
    shown.into_iter().map(line).collect()
}

/// The error, or an unexpected body; content has files of its own.
fn body(response: &ResponseRecord, names: &Placeholders, reader: &ObservedResponse) -> Vec<String> {
    let Some(body) = &response.body else {
        return Vec::new();
    };
    let excerpt = body.excerpt.as_deref();
    if reader.status().is_success() {
        let is_content = match reader.route() {
            Route::Manifest { .. } | Route::Blob { .. } => Some(body.digest.as_str()),
            _ => None,
        };
        return match (reader.route(), is_content) {
            (_, Some(digest)) if names.digest.as_deref() == Some(digest) => {
                vec![reads("body: the content of {digest}")]
            }
            (_, Some(_)) if reader.status() == 200 => vec![reads("body: other content")],
            (Route::Tags { .. }, _) => vec![reads("body: see tags.txt")],
            (Route::Referrers { .. }, _) => {
                excerpt.map(|text| index(text, names)).into_iter().collect()
            }
            (Route::Token, _) => vec![reads("body: a token")],
            _ => excerpt
                .map(|text| ignores(&format!("body: {}", names.text(text.trim()))))
                .into_iter()
                .collect(),
        };
    }
    let mark = if reader.reads_status() {
        reads
    } else {
        ignores
    };
    excerpt
        .map(|text| error(text, names, mark))
        .unwrap_or_default()
}

/// The types in an index; descriptors have fields that a registry may add.
fn index(text: &str, names: &Placeholders) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let listed = value["manifests"].as_array().map(|manifests| {
        let types = manifests.iter().map(|entry| {
            let of = entry["artifactType"].as_str().unwrap_or("no artifactType");
            names.text(of)
        });
        types.collect::<Vec<_>>()
    });
    match listed {
        None => reads(&format!("body: not an index: {}", names.text(text))),
        Some(types) if types.is_empty() => reads("body: empty index"),
        Some(types) => reads(&format!("body: index of {}", types.join(", "))),
    }
}

/// Code and message, which Helm prints, and the detail, which it ignores.
fn error(text: &str, names: &Placeholders, mark: fn(&str) -> String) -> Vec<String> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let Some(errors) = value["errors"].as_array() else {
        return vec![mark(&format!("body: {}", names.text(text.trim())))];
    };
    let mut lines = Vec::new();
    for error in errors {
        let part = |name: &str| names.text(error[name].as_str().unwrap_or_default());
        lines.push(mark(&format!(
            "error: {}: {}",
            part("code"),
            part("message")
        )));
        if !error["detail"].is_null() {
            let detail = names.text(&error["detail"].to_string());
            lines.push(ignores(&format!("detail: {detail}")));
        }
    }
    lines
}
