//! The request bodies of a script: short ones as they are, large ones as commands that generate bytes of the same length.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::proof::RawExchange;
use http::{HeaderValue, Request};

/// The compressed size from which on a body is replaced, in bytes.
const LARGE: usize = 96 << 10;

/// The byte of which a replacement consists.
const FILLER: u8 = b'h';

/// The number of characters of a line of base64.
const BASE64_LINE: usize = 116;

/// Digests that replace others.
#[derive(Debug, Default)]
pub(super) struct Digests(Vec<(String, String)>);

impl Digests {
    /// The text with the new digests.
    pub(super) fn replaced(&self, text: &str) -> String {
        let pairs = self.0.iter();
        pairs.fold(text.to_owned(), |text, (old, new)| text.replace(old, new))
    }

    fn add(&mut self, old: &[u8], new: &[u8]) {
        let hexadecimal = |bytes: &[u8]| sha256(bytes).trim_start_matches("sha256:").to_owned();
        self.0.push((hexadecimal(old), hexadecimal(new)));
    }
}

/// Replaces large bodies, and the digests of them wherever a later request has them.
pub(super) fn shortened(exchanges: &[RawExchange]) -> (Vec<RawExchange>, Digests) {
    let mut digests = Digests::default();
    let shortened = exchanges.iter().map(|exchange| {
        let old = exchange.request.body();
        let new = match std::str::from_utf8(old) {
            Ok(text) => Bytes::from(digests.replaced(text)),
            Err(_) => old.clone(),
        };
        let is_large = new.len() > LARGE && compressed(&new).len() > LARGE;
        let new = if is_large {
            vec![FILLER; new.len()].into()
        } else {
            new
        };
        if new != old {
            digests.add(old, &new);
        }
        RawExchange {
            request: renamed(&exchange.request, new, &digests),
            response: exchange.response.clone(),
            unaltered: None,
        }
    });
    (shortened.collect(), digests)
}

fn renamed(request: &Request<Bytes>, body: Bytes, digests: &Digests) -> Request<Bytes> {
    let mut renamed = request.clone().map(|_| body);
    let uri = digests.replaced(&request.uri().to_string());
    *renamed.uri_mut() = uri
        .parse()
        .expect("a digest does not change the form of a URL");
    for value in renamed.headers_mut().values_mut() {
        if let Ok(text) = value.to_str() {
            let text = HeaderValue::from_str(&digests.replaced(text));
            *value = text.expect("a digest does not change the form of a header");
        }
    }
    renamed
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("memory can be written to")
}

/// The command that makes the file of a body.
pub(super) fn command(name: &str, body: &Bytes) -> String {
    if body.len() > LARGE && body.iter().all(|byte| *byte == FILLER) {
        return format!(
            "head -c {} /dev/zero | tr '\\0' {} > \"$directory\"/{name}\n",
            body.len(),
            char::from(FILLER)
        );
    }
    let compressed = compressed(body);
    let is_smaller = compressed.len() < body.len();
    let (decoder, bytes) = if is_smaller {
        (" | gunzip", &compressed[..])
    } else {
        ("", &body[..])
    };
    let mut command = format!("base64 -d << END{decoder} > \"$directory\"/{name}\n");
    for line in STANDARD.encode(bytes).as_bytes().chunks(BASE64_LINE) {
        let _ = writeln!(command, "{}", String::from_utf8_lossy(line));
    }
    command.push_str("END\n");
    command
}
