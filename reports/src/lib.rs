//! Run records of helm-oci-conformance, their views, and the formats that show them. This crate has no clock, no file
//! and no socket, and it judges nothing.
//!
//! - [`record`]: every result of one run. It is the JSON report, described by `schema/run-record.json`.
//! - [`compare`]: the differences between two targets, and the target of a list at which something changed.
//! - [`snapshot`]: the responses of a registry as files, and the difference between two snapshots.
//! - [`view`]: everything that a report shows, built once from one of these.
//! - [`terminal`], [`markdown`], [`html`], [`junit`], [`sarif`], [`code_quality`], [`tap`], [`annotations`]: formats that
//!   render a view and read nothing else.
//! - [`history`], [`site`]: many records as the history of registries, and a static site of it.
//! - [`events`]: the lines of a run while it is running.
//! - [`text`]: plain text that is safe to show.

pub mod annotations;
pub mod code_quality;
pub mod compare;
pub mod events;
pub mod history;
pub mod html;
mod json;
pub mod junit;
mod layout;
pub mod markdown;
pub mod record;
pub mod sarif;
pub mod site;
pub mod snapshot;
pub mod tap;
pub mod terminal;
pub mod text;
pub mod view;
