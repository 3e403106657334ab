//! Deadlines for the work of a session. Waits that the registry asks for, and large transfers, do not count; and a check
//! may take longer while the registry responds.

use std::pin::pin;
use std::time::Duration;

use helm_oci_suite::session::Session;
use tokio::time::timeout;

/// Runs the work of a session; `None` if it exceeds `limit`.
///
/// The time of `Retry-After` and of the rate limit is not counted. A large body has a limit of its own in the port:
/// during its transfer, and once it is complete, the limit starts again.
pub(crate) async fn within<T>(
    limit: Duration,
    session: &Session,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let (mut allowed, mut waited_before) = (limit, session.waited());
    let mut transfers_before = session.transfers();
    loop {
        if let Ok(done) = timeout(allowed, work.as_mut()).await {
            return Some(done);
        }
        let (waited, transfers) = (session.waited(), session.transfers());
        let is_under_way = transfers % 2 == 1;
        allowed = if is_under_way || transfers != transfers_before {
            limit
        } else if waited != waited_before {
            waited.saturating_sub(waited_before)
        } else {
            return None;
        };
        (waited_before, transfers_before) = (waited, transfers);
    }
}

/// The number of limits that the work of a session may take while the registry responds.
const SLOW: usize = 6;

/// The same for work that many responses may slow down: the limit starts again while the registry responds, a few times.
pub(crate) async fn within_while_responding<T>(
    limit: Duration,
    session: &Session,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..SLOW {
        let before = session.responses();
        if let Some(done) = within(limit, session, work.as_mut()).await {
            return Some(done);
        }
        if session.responses() == before {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;

    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::target::Target;

    use super::*;
    use crate::clock::Stopwatch;
    use crate::target::policy::RateLimiter;

    #[tokio::test]
    async fn slow_work_goes_on_while_the_registry_responds() {
        let session = Session::new(proof::target(Setup::Open, &[]), "test/within");
        let (limit, pause) = (Duration::from_millis(40), Duration::from_millis(25));
        let never = std::future::pending::<()>;
        let slow = async {
            for _ in 0..4 {
                let _ = timeout(pause, never()).await;
                let reply = session.call(http::Method::GET, "/v2/").send().await;
                reply.expect("a response");
            }
        };
        assert!(
            within_while_responding(limit, &session, slow)
                .await
                .is_some()
        );
        assert!(
            within_while_responding(limit, &session, never())
                .await
                .is_none()
        );
    }

    #[tokio::test]
    async fn waits_before_the_work_do_not_extend_its_deadline() {
        let target = proof::target(Setup::Open, &[]);
        let rate = NonZeroU32::MIN;
        let target = Target {
            registry: Arc::new(RateLimiter::new(Arc::clone(&target.registry), rate)),
            ..target
        };
        let session = Session::new(target, "test/within");
        for _ in 0..4 {
            let reply = session.call(http::Method::GET, "/v2/").send().await;
            reply.expect("a response");
        }
        assert!(session.waited() > Duration::from_secs(4));
        let begun = Stopwatch::start();
        let pending = std::future::pending::<()>();
        let done = within(Duration::from_millis(50), &session, pending).await;
        assert_eq!(done, None);
        assert!(begun.milliseconds() < 4000, "{} ms", begun.milliseconds());
    }
}
