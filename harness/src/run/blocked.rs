//! Checks that are inconclusive because of a known deviation: they meet the response that shows the deviation.

use helm_oci_reports::record::CheckRecord;
use helm_oci_suite::prediction::likeness::is_alike;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::wire::exchange::Exchange;

/// Notes for each inconclusive check the known deviation that blocks it, if there is one.
pub(super) fn note_known_causes(checks: &mut [CheckRecord]) {
    let known = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Known);
    let known: Vec<(String, Vec<Exchange>)> = known
        .map(|check| {
            let shown = check.finding.iter().flat_map(|finding| &finding.exchanges);
            (check.id.clone(), rejected(check, shown))
        })
        .collect();
    for check in checks
        .iter_mut()
        .filter(|check| check.outcome == Outcome::Inconclusive)
    {
        let met = check
            .obstacle
            .iter()
            .flat_map(|obstacle| &obstacle.exchanges);
        let met = rejected(check, met);
        let mut causes = known.iter();
        let cause = causes.find(|(_, shown)| {
            let is_shown = |one: &Exchange| shown.iter().any(|other| is_alike(one, other));
            met.iter().any(is_shown)
        });
        check.blocked_by = cause.map(|(id, _)| id.clone());
    }
}

/// The exchanges at these positions without a success: a success blocks nothing by its status.
fn rejected<'p>(check: &CheckRecord, positions: impl Iterator<Item = &'p usize>) -> Vec<Exchange> {
    let exchanges = positions.filter_map(|position| check.exchanges.get(*position));
    let is_rejected = |exchange: &&Exchange| match &exchange.response {
        Ok(response) => response.status.is_client_error() || response.status.is_server_error(),
        Err(_) => true,
    };
    exchanges.filter(is_rejected).cloned().collect()
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::checks;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;

    use super::*;
    use crate::deviations::{Deviation, Deviations};
    use crate::exit_code::ExitCode;
    use crate::run::{Plan, examine_available};

    #[tokio::test]
    async fn what_a_known_deviation_blocks_does_not_decide_the_exit_code() {
        let faults = [Fault::TagListMissing];
        let examine = async |deviations: Deviations| {
            let plan = Plan {
                deviations,
                ..Plan::new(checks::all(), 1)
            };
            let target = proof::target(Setup::Open, &faults);
            let record = Box::pin(examine_available(&plan, "reference", target)).await;
            let code = ExitCode::of(std::slice::from_ref(&record), &[], false);
            (record, code)
        };
        let (unlisted, code) = examine(Deviations::default()).await;
        assert_eq!(code, ExitCode::Violation);
        let violated = unlisted
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Fail);
        let listed = violated.map(|check| Deviation {
            requirement: checks::find(&check.id).expect("it is there"),
            target: "reference".to_owned(),
            versions: None,
            reason: "known".to_owned(),
            link: "https://example.org/1".to_owned(),
            expires: "2027-01-01".to_owned(),
        });
        let deviations = Deviations {
            all: listed.collect(),
            today: "2026-11-26".to_owned(),
            elsewhere: Vec::new(),
        };
        let (known, code) = examine(deviations).await;
        let blocked = known
            .checks
            .iter()
            .filter(|check| check.blocked_by.is_some());
        assert!(blocked.count() > 5, "some checks need a list of tags");
        let open: Vec<&str> = known
            .checks
            .iter()
            .filter(|check| check.leaves_run_open(false))
            .map(|check| check.id.as_str())
            .collect();
        assert_eq!(open, Vec::<&str>::new());
        assert_eq!(code, ExitCode::Acceptable);
    }
}
