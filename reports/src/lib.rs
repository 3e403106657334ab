//! Run records of helm-oci-conformance, their views, and the formats that show them. This crate has no clock, no file
//! and no socket, and it judges nothing.
//!
//! - [`record`]: every result of one run. It is the JSON report, described by `schema/run-record.json`.
//! - [`compare`]: the differences between two targets, and the target of a list at which something changed.
//! - [`snapshot`]: the responses of a registry as files, and the difference between two snapshots.
//! - [`view`]: everything that a report shows, built once from one of these.
//! - [`terminal`], [`markdown`], [`html`], [`junit`]: formats that render a view and read nothing else.
//! - [`text`]: plain text that is safe to show.

pub mod compare;
pub mod html;
mod json;
pub mod junit;
mod layout;
pub mod markdown;
pub mod record;
pub mod snapshot;
pub mod terminal;
pub mod text;
pub mod view;
