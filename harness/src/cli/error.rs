//! What ends the program before anything was run, each with the next step.

use std::io;
use std::path::PathBuf;

use helm_oci_reports::record::{MergeError, RecordError};
use helm_oci_suite::evidence::EvidenceError;
use helm_oci_suite::helm::flow::Flow;
use semver::Version;
use thiserror::Error;

use crate::deviations::DeviationError;
use crate::helm::HelmError;
use crate::http::TrustError;
use crate::run::AssignError;
use crate::serve::ServeError;
use crate::snapshot::FolderError;
use crate::target::credentials::CredentialsError;
use crate::target::file::TargetFileError;
use crate::target::kind::TargetError;
use crate::target::repositories::RepositoryFileError;
use crate::target::resolved::ResolveError;

/// A usage or configuration error.
#[derive(Debug, Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("the target `{name}` is given twice")]
    Twice { name: String },
    #[error("no requirement matches `{glob}`; the nearest is `{nearest}`, `list` shows all")]
    NoMatch { glob: String, nearest: &'static str },
    #[error("name a target and --out")]
    Nothing,
    #[error(
        "nothing is selected: none of the {count} requirements and flows{before} is left by `{filter}`"
    )]
    Emptied {
        filter: String,
        count: usize,
        before: String,
    },
    #[error("unknown requirement `{id}`; did you mean `{nearest}`? `list` shows all")]
    UnknownRequirement { id: String, nearest: &'static str },
    #[error("unknown fault `{name}`; did you mean `{nearest}`? `serve --list-faults` shows all")]
    UnknownFault { name: String, nearest: &'static str },
    #[error("--username needs a password; give --password-stdin or set HELM_OCI_PASSWORD")]
    NoPassword,
    #[error("--password-stdin needs --username")]
    NoUsername,
    #[error(
        "credentials need exactly one target that is a URL, an image: or a process:, so that no other registry sees them"
    )]
    CredentialsForMany,
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Assign(#[from] AssignError),
    #[error(transparent)]
    TargetFile(#[from] TargetFileError),
    #[error("cannot read the password from standard input")]
    Password(#[source] io::Error),
    #[error("the password or token is empty")]
    EmptyPassword,
    #[error("only one report can go to standard output")]
    TwoReports,
    #[error("two reports would go to {path}; give each a file of its own", path = .path.display())]
    SameFile { path: PathBuf },
    #[error("shard {shard} has none of the {targets} targets; take no more shards than targets")]
    EmptyShard { shard: String, targets: usize },
    #[error("cannot write {path}", path = .path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Merge(#[from] MergeError),
    #[error("cannot write to standard output")]
    Stdout(#[source] io::Error),
    #[error("the JUnit report could not be made")]
    Junit(#[from] helm_oci_reports::junit::RenderError),
    #[error("--auth sets up the reference registry and cannot be had with --upstream")]
    AuthUpstream,
    #[error(transparent)]
    Deviations(#[from] DeviationError),
    #[error("cannot read the record {path}", path = .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read the list {path}", path = .path.display())]
    ReadList {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot use {path}", path = .path.display())]
    Record {
        path: PathBuf,
        #[source]
        source: RecordError,
    },
    #[error(transparent)]
    Helm(#[from] HelmError),
    #[error("there is no Helm {version} in {folder}", folder = .folder.display())]
    NoSuchHelm { version: Version, folder: PathBuf },
    #[error("there is no evidence of Helm {version} in {folder}; `observe --out` writes it", folder = .folder.display())]
    NotRecorded { version: Version, folder: PathBuf },
    #[error("unknown flow `{name}`; known are {known}", known = known_flows())]
    UnknownFlow { name: String },
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error("the evidence has no cell to compare; `observe` writes some")]
    NoEvidence,
    #[error("no Helm is on the PATH; give --helm with the path of one")]
    NoHelmOnPath,
    #[error("cannot read the kubeconfig {path}", path = .path.display())]
    Kubeconfig {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Snapshot(FolderError),
    #[error(transparent)]
    Repositories(#[from] RepositoryFileError),
    #[error("--chart is of one target; `matrix` takes one of each")]
    ChartForMany,
    #[error(
        "a run is narrowed by --only and its like where --seed names it; give --seed, or leave them out"
    )]
    SelectionWithoutSeed,
    #[error("--repositories is of one target; `matrix` takes a file of each")]
    GivenForMany,
    #[error(
        "{name} is launched for a run and gone with it; gc takes the URL of a registry that stays"
    )]
    NothingStays { name: String },
    #[error("{name} in {path} is no repository that a run named, and is not touched; take it out", path = .path.display())]
    NotOfARun { name: String, path: PathBuf },
    #[error("compare takes two targets; give --bisect with a list of versions")]
    TooMany,
    #[error("{path} holds the targets {names}; name one of them as {path}#TARGET", path = .path.display())]
    RecordTarget { path: PathBuf, names: String },
    #[error("--bisect examines targets; {path} is a record, give the target itself")]
    BisectRecord { path: String },
    #[error("the runtime did not start")]
    Runtime(#[source] io::Error),
}

fn known_flows() -> String {
    let names: Vec<&str> = Flow::ALL.iter().map(|flow| flow.name()).collect();
    names.join(", ")
}
