//! Takes away what a run made on a registry that stays, as far as the registry lets us.
//!
//! The [`Ledger`] knows what was made, so nothing else is ever touched. All of it is best effort and bounded; what
//! remains is said with the reason and the command that removes it, and changes no verdict.

mod earlier;
mod ledger;
mod sweep;

use std::time::Duration;

use helm_oci_reports::record::Leftover;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;
use tokio::time::timeout;

use super::deadline::within;
use super::interrupt::Interrupt;
use crate::target::policy::CleanUpStrategy;

pub use self::earlier::{SearchError, catalog, holdings, is_of_a_run};
pub use self::ledger::{Holdings, Ledger, Made};
use self::sweep::Sweep;

/// How long the clean-up may take, and how much longer after Ctrl-C.
const LIMIT: Duration = Duration::from_secs(10);

/// Deletes what was made by the strategy; returns what is left.
pub async fn clean_up(
    target: &Target,
    made: Made,
    strategy: CleanUpStrategy,
    interrupt: &Interrupt,
) -> Vec<Leftover> {
    let session = Session::new(target.clone(), "clean-up");
    let sweep = Sweep::new(&session, made);
    if strategy == CleanUpStrategy::None {
        return sweep.leftovers("`--clean-up none` keeps it");
    }
    let hurried = async {
        interrupt.wait().await;
        timeout(LIMIT, std::future::pending::<()>()).await
    };
    tokio::select! {
        _ = within(LIMIT, &session, sweep.run(strategy)) => {}
        _ = hurried => {}
    }
    sweep.leftovers(&format!("it was not deleted within {} s", LIMIT.as_secs()))
}

