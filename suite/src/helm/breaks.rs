//! The effect of a violated requirement on Helm: the versions and flows that fail, and their error texts.

use semver::Version;

use super::era::Era;
use super::errors::Symptom;
use super::flow::Flow;
use super::response::ObservedResponse;
use super::version::{Span, Versions, join, union};

/// The effect of a violated requirement on the users of some Helm versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The Helm versions that fail.
    pub versions: Versions,
    /// The flows that fail.
    pub flows: &'static [Flow],
    /// The condition of the failure, if an ordinary run of the flow succeeds; such a break does not change the
    /// verdict of the flow.
    pub condition: Option<&'static str>,
    /// True if the condition is a matter of chance, such as when a connection is closed: no check can tell whether a flow
    /// fails, and its verdict is unknown.
    pub is_by_chance: bool,
    /// The way in which they fail, which gives the words that each version prints after `Error: `.
    pub symptom: Symptom,
}

/// The part of a break whose versions print the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakPart {
    versions: Vec<Span>,
    flows: &'static [Flow],
    /// The words, with the observed status filled in and the other placeholders of
    /// [`PLACEHOLDERS`](super::errors::PLACEHOLDERS).
    pub words: String,
}

impl Break {
    /// A break of these versions in these flows.
    pub const fn new(versions: Versions, flows: &'static [Flow], symptom: Symptom) -> Self {
        Self {
            versions,
            flows,
            condition: None,
            is_by_chance: false,
            symptom,
        }
    }

    /// A break of these versions in these flows under a condition only, such as `for large charts`.
    pub const fn when(
        condition: &'static str,
        versions: Versions,
        flows: &'static [Flow],
        symptom: Symptom,
    ) -> Self {
        Self {
            versions,
            flows,
            condition: Some(condition),
            is_by_chance: false,
            symptom,
        }
    }

    /// A break under a condition that is a matter of chance.
    pub const fn by_chance(
        condition: &'static str,
        versions: Versions,
        flows: &'static [Flow],
        symptom: Symptom,
    ) -> Self {
        Self {
            is_by_chance: true,
            ..Self::when(condition, versions, flows, symptom)
        }
    }

    /// The parts of the break that print different words, in the order of the table of symptoms. `responses` are those
    /// that show the violation; the status that makes Helm fail is taken from them.
    pub fn parts(&self, responses: &[ObservedResponse]) -> Vec<BreakPart> {
        let rows = self.symptom.observed_in(responses).table();
        let parts = rows.map(|(versions, words)| BreakPart {
            versions: self.shared(&versions),
            flows: self.flows,
            words,
        });
        parts.filter(|part| !part.versions.is_empty()).collect()
    }

    /// The versions of the break among these that have one of its flows.
    fn shared(&self, versions: &Versions) -> Vec<Span> {
        let spans = self.versions.0.iter();
        let shared: Vec<Span> = spans.flat_map(|span| versions.within(span)).collect();
        let offered = self.flows.iter().flat_map(|flow| {
            let offered = flow.offered_by();
            let parts = shared.iter().map(move |span| offered.within(span));
            parts.flatten().collect::<Vec<_>>()
        });
        union(offered)
    }

    /// True if some version of the span fails in some flow that it has.
    pub fn concerns(&self, span: &Span) -> bool {
        let fails = |part: &Span| !self.versions.within(part).is_empty();
        let is_broken = |flow: &Flow| flow.offered_by().within(span).iter().any(fails);
        self.flows.iter().any(is_broken)
    }

    /// True if this version fails in `flow`, perhaps under a condition.
    pub fn can_hit(&self, version: &Version, flow: Flow) -> bool {
        Era::of(version).is_some_and(|era| flow.is_among(self.flows, era))
            && self.versions.contains(version)
            && flow.offered_by().contains(version)
    }

    /// True if this version fails in an ordinary run of `flow`.
    pub fn hits(&self, version: &Version, flow: Flow) -> bool {
        self.condition.is_none() && self.can_hit(version, flow)
    }
}

impl BreakPart {
    /// The versions as a range.
    pub fn versions(&self) -> String {
        join(&self.versions)
    }

