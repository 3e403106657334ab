//! The verdict on a target in one sentence.

use std::fmt::Write;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;

use super::check::CheckView;
use super::eras::EraTable;
use super::helm::HelmView;
use super::reach;
use super::tally::OutcomeCounts;
use crate::record::RunIdentity;
use crate::text::plural;

/// The verdict on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetVerdict {
    /// The outcome that decides it.
    pub outcome: Outcome,
    /// The verdict in one sentence.
    pub sentence: String,
}

/// The inconclusive checks of a target, and those that failed in some attempts and passed in another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open {
    /// Inconclusive ones that decide the outcome of the run, without those that a cause blocks.
    decisive: usize,
    /// Those that the cause of a violation blocks.
    caused: usize,
    /// Intermittent ones that decide the outcome of the run.
    contradicted: usize,
    /// Those that a known deviation blocks.
    blocked: usize,
    /// Those of a SHOULD, in a run that is not strict.
    of_should: usize,
}

impl Open {
    pub(super) fn of(checks: &[CheckView<'_>]) -> Self {
        let mut open = Self::default();
        let is_open = |check: &&CheckView<'_>| {
            check.outcome == Outcome::Inconclusive || check.leaves_run_open
        };
        for check in checks.iter().filter(is_open) {
            if check.outcome == Outcome::Intermittent {
                open.contradicted += 1;
            } else if check.leaves_run_open && check.cause.is_some() {
                open.caused += 1;
            } else if check.leaves_run_open {
                open.decisive += 1;
            } else if check.is_blocked {
                open.blocked += 1;
            } else if check.level == Level::Should {
                open.of_should += 1;
            }
        }
        open
    }

    /// Those that do not decide the outcome, in words.
    fn others(self) -> Option<String> {
        let blocked = (self.blocked > 0)
            .then(|| plural(self.blocked, "check") + " blocked by known deviations");
        let of_should =
            (self.of_should > 0).then(|| plural(self.of_should, "SHOULD check") + " inconclusive");
        let parts: Vec<String> = [blocked, of_should].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// The results behind a verdict.
pub(super) struct Results<'a> {
    pub(super) run: &'a RunIdentity,
    pub(super) has_obstacle: bool,
    pub(super) tally: OutcomeCounts,
    pub(super) open: Open,
    pub(super) eras: Option<&'a EraTable<'a>>,
    pub(super) models: &'a HelmView<'a>,
    pub(super) helm: &'a HelmView<'a>,
    /// The number of causes of failures.
    pub(super) causes: usize,
}

impl TargetVerdict {
    /// The verdict on checks, on flows of client models and on flows of real Helm binaries.
    pub(super) fn of(results: &Results<'_>) -> Self {
        let mut verdict = of_checks(results);
        verdict.add_models(results);
        verdict.add_flows(results.helm);
        verdict
    }

    /// A flow that fails in a client model decides the verdict; its cause is among the violations, or unknown.
    fn add_models(&mut self, results: &Results<'_>) {
        let models = results.models;
        let failed = models.count(Outcome::Fail);
        let is_failed = self.outcome == Outcome::Fail;
        let all = models.flows.iter();
        let inconclusive = all.filter(|flow| flow.outcome == Outcome::Inconclusive);
        // What the cause of a violation blocks is no news.
        let open = inconclusive
            .filter(|flow| !(is_failed && flow.cause.is_some()))
            .count();
        let mut parts = Vec::new();
        if failed > 0 && !is_failed {
            let failed = plural(failed, "flow");
            parts.push(format!("{failed} of client models failed"));
            self.outcome = Outcome::Fail;
        } else if !models.unexplained.is_empty() {
            let failed = plural(models.unexplained.len(), "flow");
            parts.push(format!(
                "{failed} of client models failed without a violated requirement"
            ));
        }
        if open > 0 {
            parts.push(format!("{} inconclusive", plural(open, "flow")));
            if self.outcome != Outcome::Fail {
                self.outcome = Outcome::Inconclusive;
            }
        }
        for part in parts {
            let end = self.sentence.find(AFFECTS);
            let end = end.unwrap_or(self.sentence.len());
            self.sentence.insert_str(end, &format!("; {part}"));
        }
        if failed > 0 && !self.sentence.contains(AFFECTS) {
            self.sentence.push_str(&affected(results.eras));
        }
    }

