//! `WWW-Authenticate` challenges, parsed by RFC 9110 section 11.6.1 and leniently beyond it.

use http::{HeaderMap, header};

/// One challenge of a `WWW-Authenticate` header.
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

    /// Parses one header value, which may hold several challenges; `None` if it is malformed.
    pub fn parse(value: &str) -> Option<Vec<Self>> {
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

    /// All challenges of a response, in the order of its headers. A malformed header is left out.
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        let offered = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let parsed = offered.filter_map(|value| value.to_str().ok().and_then(Self::parse));
        parsed.flatten().collect()
    }
}

/// True for the characters of a token, which RFC 9110 section 5.6.2 calls `tchar`.
fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

/// The token at the beginning, and the rest.
fn split_token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The rest after the `token68` that may follow a scheme, such as `Negotiate a1b2==`.
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

/// The value at the beginning, and the rest. A value without quotes ends at a comma or a space, so that a URL is
/// accepted there as well.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> Challenge {
        let mut parsed = Challenge::parse(value).expect(value);
        assert_eq!(parsed.len(), 1, "{parsed:?}");
        parsed.remove(0)
    }

    #[test]
    fn values_are_quoted_strings_and_tokens() {
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
        assert_eq!(Challenge::parse(""), Some(Vec::new()));
        for wrong in [
            r#"Bearer realm="unfinished"#,
            "realm=nobody",
            "\u{1}",
            "Bearer realm=\"x\" \u{1}",
        ] {
            assert_eq!(Challenge::parse(wrong), None, "{wrong}");
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
            let parsed = Challenge::parse(value).expect(value);
            let found: Vec<&str> = parsed.iter().map(|one| one.scheme.as_str()).collect();
            assert_eq!(found, schemes, "{value}");
            let last = parsed.last().expect("one");
            assert!(last.parameter("realm").is_some(), "{value}");
        }
    }

    #[test]
    fn names_have_every_character_of_a_token() {
        const ALL: &str = "aZ09!#$%&'*+-.^_`|~";
        let challenge = one(&format!("{ALL} {ALL}=x, realm=\"r\""));
        assert_eq!(challenge.scheme, ALL.to_lowercase());
        let name = ALL.to_lowercase();
        assert_eq!(challenge.parameter(&name), Some("x"));
        assert_eq!(challenge.parameter("realm"), Some("r"));
        for separator in "()<>@:;\\[]?{}/".chars() {
            let value = format!("Bear{separator}er realm=\"r\"");
            assert_eq!(Challenge::parse(&value), None, "{value}");
        }
    }

    /// `http-auth` rejects each of these headers, so that a check would never see their challenges.
    #[test]
    fn headers_beyond_the_grammar_are_read_as_clients_read_them() {
        for (value, schemes, realm) in [
            (
                "Negotiate a1b2==, Basic realm=\"r\"",
                &["negotiate", "basic"][..],
                "r",
            ),
            (
                "Bearer realm=https://r.test/token,service=s",
                &["bearer"],
                "https://r.test/token",
            ),
            ("Bearer  realm=\"r\"", &["bearer"], "r"),
            ("Bearer realm=\"r\" service=\"s\"", &["bearer"], "r"),
            ("Bearer realm=\"r\",", &["bearer"], "r"),
        ] {
            let parsed = Challenge::parse(value).expect(value);
            let found: Vec<&str> = parsed.iter().map(|one| one.scheme.as_str()).collect();
            assert_eq!(found, schemes, "{value}");
            let last = parsed.last().expect("one");
            assert_eq!(last.parameter("realm"), Some(realm), "{value}");
        }
    }
}
