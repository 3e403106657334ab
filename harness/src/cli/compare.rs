//! `compare`: what a user who moves charts from one registry to another would notice; and since which version.

use std::path::{Path, PathBuf};

use clap::Args;
use helm_oci_reports::compare::{Bisection, Comparison};
use helm_oci_reports::record::TargetRecord;
use helm_oci_reports::snapshot::Snapshot;
use helm_oci_reports::view::{BisectionView, ComparisonView};
use helm_oci_reports::{markdown, terminal};

use super::deviations::read_record;
use super::error::CliError;
use super::report::{Color, Sink, on_stdout};
use super::run::told;
use super::selection::Selection;
use super::target::TargetArguments;
use super::{output, progress};
use crate::clock;
use crate::deviations::Deviations;
use crate::exit_code::ExitCode;
use crate::run::{self, Helms, Interrupt, Interrupted, Job, Plan};
use crate::snapshot::{self, Subject};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A and B: targets as `run` takes them, or records written by `run --json`, as FILE or FILE#TARGET. With
    /// --bisect any number of targets, the oldest first.
    #[arg(value_name = "TARGET", required = true, num_args = 2..)]
    targets: Vec<String>,
    /// Name for each difference between the first and the last target the first one where it is.
    #[arg(long)]
    bisect: bool,
    #[command(flatten)]
    selection: Selection,
    /// The seed of names and content, the same for all; otherwise that of the record, if there is one.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many checks run at the same time on a target.
    #[arg(long, value_name = "N", default_value_t = run::SIDE_BY_SIDE, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Write the comparison as JSON; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the comparison as Markdown; `-` for standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "bisect")]
    markdown: Option<PathBuf>,
    /// When to use colour.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print nothing; the files tell.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reach: TargetArguments,
}

/// A target to examine, or what was seen of one before.
enum Side {
    Record {
        seed: u64,
        target: Box<TargetRecord>,
    },
    Target {
        name: String,
    },
}

/// What was seen of one of the two.
struct Seen {
    record: TargetRecord,
    /// Nothing of a record, and nothing where none could be taken.
    snapshot: Option<Snapshot>,
    /// Whether the snapshot is missing although it was wanted.
    is_open: bool,
}

pub(super) async fn compare(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sides = arguments.sides()?;
    if !arguments.bisect && sides.len() > 2 {
        return Err(CliError::TooMany);
    }
    let plan = arguments.plan(&sides)?;
    let jobs = arguments.work(&sides, &plan)?;
    let mut files = Files::open(arguments)?;
    let interrupt = Interrupt::on_signals();
    let ended = if arguments.bisect {
        bisect(arguments, &plan, &jobs, &mut files, &interrupt).await
    } else {
        both(arguments, &plan, (&sides, &jobs), &mut files, &interrupt).await
    };
    match ended {
        Ok(ended) => ended,
        Err(interrupted) => {
            output::note("error: interrupted; nothing was compared\n");
            output::note(&told(&interrupted));
            Ok(ExitCode::Interrupted)
        }
    }
}

async fn both(
    arguments: &Arguments,
    plan: &Plan,
    (sides, jobs): (&[Side], &[Job]),
    files: &mut Files,
    interrupt: &Interrupt,
) -> Result<Result<ExitCode, CliError>, Interrupted> {
    let are_live = sides.iter().all(|side| matches!(side, Side::Target { .. }));
    let mut seen = Vec::with_capacity(2);
    for side in sides {
        seen.push(match side {
            Side::Record { target, .. } => Seen {
                record: target.as_ref().clone(),
                snapshot: None,
                is_open: false,
            },
            Side::Target { name } => {
                let job = job(jobs, name);
                let record = arguments.examine(plan, job, interrupt).await?;
                let mut seen = Seen {
                    snapshot: None,
                    is_open: false,
                    record,
                };
                if are_live && seen.record.obstacle.is_none() {
                    seen.take(plan, job, interrupt).await?;
                }
                seen
            }
        });
    }
    let [a, b] = seen.as_slice() else {
        return Ok(Err(CliError::TooMany));
    };
    let snapshots = a.snapshot.as_ref().zip(b.snapshot.as_ref());
    let comparison = Comparison::between(&a.record, &b.record, snapshots);
    let ended = files.write(arguments, &comparison);
    let is_open = comparison.is_inconclusive() || a.is_open || b.is_open;
    Ok(ended.map(|()| code(is_open)))
}

async fn bisect(
    arguments: &Arguments,
    plan: &Plan,
    jobs: &[Job],
    files: &mut Files,
    interrupt: &Interrupt,
) -> Result<Result<ExitCode, CliError>, Interrupted> {
    let mut bisection = Bisection::new(jobs.iter().map(|job| job.target.name.clone()).collect());
    while let Some(position) = bisection.next() {
        let record = arguments.examine(plan, &jobs[position], interrupt).await?;
        bisection.record(position, record);
    }
    let ended = files.write_bisection(arguments, &bisection);
    Ok(ended.map(|()| code(bisection.is_inconclusive())))
}

/// How it ends: without a verdict, whatever differs.
const fn code(is_open: bool) -> ExitCode {
    if is_open {
        ExitCode::Inconclusive
    } else {
        ExitCode::Acceptable
    }
}

impl Arguments {
    fn sides(&self) -> Result<Vec<Side>, CliError> {
        let sides = self.targets.iter().map(|given| self.side(given));
        sides.collect()
    }

