//! Causes: one defect of a registry with everything that it violates, breaks and blocks.

use helm_oci_suite::requirement::outcome::Outcome;

use super::check::CheckView;
use super::eras::EraTable;
use super::helm::HelmView;
use super::reach::Reach;
use super::row::ReportRow;
use super::symptom::SymptomView;
use super::words;
use crate::record::TargetRecord;
use crate::text;

/// The longest observation or expectation in a summary, in characters.
const CLAUSE: usize = 100;

/// One defect of a registry: the finding of one requirement, and the echoes of the defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseView<'a> {
    /// The position of the check with the finding in the target's list of checks.
    pub finding: usize,
    /// The positions of other violated requirements that the same defect violates.
    pub also: Vec<usize>,
    /// The positions of inconclusive checks that it blocks.
    pub blocked: Vec<usize>,
    /// The ids of failed flows of client models and of real Helm binaries.
    pub flows: Vec<&'a str>,
    /// The ids of inconclusive flows that it blocks.
    pub blocked_flows: Vec<&'a str>,
    /// The flows that break, and the Helm versions in which they do.
    pub reach: Reach<'a>,
    /// The messages of Helm, each once.
    pub symptoms: Vec<SymptomView<'a>>,
    /// What is wrong, for whom, and what to change.
    pub summary: CauseSummary<'a>,
}

/// What is wrong, for whom, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseSummary<'a> {
    /// The outcome of the requirement with the finding.
    pub outcome: Outcome,
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The observation.
    pub actual: String,
    /// The flows that break with some Helm versions; none if none breaks.
    pub effect: Option<String>,
    /// What the registry must do instead.
    pub change: Option<String>,
}

impl CauseSummary<'_> {
    /// True if the sentence has the whole fix that this row has.
    pub fn states_fix(&self, row: &ReportRow<'_>) -> bool {
        let mut entries = row.entries.iter().map(ToString::to_string);
        entries.all(|fix| {
            let whole = format!("fix: {}", fix.trim_end_matches('.'));
            self.change.as_ref() == Some(&whole)
        })
    }

    /// The summary in one sentence.
    pub fn sentence(&self) -> String {
        let Self {
            title,
            actual,
            outcome,
            ..
        } = self;
        if *outcome == Outcome::Stale {
            return format!("{title}: {actual}");
        }
        let effect = self.effect.as_deref().unwrap_or("no Helm flow breaks");
        let change = self.change.as_deref();
        let change = change.map_or_else(String::new, |change| format!("; {change}"));
        format!("“{title}” is violated: {actual}; {effect}{change}")
    }
}

/// The causes of a target's findings, the most severe first.
pub(super) fn causes<'a>(
    target: &'a TargetRecord,
    checks: &[CheckView<'a>],
    table: Option<&EraTable<'a>>,
    clients: [&HelmView<'a>; 2],
) -> Vec<CauseView<'a>> {
    let severity = [Outcome::Fail, Outcome::Stale, Outcome::Warn, Outcome::Known];
    let leads = severity.into_iter().flat_map(|outcome| {
        let all = checks.iter().enumerate();
        all.filter(move |(_, check)| check.outcome == outcome && lead(check, checks).is_none())
            .map(|(position, _)| position)
    });
    leads
        .map(|finding| cause(target, checks, finding, table, clients))
        .collect()
}

/// The check with the finding, if another one has it.
fn lead<'v, 'a>(check: &CheckView<'a>, checks: &'v [CheckView<'a>]) -> Option<&'v CheckView<'a>> {
    let id = check.cause?;
    let found = checks.iter().find(|one| one.id == id)?;
    (found.is_violated() && found.cause.is_none() && found.id != check.id).then_some(found)
}

fn cause<'a>(
    target: &'a TargetRecord,
    checks: &[CheckView<'a>],
    finding: usize,
    table: Option<&EraTable<'a>>,
    clients: [&HelmView<'a>; 2],
) -> CauseView<'a> {
    let own = &checks[finding];
    let led: Vec<usize> = checks
        .iter()
        .enumerate()
        .filter(|(_, check)| lead(check, checks).is_some_and(|lead| lead.id == own.id))
        .map(|(position, _)| position)
        .collect();
    let (also, blocked): (Vec<usize>, Vec<usize>) = led
        .into_iter()
        .partition(|position| checks[*position].is_violated());
    let all = clients.into_iter().flat_map(|client| &client.flows);
    let of_cause = all.filter(|flow| flow.cause == Some(own.id));
    let (failed, open): (Vec<_>, Vec<_>) =
        of_cause.partition(|flow| flow.outcome != Outcome::Inconclusive);
    let flows: Vec<&str> = failed.iter().map(|flow| flow.id).collect();
    let violated = || std::iter::once(finding).chain(also.iter().copied());
    let mut ids: Vec<&str> = violated().map(|position| checks[position].id).collect();
    ids.extend(&flows);
    let breaks = || violated().flat_map(|position| &target.checks[position].breaks);
    let reach = Reach::of(table, &ids, &target.checks[finding].breaks);
    CauseView {
        summary: summary(own, target.checks[finding].fix.as_deref(), &reach),
        symptoms: SymptomView::all(breaks()),
        blocked_flows: open.iter().map(|flow| flow.id).collect(),
        flows,
        finding,
        also,
        blocked,
        reach,
    }
}

fn summary<'a>(check: &CheckView<'a>, fix: Option<&str>, reach: &Reach<'_>) -> CauseSummary<'a> {
    let actual = check.observation().unwrap_or(words::NO_FINDING);
    let fix = fix.map(|fix| format!("fix: {}", first_sentence(fix)));
    let required = check.expected();
    let required = required.map(|one| format!("required is {}", text::cut(&one, CLAUSE)));
    CauseSummary {
        outcome: check.outcome,
        id: check.id,
        title: check.title,
        actual: text::cut(actual, CLAUSE),
        effect: reach.sentence(),
        change: fix.or(required),
    }
}

/// The first sentence of a text, without its full stop.
fn first_sentence(text: &str) -> &str {
    let first = text.split_once(". ").map_or(text, |(first, _)| first);
    first.trim_end_matches('.')
}
