//! Transport errors.

use thiserror::Error;

/// The reason why a request has no complete response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The name does not resolve, the connection is refused, or there is no route.
    #[error("cannot connect to {authority}: {cause}")]
    Connect {
        /// Host and port.
        authority: String,
        /// The error of the operating system.
        cause: String,
    },
    /// The TLS handshake failed.
    #[error("TLS handshake with {authority} failed: {cause}")]
    Tls {
        /// Host and port.
        authority: String,
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
