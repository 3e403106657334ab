//! Redaction of URLs.

/// Query parameters whose values grant access.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "password",
    "refresh_token",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
    "_state",
];

/// A URL, alone or in the value of a header, without its user and without the values of query parameters that grant
/// access.
pub fn redact_url(text: &str) -> String {
    redact_query(&redact_user(text))
}

fn redact_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(|c| "/?#\"> ".contains(c)).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://REDACTED@{host}{}", &rest[end..]),
        None => text.to_owned(),
    }
}

fn redact_query(text: &str) -> String {
    let Some((path, query)) = text.split_once('?') else {
        return text.to_owned();
    };
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value))
                if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) =>
            {
                let after = value.find(['"', '>', ' ']).map_or("", |end| &value[end..]);
                format!("{name}=REDACTED{after}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_user_and_signature() {
        for (text, shown) in [
            ("/v2/a?n=1", "/v2/a?n=1"),
            (
                "https://me:canary@store.test/x?n=1",
                "https://REDACTED@store.test/x?n=1",
            ),
            (
                "Bearer realm=\"https://canary@auth.test/t?token=canary\",service=\"a@b\"",
                "Bearer realm=\"https://REDACTED@auth.test/t?token=REDACTED\",service=\"a@b\"",
            ),
            (
                "</v2/a?last=x&token=canary>; rel=\"next\"",
                "</v2/a?last=x&token=REDACTED>; rel=\"next\"",
            ),
            ("https://store.test/a@b", "https://store.test/a@b"),
        ] {
            assert_eq!(redact_url(text), shown);
        }
    }
}
