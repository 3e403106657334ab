//! The command line: options, subcommands, exit codes. Each subcommand has its own file, with its own error type.

mod compare;
mod coverage;
mod credentials;
mod deviations;
mod diff;
mod doctor;
mod environment;
mod eras;
mod error;
mod events;
mod explain;
mod fault;
mod gc;
mod helm;
mod list;
mod matrix;
mod merge;
mod observe;
mod output;
mod plan;
mod progress;
mod prove;
mod record;
mod report;
mod reproduce;
mod run;
mod selection;
mod serve;
mod sink;
mod site;
mod snapshot;
mod target;

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::error::CommandError;
use self::output::OutputError;
use self::selection::Selection;
use crate::exit_code::{self, ExitCode};
use crate::http::Trust;

const EXAMPLES: &str = "\
Examples:
  helm-oci-conformance run                                    the embedded reference registry
  helm-oci-conformance run distribution:2.8.3 distribution:3.0.0 zot
  helm-oci-conformance run https://registry.example/charts --username me --password-stdin < password
  helm-oci-conformance run http://localhost:5000 --only 'pull/*' --json report.json
  helm-oci-conformance explain pull/manifest-bytes
  helm-oci-conformance reproduce upload/location-sent --record report.json > reproduce.sh
  helm-oci-conformance serve --list-faults
  helm-oci-conformance prove --only 'tags/*'
  helm-oci-conformance prove --evidence
  helm-oci-conformance compare distribution:3.0.0 https://registry.example/charts
  helm-oci-conformance compare --bisect distribution:2.7.1 distribution:2.8.3 distribution:3.0.0
  helm-oci-conformance diff yesterday.json today.json
  helm-oci-conformance site public records/*.json --notes notes.toml
  helm-oci-conformance snapshot distribution:2.8.3 --out snapshots
  helm-oci-conformance snapshot check distribution:3.0.0 --dir snapshots
  helm-oci-conformance plan https://registry.example/charts --repositories --seed 7
  helm-oci-conformance gc https://registry.example/charts --dry-run
  helm-oci-conformance doctor --helm ~/helms
";

/// Conformance suite and compatibility checker for Helm charts in OCI registries.
#[derive(Debug, Parser)]
#[command(name = "helm-oci-conformance", version, after_help = format!("{EXAMPLES}\n{}", exit_code::HELP))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Examine registries, and report how each Helm version works with them.
    #[command(after_help = exit_code::HELP)]
    Run(Box<run::Arguments>),
    /// Examine all targets of a file, and compare them in one table.
    #[command(after_help = exit_code::HELP)]
    Matrix(matrix::Arguments),
    /// Merge run records, for example the shards of a matrix.
    #[command(after_help = exit_code::HELP)]
    Merge(merge::Arguments),
    /// Show which repositories a run needs, without running it.
    Plan(plan::Arguments),
    /// Delete the content that earlier runs left in a registry. Only repositories named hoc… are affected.
    #[command(after_help = exit_code::HELP)]
    Gc(gc::Arguments),
    /// List the requirements.
    List(list::Arguments),
    /// Explain a requirement: its meaning, its sources, and the Helm versions that a violation affects.
    Explain(explain::Arguments),
    /// Print a finding as a shell script that sends the requests of its check with curl, and states whether the defect is
    /// present.
    Reproduce(reproduce::Arguments),
    /// Serve the reference registry, or a real one, with selected faults.
    Serve(serve::Arguments),
    /// Test the suite itself: every requirement against every fault, in memory.
    #[command(after_help = exit_code::HELP)]
    Prove(prove::Arguments),
    /// Run real Helm binaries through every flow with every fault, and record the results as evidence.
    #[command(after_help = exit_code::HELP)]
    Observe(observe::Arguments),
    /// Create or update a deviations file.
    Deviations(deviations::Arguments),
    /// Check the local environment: container engine, images, Helm binaries, plugins, credential helpers, proxies, clock.
    #[command(after_help = exit_code::HELP)]
    Doctor(doctor::Arguments),
    /// Compare two registries: show the differences that a user notices after moving charts from A to B.
    #[command(after_help = exit_code::HELP)]
    Compare(compare::Arguments),
    /// Compare two run records of one registry over time: what regressed, what is fixed, what changed.
    #[command(after_help = exit_code::HELP)]
    Diff(diff::Arguments),
    /// Write a static site from many run records: which Helm versions work with which registries, since which version.
    #[command(after_help = exit_code::HELP)]
    Site(site::Arguments),
    /// Record registry responses as reviewable files; `check` compares them later, `accept` updates them.
    #[command(after_help = exit_code::HELP)]
    Snapshot(snapshot::Arguments),
    /// Print a shell completion script.
    Completions {
        /// The shell to print the script for.
        shell: Shell,
    },
}

/// TLS trust.
#[derive(Debug, Args)]
struct TrustArguments {
    /// Trust the root certificates in FILE (PEM), in addition to those of the system.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Present the client certificate in FILE (PEM, with its chain).
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// Use the key in FILE (PEM) for the client certificate.
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// Accept any server certificate.
    #[arg(long)]
    insecure_skip_tls_verify: bool,
}

impl TrustArguments {
    fn trust(&self) -> Trust {
        Trust {
            ca_file: self.ca_file.clone(),
            cert_file: self.cert_file.clone(),
            key_file: self.key_file.clone(),
            pinned: Vec::new(),
            anyone: self.insecure_skip_tls_verify,
        }
    }
}

/// Parses the command line, and runs the command.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal cannot be helped.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Acceptable,
                _ => ExitCode::Usage,
            };
        }
    };
    crate::http::install_cryptography();
    let ended = match &cli.command {
        Command::Run(arguments) => with_runtime(run::run(arguments)),
        Command::Matrix(arguments) => with_runtime(matrix::matrix(arguments)),
        Command::Merge(arguments) => merge::merge(arguments).map_err(Into::into),
        Command::Plan(arguments) => with_runtime(plan::plan(arguments)),
        Command::Gc(arguments) => with_runtime(gc::gc(arguments)),
        Command::List(arguments) => list::list(arguments).map_err(Into::into),
        Command::Explain(arguments) => explain::explain(arguments).map_err(Into::into),
        Command::Reproduce(arguments) => reproduce::reproduce(arguments).map_err(Into::into),
        Command::Serve(arguments) => with_runtime(serve::serve(arguments)),
        Command::Prove(arguments) => prove::prove(arguments).map_err(Into::into),
        Command::Observe(arguments) => with_runtime(observe::observe(arguments)),
        Command::Deviations(arguments) => deviations::deviations(arguments).map_err(Into::into),
        Command::Doctor(arguments) => with_runtime(doctor::doctor(arguments)),
        Command::Compare(arguments) => with_runtime(compare::compare(arguments)),
        Command::Diff(arguments) => diff::diff(arguments).map_err(Into::into),
        Command::Site(arguments) => site::site(arguments).map_err(Into::into),
        Command::Snapshot(arguments) => with_runtime(snapshot::snapshot(arguments)),
        Command::Completions { shell } => completions(*shell).map_err(Into::into),
    };
    ended.unwrap_or_else(|error| {
        output::error(&error);
        error.exit_code()
    })
}

/// Runs an asynchronous command.
fn with_runtime<E: Into<CommandError>>(
    command: impl Future<Output = Result<ExitCode, E>>,
) -> Result<ExitCode, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(command).map_err(Into::into)
}

fn completions(shell: Shell) -> Result<ExitCode, OutputError> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Acceptable)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The documents whose commands users copy: README, guide and workflows, by name.
    fn documents() -> Vec<(String, String)> {
        let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = vec![harness.join("../README.md")];
        for folder in ["guide", "workflows"] {
            let entries = fs::read_dir(harness.join(folder)).expect("the folder is readable");
            paths.extend(entries.map(|entry| entry.expect("an entry is readable").path()));
        }
        let text = |path: PathBuf| {
            let text = fs::read_to_string(&path).expect("a document is readable");
            (path.display().to_string(), text)
        };
        paths.into_iter().map(text).collect()
    }

    /// The command lines in a text: lines that begin with the program, with those that continue them.
    fn command_lines(text: &str) -> Vec<Vec<String>> {
        let numbers = ["$CI_NODE_INDEX", "$CI_NODE_TOTAL", "${{ matrix.shard }}"];
        let number = |line: String, word: &&str| line.replace(word, "1");
        let lines = text.lines().map(|line| {
            let line = line.replace("$((JOB_COMPLETION_INDEX + 1))", "1");
            let line = numbers.iter().fold(line, number);
            line.trim()
                .trim_start_matches("# ")
                .trim_matches('`')
                .replace('"', "")
        });
        let mut lines = lines.peekable();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            let is_one = line.starts_with("helm-oci-conformance ") && !line.contains('…');
            if !is_one || line.contains(" 0.1.0 ") {
                continue;
            }
            let mut whole = line.trim_end_matches('\\').to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("--")) {
                whole.push(' ');
                whole.push_str(more.trim_end_matches('\\'));
            }
            let command = whole.split(['<', '>', '&', '|']).next().unwrap_or_default();
            let words = command
                .split_whitespace()
                .map(|word| word.trim_matches('\''));
            found.push(words.map(ToOwned::to_owned).collect());
        }
        found
    }

    #[test]
    fn every_documented_command_line_is_valid() {
        for (name, text) in documents() {
            let commands = command_lines(&text);
            assert!(!commands.is_empty(), "{name} shows no command");
            for words in commands {
                if let Err(error) = Cli::try_parse_from(&words) {
                    panic!("{name}: {}: {error}", words.join(" "));
                }
            }
        }
    }
}
