//! The progress of a run.

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunProgress<'a> {
    /// The number of finished checks.
    pub done: usize,
    /// The number of checks.
    pub total: usize,
    /// The number of finished checks that failed.
    pub fails: usize,
    /// The target under examination.
    pub target: &'a str,
}
