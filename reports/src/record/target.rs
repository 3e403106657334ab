//! The results of one target, as a record holds them.

use helm_oci_suite::prediction::table::Cell;
use helm_oci_suite::verdict::Obstacle;
use helm_oci_suite::wire::exchange::Exchange;
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::{CheckRecord, FlowRecord, HelmRecord, Leftover, LineRecord, SoakRecord};

/// The results of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The name given on the command line, such as `distribution:2.8.3`.
    pub name: String,
    /// The seed of names and content, if it is not that of the run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<u64>,
    /// The identity of the target.
    pub identity: TargetIdentity,
    /// The capabilities that were probed once before the checks.
    pub capabilities: Vec<Capability>,
    /// The reason for which the target could not be examined, or not to the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// The exchanges that the obstacle refers to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// What a reader should know of a target that was examined although its first responses are unusual.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advice: Option<String>,
    /// One entry for each selected requirement, in the suite's order.
    pub checks: Vec<CheckRecord>,
    /// The table era × flow.
    pub eras: Vec<Cell>,
    /// The flows of the client models by the Helm version that is modelled, oldest first; empty in a record of an older
    /// version, which has them among its checks.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub models: Vec<HelmRecord>,
    /// The results of real Helm binaries, oldest first; empty if none was given.
    #[serde(rename = "helms", skip_serializing_if = "Vec::is_empty", default)]
    pub helm_versions: Vec<HelmRecord>,
    /// Everything that the run stored and could not delete, with the reason.
    pub leftovers: Vec<Leftover>,
    /// The number of requests without those of the clean-up; records of older versions leave it out.
    #[serde(default)]
    pub requests: usize,
    /// The number of checks that ran concurrently at most; records of older versions leave it out.
    #[serde(rename = "side_by_side", default)]
    pub concurrency: usize,
    /// The connection to the target; left out if nothing went wrong on it.
    #[serde(skip_serializing_if = "LineRecord::is_quiet", default)]
    pub line: LineRecord,
    /// The soak; left out if there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub soak: Option<SoakRecord>,
    /// The duration in milliseconds.
    pub milliseconds: u64,
}

/// The identity of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetIdentity {
    /// The kind of target.
    pub kind: TargetKind,
    /// The origin that was contacted; left out for the embedded registry, whose port is random.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The image and tag of a container.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<String>,
    /// The digest or id of the image of a container.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image_id: Option<String>,
    /// The version in the labels of the image.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The program of a process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program: Option<String>,
    /// The digest of the program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program_digest: Option<String>,
    /// `Server` and `Docker-Distribution-Api-Version` as the registry sent them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server: Option<String>,
}

/// A kind of target.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Display, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum TargetKind {
    /// The embedded reference registry.
    Reference,
    /// A container launched for the run.
    Container,
    /// A process started for the run.
    Process,
    /// A registry at a URL.
    Url,
}

/// One optional capability of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// Its name, such as `manifest-deletes`.
    pub name: String,
    /// True if the registry has it; `None` if that could not be determined.
    pub present: Option<bool>,
    /// The observation behind it.
    pub evidence: String,
    /// The requirements that do not apply without it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub left_out: Vec<String>,
}

impl TargetRecord {
    /// All flows, of client models and of real Helm binaries.
    pub fn flows(&self) -> impl Iterator<Item = &FlowRecord> {
        let clients = self.models.iter().chain(&self.helm_versions);
        clients.flat_map(|client| &client.flows)
    }

    /// A target without results.
    pub fn new(name: &str, identity: TargetIdentity) -> Self {
        Self {
            name: name.to_owned(),
            seed: None,
            identity,
            capabilities: Vec::new(),
            obstacle: None,
            exchanges: Vec::new(),
            advice: None,
            checks: Vec::new(),
            eras: Vec::new(),
            models: Vec::new(),
            helm_versions: Vec::new(),
            leftovers: Vec::new(),
            requests: 0,
            concurrency: 0,
            line: LineRecord::default(),
            soak: None,
            milliseconds: 0,
        }
    }
}

impl TargetIdentity {
    /// A target of this kind about which nothing else is known.
    pub const fn of_kind(kind: TargetKind) -> Self {
        Self {
            kind,
            url: None,
            image: None,
            image_id: None,
            version: None,
            program: None,
            program_digest: None,
            server: None,
        }
    }
}
