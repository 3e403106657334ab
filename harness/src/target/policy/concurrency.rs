//! The number of checks that run concurrently on a target.

/// The number of concurrent checks at the beginning, and the most that a slow network is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// The number at the beginning.
    pub first: usize,
    /// The largest number.
    pub most: usize,
}

impl Concurrency {
    /// The number that was requested, or the default.
    pub fn requested(checks: Option<u16>) -> Self {
        checks.map_or_else(Self::default, |checks| Self::fixed(checks.into()))
    }

    /// This number, from the beginning to the end.
    pub const fn fixed(checks: usize) -> Self {
        Self {
            first: checks,
            most: checks,
        }
    }

    /// The same, but at most this number.
    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self {
            first: self.first.min(limit),
            most: self.most.min(limit),
        }
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        Self {
            first: 16,
            most: 64,
        }
    }
}
