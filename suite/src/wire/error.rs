//! Transport errors.

use strum::Display;
use thiserror::Error;

use super::Response;

/// The step at which a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectStep {
    /// The lookup of the host name.
    Lookup,
    /// The connection to its address.
    Connection,
}

/// A kind of TLS failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub enum TlsFailure {
    /// The port does not speak TLS.
    #[strum(to_string = "")]
    NoTls,
    /// The certificate of the server is not accepted.
    #[strum(to_string = "")]
    ServerCertificate,
    /// The server requires a client certificate. With TLS 1.3 it says so after the handshake.
    #[strum(to_string = ", a client certificate is required")]
    NoClientCertificate,
    /// The server refuses the client certificate. With TLS 1.3 it says so after the handshake.
    #[strum(to_string = ", the client certificate is refused")]
    ClientCertificate,
    /// Anything else.
    #[strum(to_string = "")]
    Other,
}

/// The reason why a request has no complete response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The name does not resolve, the connection is refused, or there is no route.
    #[error("cannot connect to {authority}: {cause}")]
    Connect {
        /// Host and port.
        authority: String,
        /// The step that failed.
        step: ConnectStep,
        /// The error of the operating system.
        cause: String,
    },
    /// TLS failed.
    #[error("TLS handshake with {authority} failed{failure}: {cause}")]
    Tls {
        /// Host and port.
        authority: String,
        /// The kind of failure.
        failure: TlsFailure,
        /// The error of the TLS library.
        cause: String,
    },
    /// The connection closed before the response was complete.
    #[error("connection to {authority} broke: {cause}")]
    Broken {
        /// Host and port.
        authority: String,
        /// What happened.
        cause: String,
        /// The response as far as it was received, if its headers were complete.
        received: Option<Box<Response>>,
    },
    /// The response was not complete in time.
    #[error("timeout after {seconds} s: no complete response from {authority}")]
    Timeout {
        /// Host and port.
        authority: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// Too little of a large body was transferred in this time.
    #[error("transfer with {authority} stalled for {seconds} s")]
    Stalled {
        /// Host and port.
        authority: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// The run may not send the request.
    #[error("request not sent: {why}")]
    Withheld {
        /// The reason.
        why: String,
    },
    /// The body of the response is larger than the suite reads.
    #[error("{authority} sent a body of more than {limit} bytes")]
    TooLarge {
        /// Host and port.
        authority: String,
        /// The maximum size in bytes.
        limit: u64,
    },
}
