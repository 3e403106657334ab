//! Plain text: escapes of untrusted text, its width in columns, and words for counts and times.
//!
//! This module knows no record. It decides how a text looks and never what a report contains.

mod columns;
mod escape;
mod words;

pub(crate) use self::columns::{columns, fit, pad, wrap};
pub use self::escape::line;
pub(crate) use self::escape::{block, cut, is_steering};
pub use self::words::plural;
pub(crate) use self::words::{duration, more};
