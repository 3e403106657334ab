//! Digests.

use helm_oci_fixtures::digest::sha256;
use thiserror::Error;

use super::text_type;

/// A digest such as `sha256:44136fa3…`, in the grammar of the image specification.
///
/// The length of the encoded part is not checked, because it depends on the algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

/// The text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not a digest; write it like sha256:44136fa3…")]
pub struct InvalidDigest {
    text: String,
}

text_type!(Digest, InvalidDigest, is_digest);

impl Digest {
    /// The SHA-256 digest of these bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }
}

/// `algorithm:encoded`, where the algorithm is components of `[a-z0-9]+` joined by one of `+._-`.
fn is_digest(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let is_component = |component: &str| {
        let mut bytes = component.bytes();
        !component.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let is_encoded = |b: u8| b.is_ascii_alphanumeric() || b"=_-".contains(&b);
    algorithm.split(['+', '.', '_', '-']).all(is_component)
        && !encoded.is_empty()
        && encoded.bytes().all(is_encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_the_grammar_of_the_image_specification() {
        for text in [
            "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b",
            "sha512:401b09eab3c013d4ca54922bb802bec8fd5318192b0a75f201d8b372742",
            "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
            "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
            "sha256:abc",
        ] {
            let digest: Digest = text.parse().expect(text);
            assert_eq!(digest, text);
        }
        for text in [
            "",
            "sha256",
            "sha256:",
            ":abc",
            "SHA256:abc",
            "+:abc",
            "a++b:abc",
            "-a:abc",
            "sha256:a'b",
            "a/b:c",
            "a:b c",
            "a:b:c",
        ] {
            let error = text.parse::<Digest>().expect_err(text);
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{text}` is not a digest"))
            );
        }
    }

    #[test]
    fn the_digest_of_bytes_is_their_sha256() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::sha256(b""), empty);
        assert_eq!(
            Digest::sha256(b"").as_str().parse(),
            Ok(Digest::sha256(b""))
        );
    }
}
