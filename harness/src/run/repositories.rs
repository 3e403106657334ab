//! The repositories that a run needs, and the check of given ones before the run.
//!
//! The plan is run in memory, on the reference registry as each kind of target; what is written to there is what a
//! run writes to. Only names depend on the target: its namespace and the name of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use helm_oci_suite::oci::{RepositoryName, TagList};
use helm_oci_suite::proof;
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::session::target::{Target, name_of_run};
use helm_oci_suite::session::write_mode::WriteMode;
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop};
use http::{Method, StatusCode};
use thiserror::Error;

use super::capabilities;
use super::cleanup::Ledger;
use super::preflight::preflight;

/// The number of given repositories that are checked concurrently.
const PARALLEL: usize = 8;

/// The repositories to which a run of this name writes for these requirements, in the order of need.
pub async fn needed(
    requirements: &[&'static Requirement],
    namespace: Option<&RepositoryName>,
    run: &str,
) -> Vec<String> {
    let mut all = Names::default();
    for setup in [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer] {
        let open = proof::target(setup, &[]);
        let ledger = Arc::new(Ledger::new(Arc::clone(&open.registry)));
        let mut target = Target {
            registry: Arc::clone(&ledger) as _,
            namespace: namespace.cloned(),
            run_name: Some(run.to_owned()),
            ..open
        };
        Box::pin(preflight(&target)).await;
        Box::pin(capabilities::probe(&mut target)).await;
        all.add(0, &ledger);
        for (position, requirement) in requirements.iter().enumerate() {
            let session = Session::new(target.clone(), requirement.id);
            // In memory nothing waits; what it comes to is of no interest.
            let _ = (requirement.check)(&session).now_or_never();
            all.add(position + 1, &ledger);
        }
    }
    all.in_order()
}

/// A reason why given repositories cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{given} repositories are given, and the run needs {needed}; give more, or select less with --only"
)]
pub struct TooFew {
    given: usize,
    needed: usize,
}

/// Puts given repositories in the place of those that a run of these requirements would make, in order of need.
///
/// Names that a check builds from its own, to see what the registry makes of them, have no place: what needs them does
/// not apply.
pub async fn assign(
    requirements: &[&'static Requirement],
    namespace: Option<&RepositoryName>,
    seed: u64,
    given: &[RepositoryName],
) -> Result<BTreeMap<RepositoryName, RepositoryName>, TooFew> {
    let mut wanted = needed(requirements, namespace, &name_of_run(seed)).await;
    let mut target = proof::target(Setup::Open, &[]);
    target.namespace = namespace.cloned();
    target.seed = seed;
    let ids = requirements.iter().map(|requirement| requirement.id);
    let own = ids.chain(["preflight", "capabilities"]);
    let own: Vec<_> = own.map(|id| target.repository(id)).collect();
    wanted.retain(|name| own.iter().any(|own| is_own(own, name)));
    if given.len() < wanted.len() {
        return Err(TooFew {
            given: given.len(),
            needed: wanted.len(),
        });
    }
    let wanted = wanted
        .iter()
        .map(|name| name.parse().expect("a session works in a repository"));
    Ok(wanted.zip(given.iter().cloned()).collect())
}

/// True if a name is that of a session or of a sibling.
fn is_own(own: &str, name: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    match name.strip_prefix(own) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('-').is_some_and(is_word),
        None => false,
    }
}

/// The reason why a given repository cannot be used: it is not empty, or its content cannot be determined.
pub async fn occupied(target: &Target) -> Option<Obstacle> {
    let WriteMode::GivenRepositories(places) = &target.write_mode else {
        return None;
    };
    let session = Session::new(target.clone(), "preflight");
    let lists = futures_util::stream::iter(places.values()).map(|repository| {
        let path = format!("/v2/{repository}/tags/list");
        let session = &session;
        async move { (repository, session.call(Method::GET, &path).send().await) }
    });
    let mut lists = lists.buffered(PARALLEL);
    while let Some((repository, reply)) = lists.next().await {
        let what = match count(reply) {
            Ok(0) => continue,
            Ok(count) => format!(
                "the given repository {repository} is not empty, it lists {count} tags; give empty ones"
            ),
            Err(why) => format!(
                "the content of the given repository {repository} could not be determined: {why}; check that its tags \
                 can be listed"
            ),
        };
        return Some(Obstacle::new(
            ObstacleKind::Arrangement,
            session.redact(&what),
        ));
    }
    None
}

