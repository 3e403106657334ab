//! What a registry answers to each request of Helm, apart from the content: status, headers, errors.
//!
//! Answers that are equal once normalised are told once. Each line says whether Helm reads it.

use std::collections::BTreeMap;

use helm_oci_fixtures::route::Route;
use helm_oci_suite::helm::reads::Reader;
use helm_oci_suite::wire::exchange::{Exchange, ResponseRecord};
use serde_json::Value;

use super::names::Names;
use super::{IGNORES, Snapshot, ignores, reads};

/// How many places are named where an answer differs.
const PLACES: usize = 6;

/// A request that Helm, or a user beside it, makes.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The file that tells of it: `push`, `pull` …
    pub file: &'static str,
    /// What is asked for, and by which Helm if not by all.
    pub what: &'static str,
}

/// One exchange of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The step.
    pub step: &'static Step,
    /// What it concerned, such as `helm-3.8 mychart-0.1.0 config`.
    pub place: String,
    /// What stands for what in it.
    pub names: Names,
    /// What was said.
    pub exchange: Exchange,
}

/// One exchange in lines.
struct Told<'a> {
    place: &'a str,
    /// The request, and what Helm reads of the answer.
    read: Vec<String>,
    ignored: Vec<String>,
}

/// Lines that came, and where.
struct Answer<'a> {
    lines: &'a [String],
    places: Vec<&'a str>,
}

/// Writes down the answers, one file for each kind of step; steps and files come as they were asked.
pub(super) fn write(said: &[Said], snapshot: &mut Snapshot) {
    let mut steps: Vec<&Step> = Vec::new();
    for Said { step, .. } in said {
        if !steps.contains(step) {
            steps.push(step);
        }
    }
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for step in steps {
        let told: Vec<Told> = said
            .iter()
            .filter(|said| said.step == step)
            .map(tell)
            .collect();
        let text = files.entry(step.file).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(step.what);
        text.push('\n');
        // Apart, so that answers that differ in what Helm ignores are the same to whoever looks at the rest.
        push(text, &told, |told| &told.read, "  but of ");
        push(text, &told, |told| &told.ignored, &ignores("but of "));
    }
    for (file, text) in files {
        snapshot.insert(format!("exchanges/{file}.txt"), text);
    }
}

/// The commonest answer stands first; the others say where they came.
fn push<'a>(
    text: &mut String,
    told: &'a [Told<'a>],
    part: fn(&'a Told<'a>) -> &'a Vec<String>,
    but_of: &str,
) {
    let mut answers: Vec<Answer<'_>> = Vec::new();
    for one in told {
        let lines = part(one).as_slice();
        match answers.iter_mut().find(|answer| answer.lines == lines) {
            Some(answer) => answer.places.push(one.place),
            None => answers.push(Answer {
                lines,
                places: vec![one.place],
            }),
        }
    }
    // The sort is stable: what came first stays first among equals.
    answers.sort_by_key(|answer| std::cmp::Reverse(answer.places.len()));
    for (position, answer) in answers.iter().enumerate() {
        if position > 0 {
            text.push_str(but_of);
            text.push_str(&places(&answer.places));
            text.push('\n');
        }
        for line in answer.lines {
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

fn tell(said: &Said) -> Told<'_> {
    let lines = lines(&said.exchange, &said.names);
    let (ignored, read) = lines
        .into_iter()
        .partition(|line| line.starts_with(IGNORES));
    Told {
        place: &said.place,
        read,
        ignored,
    }
}

/// One exchange, normalised.
fn lines(exchange: &Exchange, names: &Names) -> Vec<String> {
    let request = &exchange.request;
    let mut lines = vec![format!("  {} {}", request.method, names.url(&request.uri))];
    let (Some(reader), Ok(answer)) = (Reader::of(exchange), &exchange.response) else {
        lines.push(reads("no answer"));
        return lines;
    };
    let mark = if reader.reads_status() {
        reads
    } else {
        ignores
    };
    lines.push(mark(&format!(
        "status: {}",
        names.text(&answer.status.to_string())
    )));
    lines.extend(headers(answer, names, &reader));
    lines.extend(body(answer, names, &reader));
    lines
}

/// First what is read, then the rest, each by name.
fn headers(answer: &ResponseRecord, names: &Names, reader: &Reader) -> Vec<String> {
    let length = answer.body.as_ref().map_or(0, |body| body.length);
    let shown = answer.headers.iter().filter_map(|(name, value)| {
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

/// The error, or what was sent beside the point; content has files of its own.
fn body(answer: &ResponseRecord, names: &Names, reader: &Reader) -> Vec<String> {
    let Some(body) = &answer.body else {
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
                vec![reads("body: what {digest} names")]
            }
            (_, Some(_)) if reader.status() == 200 => vec![reads("body: other bytes")],
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

/// What an index lists, without what a registry may add.
fn index(text: &str, names: &Names) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let listed = value["manifests"].as_array().map(|manifests| {
        let types = manifests.iter().map(|entry| {
            let of = entry["artifactType"].as_str().unwrap_or("no type");
            names.text(of)
        });
        types.collect::<Vec<_>>()
    });
    match listed {
        None => reads(&format!("body: no index: {}", names.text(text))),
        Some(types) if types.is_empty() => reads("body: lists nothing"),
        Some(types) => reads(&format!("body: lists {}", types.join(", "))),
    }
}

/// Code and message, which Helm prints, and the detail, which it does not.
fn error(text: &str, names: &Names, mark: fn(&str) -> String) -> Vec<String> {
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
