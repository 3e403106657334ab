//! The write mode of a run. A request that it forbids is not sent, and the requirement that needs it does not apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use helm_oci_fixtures::route::Route;
use http::{Method, Uri};

use crate::oci::{RepositoryName, Tag};
use crate::session::existing_chart::ExistingChart;
use crate::verdict::Restriction;
use crate::wire::Request;

/// The write mode of a run.
#[derive(Debug, Clone, Default)]
pub enum WriteMode {
    /// The run creates repositories of its own.
    #[default]
    OwnRepositories,
    /// The run writes to these existing, empty repositories, by the name that it would create otherwise.
    GivenRepositories(Arc<BTreeMap<RepositoryName, RepositoryName>>),
    /// The run writes nothing and reads existing content.
    ReadOnly(ExistingContent),
}

/// The content that a read-only run reads.
#[derive(Debug, Clone, Default)]
pub struct ExistingContent {
    /// The repository that every check uses.
    pub repository: Option<RepositoryName>,
    /// The tag in it that replaces `1.0.0`.
    pub tag: Option<Tag>,
    /// The chart in it that replaces a pushed one.
    pub chart: Option<Arc<ExistingChart>>,
}

impl WriteMode {
    /// True if the run writes nothing.
    pub const fn is_read_only(&self) -> bool {
        matches!(self, Self::ReadOnly(_))
    }

    /// The chart that a read-only run reads instead of pushing one.
    pub(crate) fn existing_chart(&self) -> Option<&ExistingChart> {
        match self {
            Self::ReadOnly(content) => content.chart.as_deref(),
            Self::OwnRepositories | Self::GivenRepositories(_) => None,
        }
    }

    /// The repository that a check uses, where `own` is the one that it would create.
    pub(crate) fn repository_of_check(&self, own: &RepositoryName) -> RepositoryName {
        match self {
            Self::ReadOnly(ExistingContent {
                repository: Some(repository),
                ..
            }) => repository.clone(),
            Self::OwnRepositories | Self::GivenRepositories(_) | Self::ReadOnly(_) => {
                self.substitute(own)
            }
        }
    }

    /// The repository that the run uses instead of `own`, if it was given one.
    pub(crate) fn substitute(&self, own: &RepositoryName) -> RepositoryName {
        let given = match self {
            Self::OwnRepositories | Self::ReadOnly(_) => None,
            Self::GivenRepositories(repositories) => repositories.get(own),
        };
        given.unwrap_or(own).clone()
    }

    /// Allows a request to the registry at `own`, or returns the restriction that forbids it.
    pub(crate) fn check(&self, request: &Request, own: &Uri) -> Result<(), Restriction> {
        if matches!(request.method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        match self {
            Self::OwnRepositories => Ok(()),
            Self::ReadOnly(_) => Err(Restriction::ReadOnly),
            Self::GivenRepositories(_) if request.uri.authority() != own.authority() => Ok(()),
            Self::GivenRepositories(repositories) => {
                let route = Route::of(&request.uri);
                let is_given = |name| repositories.values().any(|given| given == name);
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
    fn a_read_only_run_sends_only_reads() {
        let tag = |text: &str| -> Tag { text.parse().expect("a tag") };
        let target = proof::target(Setup::Open, &[]);
        let pushing = Session::new(target.clone(), "test/reading");
        let chart = proof::finish(pushing.arrange_chart("2.0.0")).expect("it never waits");
        let chart = chart.expect("it is accepted");
        let content = ExistingContent {
            repository: Some(pushing.repository().clone()),
            ..ExistingContent::default()
        };
        let read_only = |content| {
            let target = Target {
                write_mode: WriteMode::ReadOnly(content),
                ..target.clone()
            };
            Session::new(target, "test/other")
        };
        let session = read_only(content.clone());
        let refused = proof::finish(session.start_upload()).expect("it never waits");
        assert!(
            matches!(
                &refused,
                Err(Stop::NotApplicable(Reason::NotAllowed(
                    Restriction::ReadOnly
                )))
            ),
            "{refused:?}"
        );
        assert!(session.transcript().is_empty(), "nothing was sent");

        let existing =
            proof::finish(ExistingChart::read(&session, &tag("2.0.0"))).expect("it never waits");
        let existing = existing.expect("the chart exists");
        assert_eq!(existing.chart.digest, chart.digest);
        assert_eq!(existing.chart.package.archive, chart.package.archive);
        let session = read_only(ExistingContent {
            chart: Some(Arc::new(existing)),
            ..content
        });
        let found = proof::finish(session.arrange_chart("1.0.0")).expect("it never waits");
        assert_eq!(
            found.expect("it replaces a pushed one").digest,
            chart.digest
        );
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
        let nothing =
            proof::finish(ExistingChart::read(&session, &tag("3.0.0"))).expect("it never waits");
        assert!(
            matches!(nothing, Err(Stop::Inconclusive(_))),
            "it does not exist"
        );
    }

    #[test]
    fn a_run_with_given_repositories_writes_to_no_other() {
        let target = proof::target(Setup::Open, &[]);
        let own = target.repository("test/given");
        let name = |text: &str| -> RepositoryName { text.parse().expect("a name") };
        let repositories = BTreeMap::from([
            (own.clone(), name("pool/one")),
            (name(&format!("{own}-other")), name("pool/two")),
        ]);
        let target = Target {
            write_mode: WriteMode::GivenRepositories(Arc::new(repositories)),
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
        assert_eq!(upload("pool/two").expect("a response").status, 202);
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
        assert_eq!(read.expect("a response").status, 404);
    }

    #[test]
    fn a_run_is_read_only_if_it_may_write_nothing() {
        assert!(WriteMode::ReadOnly(ExistingContent::default()).is_read_only());
        assert!(!WriteMode::OwnRepositories.is_read_only());
        assert!(!WriteMode::GivenRepositories(Arc::default()).is_read_only());
    }
}
