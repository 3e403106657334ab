//! The failed flows of real Helm binaries in the table of eras.

use helm_oci_reports::record::TargetRecord;
use helm_oci_suite::prediction::observed::{FailedFlow, enter};
use helm_oci_suite::requirement::outcome::Outcome;

/// Enters the failed flows into the table of eras.
pub(super) fn enter_failures(record: &mut TargetRecord) {
    for helm in &record.helm_versions {
        let Ok(version) = helm.version.parse() else {
            continue;
        };
        for flow in helm
            .flows
            .iter()
            .filter(|flow| flow.outcome == Outcome::Fail)
        {
            let failed = FailedFlow {
                id: &flow.id,
                helm: &version,
                flow: flow.flow,
                error: flow.error.as_deref().unwrap_or_default(),
            };
            enter(&mut record.eras, failed);
        }
    }
}
