//! `compare`: shows the differences that a user notices after moving charts from one registry to another, and the
//! version that introduced each.

use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_reports::compare::{Bisection, TargetComparison};
use helm_oci_reports::record::TargetRecord;
use helm_oci_reports::view::{BisectionView, ComparisonView};
use helm_oci_reports::{html, markdown, terminal};
use thiserror::Error;

use super::output::OutputError;
use super::record::{self, RecordFileError};
use super::report::{Color, ReportError, on_stdout, with_errors};
use super::selection::{Selection, SelectionError};
use super::sink::{Sink, write};
use super::target::{TargetArguments, TargetsError};
use super::{output, progress};
use crate::clock;
use crate::compare::{Examiner, Pair, Side};
use crate::error::chain;
use crate::exit_code::ExitCode;
use crate::run::preset::Preset;
use crate::run::{self, Events, Interrupt, Job, Plan, Schedule};
use crate::target::policy::Concurrency;
use crate::target::resolved::ResolvedTarget;

/// The consequence of an interruption.
const LOST: &str = "no comparison was written, because it needs the results of both targets";
/// The same of a bisection.
const LOST_BISECTION: &str =
    "no bisection was written, because it needs the results of more targets";

/// An error of `compare`.
#[derive(Debug, Error)]
pub(super) enum CompareCommandError {
    #[error("`compare` needs exactly two targets; use --bisect with a list of versions")]
    NotTwo,
    #[error("{path} contains the targets {names}; name one of them as {path}#TARGET", path = .path.display())]
    SeveralTargets { path: PathBuf, names: String },
    #[error("--bisect examines targets, but {path} is a run record; name the target instead")]
    BisectRecord { path: String },
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Targets(#[from] TargetsError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Compare these two: targets in the syntax of `run`, or records written by `run --json`, as FILE or FILE#TARGET.
    /// With --bisect any number of targets, the oldest first.
    #[arg(value_name = "TARGET", required = true, num_args = 2..)]
    targets: Vec<String>,
    /// For each difference between the first and the last target, find the first target that has it.
    #[arg(long)]
    bisect: bool,
    #[command(flatten)]
    selection: Selection,
    /// Derive names and content from seed N. The default is the seed of the record, if there is one.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Run up to N checks concurrently on a target. The default is 16, and on a registry at a URL up to 64 as long as its
    /// responses are not delayed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
    /// Confirm each failure up to N times in a fresh repository; what does not fail again is intermittent.
    #[arg(long, value_name = "N", default_value_t = run::RETRIES, value_parser = clap::value_parser!(u16).range(0..=9))]
    retries: u16,
    /// Write the comparison as JSON to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the comparison as Markdown to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "bisect")]
    markdown: Option<PathBuf>,
    /// Write the comparison as one self-contained HTML page to FILE, or to standard output if FILE is `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "bisect")]
    html: Option<PathBuf>,
    /// Use colour always, never, or if standard output is a terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print nothing; only write the files.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reach: TargetArguments,
}

/// A target or a record, as given on the command line.
enum Given {
    Record {
        seed: u64,
        target: Box<TargetRecord>,
    },
    Target(String),
}

pub(super) async fn compare(arguments: &Arguments) -> Result<ExitCode, CompareCommandError> {
    if arguments.bisect {
        bisect(arguments).await
    } else {
        between(arguments).await
    }
}

/// Compares two targets or records.
async fn between(arguments: &Arguments) -> Result<ExitCode, CompareCommandError> {
    let [a, b] = arguments.targets.as_slice() else {
        return Err(CompareCommandError::NotTwo);
    };
    let (a, b) = (given(a)?, given(b)?);
    let mut plan = arguments.plan([&a, &b].into_iter().find_map(Given::seed))?;
    let pair = pair(&arguments.reach, (a, b), &plan.label())?;
    plan.preset = Preset::of(pair.targets(), arguments.selection.is_only());
    let files = Files::open(arguments)?;
    let work = async |events: &Events, interrupt: &Interrupt| {
        let examiner = arguments.examiner(&plan, events, interrupt);
        examiner.compare(&pair).await
    };
    let Ok(compared) = progress::watch(arguments.quiet, None, LOST, work).await else {
        return Ok(ExitCode::Interrupted);
    };
    for (target, error) in &compared.without_snapshot {
        output::note(&format!("{target}: no snapshot: {}\n", chain(error)));
    }
    let code = code(compared.is_inconclusive());
    Ok(files.write(arguments, &compared.comparison, code))
}

async fn bisect(arguments: &Arguments) -> Result<ExitCode, CompareCommandError> {
    for target in &arguments.targets {
        if is_record(record_path(target).0) {
            return Err(CompareCommandError::BisectRecord {
                path: record_path(target).0.to_owned(),
            });
        }
    }
    let mut plan = arguments.plan(None)?;
    let specs = arguments
        .targets
        .iter()
        .map(|name| arguments.reach.spec(name));
    let targets = arguments.reach.resolve(specs.collect(), &plan.label())?;
    plan.preset = Preset::of(&targets, arguments.selection.is_only());
    let jobs: Vec<Job> = targets.into_iter().map(Job::new).collect();
    let files = Files::open(arguments)?;
    let work = async |events: &Events, interrupt: &Interrupt| {
        let examiner = arguments.examiner(&plan, events, interrupt);
        examiner.bisect(&jobs).await
    };
    let Ok(bisection) = progress::watch(arguments.quiet, None, LOST_BISECTION, work).await else {
        return Ok(ExitCode::Interrupted);
    };
    let code = code(bisection.is_inconclusive());
    Ok(files.write_bisection(arguments, &bisection, code))
}

/// The exit code: a difference is not a failure, and an inconclusive part is reported.
const fn code(is_inconclusive: bool) -> ExitCode {
    if is_inconclusive {
        ExitCode::Inconclusive
    } else {
        ExitCode::Acceptable
    }
}

impl Arguments {
    fn plan(&self, seed_of_record: Option<u64>) -> Result<Plan, SelectionError> {
        let chosen = self.selection.choose(Vec::new())?;
        let seed = self.seed.or(seed_of_record).unwrap_or_else(clock::seed);
        Ok(Plan {
            flows: chosen.flows.into_keys().collect(),
            only: chosen.words,
            ..Plan::new(chosen.requirements, seed)
        })
    }

