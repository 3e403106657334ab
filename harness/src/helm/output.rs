//! The output of Helm, with placeholders for values that differ from run to run.

use super::process::{Exit, ProcessOutput};

/// The values of one run that placeholders replace.
#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    /// Helm's home directory.
    pub home: String,
    /// Scheme, host and port of the registry.
    pub origin: String,
    /// The repositories that were used.
    pub repositories: Vec<String>,
    /// Hosts that exist only in faults, and the addresses that serve them.
    pub substitutes: Vec<(&'static str, String)>,
}

impl Placeholders {
    /// Replaces values that differ from run to run, or that depend on the order of concurrent requests.
    ///
    /// | Placeholder | Value |
    /// |---|---|
    /// | `{home}` | Helm's home directory |
    /// | `{host}` | host and port of the registry |
    /// | `{repo}` | a repository |
    /// | `{name}` | the name of the chart in it |
    /// | `{url}` | scheme, host, `/v2/` and repository |
    /// | `{ref}` | host, repository, and tag or digest |
    /// | `{u}` | the URL of an upload, `{id}` its session alone |
    /// | `{tag}`, `{d}` | a tag in a URL; a digest, also percent-encoded |
    /// | `{v}` | the requested version or range |
    /// | `{n}`, `{type}` | a size; the media type of a blob |
    /// | `{client}` | the address of the client |
    pub fn normalise(&self, text: &str) -> String {
        let host = self
            .origin
            .split_once("://")
            .map_or(self.origin.as_str(), |(_, host)| host);
        let mut text = text.to_owned();
        if !self.home.is_empty() {
            text = text.replace(&self.home, "{home}");
        }
        for (name, substitute) in &self.substitutes {
            text = text.replace(substitute, name);
        }
        text = digests(&text);
        if let Some((_, port)) = host.rsplit_once(':') {
            for address in ["127.0.0.1", "[::1]"] {
                text = text.replace(&format!("{address}:{port}"), host);
            }
        }
        if !host.is_empty() {
            text = self.places(text, host);
        }
        text = uploads(&text);
        text = shortened(&text, "{url}/manifests/", is_reference, "{tag}");
        text = shortened(&text, "[manifests ", is_reference, "{tag}");
        for before in ["commit size ", "content size of ", ", got ", ", expected "] {
            text = shortened(&text, before, |c| c.is_ascii_digit(), "{n}");
        }
        text = shortened(&text, "provided version string ", |_| true, "{v}");
        text = shortened(&text, "descriptor {d} (", |c| c != ')', "{type}");
        lookups(&addresses(&sessions(&text)))
    }

    fn places(&self, mut text: String, host: &str) -> String {
        // The longest first: one repository may be a prefix of another.
        let mut repositories: Vec<&String> = self.repositories.iter().collect();
        repositories.sort_by_key(|repository| std::cmp::Reverse(repository.len()));
        for repository in &repositories {
            for scheme in ["https", "http"] {
                text = text.replace(&format!("{scheme}://{host}/v2/{repository}"), "{url}");
            }
            let reference = format!("{host}/{repository}");
            text = shortened(&text, &format!("{reference}:"), is_reference, "{ref}");
            text = text.replace(&format!("{reference}:{{ref}}"), "{ref}");
            text = text.replace(&format!("{reference}@{{d}}"), "{ref}");
            text = text.replace(repository.as_str(), "{repo}");
            text = text.replace(&repository.replace('/', "%2F"), "{repo}");
        }
        for repository in repositories {
            if let Some((_, chart)) = repository.rsplit_once('/') {
                text = text.replace(chart, "{name}");
            }
        }
        text.replace(host, "{host}")
    }
}

