//! A report in brief as Markdown, for the summary of a CI job: what is wrong on each target, and the table in brief.

use super::matrix::{counts, row, verdict_sign};
use super::{code, escaped, line};
use crate::text::{self, plural};
use crate::view::{BriefTable, FindingView, ReportView, Severity, TargetView};

/// The most findings of one target.
const FINDINGS: usize = 20;

/// The longest sentence, in characters.
const SENTENCE: usize = 600;

/// Renders a report in brief as Markdown.
pub fn summary(view: &ReportView<'_>) -> String {
    let mut page = String::new();
    line(&mut page, "# Helm charts in OCI registries\n");
    let mut header = view.header.parts();
    header.extend(view.summary.parts());
    line(&mut page, &escaped(&header.join(" · ")));
    let findings = view.findings();
    for target in &view.targets {
        section(&mut page, target, &findings);
    }
    let is_target = |name: &str| view.targets.iter().any(|target| target.name == name);
    let others: Vec<_> = findings
        .iter()
        .filter(|finding| !is_target(finding.target))
        .collect();
    if !others.is_empty() {
        line(&mut page, "\n## Problems of the deviations file\n");
        list(&mut page, &others);
    }
    // Several summaries may follow each other in one file.
    page.push('\n');
    page
}

fn section(page: &mut String, target: &TargetView<'_>, findings: &[FindingView<'_, '_>]) {
    line(page, &format!("\n## {}\n", code(target.name)));
    let verdict = text::cut(&target.verdict.sentence, SENTENCE);
    line(page, &format!("**{}**", escaped(&verdict)));
    let own = findings.iter().filter(|one| one.target == target.name);
    let own: Vec<_> = own.collect();
    if !own.is_empty() {
        page.push('\n');
        list(page, &own);
    }
    table(page, target);
    if target.tally.total() > 0 {
        line(page, &format!("\n{}", counts(target)));
    }
}

fn list(page: &mut String, findings: &[&FindingView<'_, '_>]) {
    for finding in findings.iter().take(FINDINGS) {
        let sign = match finding.severity {
            Severity::Error => "❌",
            Severity::Warning => "⚠️",
            Severity::Note => "🔖",
        };
        let sentence = escaped(&text::cut(&finding.sentence, SENTENCE));
        line(page, &format!("- {sign} {}: {sentence}", code(finding.id)));
    }
    if findings.len() > FINDINGS {
        let more = plural(findings.len() - FINDINGS, "more finding");
        line(page, &format!("- and {more}"));
    }
}

/// The flows that do not work with every Helm version.
fn table(page: &mut String, target: &TargetView<'_>) {
    let Some(table) = &target.eras else { return };
    let brief = BriefTable::of(table);
    if !brief.rows.is_empty() {
        page.push('\n');
        let names = std::iter::once("flow · Helm".to_owned()).chain(brief.columns.clone());
        row(page, names);
        let rules = brief.columns.iter().map(|_| ":-:".to_owned());
        row(page, std::iter::once("---".to_owned()).chain(rules));
        for flows in &brief.rows {
            let names: Vec<&str> = flows.flows.iter().map(|flow| flow.name()).collect();
            let signs = flows.verdicts.iter().copied().map(verdict_sign);
            let signs = signs.map(ToOwned::to_owned);
            row(page, std::iter::once(names.join(", ")).chain(signs));
        }
        line(page, "\n✅ works · ❌ breaks · ❔ unknown");
    }
    if let Some(rest) = &brief.rest {
        line(page, &format!("\n{}", escaped(rest)));
    }
}
