//! What several checks read is pushed once for all of them, in a repository that no check writes to afterwards.
//!
//! Each check that reads it has the exchanges behind it in its own transcript, as if it had sent them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::lock::Mutex as AsyncMutex;
use helm_oci_fixtures::route::Route;
use http::Method;

use super::steps::Chart;
use super::target::Target;
use super::write_mode::WriteMode;
use super::{Place, Session};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Request;

/// What the checks of one run on one target share.
#[derive(Default)]
pub struct Shared {
    arrangements: Mutex<HashMap<String, Arc<Arrangement>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// An arrangement that is made once, with the session that makes it.
pub(super) struct Arrangement {
    pub(super) session: Session,
    /// The chart, or why it could not be arranged.
    chart: AsyncMutex<Option<Result<Chart, Stop>>>,
}

impl Shared {
    fn arrangement(&self, what: &str, target: &Target) -> Arc<Arrangement> {
        let arrangements = self.arrangements.lock();
        let mut arrangements = arrangements.unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let target = Target {
                shared: None,
                ..target.clone()
            };
            Arc::new(Arrangement {
                session: Session::new(target, &format!("shared/{what}")),
                chart: AsyncMutex::new(None),
            })
        };
        Arc::clone(arrangements.entry(what.to_owned()).or_insert_with(new))
    }
}

impl Session {
    /// Arranges a chart that this check only reads: once for all checks that read the same. If that fails, or if the
    /// target shares nothing, the chart is arranged in the repository of this check.
    pub(crate) async fn share(
        &self,
        what: &str,
        arrange: impl for<'s> Fn(&'s Self) -> BoxFuture<'s, Result<Chart, Stop>>,
    ) -> Result<Chart, Stop> {
        match self.arranged_once(what, &arrange).await {
            Some(chart) => Ok(chart),
            None => arrange(self).await,
        }
    }

    async fn arranged_once(
        &self,
        what: &str,
        arrange: &impl for<'s> Fn(&'s Self) -> BoxFuture<'s, Result<Chart, Stop>>,
    ) -> Option<Chart> {
        let target = self.target();
        // A repeated check has content of its own, and a run in given repositories has no further one.
        let is_shared =
            target.attempt == 0 && matches!(target.write_mode, WriteMode::OwnRepositories);
        let shared = target.shared.as_ref().filter(|_| is_shared)?;
        let arrangement = shared.arrangement(what, target);
        self.state().waits_for = Some(Arc::clone(&arrangement));
        let mut known = arrangement.chart.lock().await;
        if known.is_none() {
            *known = Some(arrange(&arrangement.session).await);
        }
        let chart = known.clone().and_then(Result::ok);
        drop(known);
        self.state().waits_for = None;
        if chart.is_some() {
            self.adopt(&arrangement.session);
        }
        chart
    }

    /// Continues in the repository of another session, with its exchanges and authorization, and only reads there.
    fn adopt(&self, other: &Self) {
        let other_state = other.state();
        let mut state = self.state();
        state.adopted += other_state.exchanges.len();
        state
            .exchanges
            .extend(other_state.exchanges.iter().cloned());
        state.secrets.extend(&other_state.secrets);
        let authorizations = other_state.authorizations.clone();
        state.authorizations.extend(authorizations);
        drop(state);
        self.continued.get_or_init(|| Place {
            repository: other.repository().clone(),
            is_shared: true,
        });
    }

    /// Refuses a write to a repository that this check shares with others.
    pub(super) fn check_shared(&self, request: &Request) -> Result<(), Stop> {
        let shared = self.continued.get().filter(|place| place.is_shared);
        let Some(shared) = shared.map(|place| &*place.repository) else {
            return Ok(());
        };
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        if is_read || Route::of(&request.uri).repository() != Some(shared) {
            return Ok(());
        }
        Err(Stop::from(Obstacle::new(
            ObstacleKind::Defect,
            "the check writes to a repository that others read",
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof;
    use crate::requirement::Setup;

    fn sharing(setup: Setup) -> Target {
        let mut target = proof::target(setup, &[]);
        target.shared = Some(Arc::default());
        target
    }

    fn chart(session: &Session) -> Chart {
        let chart = proof::finish(session.shared_chart()).expect("it never waits");
        chart.expect("it is arranged")
    }

    #[test]
    fn what_two_checks_read_is_pushed_once_and_is_in_both_transcripts() {
        let target = sharing(Setup::Bearer);
        let [one, other] = ["test/one", "test/other"].map(|id| Session::new(target.clone(), id));
        assert_eq!(chart(&one).digest, chart(&other).digest);
        assert_eq!(one.repository(), other.repository());
        assert!(one.exchanges() > 5, "the push of a chart");
        assert_eq!([one.sent(), other.sent()], [0, 0], "whoever is first");
        assert_eq!(one.transcript(), other.transcript());

        let read = proof::finish(other.get_manifest("1.0.0")).expect("it never waits");
        assert_eq!(read.expect("a response").exchange, one.exchanges());
        assert_eq!(other.sent(), 1, "the token of the push is used");
    }

    #[test]
    fn a_check_does_not_write_where_others_read() {
        let session = Session::new(sharing(Setup::Open), "test/writing");
        let chart = chart(&session);
        let put = proof::finish(session.put_manifest("1.0.1", &chart.manifest));
        let refused = put.expect("it never waits");
        assert!(
            matches!(&refused, Err(Stop::Inconclusive(why)) if why.kind == ObstacleKind::Defect),
            "{refused:?}"
        );
    }

    #[test]
    fn a_repeated_check_has_a_chart_of_its_own() {
        let mut target = sharing(Setup::Open);
        target.attempt = 1;
        let session = Session::new(target.clone(), "test/again");
        chart(&session);
        assert_eq!(*session.repository(), target.repository("test/again"));
    }

    #[test]
    fn an_arrangement_that_failed_is_made_again_in_the_repository_of_the_check() {
        let target = sharing(Setup::Open);
        let session = Session::new(target.clone(), "test/alone");
        let own = session.repository().clone();
        let arrange = async |session: &Session| {
            // The session that arranges for others shares nothing itself.
            if session.target().shared.is_none() {
                let failed = Obstacle::new(ObstacleKind::Arrangement, "it fails");
                return Err(Stop::from(failed));
            }
            session.arrange_chart("1.0.0").await
        };
        let arranged = session.share("failing", |session| Box::pin(arrange(session)));
        let arranged = proof::finish(arranged).expect("it never waits");
        assert!(arranged.is_ok());
        assert_eq!(*session.repository(), own);
    }
}
