//! Replaces the parts of an observation that differ from run to run.

use crate::record::TargetRecord;
use crate::snapshot::without_ids;

/// `text` with placeholders for the names of hosts and runs, digests and ids.
pub(super) fn normalised(target: &TargetRecord, text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(origin) = target.identity.url.as_deref() {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        text = text.replace(origin, "{origin}").replace(host, "{host}");
    }
    let words = text.split_inclusive(|c: char| " `\",;()<>".contains(c));
    let text: String = words.map(word).collect();
    without_ids(&text)
}

/// One word, which may end with a punctuation mark.
fn word(word: &str) -> String {
    let word = replace(word, "127.0.0.1:", "{host}", |c| c.is_ascii_digit());
    let word = replace(&word, "hoc", "{run}", |c| c.is_ascii_hexdigit());
    replace(&word, "sha256:", "{digest}", |c| c.is_ascii_hexdigit())
}

/// Replaces `start` and the characters after it that belong to the value; `start` alone is kept.
fn replace(text: &str, start: &str, placeholder: &str, belongs: fn(char) -> bool) -> String {
    let Some((before, rest)) = text.split_once(start) else {
        return text.to_owned();
    };
    let kept = rest.trim_start_matches(belongs);
    if kept.len() == rest.len() {
        let rest = replace(rest, start, placeholder, belongs);
        return format!("{before}{start}{rest}");
    }
    let kept = replace(kept, start, placeholder, belongs);
    format!("{before}{placeholder}{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_runs_digests_and_ids_become_placeholders() {
        for (text, shown) in [
            (
                "a location on `127.0.0.1:41233`, not sha256:00ff.",
                "a location on `{host}`, not {digest}.",
            ),
            (
                "404 to /v2/hoc63cbe1e4/upload-x/manifests/1.0.0",
                "404 to /v2/{run}/upload-x/manifests/1.0.0",
            ),
            (
                "uploads/9f3c7c45-c5b1-ae91-c861-d0f3826e22a4",
                "uploads/{id}",
            ),
            ("`sha256:`", "`sha256:`"),
        ] {
            let words = text.split_inclusive(' ');
            let own: String = words.map(word).collect();
            assert_eq!(without_ids(&own), shown);
        }
    }
}
