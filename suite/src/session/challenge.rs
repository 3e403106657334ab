//! Challenges and tokens: how a session gets authority, as the specification of the token flow has it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, Uri, header};
use serde::Deserialize;

use crate::oci::percent::encode;
use crate::session::Reply;
use crate::session::target::{Credentials, Login};

/// Who we are to a token endpoint.
const AGENT: &str = "helm-oci-conformance";

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

    /// Reads one header value, which may hold several challenges; `None` if it cannot be read.
    pub fn read(value: &str) -> Option<Vec<Self>> {
        let mut found: Vec<Self> = Vec::new();
        let mut rest = value.trim();
        while !rest.is_empty() {
            let (name, after) = split_token(rest)?;
            rest = match (after.trim_start().strip_prefix('='), found.last_mut()) {
                (Some(value), Some(challenge)) => {
                    let (value, after) = parameter_value(value.trim_start())?;
                    let name = name.to_ascii_lowercase();
                    challenge.parameters.push((name, value));
                    after
                }
                (Some(_), None) => return None,
                (None, _) => {
                    found.push(Self {
                        scheme: name.to_ascii_lowercase(),
                        parameters: Vec::new(),
                    });
                    without_token68(after)
                }
            };
            rest = rest.trim_start_matches([' ', ',', '\t']);
        }
        Some(found)
    }

    /// All challenges of an answer, in the order of its headers; a header that cannot be read is left out.
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        let offered = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let read = offered.filter_map(|value| value.to_str().ok().and_then(Self::read));
        read.flatten().collect()
    }
}

const fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '-' | '_' | '.' | '~' | '+' | '!' | '*')
}

/// The token at the beginning, and what follows it.
fn split_token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What follows a scheme, past the word without a name that some schemes have there.
fn without_token68(after: &str) -> &str {
    let rest = after.trim_start();
    let (word, next) = rest.split_at(rest.find([',', ' ', '"']).unwrap_or(rest.len()));
    let is_parameter = word.trim_end_matches('=').contains('=');
    let stands_alone = next.is_empty() || next.trim_start().starts_with(',');
    if stands_alone && !is_parameter {
        next
    } else {
        after
    }
}

/// The value at the beginning, quoted or a token, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[position + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// `Authorization` for HTTP Basic.
pub(crate) fn basic(login: &Login) -> HeaderValue {
    basic_of(&login.username, &login.password)
}

