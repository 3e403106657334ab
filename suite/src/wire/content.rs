//! What a request carries, and what is known of an answer that is too large to be kept.
//!
//! Almost everything is a handful of bytes. What is large is made while it is sent and forgotten while it is read, so
//! that no chart, however large, is ever held in memory.

use bytes::{Bytes, BytesMut};
use helm_oci_fixtures::digest::{Running, sha256};

use crate::session::target::mix;

/// How much of a pattern is made at once.
pub const PIECE: usize = 64 << 10;

/// How much is kept of the body of an answer that is only measured.
pub const HEAD: usize = 2 << 10;

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// Bytes that are made as they are sent.
    Pattern(Pattern),
}

impl Content {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Pattern(pattern) => pattern.length,
        }
    }

    /// Its digest.
    pub fn digest(&self) -> String {
        match self {
            Self::Bytes(bytes) => sha256(bytes),
            Self::Pattern(pattern) => pattern.digest.clone(),
        }
    }

    /// Whether it is made as it is sent.
    pub const fn is_made(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }

    /// What it begins with; all of it, if it is bytes.
    pub fn head(&self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Pattern(_) => {
                let first = self.pieces().next().unwrap_or_default();
                first.slice(..first.len().min(HEAD))
            }
        }
    }

    /// Its bytes, one piece after the other.
    pub fn pieces(&self) -> Pieces {
        Pieces {
            content: self.clone(),
            at: 0,
        }
    }

    /// All of its bytes at once, for a registry without a socket.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Pattern(_) => {
                let mut whole = BytesMut::new();
                for piece in self.pieces() {
                    whole.extend_from_slice(&piece);
                }
                whole.freeze()
            }
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&Bytes> for Content {
    fn from(bytes: &Bytes) -> Self {
        Self::Bytes(bytes.clone())
    }
}

impl From<&Pattern> for Content {
    fn from(pattern: &Pattern) -> Self {
        Self::Pattern(pattern.clone())
    }
}

/// Bytes that follow from a seed and a length and do not shrink when they are compressed. A copy is as good as free.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// What every piece holds behind its number.
    noise: Bytes,
    length: u64,
    digest: String,
}

impl Pattern {
    /// The pattern of this seed; its digest is taken here, once.
    pub fn new(seed: u64, length: u64) -> Self {
        let unnamed = Self {
            noise: noise(seed),
            length,
            digest: String::new(),
        };
        Self {
            digest: unnamed.running(length).digest(),
            ..unnamed
        }
    }

    /// The pattern of this seed whose digest is known; a test takes it.
    pub(crate) fn known(seed: u64, length: u64, digest: &str) -> Self {
        Self {
            noise: noise(seed),
            length,
            digest: digest.to_owned(),
        }
    }

    /// How many bytes it has.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Its digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The piece with this number, if there is one: noise behind the number, so that no two pieces are the same.
    fn piece(&self, number: u64) -> Option<Bytes> {
        let left = self.length.checked_sub(number * PIECE as u64)?;
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let mut piece = BytesMut::from(self.noise.as_ref());
        piece[..8].copy_from_slice(&number.to_le_bytes());
        piece.truncate(length);
        (length > 0).then(|| piece.freeze())
    }
}

impl Pattern {
    /// Whether these bytes are the pattern's own, so many bytes behind its beginning.
    fn has(&self, mut at: u64, mut bytes: &[u8]) -> bool {
        if at + bytes.len() as u64 > self.length {
            return false;
        }
        while !bytes.is_empty() {
            let within = usize::try_from(at % PIECE as u64).unwrap_or_default();
            let (own, rest) = bytes.split_at(bytes.len().min(PIECE - within));
            let number = (at / PIECE as u64).to_le_bytes();
            let number = number.get(within..).unwrap_or_default();
            let (first, others) = own.split_at(own.len().min(number.len()));
            let noise = &self.noise[within + first.len()..within + own.len()];
            if first != &number[..first.len()] || others != noise {
                return false;
            }
            at += own.len() as u64;
            bytes = rest;
        }
        true
    }

