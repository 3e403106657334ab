//! The facts about one check in the order every rendering tells them: what was expected, what came, who
//! says so, and what Helm does then.

use std::fmt::Write;

use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

use crate::record::{
    BreakRecord, CheckRecord, DeviationRecord, FlowRecord, RunRecord, SourceRecord,
};
use crate::text;

/// How much of one fact is shown.
const FACT: usize = 1000;

/// What there is to say where a listed deviation is not there.
pub(crate) const STALE: &str =
    "the registry does it right: take the entry from the list of deviations";

/// How many entries of one list are shown.
const ENTRIES: usize = 12;

/// One fact: a word and what there is to say; the text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What kind of fact it is; empty where it continues the one before.
    pub(crate) label: &'static str,
    /// The fact, on one line or several.
    pub(crate) text: String,
}

impl Fact {
    pub(crate) fn new(label: &'static str, text: impl AsRef<str>) -> Self {
        Self {
            label,
            text: text::cut(&text::block(text.as_ref()), FACT),
        }
    }
}

/// What was expected and what came.
pub(crate) fn finding(check: &CheckRecord) -> Vec<Fact> {
    let Some(finding) = &check.finding else {
        return vec![Fact::new("actual", "no finding was recorded")];
    };
    let expected = finding.expected.iter().map(ToOwned::to_owned).collect();
    let mut facts = list("expected", "or ", expected);
    facts.push(Fact::new("actual", &finding.actual));
    facts
}

/// The seed of a record, and those of targets that were merged into it from other runs.
pub(crate) fn seeds(record: &RunRecord) -> String {
    let mut words = format!("seed {}", record.run.seed);
    for target in &record.targets {
        if let Some(seed) = target.seed {
            write!(words, ", {seed} for {}", target.name).expect("a string grows");
        }
    }
    words
}

/// What Helm and the OCI specification make of the requirement.
pub(crate) fn severity(check: &CheckRecord) -> String {
    check.specification.map_or_else(
        || check.level.to_string(),
        |specification| specification.beside(check.level),
    )
}

/// What is listed of it as a deviation.
pub(crate) fn deviation(check: &CheckRecord) -> Vec<Fact> {
    let Some(listed) = &check.deviation else {
        return Vec::new();
    };
    let DeviationRecord {
        reason,
        link,
        expires,
    } = listed;
    let mut facts = Vec::new();
    if check.outcome == Outcome::Stale {
        facts.push(Fact::new("actual", STALE));
    }
    facts.push(Fact::new("listed", format!("until {expires}: {reason}")));
    facts.push(Fact::new("", link));
    facts
}

/// Why it could not be told.
pub(crate) fn obstacle(obstacle: Option<&Obstacle>) -> Vec<Fact> {
    let Some(obstacle) = obstacle else {
        return vec![Fact::new("obstacle", "no obstacle was recorded")];
    };
    let what = match obstacle.kind {
        // What could not be arranged says so itself.
        ObstacleKind::Arrangement => obstacle.what.clone(),
        kind => format!("{}: {}", words(kind), obstacle.what),
    };
    vec![Fact::new("obstacle", what)]
}

/// What kind of trouble it was, in words.
pub(crate) const fn words(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::Transport => "the connection failed",
        ObstacleKind::Arrangement => "what the check needs could not be arranged",
        ObstacleKind::Deadline => "the check ran out of time",
        ObstacleKind::Defect => "the suite itself failed",
    }
}

/// Who says so.
pub(crate) fn sources(check: &CheckRecord) -> Vec<Fact> {
    list("says", "", check.sources.iter().map(source).collect())
}

pub(crate) fn source(source: &SourceRecord) -> String {
    let SourceRecord {
        document,
        version,
        anchor,
        says,
        quoted,
    } = source;
    if *quoted {
        format!("{document} {version}, {anchor}: “{says}”")
    } else {
        format!("{document} {version}, {anchor}: {says}")
    }
}

/// What Helm does where the requirement is violated.
pub(crate) fn breaks(check: &CheckRecord) -> Vec<Fact> {
    list("helm", "", check.breaks.iter().map(brk).collect())
}

pub(crate) fn brk(brk: &BreakRecord) -> String {
    let BreakRecord {
        eras,
        versions,
        flows,
        condition,
        symptom,
    } = brk;
    let when = condition
        .as_deref()
        .map(|when| format!(", {when}"))
        .unwrap_or_default();
    let concerned = format!(
        "{} ({versions}) · {}{when}",
        eras.join(", "),
        flows.join(", ")
    );
    match said(symptom).as_str() {
        "" => concerned,
        symptom => format!("{concerned}\n{symptom}"),
    }
}

/// What a real Helm ran and said, and what explains that it failed.
pub(crate) fn flow(flow: &FlowRecord) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(run) = flow.runs.last() {
        facts.push(Fact::new("ran", &run.command));
    }
    if let Some(error) = &flow.error {
        facts.push(Fact::new("said", said(error)));
    }
    if flow.obstacle.is_some() {
        facts.extend(obstacle(flow.obstacle.as_ref()));
    } else {
        let mut reasons: Vec<String> = flow.because.iter().map(because).collect();
        if flow.is_unexplained() {
            reasons.push(
                "unexplained: nothing that was examined is violated and breaks this".to_owned(),
            );
        }
        facts.extend(list("because", "also ", reasons));
    }
    facts
}

/// What Helm said and the first reason, on one line of about so many characters.
pub(crate) fn flow_message(flow: &FlowRecord, length: usize) -> String {
    let said = text::line(flow.error.as_deref().unwrap_or("nothing was recorded"));
    let said = text::cut(&said, length / 2);
    let because = flow.because.first().map_or_else(
        || "unexplained: nothing that was examined is violated and breaks this".to_owned(),
        |reason| format!("because {}: {}", reason.requirement, reason.title),
    );
    format!("{said}; {}", text::cut(&text::line(&because), length / 2))
}

fn because(reason: &Explanation) -> String {
    let Explanation {
        requirement,
        title,
        condition,
        in_its_words,
        at_its_exchange,
    } = reason;
    let mut words = format!("{requirement}: {title}");
    if let Some(condition) = condition {
        write!(words, ", {condition}").expect("a string grows");
    }
    match (in_its_words, at_its_exchange) {
        (true, true) => words.push_str(" (it foretells these words and this exchange)"),
        (true, false) => words.push_str(" (it foretells these words)"),
        (false, true) => words.push_str(" (seen violated in the same exchange)"),
        (false, false) => {}
    }
    words
}

/// What Helm said, marked as its own; in parentheses stands what happened where it said nothing of it.
fn said(words: &str) -> String {
    match words {
        "" => String::new(),
        words if words.starts_with('(') => words.to_owned(),
        words => format!("Error: {words}"),
    }
}

/// The REG-ids and failure modes it covers.
pub(crate) fn covers(check: &CheckRecord) -> Vec<Fact> {
    if check.covers.is_empty() {
        return Vec::new();
    }
    vec![Fact::new("covers", check.covers.join(", "))]
}

/// The entries under one label; those after the first are introduced by `joint`.
fn list(label: &'static str, joint: &str, entries: Vec<String>) -> Vec<Fact> {
    let left_out = entries.len().saturating_sub(ENTRIES);
    let mut facts: Vec<Fact> = entries
        .into_iter()
        .take(ENTRIES)
        .enumerate()
        .map(|(position, entry)| match position {
            0 => Fact::new(label, entry),
            _ => Fact::new("", format!("{joint}{entry}")),
        })
        .collect();
    if left_out > 0 {
        facts.push(Fact::new("", format!("and {left_out} more")));
    }
    facts
}
