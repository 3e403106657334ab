//! What Helm says, without what differs from run to run.

use super::process::{Ended, Exit};

/// What stands in texts for things that differ from run to run, and what they were in this one.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Folders of the run: `{home}`.
    pub home: String,
    /// Scheme, host and port of the registry.
    pub origin: String,
    /// The repository: with the origin it becomes `{url}`.
    pub repository: String,
}

impl Names {
    /// The text with every digest as `{d}`, every upload URL as `{u}`, the registry's as `{url}`, a reference
    /// without a scheme as `{ref}`, host and port as `{host}`, and folders of the run as `{home}`.
    pub fn normalise(&self, text: &str) -> String {
        let host = self
            .origin
            .split_once("://")
            .map_or(self.origin.as_str(), |(_, host)| host);
        let mut text = text.to_owned();
        if !self.home.is_empty() {
            text = text.replace(&self.home, "{home}");
        }
        text = digests(&text);
        for scheme in ["https://", "http://"] {
            let url = format!("{scheme}{host}/v2/{}", self.repository);
            text = replace_followed(&text, &url, "{url}", |next| !is_name(next));
        }
        text = uploads(&text);
        let reference = format!("{host}/{}", self.repository);
        text = references(&text, &reference);
        text = text
            .replace(host, "{host}")
            .replace(&self.repository, "{repo}");
        addresses(&text)
    }
}

/// The last message of a run: from the last `Error: ` to the end, which is where every Helm says what stopped it.
pub fn last_words(ended: &Ended) -> String {
    if ended.exit == Exit::Overtime {
        return "(it did not end)".to_owned();
    }
    let said = ended.stderr.trim();
    let words = match said.rfind("Error: ") {
        Some(start) => &said[start + "Error: ".len()..],
        None => said.lines().last().unwrap_or_default(),
    };
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `sha256:` and 64 digits, also with the colon percent-encoded.
fn digests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("sha256") {
        let (before, digest) = rest.split_at(start);
        let after = &digest["sha256".len()..];
        let colon = [":", "%3A", "%3a", "-"]
            .into_iter()
            .find(|colon| after.starts_with(colon));
        let hex = colon.map_or(0, |colon| {
            leading(&after[colon.len()..], |c| c.is_ascii_hexdigit())
        });
        out.push_str(before);
        if let (Some(colon), 64) = (colon, hex) {
            out.push_str("{d}");
            rest = &after[colon.len() + hex..];
        } else {
            out.push_str("sha256");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// `{url}/blobs/uploads/` and a session becomes `{u}`, with its query.
fn uploads(text: &str) -> String {
    const UPLOADS: &str = "{url}/blobs/uploads/";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(UPLOADS) {
        let (before, upload) = rest.split_at(start);
        let session = &upload[UPLOADS.len()..];
        let length = leading(session, |c| !c.is_whitespace() && !"\"'<>,".contains(c));
        let length = session[..length].trim_end_matches(':').len();
        out.push_str(before);
        out.push_str(if length == 0 { UPLOADS } else { "{u}" });
        rest = &session[length..];
    }
    out.push_str(rest);
    out
}

/// `host/repository:tag` or `host/repository@digest` becomes `{ref}`.
fn references(text: &str, reference: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(reference) {
        let (before, found) = rest.split_at(start);
        let after = &found[reference.len()..];
        out.push_str(before);
        let tag = match after.chars().next() {
            Some(':') => leading(&after[1..], |c| {
                c.is_ascii_alphanumeric() || "._-+".contains(c)
            }),
            Some('@') => leading(&after[1..], |c| "{d}".contains(c)),
            _ => 0,
        };
        if tag == 0 {
            out.push_str(reference);
            rest = after;
        } else {
            out.push_str("{ref}");
            rest = &after[1 + tag..];
        }
    }
    out.push_str(rest);
    out
}

/// The client's own port in `127.0.0.1:41234->{host}`.
fn addresses(text: &str) -> String {
    let mut parts = text.split("->").peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            out.push_str(part);
            break;
        }
        let start = part.rfind(' ').map_or(0, |space| space + 1);
        out.push_str(&part[..start]);
        out.push_str("{client}->");
    }
    out
}

fn replace_followed(
    text: &str,
    what: &str,
    by: &str,
    holds: impl Fn(Option<char>) -> bool,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(what) {
        let after = &rest[start + what.len()..];
        out.push_str(&rest[..start]);
        out.push_str(if holds(after.chars().next()) {
            by
        } else {
            what
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_name(next: Option<char>) -> bool {
    next.is_some_and(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            home: "/tmp/helm-home-x".to_owned(),
            origin: "http://localhost:4321".to_owned(),
            repository: "a/chart".to_owned(),
        }
    }

    #[test]
    fn what_differs_from_run_to_run_is_named() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let encoded = digest.replace(':', "%3A");
        for (said, told) in [
            (
                format!("HEAD \"http://localhost:4321/v2/a/chart/blobs/{digest}\": 403"),
                "HEAD \"{url}/blobs/{d}\": 403",
            ),
            (
                format!(
                    "PUT http://localhost:4321/v2/a/chart/blobs/uploads/1-2?x=y&digest={encoded}: 202"
                ),
                "PUT {u}: 202",
            ),
            (
                "POST \"http://localhost:4321/v2/a/chart/blobs/uploads/\": 404".to_owned(),
                "POST \"{url}/blobs/uploads/\": 404",
            ),
            (
                "localhost:4321/a/chart:1.0.0: not found".to_owned(),
                "{ref}: not found",
            ),
            (format!("localhost:4321/a/chart@{digest}: no"), "{ref}: no"),
            (
                "open /tmp/helm-home-x/work/f: no".to_owned(),
                "open {home}/work/f: no",
            ),
            (
                "http://localhost:4321/v2/a/chart-b/tags".to_owned(),
                "http://{host}/v2/{repo}-b/tags",
            ),
            (
                "read tcp 127.0.0.1:50000->localhost:4321: reset".to_owned(),
                "read tcp {client}->{host}: reset",
            ),
            ("sha256:abc".to_owned(), "sha256:abc"),
        ] {
            assert_eq!(names().normalise(&said), told);
        }
    }

    #[test]
    fn the_last_error_is_the_last_word() {
        let ended = |exit, stderr: &str| Ended {
            exit,
            stdout: String::new(),
            stderr: stderr.to_owned(),
        };
        let error = ended(Exit::Code(1), "level=warn\nError: no\nError: it is\n  so\n");
        assert_eq!(last_words(&error), "it is so");
        assert_eq!(
            last_words(&ended(Exit::Code(2), "usage\npanic: x\n")),
            "panic: x"
        );
        assert_eq!(
            last_words(&ended(Exit::Overtime, "Error: x")),
            "(it did not end)"
        );
    }
}
