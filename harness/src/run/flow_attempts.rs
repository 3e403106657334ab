//! Repeats a flow of a real Helm binary that fails, in fresh repositories: only what repeats is a failure.

use helm_oci_reports::record::{AttemptRecord, AttemptResult, FlowRecord};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use helm_oci_suite::wire::exchange::Exchange;

use super::observation::{described, is_passing};

/// Runs `attempt` with its number until it passes, or has failed once more than there are retries.
pub(super) async fn settled(
    retries: usize,
    attempt: impl AsyncFn(usize) -> FlowRecord,
) -> FlowRecord {
    let mut records = vec![attempt(0).await];
    while records.len() <= retries && records.last().is_some_and(is_open) {
        records.push(attempt(records.len()).await);
    }
    if records.len() == 1 {
        return records.remove(0);
    }
    result(records)
}

/// The result of several attempts, of which only the last one can have passed.
fn result(mut records: Vec<FlowRecord>) -> FlowRecord {
    let attempts: Vec<AttemptRecord> = records.iter().map(attempt).collect();
    let milliseconds = records.iter().map(|one| one.milliseconds).sum();
    let requests = records.iter().map(|one| one.requests).sum();
    let has_passed = records.last().is_some_and(|last| !is_open(last));
    let is_same = records
        .iter()
        .all(|one| signature(one) == signature(&records[0]));
    let mut record = records.remove(0);
    if has_passed {
        record.outcome = Outcome::Intermittent;
        record.obstacle = None;
        record.because.clear();
    } else if !is_same {
        let what = "each attempt failed, and not all of them in the same way";
        record.outcome = Outcome::Inconclusive;
        record.obstacle = Some(Obstacle::new(ObstacleKind::Arrangement, what));
    }
    FlowRecord {
        attempts,
        milliseconds,
        requests,
        ..record
    }
}

fn is_open(record: &FlowRecord) -> bool {
    matches!(record.outcome, Outcome::Fail | Outcome::Inconclusive)
}

/// A failure as it can be compared with that of another attempt.
fn signature(record: &FlowRecord) -> (Outcome, Option<String>) {
    (record.outcome, aborted_at(record).map(described))
}

fn aborted_at(record: &FlowRecord) -> Option<&Exchange> {
    record.exchanges.get(record.gave_up?)
}

fn attempt(record: &FlowRecord) -> AttemptRecord {
    let result = match record.outcome {
        Outcome::Fail => AttemptResult::Failed,
        Outcome::Inconclusive => AttemptResult::Inconclusive,
        _ => AttemptResult::Passed,
    };
    let obstacle = record.obstacle.as_ref().map(|obstacle| &obstacle.what);
    let by_line = aborted_at(record).is_none_or(|exchange| match &exchange.response {
        Ok(response) => is_passing(response.status),
        Err(_) => true,
    });
    AttemptRecord {
        result,
        what: obstacle
            .or(record.error.as_ref())
            .cloned()
            .unwrap_or_default(),
        by_line: result != AttemptResult::Passed && by_line,
        exchanges: Vec::new(),
    }
}
