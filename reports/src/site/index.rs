//! The first page: every registry with every Helm version, what does not work first.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use maud::{Markup, html};

use super::words::{ACTIVITIES, Activity, LIMITS};
use super::{Listed, Listing, STYLE, cells, compare_versions, words};
use crate::history::Entry;
use crate::html::document;
use crate::html::mark;
use crate::html::words::shown;
use crate::text::plural;
use crate::view::{flow_sign, flow_verdict, versions};

/// The most rows of flows of one registry.
const FLOW_ROWS: usize = 6;

/// The page.
pub(super) fn render(listing: &Listing<'_>) -> String {
    let body = html! {
        (lead(listing))
        main {
            (registries(listing))
            (since(listing))
            (activities(listing))
            (legend(listing))
        }
        footer { p { "helm-oci-conformance site · " (listing.site.date) } }
    };
    document::render_with("Compatibility", &body, STYLE)
}

/// The registries, those on which something does not work first.
fn ordered<'l, 'a>(listing: &'l Listing<'a>) -> Vec<&'l Listed<'a>> {
    let mut registries: Vec<_> = listing.registries.iter().collect();
    registries.sort_by_key(|listed| listed.works());
    registries
}

fn lead(listing: &Listing<'_>) -> Markup {
    let archive = listing.site.archive;
    let entries = || {
        archive
            .registries
            .iter()
            .flat_map(|registry| &registry.entries)
    };
    let first = entries().map(Entry::date).min().unwrap_or_default();
    let last = entries().map(Entry::date).max().unwrap_or_default();
    html! {
        header {
            p.kind { "Helm charts in OCI registries" }
            h1 {
                "Which commands of which Helm versions work with " (plural(listing.registries.len(), "registry"))
                ", as observed in " (plural(entries().count(), "run")) " of helm-oci-conformance between "
                (first) " and " (last) "."
            }
            p { (LIMITS) }
            nav aria-label="Sections" {
                a href="#results" { "Registries" }
                a href="#since" { "Since which version" }
                a href="#commands" { "Commands" }
                a href="#legend" { "Legend" }
                a href="registries.md" { "Markdown table" }
                a href="v1/registries.json" { "JSON" }
            }
        }
    }
}

fn registries(listing: &Listing<'_>) -> Markup {
    html! {
        section #results {
            h2 { "Registries and Helm versions" }
            (filter())
            p #shown role="status" data-noun="row" { (plural(listing.registries.len(), "registry")) }
            div.scroll tabindex="0" role="group" aria-label="Registries and Helm versions" {
                table.eras.registries {
                    thead { tr { th scope="col" { "registry · Helm" } (cells::heads()) } }
                    tbody { @for listed in ordered(listing) { (rows(listed)) } }
                }
            }
            p.hint {
                "✓ all flows work · ✗ so many flows break · ? so many flows are unknown · empty: not examined. Registries on which something does not work come first. The newest version decides, then the newest run."
            }
        }
    }
}

fn filter() -> Markup {
    let options = [
        FlowVerdict::Breaks,
        FlowVerdict::Unknown,
        FlowVerdict::Works,
    ];
    html! {
        form #filter hidden {
            fieldset {
                legend { "Result" }
                @for verdict in options {
                    label {
                        input type="checkbox" name="outcome" value=(flow_verdict(verdict));
                        span class={ "o " (flow_verdict(verdict)) } { (flow_sign(verdict)) " " (flow_verdict(verdict)) }
                    }
                }
            }
            label { "Not with Helm " (select("helm", Era::ALL.iter().map(|era| era.name()))) }
            label { "Flow " (select("flow", Flow::ALL.iter().map(|flow| flow.name()))) }
            label { "Text " input type="search" name="text" autocomplete="off"; }
            button type="reset" { "Show all" }
        }
    }
}

fn select(name: &str, options: impl Iterator<Item = &'static str>) -> Markup {
    html! {
        select name=(name) {
            option value="" { "any" }
            @for option in options { option value=(option) { (option) } }
        }
    }
}

/// The values by which the script filters a row.
struct Data {
    verdicts: String,
    eras: String,
    flows: String,
}

impl Data {
    /// The values of a row: the verdicts that occur, the eras and the flows that do not work.
    fn of(entry: &Entry, flows: &[Flow]) -> Self {
        let cells = entry.cells.iter().filter(|cell| flows.contains(&cell.flow));
        let has = |verdict| cells.clone().any(|cell| cell.verdict == verdict);
        let troubled = cells
            .clone()
            .filter(|cell| cell.verdict != FlowVerdict::Works);
        let mut verdicts: Vec<&str> = Vec::new();
        for verdict in [FlowVerdict::Breaks, FlowVerdict::Unknown] {
            if has(verdict) {
                verdicts.push(flow_verdict(verdict));
            }
        }
        if verdicts.is_empty() {
            verdicts.push(flow_verdict(FlowVerdict::Works));
        }
        let eras = Era::ALL
            .iter()
            .filter(|era| troubled.clone().any(|cell| cell.era == **era));
        let eras: Vec<&str> = eras.map(|era| era.name()).collect();
        let own = flows
            .iter()
            .filter(|flow| troubled.clone().any(|cell| cell.flow == **flow));
        let own: Vec<&str> = own.map(|flow| flow.name()).collect();
        Self {
            verdicts: verdicts.join(" "),
            eras: eras.join(" "),
            flows: own.join(" "),
        }
    }
}

