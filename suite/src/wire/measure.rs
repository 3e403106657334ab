//! Measuring the body of a response that is too large to be kept.

use bytes::{Bytes, BytesMut};
use helm_oci_fixtures::digest::Running;

use super::TransportError;
use super::content::{HEAD, Pattern};

/// The tolerance above the expected length before reading stops.
const TOLERANCE: u64 = 1 << 20;

/// Length and digest of a body that was measured and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The length in bytes.
    pub length: u64,
    /// The digest.
    pub digest: String,
}

/// The body that a successful response should have, if it is too large to be kept.
#[derive(Debug, Clone)]
pub enum Expected {
    /// These bytes, with which it is compared.
    Pattern(Pattern),
    /// A body of this length and digest.
    Measured(Measured),
}

impl Expected {
    /// The length in bytes.
    pub const fn length(&self) -> u64 {
        match self {
            Self::Pattern(pattern) => pattern.length(),
            Self::Measured(measured) => measured.length,
        }
    }
}

impl From<&Pattern> for Expected {
    fn from(pattern: &Pattern) -> Self {
        Self::Pattern(pattern.clone())
    }
}

impl From<&Measured> for Expected {
    fn from(measured: &Measured) -> Self {
        Self::Measured(measured.clone())
    }
}

/// Measures a body piece by piece. A pattern is compared with it, which takes less time than hashing it.
#[derive(Debug)]
pub struct Measurement {
    limit: u64,
    head: BytesMut,
    length: u64,
    so_far: SoFar,
}

/// The body as far as it was received.
#[derive(Debug)]
enum SoFar {
    /// The beginning of this pattern.
    Same(Pattern),
    /// Something else, with its digest so far.
    Hashed(Running),
}

impl Measurement {
    /// The measurement of a body for which this one is expected.
    pub fn new(expected: &Expected) -> Self {
        Self {
            limit: expected.length().saturating_add(TOLERANCE),
            head: BytesMut::new(),
            length: 0,
            so_far: match expected {
                Expected::Pattern(pattern) => SoFar::Same(pattern.clone()),
                Expected::Measured(_) => SoFar::Hashed(Running::default()),
            },
        }
    }

    /// Adds the next piece, received from `authority`; fails if the body is much longer than expected.
    pub fn add(&mut self, piece: &[u8], authority: &str) -> Result<(), TransportError> {
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        if let SoFar::Same(pattern) = &self.so_far
            && !pattern.has(self.length, piece)
        {
            self.so_far = SoFar::Hashed(pattern.running(self.length));
        }
        if let SoFar::Hashed(running) = &mut self.so_far {
            running.update(piece);
        }
        self.length += piece.len() as u64;
        if self.length > self.limit {
            return Err(TransportError::TooLarge {
                authority: authority.to_owned(),
                limit: self.limit,
            });
        }
        Ok(())
    }

    /// The beginning of the body, and its measure.
    pub fn finish(self) -> (Bytes, Measured) {
        let digest = match self.so_far {
            SoFar::Hashed(running) => running.digest(),
            SoFar::Same(pattern) if self.length == pattern.length() => pattern.digest().to_owned(),
            SoFar::Same(pattern) => pattern.running(self.length).digest(),
        };
        let measured = Measured {
            length: self.length,
            digest,
        };
        (self.head.freeze(), measured)
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::digest::sha256;

    use super::super::content::{Content, PIECE};
    use super::*;

    fn measured(expected: &Pattern, body: &[u8], size: usize) -> (Bytes, Measured) {
        let mut measurement = Measurement::new(&expected.into());
        for piece in body.chunks(size) {
            measurement
                .add(piece, "r.test")
                .expect("it is not too long");
        }
        measurement.finish()
    }

    #[test]
    fn only_the_beginning_of_a_measured_body_is_kept() {
        let pattern = Pattern::new(1, 200_000);
        let content = Content::from(&pattern);
        let whole = content.clone().into_bytes();
        for size in [1, 7, 1000, PIECE - 1, PIECE, PIECE + 1, 200_000] {
            let (head, measured) = measured(&pattern, &whole, size);
            assert_eq!(head, content.head());
            assert_eq!(head.len(), HEAD);
            let (length, digest) = (200_000, content.digest());
            assert_eq!(measured, Measured { length, digest }, "{size}");
        }
    }

    #[test]
    fn a_body_that_differs_has_its_own_digest() {
        let pattern = Pattern::new(1, 200_000);
        let whole = Content::from(&pattern).into_bytes();
        let changed = |at: usize| {
            let mut body = whole.to_vec();
            body[at] ^= 1;
            body
        };
        let longer = [&whole[..], b"!"].concat();
        let bodies = [
            changed(0),
            changed(7),
            changed(8),
            changed(PIECE),
            changed(2 * PIECE + 9),
            changed(199_999),
            whole[..100_000].to_vec(),
            Vec::new(),
            longer,
        ];
        for (body, size) in bodies
            .iter()
            .flat_map(|body| [(body, 999), (body, 1 << 20)])
        {
            let (_, measured) = measured(&pattern, body, size);
            assert_eq!(measured.length, body.len() as u64);
            assert_eq!(measured.digest, sha256(body));
        }
    }

    #[test]
    fn a_body_that_is_much_too_long_is_read_no_further() {
        let mut measurement = Measurement::new(&(&Pattern::new(1, 5)).into());
        let piece = vec![0; 1 << 20];
        measurement.add(&piece, "r.test").expect("it is tolerated");
        measurement
            .add(&piece[..5], "r.test")
            .expect("it is tolerated");
        let error = measurement
            .add(&piece[..1], "r.test")
            .expect_err("too long");
        let limit = 5 + (1 << 20);
        let authority = "r.test".to_owned();
        assert_eq!(error, TransportError::TooLarge { authority, limit });
    }

    #[test]
    fn a_body_of_which_only_the_digest_is_known_is_hashed() {
        let body = vec![7; 200_000];
        let expected = Expected::Measured(Measured {
            length: 200_000,
            digest: sha256(&body),
        });
        for body in [&body[..], &body[1..]] {
            let mut measurement = Measurement::new(&expected);
            for piece in body.chunks(999) {
                let added = measurement.add(piece, "r.test");
                added.expect("it is not too long");
            }
            let (head, measured) = measurement.finish();
            assert_eq!(head.len(), HEAD);
            assert_eq!(measured.length, body.len() as u64);
            assert_eq!(measured.digest, sha256(body));
        }
    }
}