/// The number of listed tags; zero for an absent repository.
fn count(reply: Result<Reply, Stop>) -> Result<usize, String> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(Stop::Inconclusive(obstacle)) => return Err(obstacle.what),
        Err(_) => return Err("its tags may not be listed".to_owned()),
    };
    if reply.status == StatusCode::NOT_FOUND {
        return Ok(0);
    }
    let list: Option<TagList> = serde_json::from_slice(&reply.body).ok();
    let list = list.filter(|_| reply.status.is_success());
    let list = list.ok_or_else(|| format!("GET of its tags answers {}", reply.status))?;
    Ok(list.tags.unwrap_or_default().len())
}

/// Names with the place of who needs them first.
#[derive(Default)]
struct Names {
    known: BTreeSet<String>,
    ordered: Vec<(usize, String)>,
}

impl Names {
    fn add(&mut self, place: usize, ledger: &Ledger) {
        for name in ledger.stored().into_keys() {
            if self.known.insert(name.clone()) {
                self.ordered.push((place, name));
            }
        }
    }

    fn in_order(mut self) -> Vec<String> {
        self.ordered.sort();
        self.ordered.into_iter().map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::checks;

    use super::*;

    fn name(text: &str) -> RepositoryName {
        text.parse().expect("a name")
    }

    #[tokio::test]
    async fn names_are_those_that_checks_write_to() {
        let one = checks::find("upload/mount").expect("it is known");
        let names = needed(&[one], Some(&name("team")), &name_of_run(7)).await;
        assert_eq!(
            names,
            [
                "team/hoc63cbe1e4-capabilities",
                "team/hoc63cbe1e4-capabilities-mounted",
                "team/hoc63cbe1e4-capabilities/c3",
                "team/hoc63cbe1e4-capabilities/c3/c4",
                "team/hoc63cbe1e4-capabilities/c3/c4/c5",
                "team/hoc63cbe1e4-preflight",
                "team/hoc63cbe1e4-upload-mount",
                "team/hoc63cbe1e4-upload-mount-from",
            ]
        );
    }

    #[tokio::test]
    async fn given_repositories_take_the_places_of_own_ones_and_of_no_other() {
        let one = checks::find("names/grammar-accepted").expect("it is known");
        let given = ["pool/a", "pool/b", "pool/c", "pool/d"].map(name);
        let places = assign(&[one], Some(&name("team")), 7, &given).await;
        let places = places.expect("there are enough");
        let names: Vec<(&str, &str)> = places
            .iter()
            .map(|(wanted, given)| (wanted.as_str(), given.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("team/hoc63cbe1e4-capabilities", "pool/a"),
                ("team/hoc63cbe1e4-capabilities-mounted", "pool/b"),
                ("team/hoc63cbe1e4-preflight", "pool/c"),
            ]
        );
        let too_few = assign(&[one], None, 7, &given[..2]).await;
        let too_few = too_few.expect_err("three are needed").to_string();
        assert!(
            too_few.starts_with("2 repositories are given, and the run needs 3"),
            "{too_few}"
        );
    }

    #[tokio::test]
    async fn a_given_repository_of_which_nothing_can_be_told_is_not_taken_for_empty() {
        let given = |target| Target {
            write_mode: WriteMode::GivenRepositories(Arc::new(BTreeMap::from([(
                name("wanted"),
                name("pool/a"),
            )]))),
            credentials: None,
            ..target
        };
        let open = given(proof::target(Setup::Open, &[]));
        assert_eq!(occupied(&open).await, None, "it is not there yet");
        let shut = given(proof::target(Setup::Basic, &[]));
        let why = occupied(&shut).await.expect("nobody can tell").what;
        assert!(
            why.contains("the content of the given repository pool/a could not be determined"),
            "{why}"
        );
        assert!(why.contains("401"), "{why}");
    }
}