/// The row of a registry, and one for the flows that do not work.
fn rows(listed: &Listed<'_>) -> Markup {
    let (entry, name) = (listed.entry, shown(&listed.registry.name));
    let page = format!("registry/{}.html", listed.slug);
    let data = Data::of(entry, Flow::ALL);
    let troubled = entry.troubled_flows();
    html! {
        tr.registry data-o=(data.verdicts) data-e=(data.eras) data-f=(data.flows) data-t=(data.flows) {
            th scope="row" {
                a href=(page) { (name) }
                div.level {
                    (cells::made(entry, listed.is_stale))
                    @if let Some(kind) = listed.registry.notes.as_ref().and_then(|notes| notes.kind) { " · " (kind.to_string()) }
                }
            }
            (cells::eras(entry, &page))
        }
        @for (flows, verdicts) in troubled.iter().take(FLOW_ROWS) {
            @let data = Data::of(entry, flows);
            tr.flow data-o=(data.verdicts) data-e=(data.eras) data-f=(data.flows) data-t=(name) {
                th scope="row" { (words::flows(flows)) }
                (cells::verdicts(verdicts))
            }
        }
        @if troubled.len() > FLOW_ROWS {
            tr.flow {
                th scope="row" { a href=(page) { (plural(troubled.len() - FLOW_ROWS, "more row")) } }
                td colspan=(Era::ALL.len()) {}
            }
        }
    }
}

/// The versions of registries with several.
fn since(listing: &Listing<'_>) -> Markup {
    let several = ordered(listing).into_iter();
    let several = several.filter(|listed| listed.registry.timeline().points.len() > 1);
    let several: Vec<_> = several.collect();
    html! {
        section #since {
            h2 { "Since which version" }
            @if several.is_empty() { p { "No registry has complete records of two versions or days." } }
            @for listed in several {
                @let page = format!("registry/{}.html", listed.slug);
                h3 { a href=(page) { (shown(&listed.registry.name)) } }
                (compare_versions::render(&listed.registry.timeline(), &listed.registry.name, &page))
            }
        }
    }
}

/// The registries by command of users.
fn activities(listing: &Listing<'_>) -> Markup {
    html! {
        section #commands {
            h2 { "Registries by command" }
            div.scroll tabindex="0" role="group" aria-label="Registries by command" {
                table.eras.commands {
                    thead {
                        tr { th scope="col" { "registry" } @for activity in ACTIVITIES { th scope="col" { (activity.name) } } }
                    }
                    tbody {
                        @for listed in ordered(listing) {
                            tr {
                                th scope="row" { a href={ "registry/" (listed.slug) ".html" } { (shown(&listed.registry.name)) } }
                                @for activity in ACTIVITIES { td { (command(listed.entry, activity)) } }
                            }
                        }
                    }
                }
            }
            p.hint { "The worst result over all Helm versions. helm chart: the commands of Helm 3.0 to 3.6, which were experimental." }
        }
    }
}

fn command(entry: &Entry, activity: &Activity) -> Markup {
    let cells = entry
        .cells
        .iter()
        .filter(|cell| activity.flows.contains(&cell.flow));
    let eras = |verdict| {
        let own = cells.clone().filter(move |cell| cell.verdict == verdict);
        let own: Vec<Era> = own.map(|cell| cell.era).collect();
        let of_eras = Era::ALL.iter().filter(|era| own.contains(era));
        of_eras.copied().collect::<Vec<Era>>()
    };
    let (breaks, unknown) = (eras(FlowVerdict::Breaks), eras(FlowVerdict::Unknown));
    let (verdict, own) = match (breaks.is_empty(), unknown.is_empty()) {
        (false, _) => (FlowVerdict::Breaks, breaks),
        (true, false) => (FlowVerdict::Unknown, unknown),
        (true, true) => (FlowVerdict::Works, Vec::new()),
    };
    html! {
        @if cells.clone().next().is_some() {
            span.cell title=[(!own.is_empty()).then(|| versions(&own))] {
                (mark::verdict(verdict))
                @if !own.is_empty() { span.v { ": " (versions(&own)) } }
            }
        }
    }
}

fn legend(listing: &Listing<'_>) -> Markup {
    html! {
        section #legend {
            h2 { "Legend" }
            dl.legend {
                dt { (mark::verdict(FlowVerdict::Works)) " works" }
                dd { "Every requirement that could break the flow is satisfied, and the client model of this version went through." }
                dt { (mark::verdict(FlowVerdict::Breaks)) " breaks" }
                dd { "A violated requirement breaks an ordinary run of the flow with some version of the column, or the flow failed." }
                dt { (mark::verdict(FlowVerdict::Unknown)) " unknown" }
                dd { "A requirement that could break the flow was not examined or is inconclusive. It is no failure." }
                dt { span.chip.stale-run { "stale" } }
                dd { "The run that decides is more than " (plural(usize::try_from(listing.site.stale_after).unwrap_or(usize::MAX), "day")) " old, counted to " (listing.site.date) "." }
                dt { "3.8-3.17" }
                dd { "A column holds the Helm versions with the same behaviour on the wire." }
                dt { "flow" }
                dd { "Something that a user does, such as " code { "pull-range" } ": " code { "helm pull --version '^1.0'" } "." }
            }
            h3 { "Data" }
            ul {
                li { a href="v1/registries.json" { "v1/registries.json" } ": every registry with its deciding run; " a href="v1/schema.json" { "schema" } }
                li { code { "v1/registry/NAME.json" } ": every run on a registry with all cells" }
                li { code { "badge/NAME.json" } ": a badge in the endpoint format of shields.io" }
                li { a href="registries.md" { "registries.md" } ": the tables as Markdown" }
            }
        }
    }
}
