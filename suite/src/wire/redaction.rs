//! What must not be seen, in the shapes in which it may come back, and how it is taken out of a text.

use base64::Engine;
use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
};
use http::{HeaderMap, HeaderValue, header};

use crate::oci::percent::encode;
use crate::wire::credentials::Credentials;

/// What stands for a secret in every text.
const HIDDEN: &str = "REDACTED";

/// A shorter piece of base64 could as well be something else.
const MINIMUM: usize = 8;

/// Secrets in every shape that is looked for.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The longest first, so that nothing of a secret remains that holds another.
    shapes: Vec<String>,
}

impl Secrets {
    /// Those of a target.
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

    /// These, and what a request sends in `Authorization`.
    #[must_use]
    pub fn and_of(&self, headers: &HeaderMap) -> Self {
        let mut secrets = self.clone();
        let values = headers.get_all(header::AUTHORIZATION).iter();
        values.for_each(|value| secrets.add_authorization(value));
        secrets
    }

    /// What stands after the scheme in an `Authorization` header; of Basic the password as well.
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

    /// A secret in all its shapes.
    pub(crate) fn add(&mut self, secret: &str) {
        let escaped = serde_json::to_string(secret).unwrap_or_default();
        self.shapes.extend([
            secret.to_owned(),
            encode(secret),
            escaped.trim_matches('"').to_owned(),
        ]);
        self.add_encoded(secret);
        self.add_encoded(&encode(secret));
    }

    /// The base64 of a text, alone or in the midst of a longer one.
    fn add_encoded(&mut self, text: &str) {
        let whole = [
            BASE64_STANDARD.encode(text),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ];
        let within = (0..3).flat_map(|before| within(text, before));
        self.shapes.extend(
            whole
                .into_iter()
                .chain(within)
                .filter(|shape| shape.len() >= MINIMUM),
        );
        self.shapes.retain(|shape| !shape.is_empty());
        self.shapes
            .sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.shapes.dedup();
    }

    /// The text without any of them.
    pub fn hide(&self, text: &str) -> String {
        let found = self
            .shapes
            .iter()
            .filter(|shape| text.contains(shape.as_str()));
        found.fold(text.to_owned(), |text, shape| {
            text.replace(shape.as_str(), HIDDEN)
        })
    }
}

/// What is certain of the base64 of a text that `before` bytes precede, and others may follow.
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
    fn a_secret_is_hidden_in_every_shape() {
        let secrets = secrets();
        for shape in [
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
            let text = secrets.hide(&format!("before {shape} after"));
            assert!(
                text.contains("before ") && text.contains(HIDDEN),
                "{shape}: {text}"
            );
            assert!(text.contains(" after"), "{shape}: {text}");
            let rest = text.replace(HIDDEN, "");
            let pieces = rest
                .split(' ')
                .filter_map(|piece| BASE64_STANDARD.decode(piece).ok());
            let decoded: Vec<u8> = pieces.flatten().collect();
            assert!(!String::from_utf8_lossy(&decoded).contains("ary"), "{text}");
            assert!(!rest.contains("ary-of"), "{text}");
        }
        assert_eq!(secrets.hide("nothing of it"), "nothing of it");
    }

    #[test]
    fn what_a_request_sends_is_secret_as_well() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer a.token.of.ours"),
        );
        let basic = format!("Basic {}", BASE64_STANDARD.encode("bob:canary:2"));
        headers.append(header::AUTHORIZATION, basic.parse().expect("a value"));
        let secrets = secrets().and_of(&headers);
        assert_eq!(
            secrets.hide("a.token.of.ours canary:2"),
            "REDACTED REDACTED"
        );
    }

    #[test]
    fn no_secret_hides_nothing() {
        let empty = Credentials::RegistryToken(String::new());
        for secrets in [Secrets::default(), Secrets::of(Some(&empty))] {
            assert_eq!(secrets.hide("some text"), "some text");
        }
    }

    /// Whatever stands around a secret before it is encoded: what is left tells no character of it.
    #[test]
    fn of_a_secret_in_the_midst_of_base64_no_character_is_left() {
        let token = Credentials::RegistryToken(PASSWORD.to_owned());
        let secrets = Secrets::of(Some(&token));
        for before in 0..4 {
            for after in 0..4 {
                let text = [&"x".repeat(before), PASSWORD, &"x".repeat(after)].concat();
                let encoded = BASE64_STANDARD_NO_PAD.encode(&text);
                let filling = encoded.len() * 6 - text.len() * 8;
                let hidden = secrets.hide(&encoded);
                let (left, right) = hidden.split_once(HIDDEN).expect("something is hidden");
                let told = [left.len() * 6, right.len() * 6 - filling];
                assert!(told[0] < (before + 1) * 8, "{before} {after}: {hidden}");
                assert!(told[1] < (after + 1) * 8, "{before} {after}: {hidden}");
            }
        }
    }
}
