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
    let is_same = records.iter().all(|one| is_alike(one, &records[0]));
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

/// True if two attempts ended in the same way: both are inconclusive, or Helm printed the same error, aborted at the same
/// kind of exchange or met a closed connection in both.
///
/// Helm up to 3.17 transfers blobs concurrently, so that the exchange alone differs by chance.
fn is_alike(one: &FlowRecord, other: &FlowRecord) -> bool {
    let exchange = |record| aborted_at(record).map(described);
    let has_same_error = one.error.is_some() && one.error == other.error;
    let is_open = one.outcome == Outcome::Inconclusive;
    let are_closed = is_closed(one) && is_closed(other);
    one.outcome == other.outcome
        && (is_open || has_same_error || are_closed || exchange(one) == exchange(other))
}

/// True if Helm met a closed connection: it depends on chance at which request.
fn is_closed(record: &FlowRecord) -> bool {
    let error = record.error.as_deref().unwrap_or_default().trim_end();
    let words = [": EOF", ": connection reset by peer", ": broken pipe"];
    words.iter().any(|words| error.ends_with(words))
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

#[cfg(test)]
mod tests {
    use helm_oci_suite::helm::flow::Flow;
    use helm_oci_suite::prediction::table::FlowVerdict;
    use helm_oci_suite::wire::exchange::{RequestRecord, ResponseRecord};
    use http::{Method, StatusCode};

    use super::*;

    /// A push that failed with this error after a response to this request.
    fn failed(method: Method, status: StatusCode, error: &str) -> FlowRecord {
        let id = "helm-3.10.1/flow/push".to_owned();
        FlowRecord {
            outcome: Outcome::Fail,
            error: Some(error.to_owned()),
            exchanges: vec![Exchange {
                request: RequestRecord::new(method, "/v2/a/blobs/uploads/1"),
                response: Ok(ResponseRecord::new(status)),
            }],
            gave_up: Some(0),
            ..FlowRecord::skipped(id, Flow::Push, FlowVerdict::Breaks)
        }
    }

    #[test]
    fn attempts_with_one_error_or_at_one_exchange_are_one_failure() {
        let put = || failed(Method::PUT, StatusCode::BAD_REQUEST, "unexpected status");
        let post = || failed(Method::POST, StatusCode::ACCEPTED, "unexpected status");
        let other_words = || failed(Method::PUT, StatusCode::BAD_REQUEST, "other words");
        let other = || failed(Method::POST, StatusCode::NOT_FOUND, "other words");
        let closed = |method: Method| {
            let words = format!("failed to do request: {method} \"{{url}}/blobs\": EOF");
            failed(method, StatusCode::ACCEPTED, &words)
        };
        let silent = || FlowRecord {
            error: None,
            ..failed(Method::POST, StatusCode::ACCEPTED, "")
        };
        for (records, outcome) in [
            (vec![put(), post(), put()], Outcome::Fail),
            (vec![put(), other_words()], Outcome::Fail),
            (vec![put(), other()], Outcome::Inconclusive),
            (
                vec![closed(Method::PUT), closed(Method::POST)],
                Outcome::Fail,
            ),
            (vec![closed(Method::PUT), other()], Outcome::Inconclusive),
            (vec![silent(), silent()], Outcome::Fail),
            (
                vec![
                    silent(),
                    FlowRecord {
                        error: None,
                        ..put()
                    },
                ],
                Outcome::Inconclusive,
            ),
        ] {
            let words = format!("{records:?}");
            assert_eq!(result(records).outcome, outcome, "{words}");
        }
    }

    #[test]
    fn inconclusive_attempts_keep_the_reason_of_the_first() {
        let open = |method, why: &str| FlowRecord {
            outcome: Outcome::Inconclusive,
            obstacle: Some(Obstacle::new(ObstacleKind::Arrangement, why)),
            ..failed(method, StatusCode::ACCEPTED, why)
        };
        let settled = result(vec![open(Method::PUT, "a reason"), open(Method::POST, "b")]);
        let reason = settled.obstacle.map(|obstacle| obstacle.what);
        assert_eq!(reason.as_deref(), Some("a reason"));
    }
}
