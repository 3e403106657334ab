//! The effort of a run.

use crate::text::{duration, plural};

/// The effort of a run on one target: requests, time and concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// The number of requests.
    pub requests: usize,
    /// The duration in milliseconds.
    pub milliseconds: u64,
    /// The maximum number of checks that ran concurrently.
    pub concurrency: usize,
}

impl Effort {
    /// The effort in words.
    pub fn sentence(&self) -> String {
        let requests = plural(self.requests, "request");
        let time = duration(self.milliseconds);
        format!("{requests} in {time}, concurrency {}", self.concurrency)
    }
}
