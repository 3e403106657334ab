//! Badges in the endpoint format of shields.io: which Helm versions work, never a share of anything.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;
use serde::Serialize;

use super::Listed;
use super::words;
use crate::history::EraSummary;
use crate::json;
use crate::text;
use crate::view::flow_sign;

/// The most flows that a badge names.
const NAMED: usize = 2;

/// A badge.
#[derive(Debug, Serialize)]
struct Badge {
    #[serde(rename = "schemaVersion")]
    schema_version: u8,
    label: String,
    message: String,
    color: &'static str,
}

/// The badge of a registry as JSON.
pub(super) fn render(listed: &Listed<'_>) -> String {
    let entry = listed.entry;
    let eras = entry.eras();
    let mut message = message(&eras);
    if listed.is_stale {
        message = format!("{message} ({})", entry.date());
    }
    json::write(&Badge {
        schema_version: 1,
        label: text::line(&format!(
            "{} {}",
            listed.registry.name,
            entry.version_or_date()
        )),
        message,
        color: if listed.is_stale {
            "lightgrey"
        } else {
            color(&eras)
        },
    })
}

/// The Helm versions by verdict: those that work first.
fn message(eras: &[EraSummary]) -> String {
    let verdicts = [
        FlowVerdict::Works,
        FlowVerdict::Breaks,
        FlowVerdict::Unknown,
    ];
    let parts = verdicts.into_iter().filter_map(|verdict| {
        let own: Vec<&EraSummary> = eras.iter().filter(|era| era.verdict == verdict).collect();
        let versions: Vec<Era> = own.iter().map(|era| era.era).collect();
        let part = format!("{} {}", words::spans(&versions), flow_sign(verdict));
        (!own.is_empty()).then(|| match verdict {
            FlowVerdict::Breaks => part + &named(&own),
            _ => part,
        })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        "not examined".to_owned()
    } else {
        format!("Helm {}", parts.join(" · "))
    }
}

/// The flows that break, if they are few.
fn named(eras: &[&EraSummary]) -> String {
    let mut flows: Vec<Flow> = eras.iter().flat_map(|era| era.breaks.clone()).collect();
    flows.sort_unstable();
    flows.dedup();
    if flows.len() <= NAMED {
        format!(" {}", words::flows(&flows))
    } else {
        String::new()
    }
}

fn color(eras: &[EraSummary]) -> &'static str {
    let count = |verdict| eras.iter().filter(|era| era.verdict == verdict).count();
    match (
        count(FlowVerdict::Works),
        count(FlowVerdict::Breaks),
        count(FlowVerdict::Unknown),
    ) {
        (0, 0, _) => "lightgrey",
        (0, _, _) => "red",
        (_, 1.., _) => "orange",
        (_, 0, 1..) => "lightgrey",
        (_, 0, 0) => "brightgreen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(era: Era, verdict: FlowVerdict, breaks: &[Flow]) -> EraSummary {
        EraSummary {
            era,
            verdict,
            breaks: breaks.to_vec(),
            unknown: Vec::new(),
        }
    }

    fn badge(verdict: impl Fn(Era) -> FlowVerdict, breaks: &[Flow]) -> (String, &'static str) {
        let eras = Era::ALL
            .iter()
            .map(|era| summary(*era, verdict(*era), breaks));
        let eras: Vec<EraSummary> = eras.collect();
        (message(&eras), color(&eras))
    }

    #[test]
    fn a_badge_states_what_works_what_breaks_and_what_is_unknown() {
        use FlowVerdict::{Breaks, Unknown, Works};
        let badge = |verdict: fn(Era) -> FlowVerdict, breaks: &[Flow], text: &str, color| {
            assert_eq!(self::badge(verdict, breaks), (text.to_owned(), color));
        };
        badge(|_| Works, &[], "Helm 3.0–4.3 ✓", "brightgreen");
        let before_3_8 = |era| {
            if era < Era::Containerd {
                Unknown
            } else {
                Works
            }
        };
        badge(before_3_8, &[], "Helm 3.8–4.3 ✓ · 3.0–3.7 ?", "lightgrey");
        let newest = |era| {
            if era == Era::SameOrigin4 {
                Breaks
            } else {
                Works
            }
        };
        let text = "Helm 3.0–4.2.4 ✓ · 4.3 ✗ push, pull";
        badge(newest, &[Flow::Push, Flow::Pull], text, "orange");
        badge(newest, Flow::PULLS, "Helm 3.0–4.2.4 ✓ · 4.3 ✗", "orange");
        badge(|_| Breaks, Flow::PULLS, "Helm 3.0–4.3 ✗", "red");
        assert_eq!(
            (message(&[]), color(&[])),
            ("not examined".to_owned(), "lightgrey")
        );
    }
}
