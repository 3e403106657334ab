//! How a run behaves towards a registry that others use as well.

use crate::cleanup::Strategy;

/// What a run may do to a target, and what it leaves there.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// What is deleted at the end.
    pub clean_up: Strategy,
}
