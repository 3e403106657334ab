//! `run`: examine targets, report.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::{junit, terminal};
use helm_oci_suite::checks;
use helm_oci_suite::era::Flow;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::target::Credentials;

use super::error::CliError;
use super::{Selection, TrustArguments, environment, output, progress};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::helm;
use crate::launch::{self, Launcher, Settings};
use crate::runner::{self, Events, Helms, Interrupt, Plan};
use crate::transport::Limits;

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(super) struct Arguments {
    /// What to examine: reference, distribution[:VERSION], zot[:VERSION], or
    /// http(s)://HOST[:PORT][/NAMESPACE].
    #[arg(value_name = "TARGET", default_value = "reference")]
    targets: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    /// Use plain HTTP for targets given without a scheme or with oci://.
    #[arg(long)]
    plain_http: bool,
    #[command(flatten)]
    trust: TrustArguments,
    /// The user name for the registry, of which exactly one may be given then.
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input; otherwise it is taken from the environment variable
    /// `HELM_OCI_PASSWORD`.
    #[arg(long)]
    password_stdin: bool,
    /// Run the flows of this real Helm as well: a binary, a folder of binaries whose names begin with `helm`, or a
    /// name on the PATH. May be given several times.
    #[arg(long = "helm", value_name = "PATH")]
    helms: Vec<PathBuf>,
    /// Run the flows of every Helm on the PATH as well.
    #[arg(long)]
    helm_on_path: bool,
    /// The cluster that a real Helm may ask when it installs; without it only Helm 4 installs, as a dry run.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How many checks run at the same time.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// The seed of names and content; the same seed makes the same requests.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write the run record as JSON; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a `JUnit` report; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Show every check, and more about each finding.
    #[arg(short, long)]
    verbose: bool,
    /// When to use colour.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print no report and no progress; the exit code and the files tell.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let seed = arguments.seed.unwrap_or_else(clock::seed);
    let helms = arguments.helms().await?;
    let plan = Plan {
        requirements: arguments.requirements(&helms)?,
        only: arguments.selection.only.clone(),
        seed,
        jobs: usize::from(arguments.jobs),
        deadline: runner::DEADLINE,
        helms,
    };
    let targets = arguments.launchers()?;
    let settings = Settings {
        run: format!("{seed}-{}", std::process::id()),
        trust: arguments.trust.trust(),
        limits: Limits::default(),
        credentials: arguments.credentials(&targets)?,
    };
    settings.trust.check()?;
    let mut reports = arguments.reports()?;
    let interrupt = Interrupt::on_signals();
    let (events, heard) = Events::channel();
    let is_watched = !arguments.quiet && output::stderr_is_terminal();
    let display = is_watched.then(|| tokio::spawn(progress::show(heard)));
    let record = runner::run(&plan, &targets, &settings, &events, &interrupt).await;
    drop(events);
    if let Some(display) = display {
        // It only draws; that it failed to is no reason to lose the report.
        let _ = display.await;
    }
    let Ok(record) = record else {
        output::note("error: interrupted; no report was written\n");
        return Ok(ExitCode::Interrupted);
    };
    reports.write(arguments, &record)?;
    Ok(ExitCode::of(&record.targets))
}

impl Arguments {
    async fn helms(&self) -> Result<Helms, CliError> {
        let search_path = environment::search_path();
        let mut paths = self.helms.clone();
        if self.helm_on_path {
            let found = helm::on_path(&search_path);
            if found.is_empty() {
                return Err(CliError::NoHelmOnPath);
            }
            paths.extend(found);
        }
        let kubeconfig = self.kubeconfig.as_ref().map(|path| {
            let unreadable = |source| CliError::Kubeconfig {
                path: path.clone(),
                source,
            };
            // Helm does not run where we do.
            std::fs::canonicalize(path).map_err(unreadable)
        });
        Ok(Helms {
            all: helm::locate(&paths, &search_path).await?,
            kubeconfig: kubeconfig.transpose()?,
            ca_file: self.trust.ca_file.clone(),
        })
    }

