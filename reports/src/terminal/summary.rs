//! Counts, why some checks did not apply, what was left behind, and the verdict in words.

use std::fmt::Write;

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use crate::leftovers;
use crate::record::{DeviationProblem, RunRecord, TargetRecord};
use crate::tally::{Tally, skip_reasons};
use crate::text;

/// How many lines tell what was left behind.
const LEFTOVERS: usize = 10;

/// The outcomes that occur, with their counts.
pub(super) fn counts(tally: &Tally) -> Vec<(Ink, String)> {
    tally
        .occurring()
        .map(|(outcome, count)| (Ink::of(outcome), format!("{count} {}", outcome.name())))
        .collect()
}

/// What there is to say about a target in the end.
pub(super) fn target(page: &mut Page, record: &RunRecord, target: &TargetRecord) {
    let tally = Tally::of(&target.checks);
    if tally.total() > 0 {
        let label = page.paint(Ink::Dim, &format!("{:<11}", "summary"));
        page.items(&label, 13, &counts(&tally));
    }
    let mut label = "skipped";
    for (reason, count) in skip_reasons(&target.checks) {
        page.labelled(label, &format!("{count} × {reason}"));
        label = "";
    }
    let left = leftovers::lines(&target.leftovers);
    let mut label = "left over";
    for line in left.iter().take(LEFTOVERS) {
        page.labelled(label, line);
        label = "";
    }
    if left.len() > LEFTOVERS {
        page.labelled("", &format!("and {} lines more", left.len() - LEFTOVERS));
    }
    if target.requests > 0 {
        let requests = text::plural(target.requests, "request");
        let time = text::duration(target.milliseconds);
        let words = format!(
            "{requests} in {time}, {} checks side by side",
            target.side_by_side
        );
        page.labelled("sent", &words);
    }
    let (ink, verdict) = verdict(record, target);
    page.inked("verdict", &verdict, ink);
}

/// What was seen of the whole run.
pub(super) fn run(page: &mut Page, record: &RunRecord) {
    page.rule("run");
    if record.targets.len() > 1 {
        for target in &record.targets {
            let (ink, verdict) = verdict(record, target);
            let name = text::fit(&text::line(&target.name), 24);
            let verdict = text::fit(&verdict, page.style.width - 28);
            let verdict = page.paint(ink, &verdict);
            page.painted(2, &format!("{name:<24}  {verdict}"));
        }
    }
    counted(page, record);
}

/// What was seen of the whole run, whose targets have been told of.
pub(super) fn end(page: &mut Page, record: &RunRecord) {
    page.rule("run");
    counted(page, record);
}

/// What is wrong with the list of deviations, and how much was examined.
fn counted(page: &mut Page, record: &RunRecord) {
    for problem in &record.deviations {
        let DeviationProblem {
            requirement,
            target,
            what,
        } = problem;
        let words = format!("{requirement} on {target}: {what}");
        page.inked("deviation", &words, Ink::of(Outcome::Stale));
    }
    let mut parts = vec![
        text::plural(record.targets.len(), "target"),
        text::plural(record.footer.checks, "check"),
    ];
    if record.footer.flows > 0 {
        parts.push(text::plural(record.footer.flows, "flow"));
    }
    parts.push(text::duration(record.run.milliseconds));
    parts.push(format!("exit code {}", record.footer.exit_code));
    page.paragraph(2, &parts.join(" · "), Ink::Plain);
}

/// What the outcomes amount to, those of real Helms included.
pub(super) fn verdict(record: &RunRecord, target: &TargetRecord) -> (Ink, String) {
    let (mut outcome, mut words) = of_checks(record, target);
    let flows = || target.helms.iter().flat_map(|helm| &helm.flows);
    let count = |wanted| flows().filter(|flow| flow.outcome == wanted).count();
    for (wanted, what) in [
        (Outcome::Fail, "fail"),
        (Outcome::Inconclusive, "could not be told"),
        (Outcome::Pass, "work"),
    ] {
        let count = count(wanted);
        if count > 0 {
            if wanted == Outcome::Fail
                || wanted == Outcome::Inconclusive && outcome != Outcome::Fail
            {
                outcome = wanted;
            }
            let flows = text::plural(count, "flow");
            write!(words, "; {flows} of real Helms {what}").expect("a string grows");
        }
    }
    (Ink::of(outcome), words)
}

/// What the outcomes of checks amount to; a run of a selection speaks of the selection only.
fn of_checks(record: &RunRecord, target: &TargetRecord) -> (Outcome, String) {
    let tally = Tally::of(&target.checks);
    let selected = if record.run.only.is_empty() {
        ""
    } else {
        "selected "
    };
    let stale = match tally.stale {
        0 => String::new(),
        stale => format!(
            ", {} not seen any more",
            text::plural(stale, "listed deviation")
        ),
    };
    let known = match tally.known {
        0 => String::new(),
        known => format!(", {} as listed", text::plural(known, "deviation")),
    };
    if tally.fail > 0 {
        let musts = text::plural(tally.fail, "requirement");
        let levels = if record.run.strict {
            "MUST or SHOULD"
        } else {
            "MUST"
        };
        let open = match tally.inconclusive {
            0 => String::new(),
            open => format!(", {} could not tell", text::plural(open, "check")),
        };
        let hurt = hurt(target);
        (
            Outcome::Fail,
            format!("{musts} of level {levels} violated{stale}{open}{hurt}"),
        )
    } else if tally.stale > 0 {
        let stale = text::plural(tally.stale, "listed deviation");
        (
            Outcome::Fail,
            format!("{stale} not seen any more: mend the list{known}"),
        )
    } else if target.obstacle.is_some() {
        let what = if tally.total() == 0 {
            "nothing"
        } else {
            "not everything"
        };
        (Outcome::Inconclusive, format!("{what} could be examined"))
    } else if tally.total() == 0 {
        (Outcome::Inconclusive, "nothing was examined".to_owned())
    } else if tally.inconclusive > 0 {
        let open = text::plural(tally.inconclusive, "check");
        (
            Outcome::Inconclusive,
            format!("not settled: no {selected}Must is seen violated, but {open} could not tell"),
        )
    } else if tally.skipped == tally.total() {
        (
            Outcome::Inconclusive,
            "nothing was judged: no check applies to this registry".to_owned(),
        )
    } else if tally.warn > 0 {
        let warnings = text::plural(tally.warn, "warning");
        let hurt = hurt(target);
        (
            Outcome::Warn,
            format!("every {selected}Must that applies is satisfied, with {warnings}{known}{hurt}"),
        )
    } else if tally.known > 0 {
        let known = text::plural(tally.known, "listed deviation");
        let hurt = hurt(target);
        (
            Outcome::Known,
            format!("every {selected}Must and Should is satisfied but for {known}{hurt}"),
        )
    } else {
        (
            Outcome::Pass,
            format!("every {selected}Must and Should that applies is satisfied"),
        )
    }
}

/// The eras in which a flow breaks.
fn hurt(target: &TargetRecord) -> String {
    let known = |era: &Era| target.eras.iter().any(|cell| cell.era == *era);
    let broken = |era: &Era| {
        target
            .eras
            .iter()
            .any(|cell| cell.era == *era && cell.verdict == FlowVerdict::Breaks)
    };
    let eras: Vec<Era> = Era::ALL.iter().copied().filter(known).collect();
    let names: Vec<&str> = eras
        .iter()
        .filter(|era| broken(era))
        .map(|era| era.name())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    if names.len() == eras.len() {
        return "; something breaks for every Helm".to_owned();
    }
    format!("; something breaks for Helm {}", names.join(", "))
}
