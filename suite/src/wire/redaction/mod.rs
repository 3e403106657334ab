//! Redaction of credentials in every encoding in which a registry may send them back, and of URLs.

mod url;

use base64::Engine;
use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub use self::url::redact_url;
use crate::oci::percent::encode;
use crate::wire::credentials::Credentials;

/// The replacement of every secret.
const REDACTED: &str = "REDACTED";

/// The minimum length of an encoded secret: shorter base64 occurs in other texts.
const MINIMUM: usize = 8;

/// The length up to which a secret occurs in other words. It is redacted as a whole word only: `p` would make
/// `aREDACTEDREDACTEDlication` of `application`.
const SHORT: usize = 4;

/// The secrets of a run, in every encoding that is redacted.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The encodings, the longest first, so that nothing remains of a secret that contains another.
    encodings: Vec<String>,
}

impl Secrets {
    /// The secrets in the credentials of a target.
    pub fn of(credentials: Option<&Credentials>) -> Self {
        let mut secrets = Self::default();
        if let Some(credentials) = credentials {
            secrets.add(credentials.secret());
            if let Some(login) = credentials.login() {
                secrets.add(&BASE64_STANDARD.encode(login.pair()));
                secrets.add_encoded(&login.pair());
            }
        }
        secrets
    }

    /// These secrets, and those in the `Authorization` headers of a request.
    #[must_use]
    pub fn with_authorization(&self, headers: &HeaderMap) -> Self {
        let mut secrets = self.clone();
        let values = headers.get_all(header::AUTHORIZATION).iter();
        values.for_each(|value| secrets.add_authorization(value));
        secrets
    }

    /// Adds the credentials of an `Authorization` header, and the password of HTTP Basic.
    fn add_authorization(&mut self, value: &HeaderValue) {
        let Some((scheme, given)) = value.to_str().ok().and_then(|text| text.split_once(' '))
        else {
            return;
        };
        self.add(given);
        if scheme.eq_ignore_ascii_case("basic") {
            let pair = BASE64_STANDARD.decode(given).unwrap_or_default();
            if let Some((_, password)) = String::from_utf8_lossy(&pair).split_once(':') {
                self.add(password);
            }
        }
    }

    /// Adds a secret in every encoding.
    pub(crate) fn add(&mut self, secret: &str) {
        let escaped = serde_json::to_string(secret).unwrap_or_default();
        self.encodings.extend([
            secret.to_owned(),
            encode(secret),
            escaped.trim_matches('"').to_owned(),
        ]);
        self.add_encoded(secret);
        self.add_encoded(&encode(secret));
    }

    /// Adds all secrets of another session.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.encodings.extend(others.encodings.iter().cloned());
        self.order();
    }

    /// Adds the base64 of a text, alone and within a longer text.
    fn add_encoded(&mut self, text: &str) {
        let whole = [
            BASE64_STANDARD.encode(text),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ];
        let within = (0..3).flat_map(|before| within(text, before));
        self.encodings.extend(
            whole
                .into_iter()
                .chain(within)
                .filter(|encoding| encoding.len() >= MINIMUM),
        );
        self.order();
    }

    fn order(&mut self) {
        self.encodings.retain(|encoding| !encoding.is_empty());
        self.encodings
            .sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.encodings.dedup();
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        let found = self
            .encodings
            .iter()
            .filter(|encoding| text.contains(encoding.as_str()));
        found.fold(text.to_owned(), |text, encoding| {
            if encoding.chars().count() <= SHORT {
                replace_words(&text, encoding)
            } else {
                text.replace(encoding.as_str(), REDACTED)
            }
        })
    }
}

