//! Targets: how one is named and described, with which credentials, and under which rules it is examined.

pub mod chart_name;
pub mod credentials;
pub mod file;
pub mod policy;
pub mod repositories;
pub mod spec;
