//! Challenges and tokens: how a session gets authority, as the specification of the token flow has it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use crate::target::Credentials;

/// One parsed `WWW-Authenticate` challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, in lower case.
    pub scheme: String,
    /// Parameters, names in lower case.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// Parses one header value that holds one challenge.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.is_empty()
            || !scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return None;
        }
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            parameters: parameters(rest)?,
        })
    }

    /// All challenges of an answer, in the order of its headers; a header that cannot be read is left out.
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok().and_then(Self::parse))
            .collect()
    }
}

/// Reads `name="value", name=token`; `None` if it is neither.
fn parameters(mut rest: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        if rest.is_empty() {
            return Some(found);
        }
        let (name, after) = rest.split_once('=')?;
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"')?;
                (&quoted[..end], &quoted[end + 1..])
            }
            None => after.split_at(after.find([',', ' ']).unwrap_or(after.len())),
        };
        found.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        rest = tail;
    }
}

/// `Authorization` for HTTP Basic.
pub(crate) fn basic(credentials: &Credentials) -> HeaderValue {
    let pair = format!("{}:{}", credentials.username, credentials.password);
    let text = format!("Basic {}", BASE64_STANDARD.encode(pair));
    HeaderValue::from_str(&text).expect("base64 is a header value")
}

/// `Authorization` for a Bearer token, if the token can stand in a header.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).ok()
}

/// The query of a token request, values percent-encoded.
pub(crate) fn token_query(service: Option<&str>, scopes: &[&str]) -> String {
    let service = service.map(|service| ("service", service));
    let pairs = service
        .into_iter()
        .chain(scopes.iter().map(|scope| ("scope", *scope)));
    pairs
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What a token endpoint answers.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) token: Option<String>,
    pub(crate) access_token: Option<String>,
}

impl TokenAnswer {
    /// The token under either name, if it is not empty.
    pub(crate) fn any(self) -> Option<String> {
        self.token
            .filter(|token| !token.is_empty())
            .or_else(|| self.access_token.filter(|token| !token.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_with_quotes_tokens_and_commas_in_values() {
        let challenge = Challenge::parse(
            r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push""#,
        )
        .expect("it parses");
        assert_eq!(challenge.scheme, "bearer");
        assert_eq!(
            challenge.parameter("scope"),
            Some("repository:a/b:pull,push")
        );
        let token = Challenge::parse("basic realm=x, charset=UTF-8").expect("it parses");
        assert_eq!(token.parameter("charset"), Some("UTF-8"));
        assert_eq!(
            Challenge::parse("Negotiate").map(|c| c.scheme).as_deref(),
            Some("negotiate")
        );
        assert_eq!(Challenge::parse(""), None);
        assert_eq!(Challenge::parse(r#"Bearer realm="unfinished"#), None);
    }

    #[test]
    fn token_queries_are_encoded() {
        assert_eq!(
            token_query(Some("my service"), &["repository:a/b:pull,push"]),
            "service=my%20service&scope=repository%3Aa%2Fb%3Apull%2Cpush"
        );
    }
}
