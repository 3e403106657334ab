//! HTTP as the suite sees it: the one port, what goes through it, and how an exchange is recorded without secrets.

pub mod content;
pub mod credentials;
pub mod exchange;
pub mod redaction;
pub mod registry;
