//! Observations: an attempt as it can be compared with another one in another repository.

use helm_oci_fixtures::route::Route;
use helm_oci_reports::record::CheckRecord;
use helm_oci_suite::checks;
use helm_oci_suite::prediction::explain::{Failure, Violation, explain};
use helm_oci_suite::prediction::table::Verdicts;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::verdict::{ObstacleKind, Reason, Verdict};
use helm_oci_suite::wire::exchange::Exchange;
use http::StatusCode;

use super::Checked;

/// An attempt as it can be compared with another one in another repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Observation {
    pub(super) is_violation: bool,
    shown: Vec<String>,
}

/// The observation of an attempt that is not a pass; `None` for a pass, and for what a repetition cannot change.
pub(super) fn observation(checked: &Checked) -> Option<Observation> {
    let is_violation = match &checked.verdict {
        Verdict::Violated(_) => true,
        Verdict::Inconclusive(obstacle) if obstacle.kind != ObstacleKind::Defect => false,
        // A feature that is missing because of a server error is not missing.
        Verdict::NotApplicable(Reason::NotOffered { status, .. }) if is_passing(*status) => {
            return Some(Observation {
                is_violation: false,
                shown: vec![status.to_string()],
            });
        }
        Verdict::Satisfied | Verdict::NotApplicable(_) | Verdict::Inconclusive(_) => return None,
    };
    Some(Observation {
        is_violation,
        shown: shown(checked).map(described).collect(),
    })
}

/// An exchange without names.
pub(super) fn described(exchange: &Exchange) -> String {
    let came = match &exchange.response {
        Ok(response) => response.status.to_string(),
        Err(_) => "no response".to_owned(),
    };
    format!("{}: {came}", request(exchange))
}

/// The kind of request of an exchange.
pub(super) fn request(exchange: &Exchange) -> String {
    let uri = exchange.request.uri.parse();
    let kind = uri.map_or("", |uri| kind(&Route::of(&uri)));
    format!("{}{kind}", exchange.request.method)
}

/// The kind of content that a path names.
pub(super) fn kind(route: &Route) -> &'static str {
    match route {
        Route::Manifest { .. } => " of a manifest",
        Route::Blob { .. } => " of a blob",
        Route::Uploads { .. } | Route::Upload { .. } => " of an upload",
        Route::Tags { .. } => " of tags",
        _ => "",
    }
}

/// True if the network or an overloaded server explains an attempt that is not a pass.
pub(super) fn is_by_line(checked: &Checked) -> bool {
    if let Verdict::Inconclusive(obstacle) = &checked.verdict
        && matches!(
            obstacle.kind,
            ObstacleKind::Transport | ObstacleKind::Deadline
        )
    {
        return true;
    }
    shown(checked).any(|exchange| match &exchange.response {
        Ok(response) => is_passing(response.status),
        Err(_) => true,
    })
}

/// True if the registry refused a request of an attempt for its rate.
pub(super) fn is_refused(checked: &Checked) -> bool {
    shown(checked).any(|exchange| {
        let response = exchange.response.as_ref();
        response.is_ok_and(|response| matches!(response.status.as_u16(), 429 | 503))
    })
}

/// The exchanges that show a violation or an obstacle.
fn shown(checked: &Checked) -> impl Iterator<Item = &Exchange> {
    let positions = match &checked.verdict {
        Verdict::Violated(finding) => &finding.exchanges[..],
        Verdict::Inconclusive(obstacle) => &obstacle.exchanges[..],
        Verdict::Satisfied | Verdict::NotApplicable(_) => &[],
    };
    positions
        .iter()
        .filter_map(|position| checked.exchanges.get(*position))
}

/// True if a status may be a matter of the moment.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// True if the limits of the run ended an attempt.
pub(super) fn is_withheld(checked: &Checked) -> bool {
    matches!(
        &checked.verdict,
        Verdict::Inconclusive(obstacle) if obstacle.what.starts_with("request not sent")
    )
}

/// The violated requirements, each with the exchanges that show the violation.
pub(super) fn violations(checks: &[CheckRecord]) -> Vec<Violation<'_>> {
    let all = checks::all();
    let violated = checks.iter().filter_map(|check| {
        let finding = check.finding.as_ref()?;
        let requirement = all.iter().find(|one| one.id == check.id)?;
        let exchanges = finding.exchanges.iter();
        Some(Violation {
            requirement,
            shown_by: exchanges
                .filter_map(|position| check.exchanges.get(*position))
                .collect(),
        })
    });
    violated.collect()
}

/// The requirement that predicts the error of a failure, if the run did not examine it.
pub(super) fn unexamined(verdicts: &Verdicts, failure: &Failure<'_>) -> Option<&'static str> {
    let mut all = checks::all();
    all.retain(|one| one.replays.is_none() && !verdicts.contains_key(one.id));
    let is_predicting = |&requirement: &&'static Requirement| {
        let violation = Violation {
            requirement,
            shown_by: Vec::new(),
        };
        let reasons = explain(&[violation], failure);
        reasons.iter().any(|reason| reason.has_predicted_error)
    };
    all.into_iter().find(is_predicting).map(|one| one.id)
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::helm::flow::Flow;
    use semver::Version;

    use super::*;

    #[test]
    fn a_requirement_that_was_not_examined_is_named_by_its_error() {
        let helm = Version::new(3, 12, 3);
        let id = "api/client-hello-answered-in-http";
        for (error, named) in [
            (
                "Get \"{url}/tags/list\": net/http: TLS handshake timeout",
                Some(id),
            ),
            ("another error", None),
        ] {
            let failure = Failure {
                helm: &helm,
                flow: Flow::PullRange,
                error,
                aborted_at: None,
            };
            assert_eq!(unexamined(&Verdicts::new(), &failure), named, "{error}");
            let examined = [(id, Verdict::Satisfied)].into();
            assert_eq!(unexamined(&examined, &failure), None, "{error}");
        }
    }
}