/// The same for a user without a name.
pub(crate) fn basic_of(username: &str, password: &str) -> HeaderValue {
    let encoded = BASE64_STANDARD.encode(format!("{username}:{password}"));
    let text = format!("Basic {encoded}");
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

/// The form of a token request by POST.
pub(crate) fn token_form(
    credentials: &Credentials,
    service: Option<&str>,
    scopes: &[&str],
) -> String {
    let mut fields = vec![("client_id", AGENT)];
    match credentials {
        Credentials::Login(Login { username, password }) => fields.extend([
            ("grant_type", "password"),
            ("username", username.as_str()),
            ("password", password.as_str()),
        ]),
        Credentials::IdentityToken(token) => {
            fields.extend([("grant_type", "refresh_token"), ("refresh_token", token)]);
        }
        // It is a token already.
        Credentials::RegistryToken(_) => {}
    }
    let scopes = scopes.join(" ");
    fields.extend(service.map(|service| ("service", service)));
    fields.extend((!scopes.is_empty()).then_some(("scope", scopes.as_str())));
    let pairs = fields.iter();
    let pairs = pairs.map(|(name, value)| format!("{name}={}", encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Why credentials for the registry at `own` must not go to a token endpoint, if they must not: one without TLS
/// sees them only where the registry itself, at the same host, has none either.
pub fn barred(own: &Uri, realm: &Uri) -> Option<&'static str> {
    if realm.scheme_str() == Some("https") {
        return None;
    }
    if own.scheme_str() == Some("https") {
        return Some("it has no TLS, and the registry has");
    }
    let same = match (own.host(), realm.host()) {
        (Some(own), Some(other)) => own.eq_ignore_ascii_case(other),
        _ => false,
    };
    (!same).then_some("it is on another host, and has no TLS")
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

    /// The token in an answer, if it is a success and holds one.
    pub(crate) fn read(answer: &Reply) -> Option<String> {
        let given = serde_json::from_slice::<Self>(&answer.body);
        let given = given.ok().filter(|_| answer.status.is_success());
        given.and_then(Self::any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> Challenge {
        let mut read = Challenge::read(value).expect("it can be read");
        assert_eq!(read.len(), 1, "{read:?}");
        read.remove(0)
    }

    #[test]
    fn challenges_are_read_with_quotes_tokens_and_commas_in_values() {
        let challenge = one(
            r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push""#,
        );
        assert_eq!(challenge.scheme, "bearer");
        assert_eq!(
            challenge.parameter("scope"),
            Some("repository:a/b:pull,push")
        );
        let token = one("basic realm=x, charset=UTF-8");
        assert_eq!(token.parameter("charset"), Some("UTF-8"));
        for alone in ["Negotiate", "Negotiate a1b2", "Negotiate a1b2=="] {
            let negotiate = one(alone);
            assert_eq!(negotiate.scheme, "negotiate", "{alone}");
            assert_eq!(negotiate.parameters, [], "{alone}");
        }
        assert_eq!(
            one(r#"Basic realm="a \"b\"""#).parameter("realm"),
            Some(r#"a "b""#)
        );
        assert_eq!(Challenge::read(""), Some(Vec::new()));
        for wrong in [
            r#"Bearer realm="unfinished"#,
            "realm=nobody",
            "\u{1}",
            "Bearer realm=\"x\" \u{1}",
        ] {
            assert_eq!(Challenge::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_header_may_hold_several_challenges() {
        for (value, schemes) in [
            (
                r#"Basic realm="a, b", Bearer realm="https://r.test/token",scope="x:y:pull,push""#,
                &["basic", "bearer"][..],
            ),
            (
                "Negotiate, NTLM, Basic realm=x",
                &["negotiate", "ntlm", "basic"],
            ),
            ("Negotiate a1b2==, Basic realm=x", &["negotiate", "basic"]),
            (
                r#"Bearer realm = "x" , Basic realm=y"#,
                &["bearer", "basic"],
            ),
        ] {
            let read = Challenge::read(value).expect("it can be read");
            let found: Vec<&str> = read.iter().map(|one| one.scheme.as_str()).collect();
            assert_eq!(found, schemes, "{value}");
            assert!(read.last().expect("one").parameter("realm").is_some());
        }
    }

    #[test]
    fn credentials_are_barred_from_where_they_could_be_overheard() {
        let uri = |text: &str| text.parse::<Uri>().expect("a URI");
        for (own, realm, is_barred) in [
            ("https://r.test", "https://auth.test/token", false),
            ("https://r.test", "http://r.test/token", true),
            ("http://r.test:5000", "http://R.test:5001/token", false),
            ("http://r.test:5000", "https://auth.test/token", false),
            ("http://r.test:5000", "http://auth.test/token", true),
            ("http://r.test:5000", "http://r.test.evil.test/token", true),
        ] {
            let found = barred(&uri(own), &uri(realm));
            assert_eq!(found.is_some(), is_barred, "{own} {realm}");
        }
    }

    #[test]
    fn token_queries_are_encoded() {
        assert_eq!(
            token_query(Some("my service"), &["repository:a/b:pull,push"]),
            "service=my%20service&scope=repository%3Aa%2Fb%3Apull%2Cpush"
        );
    }

    #[test]
    fn a_form_names_what_is_traded_and_leaves_out_what_is_not_asked() {
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
    fn a_token_has_two_names_and_is_not_empty() {
        for (answer, token) in [
            (r#"{"token":"a","access_token":"b"}"#, Some("a")),
            (r#"{"token":"","access_token":"b"}"#, Some("b")),
            (r#"{"access_token":"b"}"#, Some("b")),
            (r#"{"token":"","access_token":""}"#, None),
            (r#"{"access_token":""}"#, None),
            ("{}", None),
        ] {
            let read: TokenAnswer = serde_json::from_str(answer).expect("it is JSON");
            assert_eq!(read.any().as_deref(), token, "{answer}");
        }
    }
}
