//! HTTP as the suite sees it: the interface, the requests and responses that pass through it, and their record without
//! secrets.
//!
//! - [`Registry`] is the interface, [`Relay`] a layer around another, [`InMemory`] the reference registry in memory;
//! - [`Request`] and [`Response`] pass through it, with [`content`] of any size;
//! - [`exchange`] is the record of both, in which [`redaction`] leaves no secret of the [`credentials`].

pub mod content;
pub mod credentials;
mod error;
pub mod exchange;
mod in_memory;
mod measure;
mod port;
pub mod redaction;
mod request;
mod response;

pub use self::error::{ConnectStep, TlsFailure, TransportError};
pub use self::in_memory::InMemory;
pub use self::measure::{Expected, Measured, Measurement};
pub use self::port::{
    AfterResponse, AloneFuture, ClientHelloOutcome, Registry, Relay, ResponseFuture,
};
pub use self::request::Request;
pub use self::response::Response;
