//! Placeholders for values that differ from one snapshot to the next without meaning.

use helm_oci_suite::helm::response::ObservedResponse;

use crate::text;

/// The longest value that is kept, in characters.
const VALUE: usize = 400;

/// The values that placeholders replace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    /// Scheme, host and port of the registry.
    pub origin: String,
    /// The repository.
    pub repository: String,
    /// The part of a repository name that is unique to the run, if there is one.
    pub run: Option<String>,
    /// The digest that the exchange is about.
    pub digest: Option<String>,
    /// The size of the content with that digest.
    pub size: Option<usize>,
}

impl Placeholders {
    /// The same placeholders for content with this digest and size.
    #[must_use]
    pub fn with_digest(&self, digest: &str, size: Option<usize>) -> Self {
        Self {
            digest: Some(digest.to_owned()),
            size,
            ..self.clone()
        }
    }

    /// A text on one line with placeholders, escaped.
    pub(crate) fn text(&self, given: &str) -> String {
        let host = self.origin.rsplit("://").next().unwrap_or_default();
        let encoded = self
            .digest
            .as_ref()
            .map(|digest| digest.replace(':', "%3A"));
        let hex = self
            .digest
            .as_deref()
            .and_then(|digest| digest.split_once(':'));
        let mut text = given.to_owned();
        for (known, name) in [
            (Some(self.origin.as_str()), "{origin}"),
            (Some(host), "{host}"),
            (Some(self.repository.as_str()), "{repository}"),
            (self.run.as_deref(), "{run}"),
            (self.digest.as_deref(), "{digest}"),
            (encoded.as_deref(), "{digest}"),
            (hex.map(|(_, hex)| hex), "{digest}"),
        ] {
            if let Some(known) = known.filter(|known| !known.is_empty()) {
                text = text.replace(known, name);
            }
        }
        text::cut(&text::line(&without_ids(&text)), VALUE)
    }

    /// A URL with placeholders for the parts that the registry generates for each request.
    pub(crate) fn url(&self, given: &str) -> String {
        let foreign = given
            .split_once("://")
            .filter(|_| !given.starts_with(&self.origin));
        if let Some((scheme, rest)) = foreign {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            return format!("{scheme}://{}/{{somewhere}}", self.text(host));
        }
        let (path, query) = given.split_once('?').unwrap_or((given, ""));
        let path = self.text(path);
        let path = placed(&path, "/blobs/uploads/", "{upload}");
        let path = placed(&path, "/manifests/", "{tag}");
        if query.is_empty() {
            return path;
        }
        let mut pairs: Vec<String> = query.split('&').map(|pair| self.pair(pair)).collect();
        pairs.sort();
        format!("{path}?{}", pairs.join("&"))
    }

    fn pair(&self, pair: &str) -> String {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = match self.text(value) {
            digest if digest == "{digest}" => digest,
            number if name == "n" => number,
            _ => "{value}".to_owned(),
        };
        format!("{}={value}", self.text(name))
    }

    /// The value of a header; none if it only describes the connection or the time.
    pub(crate) fn header(
        &self,
        name: &str,
        value: &str,
        reader: &ObservedResponse,
        body: usize,
    ) -> Option<String> {
        Some(match name {
            "connection" | "date" | "keep-alive" => return None,
            "age" | "expires" | "last-modified" => "{time}".to_owned(),
            "content-length" => self.length(value, reader, body),
            "etag" => self.tag(value),
            "location" => self.url(value),
            "range" | "content-range" => self.range(value),
            "server" | "via" | "x-powered-by" => without_versions(&self.text(value)),
            _ if is_id(name) => "{id}".to_owned(),
            _ if name.contains("ratelimit") || name.contains("rate-limit") => {
                without_numbers(&self.text(value))
            }
            _ => self.text(value),
        })
    }

    fn length(&self, value: &str, reader: &ObservedResponse, body: usize) -> String {
        match value.parse::<usize>() {
            Ok(length) if Some(length) == self.size => "{size}".to_owned(),
            Ok(0) => "0".to_owned(),
            // The length of the body that GET would return depends on the length of names.
            Ok(_) if reader.is_head() && !reader.status().is_success() => "{some}".to_owned(),
            Ok(length) if length == body => "{of the body}".to_owned(),
            _ => self.text(value),
        }
    }

