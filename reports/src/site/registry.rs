//! The page of a registry.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::prediction::table::FlowVerdict;
use maud::{Markup, html};

use super::words::LIMITS;
use super::{Listed, Listing, STYLE, cells, compare_versions, requirement, runs};
use crate::history::RegistryNotes;
use crate::html::target::{Command, command};
use crate::html::words::{self, prose, shown};
use crate::html::{document, evidence, flows, mark};
use crate::text::plural;
use crate::view::{EraTable, FindingKind, FindingView, Label, ReportView, TargetView};

/// The most findings that the opening names.
const NAMED: usize = 5;

/// The input of the page.
struct Page<'p, 'a> {
    listing: &'p Listing<'p>,
    listed: &'p Listed<'p>,
    report: &'p ReportView<'a>,
    findings: &'p [FindingView<'p, 'a>],
    is_described: &'p dyn Fn(&str) -> bool,
}

/// The page. `is_described` is true for a requirement with a page on the site.
pub(super) fn render<'p, 'a>(
    listing: &'p Listing<'p>,
    listed: &'p Listed<'p>,
    report: &'p ReportView<'a>,
    findings: &'p [FindingView<'p, 'a>],
    is_described: impl Fn(&str) -> bool,
) -> String {
    let page = Page {
        listing,
        listed,
        report,
        findings,
        is_described: &is_described,
    };
    let name = &listed.registry.name;
    document::render_with(name, &page.body(), STYLE)
}

impl<'p, 'a> Page<'p, 'a> {
    fn target(&self) -> Option<&'p TargetView<'a>> {
        self.report.targets.first()
    }

