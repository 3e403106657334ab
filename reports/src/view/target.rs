//! The results of one target.

use helm_oci_suite::requirement::outcome::Outcome;
use strum::IntoStaticStr;

use super::cause::{self, CauseView};
use super::check::CheckView;
use super::effort::Effort;
use super::eras::EraTable;
use super::exchange::ExchangesView;
use super::helm::HelmView;
use super::leftovers::{self, LeftoverGroup};
use super::row::{Label, ReportRow};
use super::sentence::ResultSentence;
use super::soak::SoakView;
use super::tally::OutcomeCounts;
use super::verdict::{Open, Results, TargetVerdict};
use crate::record::{Capability, RunRecord, TargetIdentity, TargetRecord};
use crate::text::{self, plural};

/// The most ids of a list that names them.
const NAMED: usize = 12;

/// The results of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetView<'a> {
    /// The name given on the command line.
    pub name: &'a str,
    /// The seed of names and content.
    pub seed: u64,
    /// The identity, fact by fact.
    pub identity: Vec<IdentityFact<'a>>,
    /// The capabilities.
    pub capabilities: Vec<CapabilityView<'a>>,
    /// The reason for which the target could not be examined, or not to the end.
    pub obstacle: Option<ObstacleView<'a>>,
    /// What a reader should know although the target was examined.
    pub advice: Option<&'a str>,
    /// The checks, in the suite's order.
    pub checks: Vec<CheckView<'a>>,
    /// The causes of its findings, the most severe first.
    pub causes: Vec<CauseView<'a>>,
    /// The areas, in the order of their first check.
    pub areas: Vec<AreaView<'a>>,
    /// The table era × flow.
    pub eras: Option<EraTable<'a>>,
    /// The flows of the client models.
    pub models: HelmView<'a>,
    /// The results of real Helm binaries.
    pub helm: HelmView<'a>,
    /// The digests of the Helm binaries, by version.
    pub binaries: Vec<(&'a str, &'a str)>,
    /// The counts of outcomes.
    pub tally: OutcomeCounts,
    /// The reasons for skipped checks with their counts, in order of first appearance.
    pub skipped: Vec<(&'a str, usize)>,
    /// Everything that the run stored and could not delete.
    pub leftovers: Vec<LeftoverGroup<'a>>,
    /// The requests of the run; none for a record that does not count them.
    pub effort: Option<Effort>,
    /// What went wrong on the connection to the target, a sentence each.
    pub line: Vec<String>,
    /// The soak.
    pub soak: Option<SoakView>,
    /// The verdict.
    pub verdict: TargetVerdict,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// A fact about the identity of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityFact<'a> {
    /// The kind of fact.
    pub label: IdentityLabel,
    /// The fact.
    pub value: &'a str,
}

/// A kind of fact about the identity of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum IdentityLabel {
    /// Reference, container, process or URL.
    Kind,
    /// The image and tag.
    Image,
    /// The digest or id of the image.
    #[strum(serialize = "image id")]
    ImageId,
    /// The version in the labels of the image.
    Version,
    /// The program.
    Program,
    /// The digest of the program.
    #[strum(serialize = "program digest")]
    ProgramDigest,
    /// The origin.
    Url,
    /// The headers by which the registry identifies itself.
    Server,
}

/// A capability of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityView<'a> {
    /// Its name.
    pub name: &'a str,
    /// True if the registry has it; none if that could not be determined.
    pub present: Option<bool>,
    /// The observation behind it.
    pub evidence: &'a str,
    /// The requirements that do not apply without it.
    pub left_out: &'a [String],
}

/// The reason for which a target could not be examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObstacleView<'a> {
    /// The reason in one sentence.
    pub sentence: ResultSentence<'a>,
    /// The text of the obstacle alone.
    pub what: &'a str,
    /// The reason as a row.
    pub row: ReportRow<'a>,
    /// The exchanges that show it.
    pub exchanges: ExchangesView<'a>,
}

/// The checks of one area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaView<'a> {
    /// Its name.
    pub name: &'a str,
    /// The indexes of its checks in the target's list of checks.
    pub positions: Vec<usize>,
    /// The counts of their outcomes.
    pub tally: OutcomeCounts,
}

/// Inconclusive checks with the same obstacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObstacleGroup<'v, 'a> {
    /// The first of them.
    pub first: &'v CheckView<'a>,
    /// The ids of the others.
    pub also_affected: Vec<&'a str>,
}

