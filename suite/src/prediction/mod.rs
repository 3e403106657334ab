//! Predictions for Helm from verdicts: the table of eras and flows, and explanations of failed flows.

pub mod explain;
pub mod observed;
mod replays;
pub mod table;
