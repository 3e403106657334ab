//! Findings as workflow commands of GitHub Actions, which shows each as an annotation.

use crate::text;
use crate::view::{FindingView, ReportView, Severity};

/// The longest message, in characters.
const MESSAGE: usize = 1000;

/// A text, followed by the findings as workflow commands, one line each.
///
/// GitHub obeys a command in any line, and a registry chooses some words of a text. Between the name of `token`, which nobody
/// can predict, and its end it obeys none.
pub fn after(view: &ReportView<'_>, text: &str, token: u64) -> String {
    let commands = render(view);
    if text.is_empty() {
        return commands;
    }
    format!("::stop-commands::{token:016x}\n{text}::{token:016x}::\n{commands}")
}

/// Renders a report as workflow commands, one line for each finding.
pub fn render(view: &ReportView<'_>) -> String {
    view.findings().iter().map(command).collect()
}

fn command(finding: &FindingView<'_, '_>) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let title = property(&format!("{} on {}", finding.id, finding.target));
    format!("::{name} title={title}::{}\n", data(&finding.sentence))
}

/// The value of a property: a comma or a colon would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The message: text on one line, in which `%` begins no escape.
fn data(text: &str) -> String {
    text::cut(&text::line(text), MESSAGE).replace('%', "%25")
}
