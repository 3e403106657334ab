//! The record of a run and its renderings. This floor decides nothing: no clock, no file, no socket.
//!
//! - [`record`]: everything one run saw; it is the JSON report, described by `schema/run-record.json`.
//! - [`junit`]: a record as `JUnit` XML, for CI; [`terminal`]: a record for the person who ran it;
//!   [`markdown`]: its targets side by side, for a page; [`merge`]: several records as one.
//! - [`compare`]: two targets held against each other, and where in a list of them something changed.
//! - [`snapshot`]: what a registry answered, as files to review, and how two of them differ.
//! - [`leftovers`]: what was left behind, in few lines;
//! - [`progress`]: one line about a run that is under way; [`tally`]: counts of outcomes.
//!
//! Every rendering goes through `text`, which spells out whatever could steer a terminal or break XML;
//! `facts` and `transcript` decide what there is to say, the renderings only how.

pub mod compare;
mod facts;
pub mod junit;
pub mod leftovers;
pub mod markdown;
mod matrix;
pub mod merge;
pub mod progress;
pub mod record;
pub mod snapshot;
pub mod tally;
pub mod terminal;
mod text;
mod transcript;
