//! The versions of a registry in one table, and since which of them something works or breaks.

use maud::{Markup, html};

use super::{cells, words};
use crate::history::Timeline;
use crate::html::words::{prose, shown};

/// The sentences and the table. Nothing for a registry with one version.
pub(super) fn render(timeline: &Timeline<'_>, name: &str, href: &str) -> Markup {
    let changes = timeline.changes();
    let kind = if timeline.has_versions {
        "versions"
    } else {
        "days"
    };
    html! {
        @if timeline.points.len() > 1 {
            ul.changes {
                @for change in &changes {
                    li {
                        b { (words::flows(&change.flows)) } " with " (change.versions()) ": "
                        (prose(&change.sentence()))
                    }
                }
                li {
                    @if changes.is_empty() { "Every flow: " } @else { "Every other flow: " }
                    "the same in all " (timeline.points.len()) " " (kind)
                    @if let Some(before) = timeline.before() { "; " (prose(&before)) }
                }
            }
            div.scroll tabindex="0" role="group" aria-label={ "Versions of " (shown(name)) } {
                table.eras {
                    thead { tr { th scope="col" { @if timeline.has_versions { "version" } @else { "date" } } (cells::heads()) } }
                    tbody {
                        @for point in timeline.points.iter().rev() {
                            tr {
                                th scope="row" {
                                    (shown(point.version_or_date()))
                                    @if timeline.has_versions { " " span.level { (point.date()) } }
                                }
                                (cells::eras(point, href))
                            }
                        }
                    }
                }
            }
        }
    }
}
