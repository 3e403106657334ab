//! The notes file of `site`: what no run can observe about a registry.

use std::ops::Range;
use std::path::{Path, PathBuf};

use helm_oci_reports::history::{BeforePush, Hosting, Issue, Note, Notes, RegistryNotes};
use helm_oci_suite::checks;
use http::Uri;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;
use toml::value::Datetime;

use crate::input;

/// The file, as TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    registry: Vec<Entry>,
}

/// One registry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: Spanned<String>,
    targets: Spanned<Vec<String>>,
    kind: Option<Spanned<String>>,
    vendor: Option<String>,
    url: Option<Spanned<String>>,
    documentation: Option<Spanned<String>>,
    configuration: Option<String>,
    repository: Option<String>,
    user_name: Option<String>,
    token: Option<String>,
    #[serde(default)]
    note: Vec<NoteEntry>,
    #[serde(default)]
    issue: Vec<IssueEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteEntry {
    date: Spanned<Datetime>,
    by: String,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueEntry {
    title: String,
    url: Spanned<String>,
    requirement: Option<Spanned<String>>,
}

/// A notes file that cannot be used.
#[derive(Debug, Error)]
pub(in crate::cli) enum NotesError {
    #[error("cannot read the notes file {path}", path = .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is not a valid notes file: {reason}", path = .path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{path}, line {line}: {error}", path = .path.display())]
    Value {
        path: PathBuf,
        line: usize,
        error: ValueError,
    },
}

/// An invalid value.
#[derive(Debug, Error)]
pub(in crate::cli) enum ValueError {
    #[error("`name` is empty; write the name of the registry on the site")]
    NoName,
    #[error("two registries have the name `{name}`; write one entry with the `targets` of both")]
    Twice { name: String },
    #[error("`targets` is empty; write patterns of the names of its targets, such as [\"zot:*\"]")]
    NoTargets,
    #[error("`kind` is `{kind}`; write \"hosted\" or \"self-run\"")]
    Kind { kind: String },
    #[error("`{key}` is not an address that begins with http:// or https://")]
    Link { key: &'static str },
    #[error("`date` is not a date; write it as 2026-11-27")]
    Date,
    #[error("unknown requirement `{id}`; did you mean `{nearest}`? `list` prints all")]
    Requirement { id: String, nearest: &'static str },
}

/// An invalid value and its place.
type Problem = (Range<usize>, ValueError);

/// Reads a notes file.
pub(super) fn read(path: &Path) -> Result<Notes, NotesError> {
    let text = input::read(path).map_err(|source| NotesError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Parses the text of a notes file; `path` is for errors.
fn parse(path: &Path, text: &str) -> Result<Notes, NotesError> {
    let file: File = toml::from_str(text).map_err(|error| NotesError::Malformed {
        path: path.to_owned(),
        reason: input::problem(&error),
    })?;
    let mut notes = Notes::default();
    for entry in file.registry {
        let span = entry.name.span();
        let checked = registry(entry).and_then(|own| {
            if notes.registries.iter().any(|known| known.name == own.name) {
                let name = quoted(&own.name);
                Err((span, ValueError::Twice { name }))
            } else {
                Ok(own)
            }
        });
        notes
            .registries
            .push(checked.map_err(|(span, error)| NotesError::Value {
                path: path.to_owned(),
                line: 1 + text[..span.start].matches('\n').count(),
                error,
            })?);
    }
    Ok(notes)
}

/// Validates the entry of a registry.
fn registry(entry: Entry) -> Result<RegistryNotes, Problem> {
    if entry.name.get_ref().trim().is_empty() {
        return Err((entry.name.span(), ValueError::NoName));
    }
    let targets = entry.targets.get_ref();
    if targets.is_empty() || targets.iter().any(|pattern| pattern.trim().is_empty()) {
        return Err((entry.targets.span(), ValueError::NoTargets));
    }
    let notes = entry.note.into_iter().map(note);
    let issues = entry.issue.into_iter().map(issue);
    Ok(RegistryNotes {
        name: entry.name.into_inner(),
        targets: entry.targets.into_inner(),
        kind: entry.kind.as_ref().map(kind).transpose()?,
        vendor: entry.vendor,
        url: entry.url.map(|url| link("url", url)).transpose()?,
        documentation: entry
            .documentation
            .map(|url| link("documentation", url))
            .transpose()?,
        configuration: entry.configuration,
        before_push: BeforePush {
            repository: entry.repository,
            user_name: entry.user_name,
            token: entry.token,
        },
        notes: notes.collect::<Result<_, _>>()?,
        issues: issues.collect::<Result<_, _>>()?,
    })
}

fn kind(text: &Spanned<String>) -> Result<Hosting, Problem> {
    match text.get_ref().as_str() {
        "hosted" => Ok(Hosting::Hosted),
        "self-run" => Ok(Hosting::SelfRun),
        other => Err((
            text.span(),
            ValueError::Kind {
                kind: quoted(other),
            },
        )),
    }
}

fn note(entry: NoteEntry) -> Result<Note, Problem> {
    let Datetime {
        date: Some(day),
        time: None,
        ..
    } = entry.date.get_ref()
    else {
        return Err((entry.date.span(), ValueError::Date));
    };
    Ok(Note {
        date: day.to_string(),
        by: entry.by,
        text: entry.text,
    })
}

fn issue(entry: IssueEntry) -> Result<Issue, Problem> {
    let requirement = entry.requirement.map(|id| {
        if checks::find(id.get_ref()).is_some() {
            return Ok(id.into_inner());
        }
        let nearest = checks::nearest_id(id.get_ref()).unwrap_or("none");
        let (span, id) = (id.span(), quoted(id.get_ref()));
        Err((span, ValueError::Requirement { id, nearest }))
    });
    Ok(Issue {
        title: entry.title,
        url: link("url", entry.url)?,
        requirement: requirement.transpose()?,
    })
}

fn link(key: &'static str, url: Spanned<String>) -> Result<String, Problem> {
    if is_link(url.get_ref()) {
        Ok(url.into_inner())
    } else {
        Err((url.span(), ValueError::Link { key }))
    }
}

/// True for an address of the web.
pub(super) fn is_link(text: &str) -> bool {
    let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    text.parse()
        .is_ok_and(|uri: Uri| is_web(&uri) && uri.host().is_some_and(|host| !host.is_empty()))
}

/// The beginning of a value, without control characters.
fn quoted(value: &str) -> String {
    let beginning: String = value.chars().take(60).collect();
    helm_oci_reports::text::line(&beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[registry]]
name = "zot"
targets = ["zot:*"]
kind = "self-run"
vendor = "the zot project"
url = "https://zotregistry.dev"
documentation = "https://zotregistry.dev/articles"
configuration = "default"
repository = "created by the first push"
user-name = "any"
token = "password"

[[registry.note]]
date = 2026-11-27
by = "vendor"
text = "a text"

[[registry.issue]]
title = "an issue"
url = "https://github.com/project-zot/zot/issues/1"
requirement = "tags/complete"
"#;

    #[test]
    fn every_field_is_read() {
        let notes = parse(Path::new("notes.toml"), GOOD).expect("it is valid");
        let zot = notes.about("zot:2.1.20").expect("it matches");
        assert_eq!(zot.kind, Some(Hosting::SelfRun));
        let facts: Vec<_> = zot.before_push.facts().map(|(_, fact)| fact).collect();
        assert_eq!(facts, ["created by the first push", "any", "password"]);
        assert_eq!(zot.notes[0].date, "2026-11-27");
        assert_eq!(zot.issues[0].requirement.as_deref(), Some("tags/complete"));
        assert_eq!(notes.about("harbor"), None);
    }

    #[test]
    fn each_mistake_is_reported_with_its_line() {
        for (from, to, words) in [
            (
                "\"zot\"\n",
                "\" \"\n",
                "notes.toml, line 3: `name` is empty",
            ),
            ("[\"zot:*\"]", "[]", "line 4: `targets` is empty"),
            ("self-run", "own", "line 5: `kind` is `own`; write"),
            (
                "\"https://zotregistry.dev\"",
                "\"javascript:alert(1)\"",
                "line 7: `url` is not an address",
            ),
            (
                "https://zotregistry.dev/art",
                "//zot/art",
                "line 8: `documentation` is not an address",
            ),
            (
                "2026-11-27",
                "2026-11-27T10:00:00",
                "line 15: `date` is not a date",
            ),
            (
                "https://github.com",
                "data:x",
                "line 21: `url` is not an address",
            ),
            (
                "tags/complete",
                "tags/complet",
                "line 22: unknown requirement `tags/complet`; did you mean `tags/complete`?",
            ),
            ("vendor =", "seller =", "TOML parse error at line 6"),
        ] {
            let error = parse(Path::new("notes.toml"), &GOOD.replacen(from, to, 1))
                .expect_err("it is invalid");
            assert!(error.to_string().contains(words), "{error}");
        }
        let error = parse(Path::new("notes.toml"), &GOOD.repeat(2)).expect_err("twice");
        assert!(
            error
                .to_string()
                .contains("line 25: two registries have the name `zot`"),
            "{error}"
        );
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for (text, is_one) in [
            ("https://a.example/b?c=d", true),
            ("http://localhost:8080", true),
            ("https://", false),
            ("https:// a", false),
            ("ftp://a.example", false),
            ("javascript:alert(1)//https://", false),
            ("", false),
        ] {
            assert_eq!(is_link(text), is_one, "{text}");
        }
    }
}
