//! The findings of a report as CI systems list them: one for each cause, and one for everything else that decides the exit
//! code.

use std::collections::BTreeMap;

use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::requirement::outcome::Outcome;
use strum::IntoStaticStr;

use super::cause::CauseView;
use super::check::CheckView;
use super::helm::FlowGroup;
use super::report::{ProblemView, ReportView};
use super::row::{Label, RowEntry};
use super::sentence::ResultSentence;
use super::target::TargetView;
use crate::text::plural;

/// The id of a finding about a target that could not be examined.
pub const REACHABLE: &str = "target/reachable";

/// The longest path of a target, in characters.
const PATH: usize = 200;

/// One finding on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView<'v, 'a> {
    /// The kind of finding.
    pub kind: FindingKind,
    /// The name of the target.
    pub target: &'a str,
    /// The origin of the target, if the run knows it.
    pub url: Option<&'a str>,
    /// The id of the requirement or of the flow.
    pub id: &'a str,
    /// The title of the requirement, or the kind of finding in words.
    pub title: &'a str,
    /// The severity for a CI system.
    pub severity: Severity,
    /// What is wrong, with which Helm versions, and what to change, in one sentence.
    pub sentence: String,
    /// The reason for which a known deviation is tolerated.
    pub tolerated: Option<String>,
    /// The check behind it, if there is one.
    pub check: Option<&'v CheckView<'a>>,
    /// The number of earlier findings of the same target with the same id.
    pub repetition: usize,
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// A violated requirement, or a deviation that is no longer observed.
    Requirement,
    /// A flow that fails without a violated requirement.
    Flow,
    /// A problem of the deviations file.
    Deviation,
    /// A target that was not examined.
    NotExamined,
    /// A result that is inconclusive and decides the exit code.
    Inconclusive,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// It fails the run.
    Error,
    /// It does not fail the run, or nobody knows whether it does.
    Warning,
    /// It is tolerated.
    Note,
}

impl Severity {
    /// The severity in words.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl FindingView<'_, '_> {
    /// The target as a relative path: CI systems show findings at files, and reject a URL.
    pub fn path(&self) -> String {
        let name = self.target;
        let name = name.split_once("://").map_or(name, |(_, rest)| rest);
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "._-/".contains(c) {
                c
            } else {
                '-'
            }
        };
        let name: String = name.chars().take(PATH).map(safe).collect();
        let segments = name.split('/');
        let segments: Vec<&str> = segments
            .filter(|segment| segment.contains(|c| c != '.'))
            .collect();
        if segments.is_empty() {
            "target".to_owned()
        } else {
            segments.join("/")
        }
    }

    /// The fingerprint that identifies it in every run on the target.
    pub fn fingerprint(&self) -> String {
        let (target, id, repetition) = (self.target, self.id, self.repetition);
        let digest = sha256(format!("{target}\n{id}\n{repetition}").as_bytes());
        digest.trim_start_matches("sha256:").to_owned()
    }
}

impl<'a> ReportView<'a> {
    /// The findings, target by target.
    pub fn findings(&self) -> Vec<FindingView<'_, 'a>> {
        let targets = self.targets.iter().flat_map(of_target);
        let problems = self.problems.iter().map(of_problem);
        let mut findings: Vec<FindingView<'_, 'a>> = targets.chain(problems).collect();
        let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for finding in &mut findings {
            let count = seen.entry((finding.target, finding.id)).or_default();
            finding.repetition = *count;
            *count += 1;
        }
        findings
    }
}

fn of_target<'v, 'a>(target: &'v TargetView<'a>) -> Vec<FindingView<'v, 'a>> {
    let mut findings = Vec::new();
    if let Some(obstacle) = &target.obstacle {
        let what = words(&obstacle.sentence);
        findings.push(FindingView {
            kind: FindingKind::NotExamined,
            title: "the target is examined",
            severity: Severity::Error,
            ..new(target, REACHABLE, format!("not examined: {what}"))
        });
    }
    findings.extend(target.causes.iter().map(|cause| of_cause(target, cause)));
    let groups = || target.helm.groups.iter().chain(&target.models.groups);
    let is_unexplained = |group: &&FlowGroup<'a>| {
        let id = &group.first.id;
        target.helm.unexplained.contains(id) || target.models.unexplained.contains(id)
    };
    findings.extend(groups().filter(is_unexplained).map(|group| FindingView {
        kind: FindingKind::Flow,
        title: "the flow works",
        severity: Severity::Error,
        ..new(target, group.first.id, of_group(group))
    }));
    findings.extend(inconclusive(target));
    let is_open = |group: &&FlowGroup<'a>| {
        group.first.outcome == Outcome::Inconclusive && group.first.cause.is_none()
    };
    findings.extend(groups().filter(is_open).map(|group| FindingView {
        title: "the flow could be run",
        ..new(target, group.first.id, of_group(group))
    }));
    findings
}