    fn examiner<'a>(
        &self,
        plan: &'a Plan,
        events: &'a Events,
        interrupt: &'a Interrupt,
    ) -> Examiner<'a> {
        Examiner {
            plan,
            schedule: Schedule {
                checks: Concurrency::requested(self.jobs),
                retries: usize::from(self.retries),
                ..Schedule::default()
            },
            events,
            interrupt,
        }
    }
}

impl Given {
    fn seed(&self) -> Option<u64> {
        match self {
            Self::Record { seed, .. } => Some(*seed),
            Self::Target(_) => None,
        }
    }
}

/// Reads a record if the word names one; every other word is a target.
fn given(word: &str) -> Result<Given, CompareCommandError> {
    let (path, wanted) = record_path(word);
    if !is_record(path) {
        return Ok(Given::Target(word.to_owned()));
    }
    let record = record::read(Path::new(path))?;
    let seed_of_run = record.run.seed;
    let names: Vec<&str> = record.targets.iter().map(|one| one.name.as_str()).collect();
    let names = names.join(", ");
    let mut targets = record.targets.into_iter();
    let target = match wanted {
        Some(wanted) => targets.find(|target| target.name == wanted),
        None => targets.next().filter(|_| targets.next().is_none()),
    };
    let target = target.ok_or_else(|| CompareCommandError::SeveralTargets {
        path: path.into(),
        names,
    })?;
    Ok(Given::Record {
        // The targets of a merged record have the seeds of their own runs.
        seed: target.seed.unwrap_or(seed_of_run),
        target: Box::new(target),
    })
}

/// Both sides; a target that is given twice is resolved once.
fn pair(reach: &TargetArguments, given: (Given, Given), run: &str) -> Result<Pair, TargetsError> {
    let live = |target: ResolvedTarget| Side::Target(Box::new(Job::new(target)));
    let (a, b) = match given {
        (Given::Record { target: a, .. }, Given::Record { target: b, .. }) => {
            (Side::Record(a), Side::Record(b))
        }
        (Given::Record { target: a, .. }, Given::Target(b)) => {
            let [b] = reach.resolve_each(&[b], run)?;
            (Side::Record(a), live(b))
        }
        (Given::Target(a), Given::Record { target: b, .. }) => {
            let [a] = reach.resolve_each(&[a], run)?;
            (live(a), Side::Record(b))
        }
        (Given::Target(a), Given::Target(b)) if a == b => {
            let [target] = reach.resolve_each(&[a], run)?;
            (live(target.clone()), live(target))
        }
        (Given::Target(a), Given::Target(b)) => {
            let [a, b] = reach.resolve_each(&[a, b], run)?;
            (live(a), live(b))
        }
    };
    Ok(Pair { a, b })
}

