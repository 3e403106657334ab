//! A port that stops sending once its budget is used up.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use helm_oci_suite::wire::{
    AloneFuture, ClientHelloOutcome, Expected, Registry, Relay, Request, ResponseFuture,
    TransportError,
};
use serde::Deserialize;
use thiserror::Error;

/// The largest number of requests and bytes of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// The number of requests, including those for tokens.
    pub requests: Option<u64>,
    /// The total size of the bodies of requests and responses.
    pub bytes: Option<Size>,
}

/// A number of bytes, such as `512K`, `20M` or `1G`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Size {
    bytes: u64,
}

impl Size {
    /// A number of mebibytes.
    pub const fn mebibytes(count: u64) -> Self {
        Self { bytes: count << 20 }
    }
}

/// A text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid size `{given}`; use a number with K, M or G, such as 512K, 20M or 1G")]
pub struct SizeError {
    given: String,
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(given: &str) -> Result<Self, SizeError> {
        let (number, shift) = match given.char_indices().last() {
            Some((at, 'K' | 'k')) => (&given[..at], 10),
            Some((at, 'M' | 'm')) => (&given[..at], 20),
            Some((at, 'G' | 'g')) => (&given[..at], 30),
            _ => (given, 0),
        };
        let number: Option<u64> = number.parse().ok();
        let bytes = number.and_then(|number| number.checked_mul(1 << shift));
        match bytes {
            Some(bytes) if bytes > 0 => Ok(Self { bytes }),
            _ => Err(SizeError {
                given: given.to_owned(),
            }),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;

    fn try_from(given: String) -> Result<Self, SizeError> {
        given.parse()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.bytes.trailing_zeros() >= shift {
                return write!(f, "{} {unit}", self.bytes >> shift);
            }
        }
        write!(f, "{} bytes", self.bytes)
    }
}

/// A port with a budget.
pub struct RequestBudget {
    inner: Arc<dyn Registry>,
    budget: Budget,
    spent: Mutex<Spent>,
}

#[derive(Default)]
struct Spent {
    requests: u64,
    bytes: u64,
    /// The limit that was reached first. It is kept, so that every later request fails with the same reason.
    exhausted: Option<String>,
}

impl RequestBudget {
    /// A registry that can be used until the budget is used up.
    pub fn new(inner: Arc<dyn Registry>, budget: Budget) -> Self {
        Self {
            inner,
            budget,
            spent: Mutex::default(),
        }
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deducts a request with bodies of this size, if the budget suffices.
    fn deduct(&self, body: u64) -> Result<(), TransportError> {
        let mut spent = self.spent();
        if spent.exhausted.is_none() {
            spent.exhausted = match self.budget {
                Budget {
                    requests: Some(requests),
                    ..
                } if spent.requests >= requests => {
                    Some(format!("the budget of {requests} requests is used up"))
                }
                Budget {
                    bytes: Some(size), ..
                } if spent.bytes.saturating_add(body) > size.bytes => {
                    Some(format!("the budget of {size} is used up"))
                }
                Budget { .. } => None,
            };
        }
        if let Some(why) = spent.exhausted.clone() {
            return Err(TransportError::Withheld { why });
        }
        spent.requests += 1;
        spent.bytes += body;
        Ok(())
    }
}

impl Relay for RequestBudget {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async {
            let expected = request.measure.as_ref().map_or(0, Expected::length);
            self.deduct(request.content.length().saturating_add(expected))?;
            let response = self.inner.send(request).await?;
            let received = response.length();
            let mut spent = self.spent();
            spent.bytes = spent
                .bytes
                .saturating_add(received)
                .saturating_sub(expected);
            drop(spent);
            Ok(response)
        })
    }

    fn pass_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(async {
            self.deduct(request.content.length())?;
            let (response, after) = self.inner.send_alone(request).await?;
            let mut spent = self.spent();
            spent.bytes = spent.bytes.saturating_add(response.length());
            drop(spent);
            Ok((response, after))
        })
    }

    fn greet(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(async {
            self.deduct(0)?;
            self.inner.client_hello().await
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::target::Target;
    use helm_oci_suite::session::{Reply, Session};
    use helm_oci_suite::verdict::Stop;
    use helm_oci_suite::wire::content::Pattern;
    use http::Method;

    use super::*;

    fn session(budget: Budget) -> Session {
        let target = proof::target(Setup::Open, &[]);
        let target = Target {
            registry: Arc::new(RequestBudget::new(Arc::clone(&target.registry), budget)),
            ..target
        };
        Session::new(target, "test/budget")
    }

    fn obstacle(reply: Result<Reply, Stop>) -> String {
        match reply {
            Err(Stop::Inconclusive(obstacle)) => obstacle.what,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn no_request_is_sent_beyond_the_budget() {
        let session = session(Budget {
            requests: Some(2),
            bytes: None,
        });
        for _ in 0..2 {
            session
                .call(Method::GET, "/v2/")
                .send()
                .await
                .expect("a response");
        }
        let third = obstacle(session.call(Method::GET, "/v2/").send().await);
        assert_eq!(
            third,
            "request not sent: the budget of 2 requests is used up"
        );
    }

    #[tokio::test]
    async fn bodies_count_in_both_directions_and_the_budget_stays_used_up() {
        let session = session(Budget {
            requests: None,
            bytes: Some("1K".parse().expect("a size")),
        });
        let half = Bytes::from(vec![b'x'; 512]);
        let blob = session.arrange_blob(&half).await.expect("there is enough");
        let read = session.get_blob(&blob).await.expect("there is just enough");
        assert_eq!(read.body.len(), 512);
        let one_more = session
            .put_manifest("1.0.0", &Bytes::from_static(b"{}"))
            .await;
        assert!(obstacle(one_more).contains("the budget of 1 KiB is used up"));
        let empty = session.call(Method::HEAD, "/v2/").send().await;
        assert!(obstacle(empty).contains("the budget of 1 KiB is used up"));
    }

    #[tokio::test]
    async fn a_body_that_is_measured_and_not_kept_counts_in_full() {
        let session = session(Budget {
            requests: None,
            bytes: Some("100K".parse().expect("a size")),
        });
        let pattern = Pattern::new(1, 40 << 10);
        let location = session.arrange_upload().await.expect("it is opened");
        let put = session.complete_upload(&location, pattern.digest(), &pattern);
        put.send().await.expect("there is enough");
        let read = session.measure_blob(&pattern);
        let measured = read.await.expect("there is enough").measured;
        assert_eq!(measured.expect("it was").length, 40 << 10);
        let again = session.measure_blob(&pattern);
        let again = obstacle(again.await);
        assert!(again.contains("the budget of 100 KiB is used up"));
    }

    #[test]
    fn sizes_are_parsed_and_formatted() {
        for (given, text) in [
            ("1000", "1000 bytes"),
            ("512K", "512 KiB"),
            ("20m", "20 MiB"),
            ("1024M", "1 GiB"),
        ] {
            let size: Size = given.parse().expect(given);
            assert_eq!(size.to_string(), text);
        }
        for given in ["", "0", "M", "-1", "1.5M", "20MB", "99999999999G"] {
            given.parse::<Size>().expect_err(given);
        }
    }
}
