//! The client for requests that examine nothing: the readiness of a launched registry, and the time of a server.
//!
//! It is `reqwest`, an independent client: a registry that only our own client can use does not become ready. It never
//! sends a request of an examination, because it adds headers of its own and normalizes URLs.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::{StatusCode, Uri, header};
use reqwest::redirect::Policy;

use super::connect::os_message;
use super::{AGENT, Limits, Trust, TrustError, authority, root};
use crate::clock;

/// A client for the health of one registry.
#[derive(Debug)]
pub struct HealthClient {
    client: reqwest::Client,
    origin: Uri,
    timeout: Duration,
}

/// The health of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// The status of the response.
    pub status: StatusCode,
    /// The `Date` of the response in seconds since 1970; `None` if it has no readable one.
    pub date: Option<i64>,
}

/// A request without a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HealthError {
    /// The request timed out.
    #[error("no response from {authority} within {seconds} s")]
    Timeout {
        /// Host and port.
        authority: String,
        /// The time limit.
        seconds: u64,
    },
    /// The connection failed.
    #[error("cannot connect to {authority}: {cause}")]
    Connect {
        /// Host and port.
        authority: String,
        /// The cause.
        cause: String,
    },
    /// The connection was lost.
    #[error("no response from {authority}: {cause}")]
    Broken {
        /// Host and port.
        authority: String,
        /// The cause.
        cause: String,
    },
}

impl HealthClient {
    /// A client for the registry at `origin`, with the same trust and time limits as [`Http`](super::Http).
    pub fn new(origin: Uri, trust: &Trust, limits: Limits) -> Result<Self, TrustError> {
        let tls = trust.config(origin.scheme_str() == Some("https"))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .user_agent(AGENT)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .build();
        Ok(Self {
            client: client.expect("a client with its TLS configuration needs nothing else"),
            origin,
            timeout: limits.answer,
        })
    }

    /// Sends GET of `path`.
    pub async fn get(&self, path: &str) -> Result<Health, HealthError> {
        let origin = self.origin.to_string();
        let url = format!("{}{path}", origin.trim_end_matches('/'));
        let response = self.client.get(url).send().await;
        let response = response.map_err(|error| self.failed(&error))?;
        let date = response.headers().get(header::DATE);
        let date = date.and_then(|date| date.to_str().ok());
        Ok(Health {
            status: response.status(),
            date: date.and_then(clock::read_date),
        })
    }

    fn failed(&self, error: &reqwest::Error) -> HealthError {
        let authority = authority(&self.origin);
        if error.is_timeout() {
            let seconds = self.timeout.as_secs();
            return HealthError::Timeout { authority, seconds };
        }
        let cause = os_error(error).map_or_else(|| root(error), os_message);
        if error.is_connect() {
            HealthError::Connect { authority, cause }
        } else {
            HealthError::Broken { authority, cause }
        }
    }
}

/// The error of the operating system that caused this one.
fn os_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let own = error.downcast_ref::<io::Error>();
        if let Some(own) = own.filter(|own| own.raw_os_error().is_some()) {
            return Some(own);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::http::install_cryptography;

    #[tokio::test]
    async fn a_refused_connection_is_reported_with_host_and_port() {
        install_cryptography();
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = closed.local_addr().expect("it is bound");
        drop(closed);
        let origin = format!("http://{address}").parse().expect("a URI");
        let client = HealthClient::new(origin, &Trust::default(), Limits::default());
        let health = client.expect("no TLS is needed").get("/v2/").await;
        let error = health.expect_err("nothing listens").to_string();
        assert_eq!(
            error,
            format!("cannot connect to {address}: connection refused")
        );
    }
}