/// The path and the target of `FILE#TARGET`, if the word is meant as a record.
fn record_path(word: &str) -> (&str, Option<&str>) {
    match word.rsplit_once('#') {
        Some((path, wanted)) if is_record(path) => (path, Some(wanted)),
        _ => (word, None),
    }
}

/// True if a word is meant as a record: it is a file, or it ends in `.json` and is no URL.
fn is_record(given: &str) -> bool {
    let path = Path::new(given);
    let is_called_so = path.extension().is_some_and(|end| end == "json");
    path.is_file() || is_called_so && !given.contains("://")
}

/// The outputs of the comparison.
struct Files {
    json: Option<Sink>,
    markdown: Option<Sink>,
    html: Option<Sink>,
    terminal: bool,
}

impl Files {
    /// Opens the files before anything is run, so that a wrong path fails early.
    fn open(arguments: &Arguments) -> Result<Self, ReportError> {
        let on_stdout = on_stdout(&[&arguments.json, &arguments.markdown, &arguments.html])?;
        Ok(Self {
            json: arguments.json.as_deref().map(Sink::open).transpose()?,
            markdown: arguments.markdown.as_deref().map(Sink::open).transpose()?,
            html: arguments.html.as_deref().map(Sink::open).transpose()?,
            terminal: !arguments.quiet && !on_stdout,
        })
    }

    fn write(
        mut self,
        arguments: &Arguments,
        comparison: &TargetComparison,
        code: ExitCode,
    ) -> ExitCode {
        let view = ComparisonView::of(comparison);
        let written = [
            write(&mut self.json, || Ok(comparison.to_json())),
            write(&mut self.markdown, || Ok(markdown::comparison(&view))),
            write(&mut self.html, || Ok(html::comparison(&view))),
            self.print(&terminal::comparison(&view, arguments.color.style())),
        ];
        with_errors(written, code)
    }

    fn write_bisection(
        mut self,
        arguments: &Arguments,
        bisection: &Bisection,
        code: ExitCode,
    ) -> ExitCode {
        let view = BisectionView::of(bisection);
        let written = [
            write(&mut self.json, || Ok(bisection.to_json())),
            self.print(&terminal::bisection(&view, arguments.color.style())),
        ];
        with_errors(written, code)
    }

    fn print(&self, text: &str) -> Result<(), OutputError> {
        if self.terminal {
            output::print(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn retries_and_concurrency_are_those_of_the_command_line() {
        let words = "compare a b --retries 5 --jobs 3".split(' ');
        let CommandLine { arguments } = CommandLine::parse_from(words);
        let plan = Plan::default();
        let (events, interrupt) = (Events::ignored(), Interrupt::never());
        let schedule = arguments.examiner(&plan, &events, &interrupt).schedule;
        assert_eq!(
            (schedule.retries, schedule.checks),
            (5, Concurrency::fixed(3))
        );
    }

    fn sides(words: [&str; 2]) -> Result<[String; 2], TargetsError> {
        let CommandLine { arguments } = CommandLine::parse_from(["compare"].iter().chain(&words));
        let [a, b] = words.map(|word| Given::Target(word.to_owned()));
        let Pair { a, b } = pair(&arguments.reach, (a, b), "run")?;
        Ok([a, b].map(|side| match side {
            Side::Target(job) => job.target.name.clone(),
            Side::Record(record) => record.name,
        }))
    }

    #[test]
    fn each_side_is_the_target_that_was_given_for_it() {
        for (words, names) in [
            (["reference", "zot:2.1.20"], ["reference", "zot:2.1.20"]),
            (["zot", "reference"], ["zot", "reference"]),
            (
                ["reference", "http://r.example/"],
                ["reference", "http://r.example"],
            ),
            (["reference", "reference"], ["reference", "reference"]),
        ] {
            let names = names.map(ToOwned::to_owned);
            assert_eq!(sides(words).expect("both are targets"), names, "{words:?}");
        }
        let same = sides(["http://r.example", "http://r.example/"]);
        assert!(
            matches!(same, Err(TargetsError::Duplicate { .. })),
            "{same:?}"
        );
    }
}
