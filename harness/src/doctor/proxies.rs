//! Proxy variables. Helm uses them, this program does not.

use super::Finding;
use crate::environment::Environment;

const ABOUT: &str = "proxy";

/// The replacement of a user name and a password.
const REDACTED: &str = "***";

/// The variables in both spellings; Helm uses the first that is set.
const SPELLINGS: &[(&str, &str)] = &[
    ("HTTP_PROXY", "http_proxy"),
    ("HTTPS_PROXY", "https_proxy"),
    ("NO_PROXY", "no_proxy"),
];

/// Findings on the variables.
pub(super) fn findings(environment: &Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut settings = Vec::new();
    let mut is_proxied = false;
    for (upper, lower) in SPELLINGS {
        let (first, second) = (environment.text(upper), environment.text(lower));
        if let (Some(first), Some(second)) = (&first, &second)
            && first != second
        {
            findings.push(Finding::warning(
                ABOUT,
                format!("{upper} and {lower} differ; Helm uses {upper}, curl may use {lower}"),
                "set both to the same value",
            ));
        }
        let name = if first.is_some() { upper } else { lower };
        if let Some(value) = first.or(second) {
            is_proxied |= *upper != "NO_PROXY";
            settings.push(format!("{name}={}", redacted(&value)));
        }
    }
    let settings = settings.join(", ");
    findings.push(if is_proxied {
        Finding::warning(
            ABOUT,
            format!("{settings}: your Helm uses the proxy; this program, and the Helm that it runs, do not"),
            "add local registries to NO_PROXY; the effects of a proxy are not examined",
        )
    } else if settings.is_empty() {
        Finding::ok(ABOUT, "no proxy is set")
    } else {
        Finding::ok(ABOUT, format!("no proxy is set, only {settings}"))
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
        // A password may contain a slash that is not encoded.
        Some((_, host)) => format!("{scheme}{REDACTED}@{host}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn a_proxy_is_reported_in_either_spelling() {
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] {
            let found = findings(&Environment::of(&[(name, "http://proxy:3128")]));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].grade, Grade::Warning);
            let begin = format!("{name}=http://proxy:3128: ");
            assert!(found[0].seen.starts_with(&begin), "{}", found[0].seen);
        }
    }

    #[test]
    fn no_proxy_is_ok() {
        assert_eq!(findings(&Environment::of(&[]))[0].seen, "no proxy is set");
        let found = findings(&Environment::of(&[("no_proxy", "localhost")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Ok);
    }

    #[test]
    fn different_spellings_are_reported_without_secrets() {
        let found = findings(&Environment::of(&[
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
