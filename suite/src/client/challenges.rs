//! Challenges as Helm reads them: the first one of a header, up to the first character that it does not expect.

use http::{HeaderMap, header};

use crate::session::Reply;
use crate::session::challenge::Challenge;

/// The characters of a token besides letters and digits.
const MARKS: &str = "!#$%&'*+-.^_`|~";

/// The challenges that containerd and Docker read: the first of each header, with names of parameters in any case, up to a
/// parameter with an empty value.
pub(super) fn first_of_each(headers: &HeaderMap) -> Vec<Challenge> {
    let offered = headers.get_all(header::WWW_AUTHENTICATE).iter();
    let offered = offered.filter_map(|value| value.to_str().ok());
    let read = |value| {
        let mut challenge = read(value)?;
        let parameters = std::mem::take(&mut challenge.parameters).into_iter();
        let whole = parameters.take_while(|(_, value)| !value.is_empty());
        challenge.parameters = whole
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        Some(challenge)
    };
    offered.filter_map(read).collect()
}

/// The challenge that oras-go reads: the first one in the first header, with names of parameters in lower case only.
pub(super) fn first(reply: &Reply) -> Option<Challenge> {
    read(reply.header("www-authenticate")?)
}

/// The first challenge of a header.
fn read(value: &str) -> Option<Challenge> {
    let (scheme, mut rest) = token(value);
    let mut challenge = Challenge {
        scheme: scheme.to_ascii_lowercase(),
        parameters: Vec::new(),
    };
    loop {
        let (name, after) = token(rest.trim_start());
        let Some(after) = after.trim_start().strip_prefix('=') else {
            break;
        };
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((value, after)) => (value, after),
                None => break,
            },
            None => token(after),
        };
        challenge
            .parameters
            .push((name.to_owned(), value.to_owned()));
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (!scheme.is_empty()).then_some(challenge)
}

/// The token at the beginning, and what follows it.
fn token(text: &str) -> (&str, &str) {
    let is_token = |character: char| character.is_ascii_alphanumeric() || MARKS.contains(character);
    text.split_at(
        text.find(|character| !is_token(character))
            .unwrap_or(text.len()),
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode, Uri};

    use super::*;

    /// A parameter as containerd and as oras-go read it.
    fn parameter(value: &'static str, name: &str) -> [Option<String>; 2] {
        let mut headers = HeaderMap::new();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
        let reply = Reply {
            status: StatusCode::UNAUTHORIZED,
            headers: headers.clone(),
            body: Bytes::new(),
            measured: None,
            exchange: 0,
            uri: Uri::default(),
        };
        let challenges = [first_of_each(&headers).into_iter().next(), first(&reply)];
        challenges.map(|one| one?.parameter(name).map(ToOwned::to_owned))
    }

    #[test]
    fn libraries_differ_in_the_case_of_names_and_in_empty_values() {
        for (value, containerd, oras) in [
            (r#"Bearer realm="r",scope="s""#, Some("s"), Some("s")),
            (r#"BEARER REALM="R",SCOPE="S""#, Some("S"), None),
            (r#"Bearer service="",scope="s""#, None, Some("s")),
            (r#"Bearer realm=https://r.test,scope="s""#, None, None),
            (r#"Negotiate, Bearer scope="s""#, None, None),
            (r#"Bearer  realm="r" , scope=s"#, Some("s"), Some("s")),
        ] {
            let expected = [containerd, oras].map(|value| value.map(ToOwned::to_owned));
            assert_eq!(parameter(value, "scope"), expected, "{value}");
        }
        assert_eq!(
            parameter("Bearer realm=https://r", "realm")[0].as_deref(),
            Some("https")
        );
    }
}