/// Deletes all of this, however long it takes; returns what is left.
pub async fn delete(session: &Session, made: Made, strategy: CleanUpStrategy) -> Vec<Leftover> {
    let sweep = Sweep::new(session, made);
    sweep.run(strategy).await;
    sweep.leftovers("`--clean-up none` keeps it")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicIsize, Ordering};

    use helm_oci_fixtures::fault::Fault;
    use helm_oci_fixtures::route::Route;
    use helm_oci_reports::record::LeftoverKind;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;
    use helm_oci_suite::session::steps::Chart;
    use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture};
    use http::{Method, StatusCode};

    use super::*;

    /// A chart in a registry with these faults, and what the ledger knows of it.
    async fn stored(faults: &[Fault]) -> (Target, Session, Chart, Made) {
        let target = proof::target(Setup::Open, faults);
        let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
        let noted = Target {
            registry: Arc::clone(&ledger) as _,
            ..target.clone()
        };
        let session = Session::new(noted, "test/clean-up");
        let chart = session.arrange_chart("1.0.0").await.expect("it is taken");
        let made = ledger.made();
        (target, session, chart, made)
    }

    async fn statuses(session: &Session, chart: &Chart) -> [u16; 3] {
        let of = |reply: Result<helm_oci_suite::session::Reply, _>| {
            let reply = reply.expect("an answer");
            reply.status.as_u16()
        };
        [
            of(session.head_manifest("1.0.0").await),
            of(session.head_manifest(&chart.digest).await),
            of(session.head_blob(&chart.layer_digest()).await),
        ]
    }

    #[tokio::test]
    async fn each_strategy_deletes_what_it_says() {
        for (strategy, statuses_after, left) in [
            (CleanUpStrategy::Auto, [404, 404, 404], 0),
            (CleanUpStrategy::Digest, [404, 404, 404], 0),
            (CleanUpStrategy::TagsFirst, [404, 404, 404], 0),
            (CleanUpStrategy::Tag, [404, 200, 200], 0),
            (CleanUpStrategy::None, [200, 200, 200], 3),
        ] {
            let (target, session, chart, made) = stored(&[]).await;
            let leftovers = clean_up(&target, made, strategy, &Interrupt::never()).await;
            assert_eq!(leftovers.len(), left, "{strategy:?}: {leftovers:?}");
            let found = statuses(&session, &chart).await;
            assert_eq!(found, statuses_after, "{strategy:?}");
        }
    }

    #[tokio::test]
    async fn what_is_refused_is_told_with_the_way_to_remove_it() {
        let (target, session, chart, made) = stored(&[Fault::DeletesRefused]).await;
        let leftovers = clean_up(&target, made, CleanUpStrategy::Auto, &Interrupt::never()).await;
        assert_eq!(
            leftovers.len(),
            3,
            "a manifest and two blobs: {leftovers:?}"
        );
        let manifest = &leftovers[0];
        assert_eq!(manifest.kind, LeftoverKind::Manifest);
        assert_eq!(manifest.name, chart.digest);
        assert_eq!(manifest.repository, session.repository());
        assert!(
            manifest.why.contains("405 Method Not Allowed"),
            "{manifest:?}"
        );
        assert_eq!(manifest.command, None, "no command would remove it");

        let (target, session, _, made) = stored(&[Fault::TagDeletesRefused]).await;
        let leftovers = clean_up(&target, made, CleanUpStrategy::Tag, &Interrupt::never()).await;
        let tag = Leftover {
            repository: session.repository().to_owned(),
            kind: LeftoverKind::Tag,
            name: "1.0.0".to_owned(),
            why: "the registry answers DELETE with 400 Bad Request (UNSUPPORTED)".to_owned(),
            command: Some(format!(
                "curl -X DELETE 'https://registry.test/v2/{}/manifests/1.0.0'",
                session.repository()
            )),
        };
        assert_eq!(leftovers, [tag]);
    }

    /// A registry that keeps a manifest as long as it has a tag, as some do, or as something else is there.
    struct KeepsTagged {
        inner: Arc<dyn Registry>,
        tags: AtomicIsize,
        status: u16,
    }

    impl Relay for KeepsTagged {
        fn inner(&self) -> &dyn Registry {
            self.inner.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            let is_delete = request.method == Method::DELETE;
            match Route::of(&request.uri) {
                Route::Manifest { reference, .. } if is_delete && !reference.contains(':') => {
                    self.tags.fetch_sub(1, Ordering::SeqCst);
                }
                Route::Manifest { .. } if is_delete && self.tags.load(Ordering::SeqCst) > 0 => {
                    if self.status == 405 {
                        // What kept it goes next.
                        self.tags.fetch_sub(1, Ordering::SeqCst);
                    }
                    let status = StatusCode::from_u16(self.status).expect("a status");
                    return Box::pin(std::future::ready(Ok(Response::new(status))));
                }
                _ => {}
            }
            self.inner.send(request)
        }
    }

    #[tokio::test]
    async fn tags_go_first_where_they_have_to() {
        for (strategy, left) in [
            (CleanUpStrategy::Auto, 0),
            (CleanUpStrategy::TagsFirst, 0),
            (CleanUpStrategy::Digest, 1),
        ] {
            let (target, _, _, made) = stored(&[]).await;
            let target = Target {
                registry: Arc::new(KeepsTagged {
                    inner: Arc::clone(&target.registry),
                    tags: AtomicIsize::new(1),
                    status: 409,
                }),
                ..target
            };
            let leftovers = clean_up(&target, made, strategy, &Interrupt::never()).await;
            assert_eq!(leftovers.len(), left, "{strategy:?}: {leftovers:?}");
        }
    }

    #[tokio::test]
    async fn what_another_manifest_kept_is_tried_again() {
        let (target, session, _, mut made) = stored(&[]).await;
        let another = Session::new(target.clone(), "test/clean-up");
        let other = another.arrange_other_chart_blobs("1.0.0").await;
        let other = other.expect("it is taken");
        let put = another.arrange_manifest("2.0.0", &other.manifest).await;
        put.expect("it is taken");
        let holdings = made.get_mut(session.repository()).expect("it is known");
        holdings.manifests.insert(other.digest);
        let target = Target {
            registry: Arc::new(KeepsTagged {
                inner: Arc::clone(&target.registry),
                tags: AtomicIsize::new(1),
                status: 405,
            }),
            ..target
        };
        let leftovers = clean_up(&target, made, CleanUpStrategy::Auto, &Interrupt::never()).await;
        assert_eq!(
            leftovers,
            [],
            "405 is taken at its word only where nothing is deleted"
        );
    }

    #[tokio::test]
    async fn an_upload_that_stayed_open_is_closed() {
        let (target, session, _, _) = stored(&[]).await;
        let ledger = Arc::new(Ledger::new(Arc::clone(&target.registry)));
        let noted = Target {
            registry: Arc::clone(&ledger) as _,
            ..target.clone()
        };
        let open = Session::new(noted, "test/clean-up").arrange_upload().await;
        let open = open.expect("it is opened");
        let leftovers = clean_up(
            &target,
            ledger.made(),
            CleanUpStrategy::Auto,
            &Interrupt::never(),
        )
        .await;
        assert_eq!(leftovers, []);
        let state = session.call_uri(Method::GET, Ok(open)).send().await;
        assert_eq!(state.expect("an answer").status, 404);
    }
}
