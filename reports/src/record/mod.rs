//! The run record: everything one run saw, self-contained. It *is* the JSON report.
//!
//! It embeds ids, titles, levels and sources, so that it still renders after requirements were retired;
//! nothing here looks a requirement up.

mod deviations;
mod helms;
mod leftover;

use std::fmt::Write;

use helm_oci_suite::prediction::table::Cell;
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;
use helm_oci_suite::verdict::{Finding, Obstacle};
use helm_oci_suite::wire::exchange::Exchange;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text;

pub use self::deviations::{DeviationProblem, DeviationRecord};
pub use self::helms::{FlowRecord, HelmRecord, HelmRun};
pub use self::leftover::{Leftover, LeftoverKind};

/// The version of the record's schema that this crate writes and reads.
pub const SCHEMA: u32 = 2;

/// Everything one run saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The version of the schema.
    pub schema: u32,
    /// The suite that ran.
    pub suite: SuiteIdentity,
    /// The run.
    pub run: RunIdentity,
    /// The targets, in the order they were named.
    pub targets: Vec<TargetRecord>,
    /// What is wrong with the list of deviations; anything fails the run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub deviations: Vec<DeviationProblem>,
    /// The end of the record: its presence says that the run was not cut off.
    pub footer: Footer,
}

/// The suite that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteIdentity {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The seed of names and content.
    pub seed: u64,
    /// What selected requirements, in words: patterns, levels, versions of Helm; empty for all.
    pub only: Vec<String>,
    /// Whether a violated Should fails the run.
    #[serde(skip_serializing_if = "is_false", default)]
    pub strict: bool,
    /// Which part of the targets it examined, as `K/N`; nothing for all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<String>,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What was seen of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The name given on the command line, such as `distribution:2.8.3`.
    pub name: String,
    /// The seed of names and content, where it is not that of the run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<u64>,
    /// What it is.
    pub identity: TargetIdentity,
    /// What it was seen to offer, probed once before the checks.
    pub capabilities: Vec<Capability>,
    /// Why nothing could be examined, if nothing could.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// The exchanges that the obstacle refers to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// One entry for each selected requirement, in the suite's order.
    pub checks: Vec<CheckRecord>,
    /// The table era x flow.
    pub eras: Vec<Cell>,
    /// What real Helms did, oldest first; empty if none was given.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub helms: Vec<HelmRecord>,
    /// What the run made and could not remove, with the reason.
    pub leftovers: Vec<Leftover>,
    /// How many requests it took, without those of the clean-up; records of older versions leave it out.
    #[serde(default)]
    pub requests: usize,
    /// How many checks ran side by side at most; records of older versions leave it out.
    #[serde(default)]
    pub side_by_side: usize,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What a target is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetIdentity {
    /// `reference`, `container`, `process` or `url`.
    pub kind: String,
    /// The origin that was contacted; left out for the embedded registry, whose port is random.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The image and tag, for a container.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<String>,
    /// The image's digest or id, for a container.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image_id: Option<String>,
    /// The version that the image says it has.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The program, for a process.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program: Option<String>,
    /// The digest of the program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program_digest: Option<String>,
    /// `Server` and `Docker-Distribution-Api-Version` as the registry sent them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server: Option<String>,
}

impl TargetRecord {
    /// A target of which nothing has been seen yet.
    pub fn new(name: &str, identity: TargetIdentity) -> Self {
        Self {
            name: name.to_owned(),
            seed: None,
            identity,
            capabilities: Vec::new(),
            obstacle: None,
            exchanges: Vec::new(),
            checks: Vec::new(),
            eras: Vec::new(),
            helms: Vec::new(),
            leftovers: Vec::new(),
            requests: 0,
            side_by_side: 0,
            milliseconds: 0,
        }
    }
}

impl TargetIdentity {
    /// A target of this kind, of which nothing else is known.
    pub fn of_kind(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..Self::default()
        }
    }
}

/// One optional ability of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// Its name, such as `manifest-deletes`.
    pub name: String,
    /// Whether it is there; `None` if it could not be told.
    pub present: Option<bool>,
    /// What showed it.
    pub evidence: String,
    /// The requirements that have nothing to look at without it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub left_out: Vec<String>,
}

