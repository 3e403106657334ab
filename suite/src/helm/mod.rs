//! Helm as facts: versions, eras and flows; the headers that Helm reads; how Helm resolves a version range.

pub mod era;
pub mod range;
pub mod reads;
