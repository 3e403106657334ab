//! Percent-encoding, and the queries that Go writes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes everything but unreserved characters.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes a name or a value of a query as Go does: a space becomes `+`.
pub fn encode_query(text: &str) -> String {
    encode(text).replace("%20", "+")
}

/// Decodes a name or a value of a query: `+` is a space, and a malformed escape stays as it is.
pub fn decode_query(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// The pairs of a query, decoded, in their order.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_query(name), decode_query(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_stay_and_all_others_are_encoded() {
        assert_eq!(encode("aZ09-._~"), "aZ09-._~");
        assert_eq!(encode("a/b:c d+e%é"), "a%2Fb%3Ac%20d%2Be%25%C3%A9");
        assert_eq!(encode_query("a b+c"), "a+b%2Bc");
    }

    #[test]
    fn malformed_escapes_stay_as_they_are() {
        for (text, decoded) in [
            ("sha256%3Aab%3acd", "sha256:ab:cd"),
            ("a+b%2Bc", "a b+c"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%+1", "% 1"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(decode_query(text), decoded, "{text}");
        }
    }

    #[test]
    fn a_query_is_read_pair_by_pair() {
        let read: Vec<_> = pairs("a=1&&b=c%3Dd&e&=f").collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read,
            [
                pair("a", "1"),
                pair("b", "c=d"),
                pair("e", ""),
                pair("", "f")
            ]
        );
    }
}