    /// The versions of `era` in which `flow` fails, as a range; `None` if it does not fail.
    pub fn in_cell(&self, era: Era, flow: Flow) -> Option<String> {
        let spans = self.spans(era, flow);
        (!spans.is_empty()).then(|| join(&spans))
    }

    /// The eras of which some version fails.
    pub fn eras(&self) -> Vec<Era> {
        let fails = |era: &Era| Flow::ALL.iter().any(|flow| self.is_hit(*era, *flow));
        Era::ALL.iter().copied().filter(fails).collect()
    }

    /// The declared flows that fail in some version that has them.
    pub fn flows(&self) -> Vec<Flow> {
        let fails = |flow: &Flow| Era::ALL.iter().any(|era| self.is_hit(*era, *flow));
        let declared = Flow::ALL.iter().filter(|flow| self.flows.contains(flow));
        declared.copied().filter(fails).collect()
    }

    fn is_hit(&self, era: Era, flow: Flow) -> bool {
        !self.spans(era, flow).is_empty()
    }

    fn spans(&self, era: Era, flow: Flow) -> Vec<Span> {
        if !flow.is_among(self.flows, era) {
            return Vec::new();
        }
        let offered = flow.offered_by().within(&era.span());
        let shared = offered
            .iter()
            .flat_map(|offered| self.versions.iter().map(|own| own.intersection(offered)));
        shared.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::version::{ALL, CONTAINERD};

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a test version is valid")
    }

    #[test]
    fn a_break_concerns_versions_that_have_the_flow() {
        let flows = &[Flow::PullRange];
        let brk = Break::when("sometimes", CONTAINERD, flows, Symptom::NoMatchingVersion);
        for (word, expected) in [("3.8", true), ("3", true), ("3.7", false), ("3.18", false)] {
            let span = word.parse().expect("it is a span");
            assert_eq!(brk.concerns(&span), expected, "{word}");
        }
    }

    #[test]
    fn a_break_is_cut_to_the_era_and_the_flow() {
        let flows = &[Flow::Pull, Flow::PullRange];
        let brk = Break::new(CONTAINERD, flows, Symptom::ManifestNotFound);
        let [part] = brk.parts(&[]).try_into().expect("one part");
        assert_eq!(
            part.in_cell(Era::Chart, Flow::Pull).as_deref(),
            Some(">=3.5.0, <3.7.0")
        );
        assert_eq!(
            part.in_cell(Era::Hip6, Flow::PullRange),
            None,
            "3.7 has no ranges"
        );
        assert_eq!(part.in_cell(Era::Oras3, Flow::Pull), None);
        assert!(brk.hits(&version("3.10.1"), Flow::PullRange));
        assert!(!brk.hits(&version("3.18.0"), Flow::PullRange));
        let rare = Break::when(
            "for large charts",
            CONTAINERD,
            flows,
            Symptom::ManifestNotFound,
        );
        assert!(
            !rare.hits(&version("3.10.1"), Flow::PullRange),
            "an ordinary run succeeds"
        );
        assert!(rare.can_hit(&version("3.10.1"), Flow::PullRange));
    }

    #[test]
    fn a_break_names_only_versions_that_have_one_of_its_flows() {
        for (flows, versions) in [
            (Flow::LISTINGS, ">=3.8.0"),
            (&[Flow::ChartPull][..], ">=3.0.0, <3.7.0"),
            (Flow::WRITES, ">=3.0.0"),
        ] {
            let brk = Break::new(ALL, flows, Symptom::OtherVersionPulled);
            let [part] = brk.parts(&[]).try_into().expect("one part");
            assert_eq!(part.versions(), versions, "{flows:?}");
        }
    }

    #[test]
    fn a_break_has_a_part_for_each_library_with_the_flow() {
        let brk = Break::new(ALL, &[Flow::Push], Symptom::BlobHead);
        let parts = brk.parts(&[]);
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.versions(), part.eras().len(), part.flows()))
            .collect();
        assert_eq!(
            found,
            [
                (">=3.7.0, <3.11.3".to_owned(), 2, vec![Flow::Push]),
                (">=3.11.3, <3.18.0".to_owned(), 1, vec![Flow::Push]),
                (">=3.18.0".to_owned(), 6, vec![Flow::Push]),
            ],
            "3.0 to 3.6 have no `helm push`"
        );
    }
}
