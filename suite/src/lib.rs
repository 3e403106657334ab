//! The behavioural spec of Helm charts in OCI registries, as requirements with checks.
//!
//! - [`requirement`]: a requirement with its level, sources, faults and check; [`checks`]: all requirements, by chapter.
//! - [`session`]: the workspace of a check: its requests, tokens, retries and expectations; [`verdict`]: its result.
//! - [`wire`]: HTTP, recorded exchanges and redaction; [`oci`]: digests, references, bodies, links and URLs.
//! - [`helm`]: Helm versions, eras, flows and error messages; `client`: models of Helm clients.
//! - [`prediction`]: the table of eras and flows, and explanations of failed flows.
//! - [`proof`]: every requirement against every fault; [`evidence`]: observations of real Helm binaries;
//!   [`coverage`]: the items of the documents that the suite covers, and reasons for the others.
//!
//! `spec/` contains the documents behind the requirements.

pub mod checks;
mod client;
pub mod coverage;
pub mod evidence;
pub mod helm;
pub mod oci;
pub mod prediction;
pub mod proof;
pub mod requirement;
pub mod session;
pub mod verdict;
pub mod wire;
