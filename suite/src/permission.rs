//! What a run may write to: what it may not is not sent, and the requirement that needs it does not apply.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use helm_oci_fixtures::route::Route;
use http::{Method, Request, Uri};

/// What a run may write to.
#[derive(Debug, Clone, Default)]
pub enum Permission {
    /// Repositories of its own, wherever it may make some.
    #[default]
    Own,
    /// These, each in the place of one that the run would make: they are there already, and empty.
    Given(Arc<BTreeMap<String, String>>),
}

impl Permission {
    /// The repository that stands in the place of this one.
    pub(crate) fn place(&self, wanted: &str) -> String {
        let place = match self {
            Self::Own => None,
            Self::Given(places) => places.get(wanted),
        };
        place.map_or_else(|| wanted.to_owned(), ToOwned::to_owned)
    }

    /// Why a request to the registry at `own` must not be sent, if it must not.
    pub(crate) fn objection(&self, request: &Request<Bytes>, own: &Uri) -> Option<String> {
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        match self {
            Self::Own => None,
            Self::Given(_) if is_reading || request.uri().authority() != own.authority() => None,
            Self::Given(places) => {
                let route = Route::of(request.uri());
                let repository = route.repository()?;
                if places.values().any(|place| place == repository) {
                    return None;
                }
                Some(
                    "it needs a repository of another name, and the run works in given ones"
                        .to_owned(),
                )
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
    use crate::target::Target;
    use crate::verdict::Stop;

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
            matches!(&refused, Err(Stop::NotApplicable(why)) if why.contains("given ones")),
            "{refused:?}"
        );
        let read = session.call(Method::GET, "/v2/elsewhere/tags/list").send();
        let read = proof::finish(read).expect("it never waits");
        assert_eq!(read.expect("an answer").status, 404);
    }
}
