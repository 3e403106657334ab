//! How a launched registry is set up: words after its name, such as `distribution:3.0.0+htpasswd+tls`.

use super::TargetError;

/// It wants a user name and a password, given by `Basic`.
pub(super) const HTPASSWD: &str = "htpasswd";
/// It has TLS, with a certificate made for the occasion.
pub(super) const TLS: &str = "tls";

/// The words given for one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options(Vec<&'static str>);

impl Options {
    /// Reads words that are separated by `+`; each must be known to this kind of target, and come once.
    pub(super) fn parse(
        kind: &'static str,
        given: Option<&str>,
        known: &[&'static str],
    ) -> Result<Self, TargetError> {
        let mut words: Vec<&'static str> = Vec::new();
        for given in given.into_iter().flat_map(|given| given.split('+')) {
            match known.iter().find(|word| **word == given) {
                Some(word) if !words.contains(word) => words.push(word),
                _ => {
                    return Err(TargetError::Option {
                        kind,
                        given: given.to_owned(),
                        known: known.join(", "),
                    });
                }
            }
        }
        Ok(Self(words))
    }

    /// Whether the word was given.
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_and_come_once() {
        let parse = |given| Options::parse("zot", given, &[HTPASSWD, TLS]);
        let both = parse(Some("tls+htpasswd")).expect("both are known");
        assert!(both.has(TLS) && both.has(HTPASSWD));
        assert!(!parse(None).expect("none is needed").has(TLS));
        for given in ["", "ssl", "tls+tls", "tls+"] {
            let error = parse(Some(given)).expect_err(given).to_string();
            assert!(error.contains("htpasswd, tls"), "{error}");
        }
    }
}