    /// What is known of the digest after so many bytes of the pattern.
    fn running(&self, length: u64) -> Running {
        let mut running = Running::default();
        let beginning = Self {
            length,
            ..self.clone()
        };
        for piece in Content::from(&beginning).pieces() {
            running.update(&piece);
        }
        running
    }
}

/// What follows from a seed, and does not shrink.
fn noise(seed: u64) -> Bytes {
    let words = (0..PIECE as u64 / 8).map(|word| mix(seed ^ mix(word)));
    words.flat_map(u64::to_le_bytes).collect()
}

/// The bytes of a content, one piece after the other.
#[derive(Debug)]
pub struct Pieces {
    content: Content,
    at: u64,
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let number = self.at;
        self.at += 1;
        match &self.content {
            Content::Bytes(bytes) => (number == 0 && !bytes.is_empty()).then(|| bytes.clone()),
            Content::Pattern(pattern) => pattern.piece(number),
        }
    }
}

/// Asks, as an extension of a request, that the body of a successful answer is measured and forgotten.
#[derive(Debug, Clone)]
pub struct Measure {
    /// What it should be.
    pub expected: Pattern,
}

impl Measure {
    /// How much is read at most.
    pub const fn limit(&self) -> u64 {
        self.expected.length.saturating_add(1 << 20)
    }
}

/// What a measured body was, as an extension of the answer, whose body is then the beginning of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// How many bytes it had.
    pub length: u64,
    /// Their digest.
    pub digest: String,
}

/// Measures a body piece by piece: to compare it with what it should be takes less time than its digest.
#[derive(Debug)]
pub struct Measuring {
    expected: Pattern,
    head: BytesMut,
    length: u64,
    /// The digest so far, once something else came than expected.
    otherwise: Option<Running>,
}

impl Measuring {
    /// Nothing came yet.
    pub fn of(measure: &Measure) -> Self {
        Self {
            expected: measure.expected.clone(),
            head: BytesMut::new(),
            length: 0,
            otherwise: None,
        }
    }

    /// Takes the next piece; returns how many bytes came so far.
    pub fn take(&mut self, piece: &[u8]) -> u64 {
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        if self.otherwise.is_none() && !self.expected.has(self.length, piece) {
            self.otherwise = Some(self.expected.running(self.length));
        }
        if let Some(running) = &mut self.otherwise {
            running.update(piece);
        }
        self.length += piece.len() as u64;
        self.length
    }

    /// What the body began with, and what it was.
    pub fn done(self) -> (Bytes, Measured) {
        let digest = match self.otherwise {
            Some(running) => running.digest(),
            None if self.length == self.expected.length => self.expected.digest,
            None => self.expected.running(self.length).digest(),
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
    use super::*;

    #[test]
    fn a_pattern_is_made_in_pieces_and_is_what_it_says() {
        for length in [0, 1, 8, PIECE as u64, PIECE as u64 + 1, 300_000] {
            let pattern = Pattern::new(7, length);
            let content = Content::from(&pattern);
            assert!(content.pieces().all(|piece| piece.len() <= PIECE));
            let whole = content.clone().into_bytes();
            assert_eq!(whole.len() as u64, length);
            assert_eq!(content.length(), length);
            assert_eq!(sha256(&whole), pattern.digest(), "{length}");
            assert!(whole.starts_with(&content.head()));
        }
    }

    #[test]
    fn patterns_differ_by_seed_and_from_piece_to_piece() {
        let of = |seed| Content::from(&Pattern::new(seed, 3 * PIECE as u64)).into_bytes();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        let whole = of(1);
        assert_ne!(whole[..PIECE], whole[PIECE..2 * PIECE]);
    }

    fn measured(expected: &Pattern, body: &[u8], size: usize) -> (Bytes, Measured) {
        let mut measuring = Measuring::of(&Measure {
            expected: expected.clone(),
        });
        for piece in body.chunks(size) {
            measuring.take(piece);
        }
        measuring.done()
    }

    #[test]
    fn what_is_measured_is_forgotten_but_for_its_beginning() {
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
    fn what_is_not_as_expected_has_its_own_digest() {
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
}