impl<'a> TargetView<'a> {
    pub(super) fn of(record: &'a RunRecord, target: &'a TargetRecord) -> Self {
        let checks: Vec<CheckView<'a>> = target
            .checks
            .iter()
            .map(|check| CheckView::of(check, record.run.strict))
            .collect();
        let tally = OutcomeCounts::of(checks.iter().map(|check| check.outcome));
        let eras = EraTable::of(target);
        let models = HelmView::of(&target.models);
        let helm = HelmView::of(&target.helm_versions);
        let causes = cause::causes(target, &checks, eras.as_ref(), [&models, &helm]);
        let verdict = TargetVerdict::of(&Results {
            run: &record.run,
            has_obstacle: target.obstacle.is_some(),
            tally,
            open: Open::of(&checks),
            eras: eras.as_ref(),
            models: &models,
            helm: &helm,
            causes: causes
                .iter()
                .filter(|cause| cause.summary.outcome == Outcome::Fail)
                .count(),
        });
        let obstacle = target.obstacle.as_ref().map(|obstacle| ObstacleView {
            sentence: ResultSentence::Obstacle(Some(obstacle)),
            what: &obstacle.what,
            row: super::obstacle_row(Some(obstacle)),
            exchanges: ExchangesView::at(&target.exchanges, &obstacle.exchanges),
        });
        Self {
            name: &target.name,
            seed: target.seed.unwrap_or(record.run.seed),
            identity: identity(&target.identity),
            capabilities: target.capabilities.iter().map(capability).collect(),
            obstacle,
            advice: target.advice.as_deref(),
            areas: areas(&checks),
            causes,
            eras,
            models,
            helm,
            binaries: target
                .helm_versions
                .iter()
                .map(|helm| (helm.version.as_str(), helm.binary.as_str()))
                .collect(),
            tally,
            skipped: skipped(&checks),
            leftovers: leftovers::groups(&target.leftovers),
            effort: (target.requests > 0).then_some(Effort {
                requests: target.requests,
                milliseconds: target.milliseconds,
                concurrency: target.concurrency,
            }),
            line: super::line::sentences(&target.line),
            soak: target.soak.as_ref().map(SoakView::of),
            verdict,
            milliseconds: target.milliseconds,
            checks,
        }
    }

    /// The checks of an area.
    pub fn checks_of(&self, area: &AreaView<'_>) -> impl Iterator<Item = &CheckView<'a>> {
        let positions = area.positions.iter();
        positions.map(|position| &self.checks[*position])
    }

    /// The checks with an outcome.
    pub fn with_outcome(&self, outcome: Outcome) -> impl Iterator<Item = &CheckView<'a>> {
        let checks = self.checks.iter();
        checks.filter(move |check| check.outcome == outcome)
    }