/// Replaces a secret where it is a whole word, and not the status that its reason phrase follows.
fn replace_words(text: &str, secret: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
        shown.push_str(before);
        let edges = [
            (secret.chars().next(), shown.chars().next_back()),
            (secret.chars().next_back(), after.chars().next()),
        ];
        let is_word = !edges
            .iter()
            .any(|(own, next)| is_part(*own) && is_part(*next));
        let is_hidden = is_word && !is_status(secret, after);
        shown.push_str(if is_hidden { REDACTED } else { secret });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// True if the text is a status, followed by its reason phrase.
fn is_status(text: &str, after: &str) -> bool {
    let status = StatusCode::from_bytes(text.as_bytes()).ok();
    let reason = status.and_then(|status| status.canonical_reason());
    let after = after.strip_prefix(' ');
    reason.is_some_and(|reason| after.is_some_and(|after| after.starts_with(reason)))
}

/// The base64 characters that depend on the text alone, if `before` bytes precede it and others may follow.
fn within(text: &str, before: usize) -> [String; 2] {
    let bytes = [&vec![0; before][..], text.as_bytes()].concat();
    let known = bytes.len() * 8 / 6;
    [
        BASE64_STANDARD_NO_PAD.encode(&bytes),
        BASE64_URL_SAFE_NO_PAD.encode(&bytes),
    ]
    .map(|encoded| {
        encoded
            .get((before * 8).div_ceil(6)..known)
            .unwrap_or_default()
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::credentials::Login;

    const PASSWORD: &str = "can\"ary-of?a>password";

    fn secrets() -> Secrets {
        Secrets::of(Some(&Credentials::Login(Login {
            username: "alice".to_owned(),
            password: PASSWORD.to_owned(),
        })))
    }

    #[test]
    fn a_secret_is_redacted_in_every_encoding() {
        let secrets = secrets();
        for encoding in [
            PASSWORD.to_owned(),
            encode(PASSWORD),
            serde_json::json!({ "password": PASSWORD }).to_string(),
            BASE64_STANDARD.encode(PASSWORD),
            BASE64_STANDARD.encode(format!("alice:{PASSWORD}")),
            BASE64_URL_SAFE.encode(format!("you sent alice:{PASSWORD} to us")),
            BASE64_STANDARD.encode(format!("the password of alice is {PASSWORD}, is it not")),
            BASE64_STANDARD.encode(format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("alice:{PASSWORD}"))
            )),
        ] {
            let text = secrets.redact(&format!("before {encoding} after"));
            assert!(
                text.contains("before ") && text.contains(REDACTED),
                "{encoding}: {text}"
            );
            assert!(text.contains(" after"), "{encoding}: {text}");
            let rest = text.replace(REDACTED, "");
            let pieces = rest
                .split(' ')
                .filter_map(|piece| BASE64_STANDARD.decode(piece).ok());
            let decoded: Vec<u8> = pieces.flatten().collect();
            assert!(!String::from_utf8_lossy(&decoded).contains("ary"), "{text}");
            assert!(!rest.contains("ary-of"), "{text}");
        }
        assert_eq!(secrets.redact("nothing of it"), "nothing of it");
    }

    #[test]
    fn the_authorization_of_a_request_is_redacted() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer a.token.of.ours"),
        );
        let basic = format!("Basic {}", BASE64_STANDARD.encode("bob:canary:2"));
        headers.append(header::AUTHORIZATION, basic.parse().expect("a value"));
        let secrets = secrets().with_authorization(&headers);
        assert_eq!(
            secrets.redact("a.token.of.ours canary:2"),
            "REDACTED REDACTED"
        );
    }

    #[test]
    fn a_short_secret_is_redacted_as_a_whole_word() {
        for (password, text, shown) in [
            ("p", "application/json", "application/json"),
            ("p", "{\"password\":\"p\"}", "{\"password\":\"REDACTED\"}"),
            ("p", "alice:p", "alice:REDACTED"),
            ("p", "a p, p.", "a REDACTED, REDACTED."),
            ("404", "status 404 Not Found", "status 404 Not Found"),
            ("404", "the password 404", "the password REDACTED"),
            ("404", "404 Bad Gateway", "REDACTED Bad Gateway"),
            ("404", "sha256:14045", "sha256:14045"),
            ("a&", "xa&y a&", "xa&y REDACTED"),
            ("&", "?a=1&b=2", "?a=1REDACTEDb=2"),
            ("pass", "passed pass", "passed REDACTED"),
            ("passe", "passed", "REDACTEDd"),
        ] {
            let login = Login {
                username: "alice".to_owned(),
                password: password.to_owned(),
            };
            let secrets = Secrets::of(Some(&Credentials::Login(login)));
            assert_eq!(secrets.redact(text), shown, "{password}");
        }
    }

    #[test]
    fn an_empty_secret_redacts_nothing() {
        let empty = Credentials::RegistryToken(String::new());
        for secrets in [Secrets::default(), Secrets::of(Some(&empty))] {
            assert_eq!(secrets.redact("some text"), "some text");
        }
    }

    /// Whatever stands around a secret before it is encoded: what is left tells no character of it.
    #[test]
    fn no_character_of_a_secret_within_base64_remains() {
        let token = Credentials::RegistryToken(PASSWORD.to_owned());
        let secrets = Secrets::of(Some(&token));
        for before in 0..4 {
            for after in 0..4 {
                let text = [&"x".repeat(before), PASSWORD, &"x".repeat(after)].concat();
                let encoded = BASE64_STANDARD_NO_PAD.encode(&text);
                let filling = encoded.len() * 6 - text.len() * 8;
                let redacted = secrets.redact(&encoded);
                let (left, right) = redacted
                    .split_once(REDACTED)
                    .expect("something is redacted");
                let left_over = [left.len() * 6, right.len() * 6 - filling];
                assert!(
                    left_over[0] < (before + 1) * 8,
                    "{before} {after}: {redacted}"
                );
                assert!(
                    left_over[1] < (after + 1) * 8,
                    "{before} {after}: {redacted}"
                );
            }
        }
    }
}
