//! A report as GitLab Code Quality: one entry for each finding.

use serde_json::{Value, json};

use crate::json;
use crate::text;
use crate::view::{FindingView, ReportView, Severity};

/// The longest description, in characters.
const DESCRIPTION: usize = 1000;

/// Renders a report as GitLab Code Quality.
pub fn render(view: &ReportView<'_>) -> String {
    let findings = view.findings();
    json::write(&findings.iter().map(entry).collect::<Vec<_>>())
}

fn entry(finding: &FindingView<'_, '_>) -> Value {
    let description = format!("{}: {}", finding.target, finding.sentence);
    json!({
        "description": shown(&description),
        "check_name": shown(finding.id),
        "fingerprint": finding.fingerprint(),
        "severity": match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        "location": { "path": finding.path(), "lines": { "begin": 1 } },
    })
}

fn shown(text: &str) -> String {
    text::cut(&text::line(text), DESCRIPTION)
}
