//! What real Helms did: the table flow x Helm, one block for each kind of failure, and what nobody foretold.

use std::fmt::Write;

use helm_oci_suite::helm::era::Flow;
use helm_oci_suite::requirement::outcome::Outcome;

use super::page::{Ink, Page};
use crate::facts;
use crate::record::{FlowRecord, HelmRecord, TargetRecord};
use crate::text;
use crate::transcript::{self, Depth};

/// How wide the column of flows is.
const FLOW: usize = 17;

/// The table and its blocks; nothing where no Helm was run.
pub(super) fn section(page: &mut Page, target: &TargetRecord) {
    if target.helms.is_empty() {
        return;
    }
    page.blank();
    page.line(
        0,
        "What real Helms did (✓ works, ✗ fails, ? not to be told, · not run)",
        Ink::Bold,
    );
    // As many Helms side by side as the terminal is wide.
    let mut rest = target.helms.as_slice();
    while !rest.is_empty() {
        let fitting = fitting(rest, page.style.width);
        let (row, more) = rest.split_at(fitting);
        table(page, row);
        rest = more;
    }
    failures(page, target, None);
}

/// The blocks alone, and `on` which target, where several stand side by side.
pub(super) fn failures(page: &mut Page, target: &TargetRecord, on: Option<&str>) {
    for outcome in [Outcome::Fail, Outcome::Inconclusive] {
        for kind in kinds(&target.helms, outcome) {
            block(page, &kind);
            if let Some(on) = on {
                page.labelled("on", on);
            }
        }
    }
    surprises(page, target, on);
}

fn fitting(helms: &[HelmRecord], width: usize) -> usize {
    let mut used = 2 + FLOW;
    let mut count = 0;
    for helm in helms {
        used += 2 + version(helm).chars().count();
        if used > width {
            break;
        }
        count += 1;
    }
    count.max(1)
}

fn version(helm: &HelmRecord) -> String {
    text::fit(&text::line(&helm.version), 20)
}

fn table(page: &mut Page, helms: &[HelmRecord]) {
    let versions: Vec<String> = helms.iter().map(version).collect();
    page.line(
        2,
        &format!("{:<FLOW$}  {}", "", versions.join("  ")),
        Ink::Dim,
    );
    let of = |helm: &HelmRecord, flow: Flow| {
        let found = helm.flows.iter().find(|found| found.flow == flow);
        found.map(|found| found.outcome)
    };
    let shown = |flow: &&Flow| helms.iter().any(|helm| of(helm, **flow).is_some());
    for flow in Flow::ALL.iter().filter(shown) {
        let mut row = format!("{:<FLOW$}", flow.name());
        for (helm, version) in helms.iter().zip(&versions) {
            let mark = of(helm, *flow).map_or_else(|| " ".to_owned(), |outcome| page.mark(outcome));
            let before = (version.chars().count() - 1) / 2;
            let after = version.chars().count() - 1 - before;
            write!(row, "  {:before$}{mark}{:after$}", "", "").expect("a string grows");
        }
        page.painted(2, &row);
    }
}

/// Flows that ended in the same way for the same reasons.
struct Kind<'a> {
    flow: &'a FlowRecord,
    /// The flows by Helm version.
    all: Vec<(&'a str, Vec<&'a str>)>,
}

fn kinds(helms: &[HelmRecord], outcome: Outcome) -> Vec<Kind<'_>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for helm in helms {
        for flow in helm.flows.iter().filter(|flow| flow.outcome == outcome) {
            let place = kinds
                .iter()
                .position(|kind| is_same(kind.flow, flow))
                .unwrap_or_else(|| {
                    kinds.push(Kind {
                        flow,
                        all: Vec::new(),
                    });
                    kinds.len() - 1
                });
            let all = &mut kinds[place].all;
            match all.last_mut() {
                Some((version, flows)) if *version == helm.version => flows.push(flow.flow.name()),
                _ => all.push((&helm.version, vec![flow.flow.name()])),
            }
        }
    }
    kinds
}

fn is_same(one: &FlowRecord, other: &FlowRecord) -> bool {
    let obstacle = |flow: &FlowRecord| flow.obstacle.as_ref().map(|known| known.what.clone());
    one.error == other.error
        && one.because.first().map(|known| &known.requirement)
            == other.because.first().map(|known| &known.requirement)
        && obstacle(one) == obstacle(other)
}

fn block(page: &mut Page, kind: &Kind<'_>) {
    let flow = kind.flow;
    page.blank();
    let mark = page.mark(flow.outcome);
    let word = flow.outcome.name().to_uppercase();
    let word = page.paint(Ink::of(flow.outcome), &word);
    let concerned: Vec<String> = kind
        .all
        .iter()
        .map(|(version, flows)| format!("helm {version}: {}", flows.join(", ")))
        .collect();
    let concerned = text::line(&concerned.join("; "));
    let left = page.style.width - 4 - flow.outcome.name().len();
    let lines = text::wrap(&concerned, left);
    for (position, line) in lines.iter().enumerate() {
        let line = page.paint(Ink::Bold, line);
        if position == 0 {
            page.painted(0, &format!("{mark} {word} {line}"));
        } else {
            page.painted(4 + flow.outcome.name().len() - 1, &line);
        }
    }
    page.facts(&facts::flow(flow));
    let depth = if page.style.verbose {
        Depth::Full
    } else {
        Depth::Brief
    };
    let shown = transcript::at(&flow.exchanges, flow.gave_up.as_slice());
    page.transcript(&transcript::lines(&shown, flow.exchanges.len(), depth));
}

/// Where Helm and our requirements disagree.
fn surprises(page: &mut Page, target: &TargetRecord, on: Option<&str>) {
    let flows = || target.helms.iter().flat_map(|helm| &helm.flows);
    for (label, words, is_one) in [
        (
            "unexplained",
            "(they fail, and nothing that was examined explains it: where all was examined, a hole in our catalogue; please report it)",
            FlowRecord::is_unexplained as fn(&FlowRecord) -> bool,
        ),
        (
            "contradicted",
            "(they work, although a violated requirement says that they break: it says too much; please report it)",
            FlowRecord::is_contradicted,
        ),
    ] {
        let ids: Vec<&str> = flows()
            .filter(|flow| is_one(flow))
            .map(|flow| flow.id.as_str())
            .collect();
        if !ids.is_empty() {
            page.blank();
            let said = text::line(&format!("{} {words}", ids.join(", ")));
            page.beside(14, label, &text::cut(&said, 1000), Ink::Magenta);
            if let Some(on) = on {
                page.beside(14, "on", &text::line(on), Ink::Plain);
            }
        }
    }
}
