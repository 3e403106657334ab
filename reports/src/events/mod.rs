//! The lines of a run while it is running: one JSON object each.

use helm_oci_suite::requirement::outcome::Outcome;
use serde::Serialize;

use crate::json;
use crate::text;
use crate::view::{FindingView, ReportView};

/// The longest text, in characters.
const TEXT: usize = 1000;

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent<'a> {
    /// The run begins.
    Started {
        /// The version of the program.
        version: &'a str,
        /// The names of the targets.
        targets: Vec<String>,
    },
    /// A target is being launched.
    Target {
        /// Its name.
        target: &'a str,
    },
    /// The checks of a target begin.
    Checks {
        /// The name of the target.
        target: &'a str,
        /// The number of checks and of flows of real Helm binaries.
        count: usize,
    },
    /// A check is complete.
    CheckFinished {
        /// The name of the target.
        target: &'a str,
        /// The id of the requirement.
        id: &'a str,
        /// The outcome.
        outcome: Outcome,
        /// The duration in milliseconds.
        milliseconds: u64,
    },
    /// A flow of a real Helm binary is complete.
    FlowFinished {
        /// The name of the target.
        target: &'a str,
        /// The id of the flow.
        id: &'a str,
        /// The outcome.
        outcome: Outcome,
        /// The duration in milliseconds.
        milliseconds: u64,
    },
    /// A target is examined, cleaned up and stopped.
    TargetFinished {
        /// Its name.
        target: &'a str,
    },
    /// A finding. Its cause is known once the run is complete.
    Finding {
        /// The name of the target.
        target: String,
        /// The id of the requirement or of the flow.
        id: String,
        /// The severity.
        severity: &'static str,
        /// What is wrong, with which Helm versions, and what to change.
        message: String,
    },
    /// The run is complete.
    Finished {
        /// The exit code.
        exit_code: u8,
    },
}

/// An event with its time.
#[derive(Serialize)]
struct Line<'e, 'a> {
    /// The time since the start of the run.
    at: u64,
    #[serde(flatten)]
    event: &'e RunEvent<'a>,
}

impl RunEvent<'_> {
    /// The event as one line, this many milliseconds after the start of the run.
    pub fn line(&self, at: u64) -> String {
        json::line(&Line { at, event: self })
    }
}

/// The findings of a report as events.
pub fn findings(view: &ReportView<'_>) -> Vec<RunEvent<'static>> {
    view.findings().iter().map(finding).collect()
}

fn finding(finding: &FindingView<'_, '_>) -> RunEvent<'static> {
    RunEvent::Finding {
        target: shown(finding.target),
        id: shown(finding.id),
        severity: finding.severity.name(),
        message: shown(&finding.sentence),
    }
}

fn shown(text: &str) -> String {
    text::cut(&text::line(text), TEXT)
}
