//! Facts about Helm: versions, releases, eras and flows; its error texts; the response headers that it reads; how it
//! resolves version ranges; the tools that contain it.

pub mod breaks;
pub mod era;
pub mod errors;
pub mod flow;
pub mod observed;
pub mod range;
pub mod reads;
pub mod releases;
pub mod response;
pub mod tools;
pub mod version;
