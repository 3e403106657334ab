//! Facts about Helm: versions, eras and flows; its error texts; the response headers that it reads; how it resolves
//! version ranges.

pub mod breaks;
pub mod era;
pub mod errors;
pub mod flow;
pub mod observed;
pub mod range;
pub mod reads;
pub mod response;
pub mod version;