    /// The requirements selected; a pattern that selects flows of real Helms need not select any.
    fn requirements(&self, helms: &Helms) -> Result<Vec<&'static Requirement>, CliError> {
        let flows: Vec<String> = helms
            .all
            .iter()
            .flat_map(|helm| Flow::ALL.iter().map(|flow| runner::flow_id(helm, *flow)))
            .collect();
        let (of_flows, others): (Vec<String>, Vec<String>) =
            self.selection.only.iter().cloned().partition(|glob| {
                let globs = std::slice::from_ref(glob);
                flows.iter().any(|id| checks::is_matched(globs, id))
                    && checks::select(globs).is_err()
            });
        if others.is_empty() && !of_flows.is_empty() {
            return Ok(Vec::new());
        }
        Selection { only: others }.requirements()
    }

    fn launchers(&self) -> Result<Vec<Box<dyn Launcher>>, CliError> {
        let mut seen = BTreeSet::new();
        let mut launchers = Vec::new();
        for name in &self.targets {
            let launcher = launch::parse(name, self.plain_http)?;
            if !seen.insert(launcher.name().to_owned()) {
                return Err(CliError::Twice {
                    name: launcher.name().to_owned(),
                });
            }
            launchers.push(launcher);
        }
        Ok(launchers)
    }

    fn credentials(&self, targets: &[Box<dyn Launcher>]) -> Result<Option<Credentials>, CliError> {
        let Some(username) = self.username.clone() else {
            return if self.password_stdin {
                Err(CliError::NoUsername)
            } else {
                Ok(None)
            };
        };
        if targets.iter().filter(|target| target.is_external()).count() != 1 {
            return Err(CliError::CredentialsForMany);
        }
        let password = if self.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(CliError::Password)?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        } else {
            environment::password().ok_or(CliError::NoPassword)?
        };
        if password.is_empty() {
            return Err(CliError::EmptyPassword);
        }
        Ok(Some(Credentials { username, password }))
    }

    /// Opens the files of reports before anything is run, so that a wrong path costs nothing.
    fn reports(&self) -> Result<Reports, CliError> {
        let to_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if to_stdout(&self.json) && to_stdout(&self.junit) {
            return Err(CliError::TwoReports);
        }
        let stdout_is_taken = to_stdout(&self.json) || to_stdout(&self.junit);
        Ok(Reports {
            json: self.json.as_deref().map(Sink::open).transpose()?,
            junit: self.junit.as_deref().map(Sink::open).transpose()?,
            terminal: !self.quiet && !stdout_is_taken,
        })
    }

    fn style(&self) -> terminal::Style {
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => output::stdout_is_terminal() && !environment::wants_no_color(),
        };
        let width = output::width().unwrap_or(terminal::Style::default().width);
        terminal::Style {
            color,
            verbose: self.verbose,
            width,
        }
    }
}

/// Where the reports go.
struct Reports {
    json: Option<Sink>,
    junit: Option<Sink>,
    terminal: bool,
}

impl Reports {
    fn write(&mut self, arguments: &Arguments, record: &RunRecord) -> Result<(), CliError> {
        if let Some(json) = &mut self.json {
            json.write(&record.to_json())?;
        }
        if let Some(sink) = &mut self.junit {
            sink.write(&junit::render(record)?)?;
        }
        if self.terminal {
            output::print(&terminal::render(record, arguments.style()))?;
        }
        Ok(())
    }
}

enum Sink {
    Stdout,
    File(PathBuf, File),
}

impl Sink {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        // What an earlier run wrote stays until there is something to put in its place.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::File(path.to_owned(), file))
    }

    fn write(&mut self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(path, file) => file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| file.write_all(text.as_bytes()))
                .map_err(|source| CliError::Write {
                    path: path.clone(),
                    source,
                }),
        }
    }
}
