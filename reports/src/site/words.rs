//! Words of the site: spans of Helm versions, lists of flows, commands of users.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;

/// The sentence that says what a pass does not mean.
pub(super) const LIMITS: &str = "A ✓ means that the requests of that run got the responses that Helm needs, with this version, configuration and account on this day; it says nothing about speed, durability or support, and this page is no ranking.";

/// The spans of Helm versions that eras form, such as `3.8–3.21.0, 4.3`: adjacent eras are one span.
pub(super) fn spans(eras: &[Era]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (position, era) in Era::ALL.iter().enumerate() {
        if !eras.contains(era) {
            continue;
        }
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == position => *last = position,
            _ => spans.push((position, position)),
        }
    }
    let words = spans.iter().map(|(first, last)| {
        let (first, last) = (Era::ALL[*first].name(), Era::ALL[*last].name());
        let from = first.split_once('-').map_or(first, |(from, _)| from);
        let to = last.split_once('-').map_or(last, |(_, to)| to);
        let (from, to) = (from.trim_end_matches('+'), to.trim_end_matches('+'));
        if from == to {
            from.to_owned()
        } else {
            format!("{from}–{to}")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The names of flows.
pub(super) fn flows(flows: &[Flow]) -> String {
    let names: Vec<&str> = flows.iter().map(|flow| flow.name()).collect();
    names.join(", ")
}

/// A command of users, with the flows that it consists of.
pub(super) struct Activity {
    /// Its name.
    pub(super) name: &'static str,
    /// Its flows.
    pub(super) flows: &'static [Flow],
}

/// The commands of users. Every flow belongs to one.
pub(super) const ACTIVITIES: &[Activity] = &[
    Activity {
        name: "login",
        flows: &[Flow::Login],
    },
    Activity {
        name: "push",
        flows: &[Flow::Push, Flow::PushPull],
    },
    Activity {
        name: "push again",
        flows: &[Flow::RePush],
    },
    Activity {
        name: "push changed",
        flows: &[Flow::PushChanged],
    },
    Activity {
        name: "version with +",
        flows: &[Flow::PushPlus, Flow::PullPlus],
    },
    Activity {
        name: "provenance",
        flows: &[Flow::PushProv, Flow::PullProv],
    },
    Activity {
        name: "pull",
        flows: &[Flow::Pull],
    },
    Activity {
        name: "pull a range",
        flows: &[Flow::PullRange],
    },
    Activity {
        name: "pull newest",
        flows: &[Flow::PullUnversioned],
    },
    Activity {
        name: "pull by digest",
        flows: &[Flow::PullDigest],
    },
    Activity {
        name: "dependency",
        flows: &[Flow::DependencyUpdate, Flow::DependencyRange],
    },
    Activity {
        name: "show",
        flows: &[Flow::Show],
    },
    Activity {
        name: "helm chart",
        flows: &[Flow::ChartPush, Flow::ChartPull],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_eras_form_one_span() {
        assert_eq!(spans(Era::ALL), "3.0–4.3");
        assert_eq!(spans(&Era::ALL[2..]), "3.8–4.3");
        assert_eq!(
            spans(&[Era::Hardened3, Era::SameOrigin3, Era::SameOrigin4]),
            "3.21.1–3.22, 4.3"
        );
        assert_eq!(spans(&[Era::Hip6]), "3.7");
        assert_eq!(spans(&[]), "");
    }

    #[test]
    fn every_flow_belongs_to_one_activity() {
        for flow in Flow::ALL {
            let activities = ACTIVITIES.iter().filter(|one| one.flows.contains(flow));
            assert_eq!(activities.count(), 1, "{flow}");
        }
    }
}
