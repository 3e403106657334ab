//! The legend, and what a result does not mean.

use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use super::mark;

/// The meaning of an outcome.
const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "The registry conforms to the requirement.",
        Outcome::Fail => "It violates a MUST: an ordinary flow of some Helm version fails.",
        Outcome::Stale => "The deviations file lists a violation that is no longer observed.",
        Outcome::Known => "The deviations file lists the violation.",
        Outcome::Warn => {
            "It violates a SHOULD: a rare flow or an old version fails, or an error is harder to diagnose."
        }
        Outcome::Present => "A MAY was observed.",
        Outcome::Absent => "A MAY was not observed.",
        Outcome::Skipped => {
            "The requirement does not apply to this registry, or was not run; the reason is listed."
        }
        Outcome::Intermittent => "It failed, was repeated, and passed. Never a violation.",
        Outcome::Inconclusive => {
            "The connection failed, or a precondition could not be arranged. Never a violation."
        }
    }
}

/// The section of the legend.
pub(super) fn section() -> Markup {
    html! {
        section #legend {
            h2 { "Legend" }
            dl.legend {
                @for outcome in Outcome::ALL { dt { (mark::outcome(*outcome)) } dd { (meaning(*outcome)) } }
            }
            p { "MUST, SHOULD and MAY state what Helm needs; the level in the OCI specification is next to it. A column of Helm versions, such as 3.8-3.17, holds versions with the same behaviour on the wire." }
            h2 #limits { "What this page does not mean" }
            ul {
                li { "It is no ranking. The number of findings says nothing about the quality of a registry: one MUST may affect everybody, and ten SHOULD nobody." }
                li { "A pass states that the requests of this run got the responses that Helm needs. It covers neither speed, load, durability, replication nor garbage collection, and one account only." }
                li { "It holds for this version and this configuration of the registry, at this time." }
                li { "A requirement that was not verified is neither satisfied nor violated." }
            }
        }
    }
}