    /// The checks whose result needs attention, the most severe first; without inconclusive ones.
    pub fn findings(&self) -> impl Iterator<Item = &CheckView<'a>> {
        [Outcome::Fail, Outcome::Stale, Outcome::Warn, Outcome::Known]
            .into_iter()
            .flat_map(|outcome| self.with_outcome(outcome))
    }

    /// The inconclusive checks that no cause blocks, grouped by obstacle.
    pub fn inconclusive(&self) -> Vec<ObstacleGroup<'_, 'a>> {
        let met = |check: &CheckView<'a>| match check.sentence {
            ResultSentence::Obstacle(obstacle) => obstacle.map(|met| (met.kind, met.what.as_str())),
            _ => None,
        };
        let mut groups: Vec<ObstacleGroup<'_, 'a>> = Vec::new();
        let open = self.with_outcome(Outcome::Inconclusive);
        for check in open.filter(|check| !self.is_blocked(check)) {
            let known = groups
                .iter_mut()
                .find(|group| met(check).is_some() && met(group.first) == met(check));
            match known {
                Some(group) => group.also_affected.push(check.id),
                None => groups.push(ObstacleGroup {
                    first: check,
                    also_affected: Vec::new(),
                }),
            }
        }
        groups
    }

    /// The checks that passed only when they were repeated, with a definite violation before; and the ids of those that
    /// failed because of the network.
    pub fn intermittent(&self) -> (Vec<&CheckView<'a>>, Vec<&'a str>) {
        let all = self.with_outcome(Outcome::Intermittent);
        let (contradicting, by_line): (Vec<_>, Vec<_>) =
            all.partition(|check| check.is_contradicting);
        (
            contradicting,
            by_line.iter().map(|check| check.id).collect(),
        )
    }

    /// True if a cause blocks the check.
    pub fn is_blocked(&self, check: &CheckView<'_>) -> bool {
        let mut blocked = self.causes.iter().flat_map(|cause| &cause.blocked);
        blocked.any(|position| self.checks[*position].id == check.id)
    }

    /// The ids of some checks; if there are many, their number in each area.
    pub fn named(&self, ids: &[&str]) -> String {
        if ids.len() <= NAMED {
            return ids.join(", ");
        }
        let areas = self.areas.iter().filter_map(|area| {
            let checks = self.checks_of(area);
            let count = checks.filter(|check| ids.contains(&check.id)).count();
            (count > 0).then(|| format!("{} {count}", area.name))
        });
        let areas: Vec<String> = areas.collect();
        format!("{}: {}", plural(ids.len(), "check"), areas.join(", "))
    }

    /// The requirements that leave cells of the table unknown, without those that a cause blocks.
    pub fn unknown_without_cause(&self) -> Vec<&'a str> {
        let unknown = self.eras.iter().flat_map(|table| &table.unknown).copied();
        let has_cause = |id: &&str| {
            let checks = self.checks.iter().map(|check| (check.id, check.cause));
            let flows = self.models.flows.iter().chain(&self.helm.flows);
            let mut all = checks.chain(flows.map(|flow| (flow.id, flow.cause)));
            all.any(|(own, cause)| own == *id && cause.is_some())
        };
        unknown.filter(|id| !has_cause(id)).collect()
    }

    /// A fact about the identity.
    pub fn fact(&self, label: IdentityLabel) -> Option<&'a str> {
        let fact = self.identity.iter().find(|fact| fact.label == label);
        fact.map(|fact| fact.value)
    }
}

impl IdentityLabel {
    /// The label in words.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl CapabilityView<'_> {
    /// The label of its row.
    pub const fn label(&self) -> Label {
        match self.present {
            Some(true) => Label::Supports,
            Some(false) => Label::Lacks,
            None => Label::Unclear,
        }
    }

    /// The requirements that do not apply without it, abbreviated.
    pub fn consequence(&self) -> String {
        match self.left_out {
            [] => String::new(),
            [one] => format!("; skipped: {one}"),
            [one, more @ ..] => format!("; skipped: {one}{}", text::more(more.len())),
        }
    }
}

fn identity(identity: &TargetIdentity) -> Vec<IdentityFact<'_>> {
    let facts = [
        (IdentityLabel::Kind, Some(identity.kind.into())),
        (IdentityLabel::Image, identity.image.as_deref()),
        (IdentityLabel::ImageId, identity.image_id.as_deref()),
        (IdentityLabel::Version, identity.version.as_deref()),
        (IdentityLabel::Program, identity.program.as_deref()),
        (
            IdentityLabel::ProgramDigest,
            identity.program_digest.as_deref(),
        ),
        (IdentityLabel::Url, identity.url.as_deref()),
        (IdentityLabel::Server, identity.server.as_deref()),
    ];
    let facts = facts.into_iter();
    facts
        .filter_map(|(label, value)| {
            Some(IdentityFact {
                label,
                value: value?,
            })
        })
        .collect()
}

fn capability(capability: &Capability) -> CapabilityView<'_> {
    CapabilityView {
        name: &capability.name,
        present: capability.present,
        evidence: &capability.evidence,
        left_out: &capability.left_out,
    }
}

fn areas<'a>(checks: &[CheckView<'a>]) -> Vec<AreaView<'a>> {
    let mut areas: Vec<AreaView<'a>> = Vec::new();
    for (position, check) in checks.iter().enumerate() {
        match areas.iter_mut().find(|area| area.name == check.area) {
            Some(area) => area.positions.push(position),
            None => areas.push(AreaView {
                name: check.area,
                positions: vec![position],
                tally: OutcomeCounts::default(),
            }),
        }
    }
    for area in &mut areas {
        let positions = area.positions.iter();
        area.tally = OutcomeCounts::of(positions.map(|position| checks[*position].outcome));
    }
    areas
}

fn skipped<'a>(checks: &[CheckView<'a>]) -> Vec<(&'a str, usize)> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for check in checks {
        let ResultSentence::Skipped(reason) = check.sentence else {
            continue;
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons
}
