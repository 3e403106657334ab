//! Targets: [`spec`] is the description that a user gives, [`kind`] its parsed form, and [`resolved`] a target that is
//! ready to be launched, with credentials, TLS trust and [`policy`].

pub mod chart_name;
pub mod credentials;
pub mod file;
pub mod kind;
pub mod policy;
pub mod repositories;
pub mod resolved;
pub mod spec;
