//! Compares the table of the suite with recordings of real Helm binaries on registries with generated faults.
//!
//! Each registry is examined in memory on the path of a run, with all requirements, so that a prediction is what a user
//! of such a registry reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use helm_oci_suite::evidence::Evidence;
use helm_oci_suite::evidence::class::Class;
use helm_oci_suite::evidence::generated::{Case, Cell, Counts, cases, observed};
use helm_oci_suite::evidence::{Draw, FlowResult, Observation};
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{self, FlowVerdict, Prediction, Responses, Verdicts};
use helm_oci_suite::proof::{self, on_all_cores};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::verdict::Verdict;
use semver::Version;
use serde::Serialize;

use super::path;

/// The maximum number of lines of disagreements, unless all are requested.
const LONGEST_LIST: usize = 20;

/// The maximum number of causes in a line.
const MOST_CAUSES: usize = 6;

/// The score of the suite with generated faults.
#[derive(Debug, Serialize)]
pub struct Scored {
    /// The Helm versions, oldest first.
    pub helm_versions: Vec<Version>,
    /// The draws of the faults, each once.
    pub draws: Vec<Draw>,
    /// The number of registries.
    pub registries: usize,
    /// All cells.
    pub all: Counts,
    /// The cells in which the fault altered a response to Helm.
    pub altered: Counts,
    /// Of the altered cells, those of each era.
    pub by_era: BTreeMap<Era, Counts>,
    /// Of the altered cells, those of each flow.
    pub by_flow: BTreeMap<Flow, Counts>,
    /// The registries on which some Helm version fails and no requirement is violated.
    pub silent: Vec<String>,
    /// The cells with a wrong prediction, and those without one.
    pub disagreements: Vec<Cell>,
    /// The names in the recordings that are no generated faults.
    pub unreadable: Vec<String>,
}

/// The results of one examination.
struct Examined {
    case: Case,
    verdicts: Verdicts,
    /// The table that follows from them.
    table: Vec<table::Cell>,
    /// The reason why the registry was not examined.
    obstacle: Option<String>,
}

