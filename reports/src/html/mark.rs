//! Signs of outcomes. Each has a word as well, so that neither colour nor shape is needed.

use helm_oci_suite::prediction::table::FlowVerdict;
use helm_oci_suite::requirement::outcome::Outcome;
use maud::{Markup, html};

use crate::view::{OutcomeCounts, flow_sign, flow_verdict, outcome_sign};

/// The sign and the word of an outcome.
pub(crate) fn outcome(outcome: Outcome) -> Markup {
    html! { span class={ "o " (outcome.name()) } { (outcome_sign(outcome)) " " (outcome.name()) } }
}

/// The sign of an outcome; its word is for screen readers.
pub(super) fn sign(outcome: Outcome) -> Markup {
    html! {
        span class={ "o " (outcome.name()) } {
            (outcome_sign(outcome)) span.v { " " (outcome.name()) }
        }
    }
}

/// The sign of a verdict on a flow; its word is for screen readers.
pub(crate) fn verdict(verdict: FlowVerdict) -> Markup {
    let name = flow_verdict(verdict);
    html! { span class={ "o " (name) } { (flow_sign(verdict)) span.v { " " (name) } } }
}

/// The counts of outcomes; each is a link to the results with it.
pub(super) fn counts(tally: &OutcomeCounts) -> Markup {
    html! {
        @for (outcome, count) in tally.occurring() {
            a class={ "o " (outcome.name()) } href={ "#outcome=" (outcome.name()) } {
                (outcome_sign(outcome)) " " (count) " " (outcome.name())
            } " "
        }
    }
}