/// A finding about an inconclusive result.
fn new<'v, 'a>(target: &TargetView<'a>, id: &'a str, sentence: String) -> FindingView<'v, 'a> {
    FindingView {
        kind: FindingKind::Inconclusive,
        target: target.name,
        url: target.fact(super::target::IdentityLabel::Url),
        id,
        title: "",
        severity: Severity::Warning,
        sentence,
        tolerated: None,
        check: None,
        repetition: 0,
    }
}

fn of_cause<'v, 'a>(target: &'v TargetView<'a>, cause: &CauseView<'a>) -> FindingView<'v, 'a> {
    let check = &target.checks[cause.finding];
    let severity = match check.outcome {
        Outcome::Fail | Outcome::Stale => Severity::Error,
        Outcome::Known => Severity::Note,
        _ => Severity::Warning,
    };
    FindingView {
        kind: FindingKind::Requirement,
        title: check.title,
        severity,
        tolerated: (check.outcome == Outcome::Known).then(|| deviation(check)),
        check: Some(check),
        ..new(target, check.id, cause.summary.sentence())
    }
}

/// The text and the link of the deviation that is listed for a check.
fn deviation(check: &CheckView<'_>) -> String {
    let rows = check
        .rows
        .iter()
        .filter(|row| row.label == Label::Deviation);
    let entries = rows.flat_map(|row| &row.entries);
    let entries =
        entries.filter(|entry| matches!(entry, RowEntry::Deviation(_) | RowEntry::Link(_)));
    entries
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The checks that are inconclusive, or contradicted in some attempts, and decide the exit code; those with one obstacle
/// together.
fn inconclusive<'v, 'a>(target: &'v TargetView<'a>) -> Vec<FindingView<'v, 'a>> {
    let is_decisive = |id: &str| {
        let mut checks = target.checks.iter();
        checks.any(|check| check.id == id && check.leaves_run_open)
    };
    let one = |check: &'v CheckView<'a>, others: usize| {
        let others = match others {
            0 => String::new(),
            count => format!(" (and {})", plural(count, "more check")),
        };
        let what = words(&check.sentence);
        FindingView {
            title: check.title,
            check: Some(check),
            ..new(target, check.id, format!("{}{others}: {what}", check.title))
        }
    };
    let groups = target.inconclusive().into_iter();
    let groups = groups.filter(|group| {
        let mut ids = std::iter::once(&group.first.id).chain(&group.also_affected);
        ids.any(|id| is_decisive(id))
    });
    let mut findings: Vec<FindingView<'v, 'a>> = groups
        .map(|group| one(group.first, group.also_affected.len()))
        .collect();
    let contradicted = target.with_outcome(Outcome::Intermittent);
    let contradicted = contradicted.filter(|check| check.leaves_run_open);
    findings.extend(contradicted.map(|check| one(check, 0)));
    findings
}

/// The message of flows that ended in the same way, with the flows by version.
fn of_group(group: &FlowGroup<'_>) -> String {
    let affected = group.affected.iter().map(|(version, flows)| {
        let flows: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
        format!("{} with Helm {version}", flows.join(", "))
    });
    let affected: Vec<String> = affected.collect();
    format!("{}: {}", affected.join("; "), words(&group.first.sentence))
}

fn of_problem<'v, 'a>(problem: &ProblemView<'a>) -> FindingView<'v, 'a> {
    FindingView {
        kind: FindingKind::Deviation,
        target: problem.target,
        url: None,
        id: problem.requirement,
        title: "the entry of the deviations file is valid",
        severity: Severity::Error,
        sentence: problem.sentence(),
        tolerated: None,
        check: None,
        repetition: 0,
    }
}

/// A sentence with all its clauses.
fn words(sentence: &ResultSentence<'_>) -> String {
    let clauses = sentence.clauses().into_iter();
    let clauses = clauses.map(|clause| format!("{}{}", clause.lead, clause.text));
    clauses.collect::<Vec<_>>().join("; ")
}
