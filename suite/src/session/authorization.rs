//! `Authorization` headers, and where they may go.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, Uri};

use crate::session::target::Login;

/// `Authorization` for HTTP Basic.
pub(crate) fn basic(login: &Login) -> HeaderValue {
    basic_of(&login.username, &login.password)
}

/// `Authorization` for HTTP Basic with any user name, also an empty one.
pub(crate) fn basic_of(username: &str, password: &str) -> HeaderValue {
    let encoded = BASE64_STANDARD.encode(format!("{username}:{password}"));
    let text = format!("Basic {encoded}");
    HeaderValue::from_str(&text).expect("base64 is a header value")
}

/// `Authorization` for a Bearer token, if the token is valid in a header.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).ok()
}

/// The reason why credentials for the registry at `own` must not go to the token endpoint at `realm`, if there is one.
///
/// An endpoint without TLS receives them only if the registry, on the same host, has no TLS either.
pub fn forbidden_realm(own: &Uri, realm: &Uri) -> Option<&'static str> {
    if realm.scheme_str() == Some("https") {
        return None;
    }
    if own.scheme_str() == Some("https") {
        return Some("it does not use TLS, and the registry does");
    }
    let is_same_host = match (own.host(), realm.host()) {
        (Some(own), Some(other)) => own.eq_ignore_ascii_case(other),
        _ => false,
    };
    (!is_same_host).then_some("it is on another host and does not use TLS")
}

/// True if the `access` of a token, as Docker's token specification has it, allows a push to the repository.
pub(super) fn allows_push(token: &str, repository: &str) -> Option<bool> {
    let access = token.split('.').find_map(|part| {
        let part: serde_json::Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
        part.get("access")?.as_array().cloned()
    })?;
    let is_push = |action: &serde_json::Value| matches!(action.as_str(), Some("push" | "*"));
    Some(access.iter().any(|entry| {
        let actions = entry["actions"].as_array();
        entry["name"] == repository && actions.is_some_and(|actions| actions.iter().any(is_push))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_no_realm_where_they_could_be_intercepted() {
        for (own, realm, is_forbidden) in [
            ("https://r.test", "https://auth.test/token", false),
            ("https://r.test", "http://r.test/token", true),
            ("http://r.test:5000", "http://R.test:5001/token", false),
            ("http://r.test:5000", "https://auth.test/token", false),
            ("http://r.test:5000", "http://auth.test/token", true),
            ("http://r.test:5000", "http://r.test.evil.test/token", true),
        ] {
            let found = forbidden_realm(&Uri::from_static(own), &Uri::from_static(realm));
            assert_eq!(found.is_some(), is_forbidden, "{own} {realm}");
        }
    }

    #[test]
    fn a_token_may_state_what_it_allows() {
        let token = |payload: &str| format!("{{}}.{}.seal", BASE64_URL_SAFE_NO_PAD.encode(payload));
        let grant = |actions: &str| {
            token(&format!(
                r#"{{"access":[{{"type":"repository","name":"a/b","actions":[{actions}]}}]}}"#
            ))
        };
        for (token, expected) in [
            (grant(r#""pull","push""#), Some(true)),
            (grant(r#""*""#), Some(true)),
            (grant(r#""pull""#), Some(false)),
            (token(r#"{"access":[]}"#), Some(false)),
            (token("{}"), None),
            ("opaque".to_owned(), None),
        ] {
            assert_eq!(allows_push(&token, "a/b"), expected, "{token}");
        }
        assert_eq!(allows_push(&grant(r#""push""#), "a/c"), Some(false));
    }
}
