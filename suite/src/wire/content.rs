//! The bodies of requests.
//!
//! Most have a few bytes. A large one is generated while it is sent, so that no large chart is kept in memory.

use bytes::{Bytes, BytesMut};
use helm_oci_fixtures::digest::{Running, sha256};

/// The size of the chunks in which a pattern is generated.
pub const PIECE: usize = 64 << 10;

/// The number of bytes that are kept from the beginning of a large body.
pub(super) const HEAD: usize = 2 << 10;

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// Bytes that are made while they are sent.
    Pattern(Pattern),
}

impl Content {
    /// The length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Pattern(pattern) => pattern.length,
        }
    }

    /// The digest.
    pub fn digest(&self) -> String {
        match self {
            Self::Bytes(bytes) => sha256(bytes),
            Self::Pattern(pattern) => pattern.digest.clone(),
        }
    }

    /// True if it is generated while it is sent.
    pub const fn is_made(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }

    /// The beginning of a pattern, or all the bytes.
    pub fn head(&self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Pattern(_) => {
                let first = self.pieces().next().unwrap_or_default();
                first.slice(..first.len().min(HEAD))
            }
        }
    }

    /// The bytes, piece by piece.
    pub fn pieces(&self) -> Pieces {
        Pieces {
            content: self.clone(),
            at: 0,
        }
    }

    /// All the bytes at once, for a registry without a socket.
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

/// Bytes that follow from a seed and a length and do not shrink when they are compressed. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The content of every piece behind its number.
    noise: Bytes,
    length: u64,
    digest: String,
}

impl Pattern {
    /// The pattern of this seed. Its digest is computed here, once.
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

    /// The pattern of this seed, with a digest that a test has verified.
    pub(crate) fn known(seed: u64, length: u64, digest: &str) -> Self {
        Self {
            noise: noise(seed),
            length,
            digest: digest.to_owned(),
        }
    }

    /// The length in bytes.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The chunk with this number, if there is one: the number and then noise, so that no two chunks are equal.
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
    /// True if the pattern has these bytes at this offset.
    pub(super) fn has(&self, mut at: u64, mut bytes: &[u8]) -> bool {
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

    /// The running digest after this many bytes of the pattern.
    pub(super) fn running(&self, length: u64) -> Running {
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

/// One piece of bytes that follow from a seed.
fn noise(seed: u64) -> Bytes {
    let words = (0..PIECE as u64 / 8).map(|word| mix(seed ^ mix(word)));
    words.flat_map(u64::to_le_bytes).collect()
}

/// The bytes of a body, piece by piece.
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

/// Spreads a seed over all bits, so that neighbouring seeds have nothing in common.
pub(crate) const fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_made_in_pieces_and_has_its_digest() {
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
}
