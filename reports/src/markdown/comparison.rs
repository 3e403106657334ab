//! A comparison as Markdown.

use super::{code, escaped, line};
use crate::text;
use crate::view::{
    CapabilityChangeView, ComparisonView, FileView, FlowChangeView, ReportRow,
    RequirementChangeView, RowEntry, flow_verdict, headings,
};

/// Renders a comparison as Markdown.
pub fn comparison(view: &ComparisonView<'_>) -> String {
    let mut page = String::new();
    let (a, b) = (view.a, view.b);
    line(
        &mut page,
        &format!("# {} → {}", code(&a.name), code(&b.name)),
    );
    for target in [a, b] {
        if let Some(why) = &target.obstacle {
            let name = code(&target.name);
            let why = escaped(why);
            line(&mut page, &format!("\n{name} could not be examined: {why}"));
        }
    }
    if let Some(conclusion) = &view.conclusion {
        let sentence = conclusion.sentence();
        line(&mut page, &format!("\n{}", escaped(sentence)));
    }
    section(&mut page, headings::FLOWS, &view.flows, flow);
    let requirements = &view.requirements;
    section(&mut page, headings::REQUIREMENTS, requirements, requirement);
    let capabilities = &view.capabilities;
    section(&mut page, headings::CAPABILITIES, capabilities, capability);
    section(&mut page, headings::RESPONSES, &view.responses, file);
    if let Some(ignored) = &view.ignored {
        let heading = headings::IGNORED;
        line(
            &mut page,
            &format!("\n## {heading}\n\n{}", escaped(ignored)),
        );
    }
    if let Some(inconclusive) = &view.inconclusive {
        line(&mut page, &format!("\n{}", escaped(inconclusive)));
    }
    page
}

pub(super) fn section<T>(page: &mut String, title: &str, all: &[T], one: fn(&mut String, &T)) {
    if all.is_empty() {
        return;
    }
    line(page, &format!("\n## {title}\n"));
    for item in all {
        one(page, item);
    }
}

pub(super) fn flow(page: &mut String, view: &FlowChangeView<'_>) {
    let change = view.change;
    let because: Vec<String> = change.because.iter().map(|id| code(id)).collect();
    let because = if because.is_empty() {
        String::new()
    } else {
        format!(": {}", because.join(", "))
    };
    let (flow, eras) = (code(change.flow.name()), view.eras());
    let (from, to) = (flow_verdict(change.a), flow_verdict(change.b));
    line(
        page,
        &format!("- {flow} with Helm {eras}: {from} → **{to}**{because}"),
    );
}

pub(super) fn requirement(page: &mut String, view: &RequirementChangeView<'_>) {
    let (id, title) = (code(view.id), escaped(view.title));
    let (severity, states) = (escaped(view.severity), view.states);
    line(page, &format!("- {id} {title} ({severity}; {states})"));
    for row in &view.rows {
        self::row(page, row);
    }
}

fn row(page: &mut String, row: &ReportRow<'_>) {
    let (label, joint) = (row.label.name(), row.label.joint());
    let mut texts: Vec<String> = row.entries.iter().map(text_of).collect();
    if !joint.is_empty() {
        texts = vec![texts.join(&format!(" {joint}"))];
    }
    for text in texts {
        line(page, &format!("  - {label}: {}", escaped(&text)));
    }
}

fn text_of(entry: &RowEntry<'_>) -> String {
    match entry {
        // The message of Helm is on a line of its own.
        RowEntry::Break(_) => entry.to_string().replace('\n', ": "),
        other => other.to_string(),
    }
}

pub(super) fn capability(page: &mut String, view: &CapabilityChangeView<'_>) {
    let change = view.change;
    let [a, b] = view.states();
    let [on_a, on_b] = &change.evidence;
    line(
        page,
        &format!(
            "- {}: {a} ({}) → {b} ({})",
            code(&change.name),
            escaped(on_a),
            escaped(on_b)
        ),
    );
}

fn file(page: &mut String, view: &FileView<'_>) {
    // The fence is longer than any run of backticks inside.
    let runs = view.lines.iter().flat_map(|line| {
        let runs = line.text.split(|c| c != '`');
        runs.map(str::len)
    });
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    line(page, &format!("{}\n\n{fence}diff", code(view.name)));
    for row in &view.lines {
        line(page, &text::line(row.text));
    }
    line(page, &format!("{fence}\n"));
}