    fn tag(&self, value: &str) -> String {
        let text = self.text(value);
        if text.contains("{digest}") {
            text
        } else {
            "{etag}".to_owned()
        }
    }

    fn range(&self, value: &str) -> String {
        let last = self.size.and_then(|size| size.checked_sub(1));
        match last.map(|last| format!("0-{last}")) {
            Some(whole) if value == whole => "0-{size - 1}".to_owned(),
            _ => self.text(value),
        }
    }
}

/// Replaces what follows `place` at the end of a path, unless it is a digest.
fn placed(path: &str, place: &str, name: &str) -> String {
    match path.split_once(place) {
        Some((before, rest)) if !rest.is_empty() && rest != "{digest}" && !rest.contains(':') => {
            format!("{before}{place}{name}")
        }
        _ => path.to_owned(),
    }
}

/// True if a header holds only an identifier of one response.
fn is_id(header: &str) -> bool {
    const WORDS: &[&str] = &[
        "request-id",
        "requestid",
        "trace",
        "correlation",
        "amz-id",
        "cf-ray",
        "-uuid",
    ];
    WORDS.iter().any(|word| header.contains(word))
}

/// Replaces every UUID.
pub(crate) fn without_ids(text: &str) -> String {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let length = GROUPS.iter().sum::<usize>() + GROUPS.len() - 1;
    let is_id = |part: &str| {
        let groups: Vec<&str> = part.split('-').collect();
        groups.iter().map(|group| group.len()).eq(GROUPS)
            && groups
                .iter()
                .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (known, taken) = if rest.get(..length).is_some_and(is_id) {
            ("{id}", length)
        } else {
            (&rest[..first.len_utf8()], first.len_utf8())
        };
        shown.push_str(known);
        rest = &rest[taken..];
    }
    shown
}

/// Replaces versions: the text after a slash that begins with a digit, or with `v` and a digit.
fn without_versions(text: &str) -> String {
    let word = |word: &str| match word.split_once('/') {
        Some((name, version))
            if version
                .trim_start_matches('v')
                .starts_with(|first: char| first.is_ascii_digit()) =>
        {
            format!("{name}/{{version}}")
        }
        _ => word.to_owned(),
    };
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// Replaces every number.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if !character.is_ascii_digit() {
            shown.push(character);
        } else if !shown.ends_with("{n}") {
            shown.push_str("{n}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Placeholders {
        Placeholders {
            origin: "https://r.example:5000".into(),
            repository: "hoc0a1b2c3d/snapshot".into(),
            run: Some("hoc0a1b2c3d".into()),
            digest: Some("sha256:abcd".into()),
            size: Some(412),
        }
    }

    #[test]
    fn urls_keep_their_form_and_lose_generated_parts() {
        for (given, shown) in [
            (
                "https://r.example:5000/v2/hoc0a1b2c3d/snapshot/blobs/uploads/9f3c7c45?_state=REDACTED",
                "{origin}/v2/{repository}/blobs/uploads/{upload}?_state={value}",
            ),
            (
                "/v2/hoc0a1b2c3d/snapshot/blobs/uploads/9f3c?z=1&digest=sha256%3Aabcd",
                "/v2/{repository}/blobs/uploads/{upload}?digest={digest}&z={value}",
            ),
            (
                "/v2/hoc0a1b2c3d/snapshot/blobs/sha256:abcd",
                "/v2/{repository}/blobs/{digest}",
            ),
            (
                "/v2/hoc0a1b2c3d/snapshot/manifests/0.1.0",
                "/v2/{repository}/manifests/{tag}",
            ),
            (
                "https://s3.example/bucket/abcd?sig=REDACTED",
                "https://s3.example/{somewhere}",
            ),
        ] {
            assert_eq!(names().url(given), shown);
        }
    }

    #[test]
    fn texts_lose_hosts_runs_ids_and_steering_characters() {
        assert_eq!(
            names().text(
                "at r.example:5000: hoc0a1b2c3d/other 9f3c7c45-c5b1-ae91-c861-d0f3826e22a4\u{1b}"
            ),
            "at {host}: {run}/other {id}\\u{1b}"
        );
    }

    #[test]
    fn versions_and_numbers_become_placeholders() {
        assert_eq!(without_versions("zot/v2.1 nginx"), "zot/{version} nginx");
        assert_eq!(without_numbers("100;w=21600"), "{n};w={n}");
    }
}
