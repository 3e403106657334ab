//! The verdict on a target in one sentence.

use std::fmt::Write;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::eras::EraTable;
use super::helm::HelmView;
use super::tally::Tally;
use crate::record::RunIdentity;
use crate::text::plural;

/// The verdict on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome that decides it.
    pub outcome: Outcome,
    /// The verdict in one sentence.
    pub sentence: String,
}

/// The results behind a verdict.
pub(super) struct Results<'a> {
    pub(super) run: &'a RunIdentity,
    pub(super) has_obstacle: bool,
    pub(super) tally: Tally,
    pub(super) eras: Option<&'a EraTable<'a>>,
    pub(super) helm: &'a HelmView<'a>,
}

impl Verdict {
    /// The verdict on checks and on flows of real Helm binaries.
    pub(super) fn of(results: &Results<'_>) -> Self {
        let (mut outcome, mut sentence) = of_checks(results);
        for (wanted, what) in [
            (Outcome::Fail, "fail"),
            (Outcome::Inconclusive, "could not be told"),
            (Outcome::Pass, "work"),
        ] {
            let count = results.helm.count(wanted);
            if count > 0 {
                if wanted == Outcome::Fail
                    || wanted == Outcome::Inconclusive && outcome != Outcome::Fail
                {
                    outcome = wanted;
                }
                let flows = plural(count, "flow");
                write!(sentence, "; {flows} of real Helms {what}").expect("a string grows");
            }
        }
        Self { outcome, sentence }
    }
}

/// The verdict on checks. A run of a selection makes a statement about the selection only.
fn of_checks(results: &Results<'_>) -> (Outcome, String) {
    let Results {
        run,
        has_obstacle,
        tally,
        ..
    } = *results;
    let count = |outcome| tally.count(outcome);
    let selected = if run.only.is_empty() { "" } else { "selected " };
    let stale = match count(Outcome::Stale) {
        0 => String::new(),
        stale => format!(", {} not seen any more", plural(stale, "listed deviation")),
    };
    let known = match count(Outcome::Known) {
        0 => String::new(),
        known => format!(", {} as listed", plural(known, "deviation")),
    };
    let fails = count(Outcome::Fail);
    if fails > 0 {
        let musts = plural(fails, "requirement");
        let levels = if run.strict { "MUST or SHOULD" } else { "MUST" };
        let open = match count(Outcome::Inconclusive) {
            0 => String::new(),
            open => format!(", {} could not tell", plural(open, "check")),
        };
        let affected = affected(results.eras);
        return (
            Outcome::Fail,
            format!("{musts} of level {levels} violated{stale}{open}{affected}"),
        );
    }
    if count(Outcome::Stale) > 0 {
        let stale = plural(count(Outcome::Stale), "listed deviation");
        return (
            Outcome::Fail,
            format!("{stale} not seen any more: mend the list{known}"),
        );
    }
    let inconclusive = |sentence: String| (Outcome::Inconclusive, sentence);
    if has_obstacle {
        let what = if tally.total() == 0 {
            "nothing"
        } else {
            "not everything"
        };
        return inconclusive(format!("{what} could be examined"));
    }
    if tally.total() == 0 {
        return inconclusive("nothing was examined".to_owned());
    }
    if count(Outcome::Inconclusive) > 0 {
        let open = plural(count(Outcome::Inconclusive), "check");
        return inconclusive(format!(
            "not settled: no {selected}Must is seen violated, but {open} could not tell"
        ));
    }
    if count(Outcome::Skipped) == tally.total() {
        return inconclusive("nothing was judged: no check applies to this registry".to_owned());
    }
    if count(Outcome::Warn) > 0 {
        let warnings = plural(count(Outcome::Warn), "warning");
        let affected = affected(results.eras);
        return (
            Outcome::Warn,
            format!(
                "every {selected}Must that applies is satisfied, with {warnings}{known}{affected}"
            ),
        );
    }
    if count(Outcome::Known) > 0 {
        let known = plural(count(Outcome::Known), "listed deviation");
        let affected = affected(results.eras);
        return (
            Outcome::Known,
            format!("every {selected}Must and Should is satisfied but for {known}{affected}"),
        );
    }
    (
        Outcome::Pass,
        format!("every {selected}Must and Should that applies is satisfied"),
    )
}

/// The eras in which a flow breaks.
fn affected(table: Option<&EraTable<'_>>) -> String {
    let Some(table) = table else {
        return String::new();
    };
    let breaks = |era: &&Era| table.verdict(**era) == Some(FlowVerdict::Breaks);
    let broken = table.eras.iter().filter(breaks);
    let names: Vec<&str> = broken.map(|era| era.name()).collect();
    if names.is_empty() {
        String::new()
    } else if names.len() == table.eras.len() {
        "; something breaks for every Helm".to_owned()
    } else {
        format!("; something breaks for Helm {}", names.join(", "))
    }
}
