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

pub mod adopted;
pub mod api;
pub mod auth;
mod authority;
pub mod checks;
mod client;
pub mod content;
pub mod coverage;
mod credentials;
pub mod era;
pub mod evidence;
pub mod exchange;
mod expect;
pub mod explain;
pub mod outcome;
mod patience;
pub mod permission;
pub mod predict;
pub mod proof;
pub mod reads;
pub mod registry;
pub mod requirement;
pub mod resolve;
pub mod secrets;
pub mod session;
pub mod source;
pub mod target;
pub mod verdict;