    fn add_flows(&mut self, helm: &HelmView<'_>) {
        let mut flows = Vec::new();
        for (outcome, name) in [
            (Outcome::Fail, "failed"),
            (Outcome::Inconclusive, "inconclusive"),
            (Outcome::Intermittent, "intermittent"),
            (Outcome::Pass, "passed"),
        ] {
            let count = helm.count(outcome);
            if count > 0 {
                flows.push((outcome, format!("{} {name}", plural(count, "flow"))));
            }
        }
        match flows.first() {
            Some((Outcome::Fail, _)) => self.outcome = Outcome::Fail,
            Some((Outcome::Inconclusive, _)) if self.outcome != Outcome::Fail => {
                self.outcome = Outcome::Inconclusive;
            }
            _ => {}
        }
        if !flows.is_empty() {
            let flows: Vec<String> = flows.into_iter().map(|(_, words)| words).collect();
            write!(self.sentence, "; real Helm binaries: {}", flows.join(", "))
                .expect("a write to a String cannot fail");
        }
    }
}

/// What comes before the affected versions.
const AFFECTS: &str = "; affects ";

/// The verdict on checks. A run of a selection makes a statement about the selection only.
fn of_checks(results: &Results<'_>) -> TargetVerdict {
    let (outcome, sentence) = judged(results);
    TargetVerdict { outcome, sentence }
}

fn judged(results: &Results<'_>) -> (Outcome, String) {
    let Results {
        run,
        has_obstacle,
        tally,
        open,
        ..
    } = *results;
    let count = |outcome| tally.count(outcome);
    let some = |outcome, noun: &str| {
        let count = count(outcome);
        (count > 0).then(|| plural(count, noun))
    };
    let applicable = if run.only.is_empty() {
        "applicable"
    } else {
        "selected and applicable"
    };
    let stale = some(Outcome::Stale, "known deviation").map(|some| some + " no longer observed");
    let known = some(Outcome::Known, "known deviation");
    if count(Outcome::Fail) > 0 {
        let level = if run.strict { "MUST or SHOULD" } else { "MUST" };
        let violated = plural(count(Outcome::Fail), &format!("{level} requirement"));
        let violated = if results.causes < count(Outcome::Fail) {
            let verb = if results.causes == 1 {
                "violates"
            } else {
                "violate"
            };
            format!("{} {verb} {violated}", plural(results.causes, "defect"))
        } else {
            violated + " violated"
        };
        let blocked =
            (open.caused > 0).then(|| plural(open.caused, "check") + " blocked by the same cause");
        let inconclusive =
            (open.decisive > 0).then(|| plural(open.decisive, "check") + " inconclusive");
        let parts = [Some(violated), blocked, stale, inconclusive];
        return (Outcome::Fail, list(parts) + &affected(results.eras));
    }
    if stale.is_some() {
        let known = count(Outcome::Known);
        let known = (known > 0).then(|| format!("{known} still observed"));
        let parts = [stale, known];
        return (Outcome::Fail, list(parts) + "; update the deviations file");
    }
    let inconclusive = |sentence: &str| (Outcome::Inconclusive, sentence.to_owned());
    if has_obstacle {
        return inconclusive(if tally.total() == 0 {
            "the target could not be examined"
        } else {
            "the target could not be examined completely"
        });
    }
    if tally.total() == 0 {
        return inconclusive("no requirement was examined");
    }
    if open.decisive + open.caused > 0 || open.contradicted > 0 {
        let musts = format!("no {applicable} MUST requirement violated");
        let unsettled = open.decisive + open.caused;
        let checks = (unsettled > 0).then(|| plural(unsettled, "check") + " inconclusive");
        let contradicted = (open.contradicted > 0)
            .then(|| plural(open.contradicted, "check") + " violated in some attempts only");
        return inconclusive(&format!("{musts}, but {}", list([checks, contradicted])));
    }
    if count(Outcome::Skipped) == tally.total() {
        return inconclusive("no requirement applies to this registry");
    }
    let warnings = some(Outcome::Warn, "warning");
    let others = open.others();
    if warnings.is_some() || others.is_some() {
        let musts = format!("all {applicable} MUST requirements satisfied");
        let warnings = list([warnings, known, others]);
        let sentence = format!("{musts}; {warnings}{}", affected(results.eras));
        return (Outcome::Warn, sentence);
    }
    let intermittent = some(Outcome::Intermittent, "check").map(|some| some + " intermittent");
    let all = format!("all {applicable} MUST and SHOULD requirements satisfied");
    let all = list([Some(all), intermittent]);
    match known {
        Some(known) => {
            let sentence = format!("{all} except {known}{}", affected(results.eras));
            (Outcome::Known, sentence)
        }
        None => (Outcome::Pass, all),
    }
}

/// The parts that there are, separated by commas.
fn list<const N: usize>(parts: [Option<String>; N]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// The eras in which a flow breaks.
fn affected(table: Option<&EraTable<'_>>) -> String {
    let Some(table) = table else {
        return String::new();
    };
    let breaks = |era: &&Era| table.verdict(**era) == Some(FlowVerdict::Breaks);
    let broken = table.eras.iter().filter(breaks);
    let broken: Vec<Era> = broken.copied().collect();
    if broken.is_empty() {
        String::new()
    } else {
        format!("{AFFECTS}{}", reach::versions(&broken))
    }
}
