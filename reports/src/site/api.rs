//! The site as JSON. `schema/site-v1.json` describes both kinds of file.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use serde::Serialize;

use super::{Listed, Listing, requirement};
use crate::history::{BeforePush, Change, Entry, EraSummary, Issue, Note};
use crate::json;
use crate::view::{CheckView, FindingView, Label};

/// The version of the schema.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Index<'a> {
    schema: u32,
    date: &'a str,
    stale_after_days: u32,
    records: usize,
    registries: Vec<Summary<'a>>,
}

/// A registry, with the run that decides.
#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<&'a str>,
    stale: bool,
    run: Run<'a>,
    helm: Vec<HelmVerdict>,
    page: String,
    report: String,
    data: String,
    badge: String,
}

/// One run.
#[derive(Serialize)]
struct Run<'a> {
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    started: &'a str,
    suite: &'a str,
    complete: bool,
    outcome: &'static str,
    sentence: &'a str,
    helm_binaries: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cells: Vec<Cell<'a>>,
}

#[derive(Serialize)]
struct HelmVerdict {
    era: Era,
    verdict: FlowVerdict,
    breaks: Vec<Flow>,
    unknown: Vec<Flow>,
}

#[derive(Serialize)]
struct Cell<'a> {
    era: Era,
    flow: Flow,
    verdict: FlowVerdict,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<&'a str>,
}

/// A registry with all runs.
#[derive(Serialize)]
struct Whole<'a> {
    schema: u32,
    date: &'a str,
    #[serde(flatten)]
    summary: Summary<'a>,
    runs: Vec<Run<'a>>,
    changes: Vec<ChangeOfFlows>,
    findings: Vec<Finding<'a>>,
    before_push: BeforePush,
    notes: &'a [Note],
    issues: &'a [Issue],
}

#[derive(Serialize)]
struct ChangeOfFlows {
    flows: Vec<Flow>,
    eras: Vec<Era>,
    sentence: String,
    spans: Vec<Span>,
}

#[derive(Serialize)]
struct Span {
    verdict: FlowVerdict,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Finding<'a> {
    id: &'a str,
    title: &'a str,
    severity: &'static str,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirement: Option<String>,
}

/// `v1/registries.json`.
pub(super) fn registries(listing: &Listing<'_>) -> String {
    json::write(&Index {
        schema: VERSION,
        date: listing.site.date,
        stale_after_days: listing.site.stale_after,
        records: listing.site.archive.records,
        registries: listing.registries.iter().map(summary).collect(),
    })
}

/// `v1/registry/NAME.json`. `has_page` is true for a requirement with a page on the site.
pub(super) fn registry(
    listing: &Listing<'_>,
    listed: &Listed<'_>,
    findings: &[FindingView<'_, '_>],
    has_page: impl Fn(&str) -> bool,
) -> String {
    let notes = listed.registry.notes.clone().unwrap_or_default();
    json::write(&Whole {
        schema: VERSION,
        date: listing.site.date,
        summary: summary(listed),
        runs: listed
            .registry
            .entries
            .iter()
            .map(|entry| run(entry, true))
            .collect(),
        changes: listed
            .registry
            .timeline()
            .changes()
            .into_iter()
            .map(change)
            .collect(),
        findings: findings.iter().map(|own| finding(own, &has_page)).collect(),
        before_push: notes.before_push,
        notes: &notes.notes,
        issues: &notes.issues,
    })
}

fn summary<'a>(listed: &'a Listed<'_>) -> Summary<'a> {
    let notes = listed.registry.notes.as_ref();
    let slug = &listed.slug;
    Summary {
        name: &listed.registry.name,
        kind: notes.and_then(|notes| Some(notes.kind?.to_string())),
        vendor: notes.and_then(|notes| notes.vendor.as_deref()),
        stale: listed.is_stale,
        run: run(listed.entry, false),
        helm: listed.entry.eras().into_iter().map(verdict).collect(),
        page: format!("registry/{slug}.html"),
        report: format!("report/{slug}.html"),
        data: format!("v1/registry/{slug}.json"),
        badge: format!("badge/{slug}.json"),
    }
}

fn run(entry: &Entry, has_cells: bool) -> Run<'_> {
    let cells = entry.cells.iter().map(|cell| Cell {
        era: cell.era,
        flow: cell.flow,
        verdict: cell.verdict,
        because: cell
            .because
            .iter()
            .map(|cause| cause.requirement.as_str())
            .collect(),
    });
    Run {
        target: &entry.target,
        version: entry.version.as_deref(),
        started: &entry.started,
        suite: &entry.suite,
        complete: entry.is_complete,
        outcome: entry.outcome.name(),
        sentence: &entry.sentence,
        helm_binaries: &entry.binaries,
        cells: if has_cells {
            cells.collect()
        } else {
            Vec::new()
        },
    }
}

fn verdict(summary: EraSummary) -> HelmVerdict {
    let EraSummary {
        era,
        verdict,
        breaks,
        unknown,
    } = summary;
    HelmVerdict {
        era,
        verdict,
        breaks,
        unknown,
    }
}

fn change(change: Change) -> ChangeOfFlows {
    let sentence = change.sentence();
    let spans = change.spans.into_iter();
    ChangeOfFlows {
        flows: change.flows,
        eras: change.eras,
        sentence,
        spans: spans
            .map(|span| Span {
                verdict: span.verdict,
                from: span.from,
                to: span.to,
            })
            .collect(),
    }
}

fn finding<'v>(finding: &'v FindingView<'_, '_>, has_page: &impl Fn(&str) -> bool) -> Finding<'v> {
    let rows = finding.check.map_or(&[][..], |check| &check.rows);
    let fix = rows.iter().find(|row| row.label == Label::Fix);
    Finding {
        id: finding.id,
        title: finding.title,
        severity: finding.severity.name(),
        sentence: &finding.sentence,
        expected: finding.check.and_then(CheckView::expected),
        observed: finding.check.and_then(CheckView::observation),
        fix: fix.and_then(|row| Some(row.entries.first()?.to_string())),
        requirement: has_page(finding.id).then(|| requirement::path(finding.id)),
    }
}
