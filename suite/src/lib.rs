//! The behavioural spec of Helm charts in OCI registries, as requirements with checks.
//!
//! - [`requirement`]: a requirement, everything about it in one place; [`checks`]: all of them.
//! - [`session`], [`api`]: what a check is handed and the steps it can take; [`registry`]: the HTTP port;
//!   [`content`]: what goes through it.
//! - [`target`]: what is examined, and as whom; [`auth`]: how a challenge is read; [`secrets`]: what is never shown.
//! - [`verdict`]: what was observed; [`outcome`]: what we make of it; [`predict`]: what each Helm does then.
//! - [`era`]: Helm versions and the flows of their users; [`source`]: who says so.
//! - [`coverage`]: the ledger of what is checked and what is not, with reasons.
//! - [`proof`]: the suite examined, every requirement against every fault.
//! - [`evidence`]: what real Helms did with each fault, for the suite to be measured by.
//! - [`reads`]: which headers of an answer matter to Helm.
//! - [`explain`]: why a flow of a real Helm failed, told from what was seen violated.
//!
//! `spec/` holds the two documents behind the requirements.

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