/// What was seen of one requirement on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// The requirement's id.
    pub id: String,
    /// Its area.
    pub area: String,
    /// Its title.
    pub title: String,
    /// Its level: how strongly Helm needs it.
    pub level: Level,
    /// What the OCI specification says of it; records of older versions leave it out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub specification: Option<Specification>,
    /// The REG-ids and failure modes it covers.
    pub covers: Vec<String>,
    /// Who says so.
    pub sources: Vec<SourceRecord>,
    /// The judgement.
    pub outcome: Outcome,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What was violated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finding: Option<Finding>,
    /// Why it could not be told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub obstacle: Option<Obstacle>,
    /// The deviation that is listed for it on this target.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deviation: Option<DeviationRecord>,
    /// What a violation of it does to users; listed only where it is violated.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub breaks: Vec<BreakRecord>,
    /// The transcript; kept where the outcome is not a pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub exchanges: Vec<Exchange>,
    /// How many exchanges the check made.
    pub requests: usize,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// A citation, as it stood when the run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// The document.
    pub document: String,
    /// Its version or tag.
    pub version: String,
    /// Where in it.
    pub anchor: String,
    /// The sentence, or what the code does.
    pub says: String,
    /// Whether `says` is a quotation.
    pub quoted: bool,
}

/// What a violation does to users of some Helm versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakRecord {
    /// The eras concerned.
    pub eras: Vec<String>,
    /// The versions, as a range.
    pub versions: String,
    /// The flows.
    pub flows: Vec<String>,
    /// When it happens, where an ordinary run of the flows is not concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub condition: Option<String>,
    /// What Helm prints.
    pub symptom: String,
}

/// The end of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// The number of checks over all targets.
    pub checks: usize,
    /// The number of flows of real Helms over all targets.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub flows: usize,
    /// The exit code of the run.
    pub exit_code: u8,
}

/// Why a record could not be read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is not JSON of the record's shape.
    #[error("this is not a run record")]
    Malformed(#[source] serde_json::Error),
    /// The text ends in the middle.
    #[error("the run record ends in the middle; the run or the copy was cut off")]
    Truncated(#[source] serde_json::Error),
    /// The run that wrote it did not come to its end.
    #[error("the run record has no footer; the run that wrote it did not come to its end")]
    Unfinished,
    /// It does not hold what its footer says.
    #[error("the footer of the run record counts {counted} {what}, but it holds {found}")]
    Incomplete {
        /// Checks, or flows.
        what: &'static str,
        /// How many the footer counts.
        counted: usize,
        /// How many there are.
        found: usize,
    },
    /// It was written by a newer suite.
    #[error(
        "the run record has schema {found}, and this program reads schema {SCHEMA}; use a newer version of the program"
    )]
    Newer {
        /// Its schema.
        found: u32,
    },
    /// It was written by an older suite.
    #[error(
        "the run record has schema {found}, and this program reads schema {SCHEMA}; repeat the run with this version of the program"
    )]
    Older {
        /// Its schema.
        found: u32,
    },
}

impl RunRecord {
    /// The record as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        safe_json(self)
    }

    /// Reads a record that has the schema of this version.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Head {
            schema: u32,
            footer: Option<IgnoredAny>,
        }
        let head: Head = serde_json::from_str(text).map_err(RecordError::from_reading)?;
        if head.schema > SCHEMA {
            return Err(RecordError::Newer { found: head.schema });
        }
        if head.schema < SCHEMA {
            return Err(RecordError::Older { found: head.schema });
        }
        if head.footer.is_none() {
            return Err(RecordError::Unfinished);
        }
        let record: Self = serde_json::from_str(text).map_err(RecordError::from_reading)?;
        for (what, counted, found) in [
            ("checks", record.footer.checks, record.checks().count()),
            ("flows", record.footer.flows, record.flows().count()),
        ] {
            if counted != found {
                return Err(RecordError::Incomplete {
                    what,
                    counted,
                    found,
                });
            }
        }
        Ok(record)
    }

    /// All checks with the target they belong to.
    pub fn checks(&self) -> impl Iterator<Item = (&TargetRecord, &CheckRecord)> {
        self.targets
            .iter()
            .flat_map(|target| target.checks.iter().map(move |check| (target, check)))
    }

    /// All flows of real Helms.
    pub fn flows(&self) -> impl Iterator<Item = &FlowRecord> {
        let helms = self.targets.iter().flat_map(|target| &target.helms);
        helms.flat_map(|helm| &helm.flows)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A value as JSON that no terminal obeys, with a newline at the end.
pub(crate) fn safe_json(value: &impl Serialize) -> String {
    let plain = serde_json::to_string_pretty(value).expect("a record serialises");
    let mut text = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        if character != '\n' && text::is_steering(character) {
            // Outside strings there is none; inside, JSON lets it stand but a terminal obeys it.
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a string grows");
            }
        } else {
            text.push(character);
        }
    }
    text.push('\n');
    text
}

impl RecordError {
    fn from_reading(error: serde_json::Error) -> Self {
        if error.is_eof() {
            Self::Truncated(error)
        } else {
            Self::Malformed(error)
        }
    }
}