/// The final error message of a run: the text after the last `Error: `.
pub fn final_error(ended: &ProcessOutput) -> String {
    if ended.exit == Exit::Timeout {
        return "(Helm timed out)".to_owned();
    }
    let stderr = ended.stderr.trim();
    let words = match stderr.rfind("Error: ") {
        Some(start) => &stderr[start + "Error: ".len()..],
        None => stderr.lines().last().unwrap_or_default(),
    };
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Replaces digests by `{d}`: `sha256:` and 64 digits, also with a percent-encoded colon, or as part of a path.
fn digests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("sha256") {
        let (before, digest) = rest.split_at(start);
        let after = &digest["sha256".len()..];
        let colon = [":", "%3A", "%3a", "-", "/"]
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

/// Replaces the URL of an upload session, including its query, by `{u}`.
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

/// Replaces the text after each `before`, as long as its characters belong to a class, by `name`.
fn shortened(text: &str, before: &str, belongs: impl Fn(char) -> bool, name: &str) -> String {
    let mut parts = text.split(before);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(before);
        let length = leading(part, &belongs);
        if length > 0 {
            out.push_str(name);
        }
        out.push_str(&part[length..]);
    }
    out
}

/// Replaces the id of an upload session outside of a URL by `{id}`.
fn sessions(text: &str) -> String {
    let groups = [8, 4, 4, 4, 12];
    let is_session = |word: &str| {
        let mut parts = word.split('-');
        let fits = |length: &usize| {
            let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
            parts
                .next()
                .is_some_and(|part| part.len() == *length && hexadecimal(part))
        };
        groups.iter().all(fits) && parts.next().is_none()
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = leading(rest, |c| c.is_ascii_alphanumeric() || c == '-');
        let (word, after) = rest.split_at(length);
        out.push_str(if is_session(word) { "{id}" } else { word });
        let next = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
    out
}

/// Removes the resolver's address and wording, which depend on the machine, from a failed name lookup.
fn lookups(text: &str) -> String {
    const LOOKUP: &str = "dial tcp: lookup ";
    let Some(start) = text.find(LOOKUP) else {
        return text.to_owned();
    };
    let name = &text[start + LOOKUP.len()..];
    let name = &name[..leading(name, |c| !c.is_whitespace() && c != ':')];
    format!("{}{LOOKUP}{name}: no such host", &text[..start])
}

/// Replaces the client's address in `127.0.0.1:41234->{host}` by `{client}`.
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

/// True for a character that may occur in a tag or a version.
fn is_reference(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-+".contains(c)
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        Placeholders {
            home: "/tmp/helm-home-x".to_owned(),
            origin: "http://localhost:4321".to_owned(),
            repositories: vec!["a/chart".to_owned(), "a/chart-b".to_owned()],
            substitutes: vec![("other.example", "127.0.0.2:4321".to_owned())],
        }
    }

    #[test]
    fn values_of_a_run_become_placeholders() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let encoded = digest.replace(':', "%3A");
        for (output, expected) in [
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
                "GET http://localhost:4321/v2/a/chart/manifests/1.0.0_b.5: 404".to_owned(),
                "GET {url}/manifests/{tag}: 404",
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
                "{url}/tags",
            ),
            (
                "read tcp 127.0.0.1:50000->localhost:4321: reset".to_owned(),
                "read tcp {client}->{host}: reset",
            ),
            ("dial 127.0.0.2:4321".to_owned(), "dial other.example"),
            (
                format!("descriptor {digest} (application/x) from; content size of 12, got 3"),
                "descriptor {d} ({type}) from; content size of {n}, got {n}",
            ),
            (
                "scope=repository%3Aa%2Fchart%3Apull".to_owned(),
                "scope=repository%3A{repo}%3Apull",
            ),
            (
                "Put \"http://ce486157-b7f9-c206-ea44-59d1c7f17d7b?x\": dial tcp: lookup ce486157-b7f9-c206-ea44-59d1c7f17d7b on 10.0.0.1:53: no such host".to_owned(),
                "Put \"http://{id}?x\": dial tcp: lookup {id}: no such host",
            ),
            (
                "read tcp 127.0.0.1:50000->127.0.0.1:4321: reset".to_owned(),
                "read tcp {client}->{host}: reset",
            ),
            ("sha256:abc".to_owned(), "sha256:abc"),
            (
                format!("blob {digest} expected at blobs/{}", digest.replace(':', "/")),
                "blob {d} expected at blobs/{d}",
            ),
            (
                "open {home}/work/chart-b-1.0.0.tgz: no".to_owned(),
                "open {home}/work/{name}-1.0.0.tgz: no",
            ),
        ] {
            assert_eq!(placeholders().normalise(&output), expected);
        }
    }

    #[test]
    fn the_final_error_is_the_text_after_the_last_error_prefix() {
        let ended = |exit, stderr: &str| ProcessOutput {
            arguments: Vec::new(),
            exit,
            stdout: String::new(),
            stderr: stderr.to_owned(),
        };
        let error = ended(Exit::Code(1), "level=warn\nError: no\nError: it is\n  so\n");
        assert_eq!(final_error(&error), "it is so");
        assert_eq!(
            final_error(&ended(Exit::Code(2), "usage\npanic: x\n")),
            "panic: x"
        );
        assert_eq!(
            final_error(&ended(Exit::Timeout, "Error: x")),
            "(Helm timed out)"
        );
    }
}
