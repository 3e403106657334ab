//! What was observed, without what differs from one run to the next.

use crate::record::TargetRecord;
use crate::snapshot::without_ids;

/// `text` without the names of hosts and runs, digests and ids.
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

/// A word; what it ends with may be a mark.
fn word(word: &str) -> String {
    let word = after(word, "127.0.0.1:", "{host}", |c| c.is_ascii_digit());
    let word = after(&word, "hoc-", "{run}", |c| c.is_ascii_hexdigit());
    after(&word, "sha256:", "{digest}", |c| c.is_ascii_hexdigit())
}

/// Replaces `start` and what follows it and `belongs`; nothing where nothing follows.
fn after(text: &str, start: &str, name: &str, belongs: fn(char) -> bool) -> String {
    let Some((before, rest)) = text.split_once(start) else {
        return text.to_owned();
    };
    let kept = rest.trim_start_matches(belongs);
    if kept.len() == rest.len() {
        return format!("{before}{start}{}", after(rest, start, name, belongs));
    }
    format!("{before}{name}{}", after(kept, start, name, belongs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_runs_digests_and_ids_are_left_out() {
        for (text, shown) in [
            (
                "a location on `127.0.0.1:41233`, not sha256:00ff.",
                "a location on `{host}`, not {digest}.",
            ),
            (
                "404 to /v2/hoc-63cbe1e4/upload-x/manifests/1.0.0",
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
