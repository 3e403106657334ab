//! The repositories that a run needs, told before it runs.
//!
//! The plan is run in memory, on the reference registry as each kind of target; what is written to there is what a
//! run writes to. Only names depend on the target: its namespace and the seed.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use helm_oci_suite::proof;
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::session::Session;
use helm_oci_suite::target::Target;

use crate::capabilities;
use crate::cleanup::Ledger;
use crate::preflight::preflight;

/// The repositories to which a run of these requirements writes, in the order of need.
pub async fn needed(
    requirements: &[&'static Requirement],
    namespace: Option<&str>,
    seed: u64,
) -> Vec<String> {
    let mut all = Names::default();
    for setup in [Setup::Open, Setup::PlainHttp, Setup::Basic, Setup::Bearer] {
        let open = proof::target(setup, &[]);
        let ledger = Arc::new(Ledger::new(Arc::clone(&open.registry)));
        let mut target = Target {
            registry: Arc::clone(&ledger) as _,
            namespace: namespace.map(ToOwned::to_owned),
            seed,
            ..open
        };
        preflight(&target).await;
        capabilities::probe(&mut target).await;
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

/// Names with the place of who needs them first.
#[derive(Default)]
struct Names {
    known: BTreeSet<String>,
    ordered: Vec<(usize, String)>,
}

impl Names {
    fn add(&mut self, place: usize, ledger: &Ledger) {
        for name in ledger.made().into_keys() {
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

    #[tokio::test]
    async fn names_are_those_that_checks_write_to() {
        let one = checks::find("upload/mount").expect("it is known");
        let names = needed(&[one], Some("team"), 7).await;
        assert_eq!(
            names,
            [
                "team/hoc-63cbe1e4-capabilities",
                "team/hoc-63cbe1e4-capabilities-mounted",
                "team/hoc-63cbe1e4-preflight",
                "team/hoc-63cbe1e4-upload-mount",
                "team/hoc-63cbe1e4-upload-mount-from",
            ]
        );
    }
}