    fn side(&self, given: &str) -> Result<Side, CliError> {
        let (path, wanted) = match given.rsplit_once('#') {
            Some((path, wanted)) if is_record(path) => (path, Some(wanted)),
            _ => (given, None),
        };
        if !is_record(path) {
            return Ok(Side::Target {
                name: given.to_owned(),
            });
        }
        if self.bisect {
            return Err(CliError::BisectRecord {
                path: path.to_owned(),
            });
        }
        let record = read_record(Path::new(path))?;
        let seed_of_run = record.run.seed;
        let names: Vec<&str> = record.targets.iter().map(|one| one.name.as_str()).collect();
        let names = names.join(", ");
        let mut targets = record.targets.into_iter();
        let target = match wanted {
            Some(wanted) => targets.find(|target| target.name == wanted),
            None => targets.next().filter(|_| targets.next().is_none()),
        };
        let target = target.ok_or_else(|| CliError::RecordTarget {
            path: path.into(),
            names,
        })?;
        Ok(Side::Record {
            // The targets of a merged record have the seeds of their own runs.
            seed: target.seed.unwrap_or(seed_of_run),
            target: Box::new(target),
        })
    }

    fn plan(&self, sides: &[Side]) -> Result<Plan, CliError> {
        let mut seeds = sides.iter().filter_map(|side| match side {
            Side::Record { seed, .. } => Some(*seed),
            Side::Target { .. } => None,
        });
        let chosen = self.selection.choose(Vec::new())?;
        Ok(Plan {
            requirements: chosen.requirements,
            flows: chosen.flows.into_keys().collect(),
            only: chosen.words,
            shard: None,
            seed: self
                .seed
                .or_else(|| seeds.next())
                .unwrap_or_else(clock::seed),
            jobs: usize::from(self.jobs),
            deadline: run::DEADLINE,
            helms: Helms::default(),
            strict: false,
            deviations: Deviations::default(),
        })
    }

    /// One job for each target; one that is given twice is compared with itself.
    fn work(&self, sides: &[Side], plan: &Plan) -> Result<Vec<Job>, CliError> {
        let mut names: Vec<String> = Vec::new();
        for side in sides {
            match side {
                Side::Target { name } if self.bisect || !names.contains(name) => {
                    names.push(name.clone());
                }
                Side::Target { .. } | Side::Record { .. } => {}
            }
        }
        let specs = names.iter().map(|name| self.reach.spec(name)).collect();
        let targets = self.reach.resolve(specs, &super::run::label(plan))?;
        Ok(targets.into_iter().map(Job::new).collect())
    }

    async fn examine(
        &self,
        plan: &Plan,
        job: &Job,
        interrupt: &Interrupt,
    ) -> Result<TargetRecord, Interrupted> {
        let jobs = std::slice::from_ref(job);
        let work = async |events: &_| run::run(plan, jobs, 1, events, interrupt).await;
        let mut record = progress::watch(self.quiet, work).await?;
        Ok(record.targets.remove(0))
    }
}

impl Seen {
    async fn take(
        &mut self,
        plan: &Plan,
        job: &Job,
        interrupt: &Interrupt,
    ) -> Result<(), Interrupted> {
        let subject = Subject::Golden { seed: plan.seed };
        match snapshot::take(job, &subject, interrupt).await? {
            Ok(taken) => self.snapshot = Some(taken.snapshot),
            Err(why) => {
                output::note(&format!("{}: no snapshot: {why}\n", job.target.name));
                self.is_open = true;
            }
        }
        Ok(())
    }
}

/// Whether a word is meant as a record: it is a file, or it is called so and is missing.
fn is_record(given: &str) -> bool {
    let path = Path::new(given);
    let is_called_so = path.extension().is_some_and(|end| end == "json");
    path.is_file() || is_called_so && !given.contains("://")
}

/// The job of a target; each target that was named has one.
fn job<'a>(jobs: &'a [Job], name: &str) -> &'a Job {
    let trimmed = name.trim_end_matches('/');
    let mut known = jobs.iter();
    known
        .find(|job| job.target.name == name || job.target.name == trimmed)
        .unwrap_or(&jobs[0])
}

/// Where the comparison goes beside the terminal.
struct Files {
    json: Option<Sink>,
    markdown: Option<Sink>,
    terminal: bool,
}

impl Files {
    /// Opens the files before anything is run, so that a wrong path costs nothing.
    fn open(arguments: &Arguments) -> Result<Self, CliError> {
        let on_stdout = on_stdout(&[&arguments.json, &arguments.markdown])?;
        Ok(Self {
            json: arguments.json.as_deref().map(Sink::open).transpose()?,
            markdown: arguments.markdown.as_deref().map(Sink::open).transpose()?,
            terminal: !arguments.quiet && !on_stdout,
        })
    }

    fn write(&mut self, arguments: &Arguments, comparison: &Comparison) -> Result<(), CliError> {
        if let Some(sink) = &mut self.json {
            sink.write(&comparison.to_json())?;
        }
        let view = ComparisonView::of(comparison);
        if let Some(sink) = &mut self.markdown {
            sink.write(&markdown::comparison(&view))?;
        }
        self.print(&terminal::comparison(&view, arguments.color.style()))
    }

    fn write_bisection(
        &mut self,
        arguments: &Arguments,
        bisection: &Bisection,
    ) -> Result<(), CliError> {
        if let Some(sink) = &mut self.json {
            sink.write(&bisection.to_json())?;
        }
        let view = BisectionView::of(bisection);
        self.print(&terminal::bisection(&view, arguments.color.style()))
    }

    fn print(&self, text: &str) -> Result<(), CliError> {
        if self.terminal {
            output::print(text)?;
        }
        Ok(())
    }
}
