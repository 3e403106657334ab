//! Proxies: Helm obeys the variables, this program does not.

use super::{Finding, Surroundings};

const ABOUT: &str = "proxy";

/// What stands for a user name and a password.
const REDACTED: &str = "***";

/// The variables in both spellings; Helm takes the first that is set.
const SPELLINGS: &[(&str, &str)] = &[
    ("HTTP_PROXY", "http_proxy"),
    ("HTTPS_PROXY", "https_proxy"),
    ("NO_PROXY", "no_proxy"),
];

/// What the variables mean.
pub(super) fn findings(surroundings: &Surroundings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut said = Vec::new();
    let mut is_proxied = false;
    for (upper, lower) in SPELLINGS {
        let (first, second) = (surroundings.text(upper), surroundings.text(lower));
        if let (Some(first), Some(second)) = (&first, &second)
            && first != second
        {
            findings.push(Finding::warning(
                ABOUT,
                format!("{upper} and {lower} differ; Helm takes {upper}, curl may take {lower}"),
                "set both to the same",
            ));
        }
        let name = if first.is_some() { upper } else { lower };
        if let Some(value) = first.or(second) {
            is_proxied |= *upper != "NO_PROXY";
            said.push(format!("{name}={}", redacted(&value)));
        }
    }
    let said = said.join(", ");
    findings.push(if is_proxied {
        Finding::warning(
            ABOUT,
            format!("{said}: your Helm goes through it; this program, and a Helm it starts, do not"),
            "a registry that is near belongs into NO_PROXY; what a proxy changes is not examined here",
        )
    } else if said.is_empty() {
        Finding::ok(ABOUT, "none is set")
    } else {
        Finding::ok(ABOUT, format!("none is set, only {said}"))
    });
    findings
}

/// A value without the user name and the password in its URL.
fn redacted(value: &str) -> String {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), value),
    };
    match rest.rsplit_once('@') {
        // A password may hold a slash that nobody encoded.
        Some((_, host)) => format!("{scheme}{REDACTED}@{host}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;
    use crate::doctor::surroundings::made_of;

    #[test]
    fn a_proxy_is_told_in_either_spelling() {
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] {
            let found = findings(&made_of(&[(name, "http://proxy:3128")]));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].grade, Grade::Warning);
            let begin = format!("{name}=http://proxy:3128: ");
            assert!(found[0].seen.starts_with(&begin), "{}", found[0].seen);
        }
    }

    #[test]
    fn without_a_proxy_all_is_well() {
        assert_eq!(findings(&made_of(&[]))[0].seen, "none is set");
        let found = findings(&made_of(&[("no_proxy", "localhost")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Ok);
    }

    #[test]
    fn spellings_that_differ_are_told_without_their_values() {
        let found = findings(&made_of(&[
            ("HTTP_PROXY", "http://ann:s3cret@one"),
            ("http_proxy", "http://ann:s3cret@two"),
        ]));
        assert_eq!(found.len(), 2);
        assert!(found[0].seen.contains("differ"));
        assert!(found[1].seen.starts_with("HTTP_PROXY=http://***@one"));
    }

    #[test]
    fn no_secret_is_repeated() {
        for (value, shown) in [
            ("http://ann:s3cret@proxy:3128/", "http://***@proxy:3128/"),
            ("ann:s3cret@proxy", "***@proxy"),
            ("http://ann:s3c/r@et@proxy", "http://***@proxy"),
            ("socks5://proxy:1080", "socks5://proxy:1080"),
            ("localhost,.example", "localhost,.example"),
        ] {
            assert_eq!(redacted(value), shown);
        }
    }
}