/// Examines every registry of the recordings whose name contains `part`.
pub fn score(requirements: &[&'static Requirement], recordings: &[Evidence], part: &str) -> Scored {
    let (mut cases, unreadable) = cases(recordings);
    cases.retain(|case| case.fault.to_string().contains(part));
    let examined = on_all_cores(cases.len(), |position| {
        examine(requirements, cases[position])
    });
    let cells: Vec<Cell> = examined
        .iter()
        .flat_map(|one| {
            recordings
                .iter()
                .flat_map(|own| compare(requirements, one, own))
        })
        .collect();
    let mut draws: Vec<Draw> = recordings.iter().filter_map(|own| own.generated).collect();
    draws.dedup();
    let altered = || cells.iter().filter(|cell| cell.is_altered);
    Scored {
        helm_versions: recordings.iter().map(|own| own.helm.clone()).collect(),
        draws,
        registries: cases.len(),
        all: Counts::of(&cells),
        altered: Counts::of(altered()),
        by_era: grouped(altered(), |cell| Era::of(&cell.helm)),
        by_flow: grouped(altered(), |cell| Some(cell.flow)),
        silent: silent(&cells),
        disagreements: cells
            .into_iter()
            .filter(|cell| cell.class != Class::Right)
            .collect(),
        unreadable,
    }
}

fn examine(requirements: &[&'static Requirement], case: Case) -> Examined {
    let target = proof::generated_target(case.setup, case.fault);
    let checked = requirements.iter().filter(|own| own.replays.is_none());
    let checked: Vec<&'static Requirement> = checked.copied().collect();
    let (_, record) = path::examine_target(&checked, target);
    let verdicts = requirements.iter().map(|own| {
        let verdict = if own.replays.is_some() {
            proof::generated_replay_verdict(own, case.setup, case.fault)
        } else {
            path::verdict(&record, own)
        };
        (own.id, verdict)
    });
    let verdicts = verdicts.collect();
    let table = Prediction::of(requirements, &verdicts).table(&Responses::new());
    Examined {
        case,
        verdicts,
        table,
        obstacle: record.obstacle.map(|obstacle| obstacle.what),
    }
}

/// The cells of one Helm version on one registry.
fn compare(
    requirements: &[&'static Requirement],
    examined: &Examined,
    recording: &Evidence,
) -> Vec<Cell> {
    let helm = &recording.helm;
    let is_quiet = !examined.verdicts.values().any(Verdict::is_violated);
    let prediction = Prediction::of(requirements, &examined.verdicts);
    let cell = |(flow, seen): (Flow, Option<&Observation>)| {
        let predicted = prediction.version(helm, flow);
        let predicted = predicted.unwrap_or(FlowVerdict::Unknown);
        let result = seen.map_or(FlowResult::Works, |seen| seen.result);
        Cell {
            fault: examined.case.fault.to_string(),
            setup: examined.case.setup,
            helm: helm.clone(),
            flow,
            class: Class::of(predicted, result),
            predicted,
            causes: examined.causes(helm, flow),
            is_silent: is_quiet && result == FlowResult::Fails,
            is_altered: seen.is_some(),
            observed: result,
            error: seen.and_then(|seen| seen.error.clone()),
            stopped_at: seen.and_then(|seen| seen.stopped_at.clone()),
        }
    };
    let observed = observed(recording, &examined.case);
    observed.into_iter().map(cell).collect()
}

impl Examined {
    /// The causes that the table names for the cell of this Helm version; of a registry that was not examined, its obstacle.
    fn causes(&self, helm: &Version, flow: Flow) -> Vec<String> {
        let era = Era::of(helm);
        let mut cells = self.table.iter();
        let cell = cells.find(|cell| Some(cell.era) == era && cell.flow == flow);
        let because = cell.map_or(&[][..], |cell| &cell.because);
        let mut causes: Vec<String> = because.iter().map(|one| one.requirement.clone()).collect();
        causes.extend(self.obstacle.clone());
        causes.dedup();
        causes
    }
}

fn grouped<'a, K: Ord>(
    cells: impl Iterator<Item = &'a Cell>,
    key: impl Fn(&Cell) -> Option<K>,
) -> BTreeMap<K, Counts> {
    let mut groups: BTreeMap<K, Vec<&Cell>> = BTreeMap::new();
    for cell in cells {
        if let Some(key) = key(cell) {
            groups.entry(key).or_default().push(cell);
        }
    }
    let counted = groups.into_iter();
    counted
        .map(|(key, cells)| (key, Counts::of(cells)))
        .collect()
}

fn silent(cells: &[Cell]) -> Vec<String> {
    let silent = cells.iter().filter(|cell| cell.is_silent);
    let mut names: Vec<String> = silent.map(registry).collect();
    names.dedup();
    names
}

fn registry(cell: &Cell) -> String {
    let setup = serde_json::to_value(cell.setup).unwrap_or_default();
    format!("{} [{}]", cell.fault, setup.as_str().unwrap_or_default())
}

impl Scored {
    /// True if no prediction is wrong, and no registry on which Helm fails is without a violation.
    pub fn holds(&self) -> bool {
        let wrong = self.all.missed + self.all.false_alarms + self.all.silent;
        wrong == 0 && self.unreadable.is_empty()
    }

    /// The score as text, with all disagreements if requested.
    pub fn summary(&self, is_verbose: bool) -> String {
        let mut page = self.title();
        page.push_str(&Counts::head(""));
        page.push_str(&self.all.line("all"));
        page.push_str(&self.altered.line("response altered"));
        page.push('\n');
        page.push_str(&Counts::head("altered, by era"));
        for (era, counts) in &self.by_era {
            page.push_str(&counts.line(era.name()));
        }
        page.push('\n');
        page.push_str(&Counts::head("altered, by flow"));
        for (flow, counts) in &self.by_flow {
            page.push_str(&counts.line(flow.name()));
        }
        let longest = if is_verbose { usize::MAX } else { LONGEST_LIST };
        list(
            &mut page,
            "Silent: some Helm version fails, no requirement is violated",
            &self.silent,
            longest,
        );
        list(
            &mut page,
            "Names that are no generated faults",
            &self.unreadable,
            longest,
        );
        let is_listed = |cell: &&Cell| is_verbose || cell.class.is_wrong();
        let disagreements: Vec<&Cell> = self.disagreements.iter().filter(is_listed).collect();
        list(&mut page, "Disagreements", &lines(&disagreements), longest);
        page
    }

    fn title(&self) -> String {
        let helm_versions: Vec<String> =
            self.helm_versions.iter().map(ToString::to_string).collect();
        let draws = self.draws.iter();
        let draws: Vec<String> = draws
            .map(|Draw { seed, count }| format!("{count} of seed {seed}"))
            .collect();
        format!(
            "Generated faults: {}; Helm {}; {} registries.\n\n",
            draws.join(" and "),
            helm_versions.join(", "),
            self.registries
        )
    }
}

/// The disagreements as text: one entry for each registry, class, cause and error, with its Helm versions and flows.
fn lines(disagreements: &[&Cell]) -> Vec<String> {
    let mut groups: BTreeMap<(String, Class, String), BTreeMap<Version, Vec<&str>>> =
        BTreeMap::new();
    for cell in disagreements {
        let mut what = String::new();
        if !cell.causes.is_empty() {
            let _ = write!(what, "\n      because of {}", named(&cell.causes));
        }
        if let Some(error) = &cell.error {
            let _ = write!(what, "\n      helm: {error}");
        }
        if let Some(exchange) = &cell.stopped_at {
            let _ = write!(what, "\n      at {exchange}");
        }
        let group = groups
            .entry((registry(cell), cell.class, what))
            .or_default();
        group
            .entry(cell.helm.clone())
            .or_default()
            .push(cell.flow.name());
    }
    let line = |((registry, class, what), cells): (
        (String, Class, String),
        BTreeMap<Version, Vec<&str>>,
    )| {
        let cells: Vec<String> = cells
            .into_iter()
            .map(|(helm, flows)| format!("{helm}: {}", flows.join(" ")))
            .collect();
        format!(
            "{} {registry}{what}\n      {}",
            word(class),
            cells.join("\n      ")
        )
    };
    groups.into_iter().map(line).collect()
}

/// The first causes, and the number of the others.
fn named(causes: &[String]) -> String {
    let first = causes.get(..MOST_CAUSES).unwrap_or(causes).join(", ");
    match causes.len().saturating_sub(MOST_CAUSES) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

const fn word(class: Class) -> &'static str {
    match class {
        Class::Right => "right",
        Class::Unknown => "unknown",
        Class::Missed => "missed",
        Class::FalseAlarm => "false alarm",
    }
}

fn list(page: &mut String, title: &str, lines: &[String], longest: usize) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{title}: {}", lines.len());
    for line in lines.iter().take(longest) {
        let _ = writeln!(page, "  {line}");
    }
    let more = lines.len().saturating_sub(longest);
    if more > 0 {
        let _ = writeln!(page, "  … and {more} more; --verbose prints all");
    }
}
