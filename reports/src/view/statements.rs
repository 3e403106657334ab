//! The statements of Helm's user page, each with the results that support it or contradict it.

use helm_oci_suite::coverage::{self, Statement};
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::target::TargetView;

/// One statement of the page on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementView {
    /// Its id, such as `SEED-01`.
    pub id: &'static str,
    /// The statement.
    pub text: &'static str,
    /// Its references, or the reason for which nothing verifies it.
    pub leads: &'static str,
    /// The worst result among its references; `None` if the run has none of them.
    pub outcome: Option<Outcome>,
}

/// The statements of the page on a target.
pub fn statements(target: &TargetView<'_>) -> Vec<StatementView> {
    let statements = coverage::statements().into_iter();
    statements
        .map(|statement| view(&statement, target))
        .collect()
}

fn view(statement: &Statement, target: &TargetView<'_>) -> StatementView {
    let results = statement.places().filter_map(|id| result(id, target));
    let outcome = results.min_by_key(|outcome| rank(*outcome));
    StatementView {
        id: statement.id,
        text: statement.text,
        leads: statement.leads,
        outcome,
    }
}

/// The result of a requirement, of a flow of a client model, or of a flow in all Helm versions.
fn result(id: &str, target: &TargetView<'_>) -> Option<Outcome> {
    let check = target.checks.iter().find(|check| check.id == id);
    let mut models = target.models.flows.iter();
    check
        .map(|check| check.outcome)
        .or_else(|| Some(models.find(|flow| flow.id == id)?.outcome))
        .or_else(|| of_flow(id, target))
}

fn of_flow(name: &str, target: &TargetView<'_>) -> Option<Outcome> {
    let flow = Flow::ALL.iter().find(|flow| flow.name() == name)?;
    let table = target.eras.as_ref()?;
    let row = table.rows.iter().find(|row| row.flow == *flow)?;
    let verdicts = row.verdicts.iter().flatten();
    let outcomes = verdicts.map(|verdict| match verdict {
        FlowVerdict::Works => Outcome::Pass,
        FlowVerdict::Breaks => Outcome::Fail,
        FlowVerdict::Unknown => Outcome::Inconclusive,
    });
    outcomes.min_by_key(|outcome| rank(*outcome))
}

/// The worst result decides; a skipped one does not, unless there is no other.
const fn rank(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Fail | Outcome::Stale => 0,
        Outcome::Known => 1,
        Outcome::Warn => 2,
        Outcome::Inconclusive => 3,
        Outcome::Intermittent => 4,
        Outcome::Absent => 5,
        Outcome::Pass => 6,
        Outcome::Present => 7,
        Outcome::Skipped => 8,
    }
}
