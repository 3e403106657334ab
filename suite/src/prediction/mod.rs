//! Predictions for Helm from verdicts: the table of eras and flows, explanations of failed flows, and the
//! causes of violations.

pub mod causes;
pub mod explain;
pub mod likeness;
pub mod observed;
mod replays;
pub mod table;
