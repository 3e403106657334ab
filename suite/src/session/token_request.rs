//! Token requests, and the responses to them.

use serde::Deserialize;

use crate::oci::percent::encode;
use crate::session::Reply;
use crate::session::target::{Credentials, Login};

/// The `client_id` of a token request.
const CLIENT_ID: &str = "helm-oci-conformance";

/// The query of a token request by GET.
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

/// The form of a token request by POST.
pub(crate) fn token_form(
    credentials: &Credentials,
    service: Option<&str>,
    scopes: &[&str],
) -> String {
    let mut fields = vec![("client_id", CLIENT_ID)];
    match credentials {
        Credentials::Login(Login { username, password }) => fields.extend([
            ("grant_type", "password"),
            ("username", username.as_str()),
            ("password", password.as_str()),
        ]),
        Credentials::IdentityToken(token) => {
            fields.extend([("grant_type", "refresh_token"), ("refresh_token", token)]);
        }
        // It is already a token.
        Credentials::RegistryToken(_) => {}
    }
    let scopes = scopes.join(" ");
    fields.extend(service.map(|service| ("service", service)));
    fields.extend((!scopes.is_empty()).then_some(("scope", scopes.as_str())));
    let pairs = fields.iter();
    let pairs = pairs.map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The body of a response to a token request.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenResponse {
    pub(crate) token: Option<String>,
    pub(crate) access_token: Option<String>,
}

impl TokenResponse {
    /// The token under either name, if it is not empty.
    pub(crate) fn either(self) -> Option<String> {
        self.token
            .filter(|token| !token.is_empty())
            .or_else(|| self.access_token.filter(|token| !token.is_empty()))
    }

    /// The token in a response, if it is a success and has one.
    pub(crate) fn token_in(reply: &Reply) -> Option<String> {
        let body = serde_json::from_slice::<Self>(&reply.body);
        let body = body.ok().filter(|_| reply.status.is_success());
        body.and_then(Self::either)
    }
}

/// True for a date and a time with a zone, as Go reads RFC 3339.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    let (Some(seconds), Some(rest)) = (text.get(..19), text.get(19..)) else {
        return false;
    };
    let form = "0000-00-00T00:00:00".bytes();
    let is_alike = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    let fraction = rest.strip_prefix(['.', ',']).map(|rest| {
        let zone = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.split_at(zone)
    });
    let zone = match fraction {
        Some(("", _)) => return false,
        Some((_, zone)) => zone,
        None => rest,
    };
    let is_offset = |zone: &str| {
        let digits = zone.strip_prefix(['+', '-']).unwrap_or_default();
        digits.len() == 5 && digits.bytes().zip("00:00".bytes()).all(is_alike)
    };
    seconds.bytes().zip(form).all(is_alike) && (zone == "Z" || is_offset(zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_query_are_encoded() {
        assert_eq!(
            token_query(Some("my service"), &["repository:a/b:pull,push"]),
            "service=my%20service&scope=repository%3Aa%2Fb%3Apull%2Cpush"
        );
    }

    #[test]
    fn a_form_has_the_credentials_and_omits_empty_fields() {
        let login = Credentials::user("me", "a b");
        assert_eq!(
            token_form(&login, Some("s"), &["x:y:pull", "z"]),
            "client_id=helm-oci-conformance&grant_type=password&username=me&password=a%20b\
             &service=s&scope=x%3Ay%3Apull%20z"
        );
        let identity = Credentials::IdentityToken("t".to_owned());
        assert_eq!(
            token_form(&identity, None, &[]),
            "client_id=helm-oci-conformance&grant_type=refresh_token&refresh_token=t"
        );
    }

    #[test]
    fn a_token_has_one_of_two_names_and_is_not_empty() {
        for (body, token) in [
            (r#"{"token":"a","access_token":"b"}"#, Some("a")),
            (r#"{"token":"","access_token":"b"}"#, Some("b")),
            (r#"{"access_token":"b"}"#, Some("b")),
            (r#"{"token":"","access_token":""}"#, None),
            (r#"{"access_token":""}"#, None),
            ("{}", None),
        ] {
            let parsed: TokenResponse = serde_json::from_str(body).expect("it is JSON");
            assert_eq!(parsed.either().as_deref(), token, "{body}");
        }
    }

    #[test]
    fn a_time_has_a_date_a_time_and_a_zone() {
        for (text, expected) in [
            ("2026-11-26T18:00:00Z", true),
            ("2026-11-26T18:00:00.123456789Z", true),
            ("2026-11-26T18:00:00+01:00", true),
            ("2026-11-26T18:00:00", false),
            ("2026-11-26T18:00:00.Z", false),
            ("2026-11-26 18:00:00Z", false),
            ("1764180000", false),
            ("", false),
        ] {
            assert_eq!(is_rfc3339(text), expected, "{text}");
        }
    }
}