    fn notes(&self) -> Option<&'p RegistryNotes> {
        self.listed.registry.notes.as_ref()
    }

    /// The path of the report of the run that decides, from this page.
    fn evidence(&self) -> String {
        format!("../report/{}.html", self.listed.slug)
    }

    fn body(&self) -> Markup {
        let registry = self.listed.registry;
        html! {
            (self.lead())
            main {
                (self.before_push())
                (self.versions())
                (self.problems())
                @if registry.timeline().points.len() > 1 {
                    section #since {
                        h2 { "Since which version" }
                        (compare_versions::render(&registry.timeline(), &registry.name, "#history"))
                    }
                }
                (runs::section(registry))
                (self.remarks())
                (self.run())
            }
            footer { p { "helm-oci-conformance site · " (self.listing.site.date) } }
        }
    }

    fn lead(&self) -> Markup {
        let (registry, entry) = (self.listed.registry, self.listed.entry);
        html! {
            header {
                p.kind { a href="../index.html" { "Helm charts in OCI registries" } " · a registry" }
                p.name { (shown(&registry.name)) " " span.level { (cells::made(entry, self.listed.is_stale)) } }
                h1 { (mark::outcome(entry.outcome)) " " (prose(&self.headline())) }
                @if !self.findings.is_empty() {
                    ul.causes {
                        @for finding in self.findings.iter().take(NAMED) {
                            li { (severity(finding)) " " a href={ "#" (place(finding)) } { (prose(finding.title)) } }
                        }
                        @if self.findings.len() > NAMED {
                            li { a href="#findings" { "and " (plural(self.findings.len() - NAMED, "more finding")) } }
                        }
                    }
                }
                p.hint { (LIMITS) }
                nav aria-label="Sections" {
                    a href="#before" { "Before a push" }
                    a href="#versions" { "Helm versions" }
                    a href="#findings" { "Findings" }
                    @if registry.timeline().points.len() > 1 { a href="#since" { "Since which version" } }
                    a href="#history" { "History" }
                    a href="#run" { "Run and data" }
                    a href=(self.evidence()) { "Full report" }
                }
            }
        }
    }

    /// The effect of the most severe finding, or the verdict.
    fn headline(&self) -> String {
        let causes = self.target().map_or(&[][..], |target| &target.causes);
        let effect = causes
            .first()
            .and_then(|cause| cause.summary.effect.clone());
        let mut text = effect.unwrap_or_else(|| self.listed.entry.sentence.clone());
        if let Some(first) = text.get(..1) {
            let capital = first.to_uppercase();
            text.replace_range(..1, &capital);
        }
        text
    }

    /// What must be done before a push: from the notes, and as the run observed it.
    fn before_push(&self) -> Markup {
        let notes = self.notes();
        let capabilities = self.target().map_or(&[][..], |target| &target.capabilities);
        let observed = capabilities.iter().filter_map(|capability| {
            let label = match capability.name {
                "authentication" => "login",
                "creates-repositories" => "creates repositories",
                "anonymous-pull" => "anonymous pull",
                "immutable-tags" => "immutable tags",
                _ => return None,
            };
            Some((label, capability))
        });
        html! {
            section #before {
                h2 { "Before a push" }
                dl.facts {
                    @if let Some(notes) = notes {
                        @for (label, fact) in notes.before_push.facts() { dt { (label) } dd { (prose(fact)) } }
                        @if let Some(url) = &notes.documentation { dt { "documentation" } dd { (evidence::link(url, url)) } }
                    }
                    @for (label, capability) in observed {
                        dt { (label) }
                        dd {
                            @match capability.present { Some(true) => "✓ yes", Some(false) => "✗ no", None => "? unclear" }
                            " " span.level { "observed: " (prose(capability.evidence)) }
                        }
                    }
                }
                @if notes.is_none_or(|notes| notes.before_push.facts().next().is_none()) {
                    p.hint { "The notes of this site state nothing about repositories, user names and tokens of this registry." }
                }
            }
        }
    }

    /// The newest table.
    fn versions(&self) -> Markup {
        let target = self.target();
        html! {
            section #versions {
                h2 { "Helm versions and flows" }
                @match target.and_then(|target| Some((target, target.eras.as_ref()?))) {
                    Some((target, table)) => (self.table(target, table)),
                    None => p { "Nothing was examined." },
                }
            }
        }
    }

    fn table(&self, target: &TargetView<'_>, table: &EraTable<'_>) -> Markup {
        let evidence = self.evidence();
        let cell = |era: Era, row: &crate::view::EraRow, verdict: FlowVerdict| {
            let place = flows::place(target, table, era, row.flow, verdict);
            html! { a href={ (evidence) "#" (place) } { (mark::verdict(verdict)) } }
        };
        html! {
            div.scroll tabindex="0" role="group" aria-label="Helm versions and flows" {
                table.eras {
                    thead { tr { th scope="col" { "flow · Helm" } @for era in &table.eras { th scope="col" { (era.name()) } } } }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                th scope="row" { (row.flow.name()) }
                                @for (era, verdict) in table.eras.iter().zip(&row.verdicts) {
                                    td { @if let Some(verdict) = verdict { (cell(*era, row, *verdict)) } }
                                }
                            }
                        }
                    }
                }
            }
            p.hint { "✓ works · ✗ breaks · ? unknown · empty: these versions do not have the flow. A cell leads to its evidence in the full report." }
        }
    }

    fn problems(&self) -> Markup {
        html! {
            section #findings {
                h2 { "Findings" }
                @if self.findings.is_empty() { p.none { "No requirement is violated." } }
                @for finding in self.findings { (self.finding(finding)) }
            }
        }
    }

    fn finding(&self, finding: &FindingView<'_, '_>) -> Markup {
        let issues = self.notes().map_or(&[][..], |notes| &notes.issues);
        let known = || {
            issues
                .iter()
                .filter(|issue| issue.requirement.as_deref() == Some(finding.id))
        };
        let own = finding.check.map_or(&[][..], |check| &check.rows);
        // Sources and attempts are in the full report.
        let rows: Vec<_> = own
            .iter()
            .filter(|row| {
                !matches!(
                    row.label,
                    Label::Source | Label::Sources | Label::Covers | Label::Attempts
                )
            })
            .cloned()
            .collect();
        let place = match finding.kind {
            FindingKind::Requirement => words::finding(finding.id),
            _ => "findings".to_owned(),
        };
        html! {
            article.finding id=(self::place(finding)) {
                h3 { (severity(finding)) " " code { (shown(finding.id)) } }
                p.title {
                    (prose(finding.title))
                    @if let Some(check) = finding.check { " " span.level { "(" (check.severity()) ")" } }
                }
                @if rows.is_empty() { p { (prose(&finding.sentence)) } }
                (evidence::rows(&rows))
                @for issue in known() { p { "Known issue: " (evidence::link(&issue.url, &issue.title)) } }
                p {
                    @if (self.is_described)(finding.id) { a href={ "../" (requirement::path(finding.id)) } { "The requirement" } " · " }
                    a href={ (self.evidence()) "#" (place) } { "The exchange that shows it" }
                }
            }
        }
    }

    /// The notes and the known issues.
    fn remarks(&self) -> Markup {
        let Some(notes) = self.notes() else {
            return html! {};
        };
        html! {
            @if !notes.notes.is_empty() || !notes.issues.is_empty() {
                section #notes {
                    h2 { "Notes and known issues" }
                    @for note in &notes.notes {
                        p { (prose(&note.text)) " " span.level { (shown(&note.by)) ", " (shown(&note.date)) } }
                    }
                    @if !notes.issues.is_empty() {
                        ul {
                            @for issue in &notes.issues {
                                li {
                                    (evidence::link(&issue.url, &issue.title))
                                    @if let Some(id) = &issue.requirement { " " span.level { (shown(id)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The identity of the registry and of the run, and its data.
    fn run(&self) -> Markup {
        let (entry, slug) = (self.listed.entry, &self.listed.slug);
        let badge = self.listing.address(&format!("badge/{slug}.json"));
        let page = self.listing.address(&format!("registry/{slug}.html"));
        let mut snippet = format!("[![Helm](https://img.shields.io/endpoint?url={badge})]({page})");
        if self.listing.site.url.is_none() {
            snippet = snippet
                .replace("url=", "url=https://YOUR.SITE/")
                .replace("](registry", "](https://YOUR.SITE/registry");
        }
        html! {
            section #run {
                h2 { "Run and data" }
                dl.facts {
                    @if let Some(notes) = self.notes() { (identity(notes)) }
                    @if let Some(target) = self.target() {
                        dt { "target" } dd { code { (shown(target.name)) } }
                        @for fact in &target.identity { dt { (fact.label.name()) } dd { code { (shown(fact.value)) } } }
                    }
                    dt { "started" } dd { (shown(&entry.started)) }
                    dt { "suite" } dd { (shown(&entry.suite)) }
                    dt { "real Helm" } dd { @if entry.binaries.is_empty() { "none; client models only" } @else { (shown(&entry.binaries.join(", "))) } }
                    @if let Some(target) = self.target() {
                        dt { "to repeat it" }
                        dd { (command(&Command { target, only: &[], is_strict: self.report.header.strict })) }
                    }
                    dt { "data" }
                    dd {
                        a href={ "../v1/registry/" (slug) ".json" } { "every run as JSON" } " · "
                        a href=(self.evidence()) { "full report" } " · "
                        a href={ "../badge/" (slug) ".json" } { "badge" }
                    }
                    dt { "badge" } dd { code.copy { (snippet) } }
                }
            }
        }
    }
}

/// The facts about a registry that no run observes.
fn identity(notes: &RegistryNotes) -> Markup {
    html! {
        @if let Some(vendor) = &notes.vendor { dt { "vendor" } dd { (shown(vendor)) } }
        @if let Some(kind) = notes.kind { dt { "kind" } dd { (kind.to_string()) } }
        @if let Some(url) = &notes.url { dt { "page" } dd { (evidence::link(url, url)) } }
        @if let Some(text) = &notes.configuration { dt { "configuration" } dd { (prose(text)) } }
    }
}

/// The outcome of a finding, or the kind of finding.
fn severity(finding: &FindingView<'_, '_>) -> Markup {
    match finding.check {
        Some(check) => mark::outcome(check.outcome),
        None => {
            html! { span class={ "o " (if finding.kind == FindingKind::Flow { "fail" } else { "inconclusive" }) } { (finding.severity.name()) } }
        }
    }
}

/// The place of a finding on the page.
fn place(finding: &FindingView<'_, '_>) -> String {
    let place = words::finding(finding.id);
    if finding.repetition == 0 {
        place
    } else {
        format!("{place}-{}", finding.repetition)
    }
}
