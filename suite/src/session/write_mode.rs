//! What a run may write to: what it may not is not sent, and the requirement that needs it does not apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use helm_oci_fixtures::route::Route;
use http::{Method, Uri};

use crate::session::adopted::Adopted;
use crate::verdict::Restriction;
use crate::wire::Request;

/// What a run may write to.
#[derive(Debug, Clone, Default)]
pub enum Permission {
    /// Repositories of its own, wherever it may make some.
    #[default]
    Own,
    /// These, each in the place of one that the run would make: they are there already, and empty.
    Given(Arc<BTreeMap<String, String>>),
    /// Nothing: what is there is looked at.
    Reading(Looks),
}

/// What a run that only reads looks at.
#[derive(Debug, Clone, Default)]
pub struct Looks {
    /// The repository that stands in the place of every other.
    pub repository: Option<String>,
    /// The tag in it that is meant where a check speaks of `1.0.0`.
    pub tag: Option<String>,
    /// The chart in it that stands in the place of one that would be pushed.
    pub chart: Option<Arc<Adopted>>,
}

impl Permission {
    /// Whether nothing may be written.
    pub const fn is_reading(&self) -> bool {
        matches!(self, Self::Reading(_))
    }

    /// The chart that stands in the place of one that would be pushed.
    pub(crate) fn chart(&self) -> Option<&Adopted> {
        match self {
            Self::Reading(looks) => looks.chart.as_deref(),
            Self::Own | Self::Given(_) => None,
        }
    }

    /// The repository that stands in the place of a check's own.
    pub(crate) fn home(&self, wanted: &str) -> String {
        match self {
            Self::Reading(Looks {
                repository: Some(repository),
                ..
            }) => repository.clone(),
            Self::Own | Self::Given(_) | Self::Reading(_) => self.place(wanted),
        }
    }

    /// The repository that stands in the place of this one.
    pub(crate) fn place(&self, wanted: &str) -> String {
        let place = match self {
            Self::Own | Self::Reading(_) => None,
            Self::Given(places) => places.get(wanted),
        };
        place.map_or_else(|| wanted.to_owned(), ToOwned::to_owned)
    }

    /// Allows a request to the registry at `own`, or returns the restriction that forbids it.
    pub(crate) fn check(&self, request: &Request, own: &Uri) -> Result<(), Restriction> {
        if matches!(request.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        match self {
            Self::Own => Ok(()),
            Self::Reading(Looks { chart: None, .. }) => Err(Restriction::ReadOnlyWithoutChart),
            Self::Reading(_) => Err(Restriction::ReadOnly),
            Self::Given(_) if request.uri.authority() != own.authority() => Ok(()),
            Self::Given(places) => {
                let route = Route::of(&request.uri);
                let is_given = |repository| places.values().any(|place| place == repository);
                match route.repository() {
                    Some(repository) if !is_given(repository) => {
                        Err(Restriction::GivenRepositories)
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::Session;
    use crate::session::target::Target;
    use crate::verdict::{Reason, Stop};

    #[test]
    fn a_run_that_reads_sends_nothing_else() {
        let target = proof::target(Setup::Open, &[]);
        let pushing = Session::new(target.clone(), "test/reading");
        let chart = proof::finish(pushing.arrange_chart("2.0.0")).expect("it never waits");
        let chart = chart.expect("it is taken");
        let looks = Looks {
            repository: Some(pushing.repository().to_owned()),
            ..Looks::default()
        };
        let reading = |looks| {
            let target = Target {
                permission: Permission::Reading(looks),
                ..target.clone()
            };
            Session::new(target, "test/other")
        };
        let session = reading(looks.clone());
        let refused = proof::finish(session.start_upload()).expect("it never waits");
        assert!(
            matches!(
                &refused,
                Err(Stop::NotApplicable(Reason::NotAllowed(
                    Restriction::ReadOnlyWithoutChart
                )))
            ),
            "{refused:?}"
        );
        assert!(session.transcript().is_empty(), "nothing was sent");

        let adopted = proof::finish(Adopted::read(&session, "2.0.0")).expect("it never waits");
        let adopted = adopted.expect("a chart is there");
        assert_eq!(adopted.chart.digest, chart.digest);
        assert_eq!(adopted.chart.package.archive, chart.package.archive);
        let session = reading(Looks {
            chart: Some(Arc::new(adopted)),
            ..looks
        });
        let found = proof::finish(session.arrange_chart("1.0.0")).expect("it never waits");
        assert_eq!(found.expect("it stands for another").digest, chart.digest);
        assert!(session.manifest_path("1.0.0").ends_with("/manifests/2.0.0"));
        let other = proof::finish(session.arrange_chart("1.0.1")).expect("it never waits");
        assert!(
            matches!(
                other,
                Err(Stop::NotApplicable(Reason::NotAllowed(
                    Restriction::ReadOnly
                )))
            ),
            "it would push"
        );
        let nothing = proof::finish(Adopted::read(&session, "3.0.0")).expect("it never waits");
        assert!(
            matches!(nothing, Err(Stop::Inconclusive(_))),
            "there is none"
        );
    }

    #[test]
    fn a_run_in_given_repositories_writes_to_no_other() {
        let target = proof::target(Setup::Open, &[]);
        let wanted = target.repository("test/given");
        let places = BTreeMap::from([
            (wanted.clone(), "pool/one".to_owned()),
            (format!("{wanted}-other"), "pool/two".to_owned()),
        ]);
        let target = Target {
            permission: Permission::Given(Arc::new(places)),
            ..target
        };
        let session = Session::new(target, "test/given");
        assert_eq!(session.repository(), "pool/one");
        assert_eq!(session.chart_name(), "one");
        assert_eq!(session.sibling("other"), "pool/two");
        let upload = |repository: &'static str| {
            let reply = proof::finish(session.start_upload_in(repository));
            reply.expect("it never waits")
        };
        assert_eq!(upload("pool/two").expect("an answer").status, 202);
        let refused = upload("pool/one/deeper");
        assert!(
            matches!(
                &refused,
                Err(Stop::NotApplicable(Reason::NotAllowed(
                    Restriction::GivenRepositories
                )))
            ),
            "{refused:?}"
        );
        let read = session.call(Method::GET, "/v2/elsewhere/tags/list").send();
        let read = proof::finish(read).expect("it never waits");
        assert_eq!(read.expect("an answer").status, 404);
    }

    #[test]
    fn a_run_is_read_only_if_it_may_write_nothing() {
        assert!(Permission::Reading(Looks::default()).is_reading());
        assert!(!Permission::Own.is_reading());
        assert!(!Permission::Given(Arc::default()).is_reading());
    }
}
