//! Checks that are inconclusive because of a known deviation: they meet the response that shows the deviation.

use helm_oci_reports::record::CheckRecord;
use helm_oci_suite::prediction::explain::is_alike;
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
