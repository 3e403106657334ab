//! Spans of Helm versions, the eras they form, and the flows a user runs.
//!
//! An era exists only where the wire changed; section 1 of `spec/helm-client-behaviour.md` cites the
//! release that changed it. A requirement names the exact versions it breaks, which may be narrower
//! than an era: 202 on a blob PUT, say, was taken by Helm 3.6 to 3.10 only.

use std::fmt;
use std::str::FromStr;

use semver::Version;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Helm versions from `from` (inclusive) to `until` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: (u64, u64, u64),
    until: (u64, u64, u64),
}

/// The version no release will reach; it makes a span open-ended.
const OPEN: (u64, u64, u64) = (u64::MAX, 0, 0);

impl Span {
    /// Versions from `from` up to but not including `until`.
    pub const fn new(from: (u64, u64, u64), until: (u64, u64, u64)) -> Self {
        Self { from, until }
    }

    /// Versions from `from` on.
    pub const fn since(from: (u64, u64, u64)) -> Self {
        Self { from, until: OPEN }
    }

    /// Whether `version` lies in the span; a prerelease counts as its release.
    pub fn contains(&self, version: &Version) -> bool {
        let version = (version.major, version.minor, version.patch);
        self.from <= version && version < self.until
    }

    /// Whether it has versions that behave on the wire as this one does: those of its era.
    pub fn has_the_like_of(&self, version: &Version) -> bool {
        Era::of(version).is_some_and(|era| era.span().overlaps(self))
    }

    /// Whether some version lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.intersection(other).is_some()
    }

    fn intersection(&self, other: &Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = self.until.min(other.until);
        (from < until).then_some(Self { from, until })
    }
}

/// A word that stands for no Helm.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "write a version of Helm from 3.0 on, such as 3.8 or 4.2.4, or an era: {}",
    era_names()
)]
pub struct SpanError;

fn era_names() -> String {
    let names: Vec<&str> = Era::ALL.iter().map(|era| era.name()).collect();
    names.join(", ")
}

impl FromStr for Span {
    type Err = SpanError;

    /// Reads `3`, `3.8`, `3.8.1`, or the name of an era.
    fn from_str(text: &str) -> Result<Self, SpanError> {
        if let Some(era) = Era::ALL.iter().find(|era| era.name() == text) {
            return Ok(era.span());
        }
        let numbers: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        let span = match numbers.map_err(|_| SpanError)?.as_slice() {
            [major] => Self::new((*major, 0, 0), (major.saturating_add(1), 0, 0)),
            [major, minor] => Self::new((*major, *minor, 0), (*major, minor.saturating_add(1), 0)),
            [major, minor, patch] => Self::new(
                (*major, *minor, *patch),
                (*major, *minor, patch.saturating_add(1)),
            ),
            _ => return Err(SpanError),
        };
        let is_known = Era::ALL.iter().any(|era| era.span().overlaps(&span));
        is_known.then_some(span).ok_or(SpanError)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.from;
        write!(f, ">={major}.{minor}.{patch}")?;
        if self.until != OPEN {
            let (major, minor, patch) = self.until;
            write!(f, ", <{major}.{minor}.{patch}")?;
        }
        Ok(())
    }
}

/// A set of Helm versions: the union of its spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions(pub &'static [Span]);

impl Versions {
    /// Whether `version` is in one of the spans.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|span| span.contains(version))
    }

    /// The parts of `span` that these versions cover.
    fn within(&self, span: &Span) -> Vec<Span> {
        self.0
            .iter()
            .filter_map(|own| own.intersection(span))
            .collect()
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", join(self.0))
    }
}

fn join(spans: &[Span]) -> String {
    spans
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" || ")
}

/// Every Helm that knows OCI registries.
pub const ALL: Versions = Versions(&[Span::since((3, 0, 0))]);
/// Helm over containerd's resolver and pusher: 3.0 to 3.17.
pub const CONTAINERD: Versions = Versions(&[Span::new((3, 0, 0), (3, 18, 0))]);
/// Helm over oras-go v2: 3.18 and later, all of 4.
pub const ORAS: Versions = Versions(&[Span::since((3, 18, 0))]);
/// Helm over oras-go v2.6.1 and later, which checks where a URL leads.
pub const HARDENED: Versions =
    Versions(&[Span::new((3, 21, 1), (4, 0, 0)), Span::since((4, 2, 1))]);
/// Helm over oras-go v2 before v2.6.1, which neither pushes nor pulls a blob of more than 32 MiB.
pub const ORAS_WITHOUT_CAP: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 21, 1)),
    Span::new((4, 0, 0), (4, 2, 1)),
]);
/// Helm over older libraries, which follows ten redirects to wherever they lead.
pub const NOT_HARDENED: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 21, 1)),
    Span::new((4, 0, 0), (4, 2, 1)),
]);
/// Every Helm 3.
pub const HELM_3: Versions = Versions(&[Span::new((3, 0, 0), (4, 0, 0))]);
/// Every Helm since 4.
pub const HELM_4: Versions = Versions(&[Span::since((4, 0, 0))]);
/// Helm since the HIP-6 rewrite.
pub const SINCE_3_7: Versions = Versions(&[Span::since((3, 7, 0))]);
/// Helm since OCI support is generally available; it lists tags and maps `+` to `_`.
pub const SINCE_3_8: Versions = Versions(&[Span::since((3, 8, 0))]);
/// Helm that pulls what a digest names.
const SINCE_3_17: Versions = Versions(&[Span::since((3, 17, 0))]);
/// Helm with the `helm chart` commands.
pub const BEFORE_3_7: Versions = Versions(&[Span::new((3, 0, 0), (3, 7, 0))]);
/// Helm whose blob PUT carries no `Content-Type`.
pub const BEFORE_3_3: Versions = Versions(&[Span::new((3, 0, 0), (3, 3, 0))]);

/// Helm over containerd up to 1.6.
pub const BEFORE_CONTAINERD_1_7: Versions = Versions(&[Span::new((3, 0, 0), (3, 11, 3))]);
/// Helm over containerd 1.5 and 1.6, which names a status and nothing else.
pub const CONTAINERD_1_5: Versions = Versions(&[Span::new((3, 7, 0), (3, 11, 3))]);
/// Helm over containerd 1.7, which names the request beside the status.
pub const CONTAINERD_1_7: Versions = Versions(&[Span::new((3, 11, 3), (3, 18, 0))]);
/// Helm 3.7 to 3.17.
pub const CONTAINERD_SINCE_3_7: Versions = Versions(&[Span::new((3, 7, 0), (3, 18, 0))]);
/// 202 on a PUT was taken by Helm 3.6 to 3.10 only.
pub const REFUSES_202: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 6, 0)),
    Span::new((3, 11, 0), (3, 18, 0)),
]);
/// Helm that cannot read a chart through an index.
pub const NO_INDEX: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 20, 1)),
    Span::new((4, 0, 0), (4, 1, 2)),
]);
/// Helm 3.8 to 3.17, whose listing is a client of its own.
pub const OLD_LISTING: Versions = Versions(&[Span::new((3, 8, 0), (3, 18, 0))]);
/// Helm that reads `oci://` references.
const SINCE_3_5: Versions = Versions(&[Span::since((3, 5, 0))]);
/// Helm that can push a version with build metadata; 3.18.0 alone fails before it sends anything.
const PUSHES_BUILD_METADATA: Versions =
    Versions(&[Span::new((3, 8, 0), (3, 18, 0)), Span::since((3, 18, 1))]);

/// A span of Helm versions with one wire behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Era {
    /// `helm chart save` and `push`; the legacy layer type.
    #[serde(rename = "3.0-3.6")]
    Chart,
    /// The HIP-6 rewrite, still behind the gate.
    #[serde(rename = "3.7")]
    Hip6,
    /// Generally available, over containerd.
    #[serde(rename = "3.8-3.17")]
    Containerd,
    /// oras-go v2 in Helm 3.
    #[serde(rename = "3.18-3.21.0")]
    Oras3,
    /// oras-go v2.6.1 in Helm 3: URLs are checked before they are followed.
    #[serde(rename = "3.21.1+")]
    Hardened3,
    /// oras-go v2 in Helm 4.
    #[serde(rename = "4.0-4.2.0")]
    Oras4,
    /// oras-go v2.6.1 in Helm 4.
    #[serde(rename = "4.2.1+")]
    Hardened4,
}

impl Era {
    /// All eras, oldest first; within one library Helm 3 before Helm 4.
    pub const ALL: &'static [Self] = &[
        Self::Chart,
        Self::Hip6,
        Self::Containerd,
        Self::Oras3,
        Self::Hardened3,
        Self::Oras4,
        Self::Hardened4,
    ];

    /// The name used in reports, such as `3.8-3.17`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chart => "3.0-3.6",
            Self::Hip6 => "3.7",
            Self::Containerd => "3.8-3.17",
            Self::Oras3 => "3.18-3.21.0",
            Self::Hardened3 => "3.21.1+",
            Self::Oras4 => "4.0-4.2.0",
            Self::Hardened4 => "4.2.1+",
        }
    }

    /// The versions of the era.
    pub const fn span(self) -> Span {
        match self {
            Self::Chart => Span::new((3, 0, 0), (3, 7, 0)),
            Self::Hip6 => Span::new((3, 7, 0), (3, 8, 0)),
            Self::Containerd => Span::new((3, 8, 0), (3, 18, 0)),
            Self::Oras3 => Span::new((3, 18, 0), (3, 21, 1)),
            Self::Hardened3 => Span::new((3, 21, 1), (4, 0, 0)),
            Self::Oras4 => Span::new((4, 0, 0), (4, 2, 1)),
            Self::Hardened4 => Span::since((4, 2, 1)),
        }
    }

    /// The era of a Helm version, if OCI support existed then.
    pub fn of(version: &Version) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|era| era.span().contains(version))
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing a Helm user does with a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// `helm chart push` of 3.0 to 3.6.
    ChartPush,
    /// `helm chart pull` of 3.0 to 3.6.
    ChartPull,
    /// `helm push` of a chart the registry does not hold yet.
    Push,
    /// `helm push` of the same archive again.
    RePush,
    /// `helm push` of another archive under a version that is there.
    PushChanged,
    /// `helm push` of a version with build metadata.
    PushPlus,
    /// `helm push` of a chart beside which its provenance lies.
    PushProv,
    /// `helm pull --version` with an exact version.
    Pull,
    /// `helm pull --prov` or `--verify`.
    PullProv,
    /// `helm pull --version` with build metadata.
    PullPlus,
    /// `helm pull --version` with a range.
    PullRange,
    /// `helm pull` without a version: the highest release.
    PullUnversioned,
    /// `helm pull` of what a digest names, without a tag.
    PullDigest,
    /// `helm dependency update` with an `oci://` repository, `build` from its lock, `package --dependency-update`.
    DependencyUpdate,
    /// `helm show` and `helm template`; a dry run of an installation where one can be had.
    Show,
    /// `helm registry login` and `logout`.
    Login,
}

impl Flow {
    /// All flows, in the order reports show them.
    pub const ALL: &'static [Self] = &[
        Self::ChartPush,
        Self::ChartPull,
        Self::Push,
        Self::RePush,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
        Self::Login,
    ];

    /// The flows that send blobs and a manifest that the registry does not hold.
    pub const PUSHES: &'static [Self] = &[
        Self::ChartPush,
        Self::Push,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
    ];

    /// The flows that push into a repository that is not there yet.
    pub const FIRST_PUSHES: &'static [Self] =
        &[Self::ChartPush, Self::Push, Self::PushPlus, Self::PushProv];

    /// The flows that read a manifest and its blobs.
    pub const PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that read a chart under a tag.
    pub const TAG_PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that read a chart under the tag they were given; the others list tags first, or name a digest.
    pub const EXACT_PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// Every flow that sends something, the repeated push included.
    pub const WRITES: &'static [Self] = &[
        Self::ChartPush,
        Self::Push,
        Self::RePush,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
    ];

    /// The flows that read or write charts: all but the login.
    pub const CHARTS: &'static [Self] = &[
        Self::ChartPush,
        Self::ChartPull,
        Self::Push,
        Self::RePush,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that list tags.
    pub const LISTINGS: &'static [Self] = &[Self::PullRange, Self::PullUnversioned];

    /// The name used in reports, such as `pull-range`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChartPush => "chart-push",
            Self::ChartPull => "chart-pull",
            Self::Push => "push",
            Self::RePush => "re-push",
            Self::PushChanged => "push-changed",
            Self::PushPlus => "push-plus",
            Self::PushProv => "push-prov",
            Self::Pull => "pull",
            Self::PullProv => "pull-prov",
            Self::PullPlus => "pull-plus",
            Self::PullRange => "pull-range",
            Self::PullUnversioned => "pull-unversioned",
            Self::PullDigest => "pull-digest",
            Self::DependencyUpdate => "dependency-update",
            Self::Show => "show",
            Self::Login => "login",
        }
    }

    /// The Helm versions in which the flow exists and works against a good registry.
    pub const fn offered_by(self) -> Versions {
        match self {
            Self::ChartPush | Self::ChartPull => BEFORE_3_7,
            Self::Push
            | Self::RePush
            | Self::PushChanged
            | Self::PushProv
            | Self::PullProv
            | Self::Show => SINCE_3_7,
            Self::PushPlus => PUSHES_BUILD_METADATA,
            Self::PullPlus | Self::PullRange | Self::PullUnversioned => SINCE_3_8,
            Self::PullDigest => SINCE_3_17,
            Self::Pull | Self::DependencyUpdate => SINCE_3_5,
            Self::Login => ALL,
        }
    }

    /// Whether any version of the era has the flow.
    pub fn in_era(self, era: Era) -> bool {
        !self.offered_by().within(&era.span()).is_empty()
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What stands in a symptom for that which differs from run to run; `evidence/README.md` has the same list.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("{host}", "host and port"),
    ("{repo}", "the repository"),
    ("{url}", "`https://HOST/v2/REPOSITORY`"),
    ("{ref}", "`HOST/REPOSITORY:TAG`"),
    ("{u}", "the URL of an upload"),
    ("{id}", "the session of an upload"),
    ("{tag}", "a tag"),
    ("{d}", "a digest"),
    ("{n}", "a size"),
    ("{type}", "the media type of a blob"),
    ("{client}", "the client's own address"),
    ("{home}", "Helm's folder"),
    ("…", "anything"),
];

/// What a violated requirement does to users of some Helm versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The Helm versions that fail.
    pub versions: Versions,
    /// What fails.
    pub flows: &'static [Flow],
    /// When it fails, where an ordinary run of the flow does not; such a break leaves the flow's verdict alone.
    pub condition: Option<&'static str>,
    /// The words by which what Helm prints after `Error: ` is recognised, with the placeholders of
    /// `evidence/README.md` and `…` for anything; or, in parentheses, what happens where Helm prints nothing.
    pub symptom: &'static str,
}

impl Break {
    /// These versions fail in these flows, and print this.
    pub const fn new(versions: Versions, flows: &'static [Flow], symptom: &'static str) -> Self {
        Self {
            versions,
            flows,
            condition: None,
            symptom,
        }
    }

    /// These versions fail in these flows only under a condition, such as `for large charts`.
    pub const fn when(
        condition: &'static str,
        versions: Versions,
        flows: &'static [Flow],
        symptom: &'static str,
    ) -> Self {
        Self {
            versions,
            flows,
            condition: Some(condition),
            symptom,
        }
    }

    /// The versions of `era` in which `flow` fails, as a range, or `None` if it does not.
    pub fn in_cell(&self, era: Era, flow: Flow) -> Option<String> {
        if !self.flows.contains(&flow) {
            return None;
        }
        let offered = flow.offered_by().within(&era.span());
        let broken: Vec<Span> = offered
            .iter()
            .flat_map(|part| self.versions.within(part))
            .collect();
        (!broken.is_empty()).then(|| join(&broken))
    }

    /// Whether some version of the span fails in some flow that it has.
    pub fn concerns(&self, span: &Span) -> bool {
        let fails = |part: &Span| !self.versions.within(part).is_empty();
        let is_broken = |flow: &Flow| flow.offered_by().within(span).iter().any(fails);
        self.flows.iter().any(is_broken)
    }

    /// Whether this very version fails in an ordinary run of `flow`.
    pub fn hits(&self, version: &Version, flow: Flow) -> bool {
        self.condition.is_none()
            && self.flows.contains(&flow)
            && self.versions.contains(version)
            && flow.offered_by().contains(version)
    }

    /// Whether an error of Helm's has the words of the symptom; `…` stands for anything.
    pub fn is_said_in(&self, error: &str) -> bool {
        let mut rest = error;
        self.symptom.split('…').all(|part| match rest.find(part) {
            Some(start) => {
                rest = &rest[start + part.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a test version is valid")
    }

    #[test]
    fn every_release_lies_in_one_era() {
        for (text, era) in [
            ("3.0.0", Era::Chart),
            ("3.6.3", Era::Chart),
            ("3.7.2", Era::Hip6),
            ("3.8.0", Era::Containerd),
            ("3.17.4", Era::Containerd),
            ("3.18.0", Era::Oras3),
            ("3.21.0", Era::Oras3),
            ("3.21.1", Era::Hardened3),
            ("4.0.0", Era::Oras4),
            ("4.2.0", Era::Oras4),
            ("4.2.1", Era::Hardened4),
            ("4.3.0-rc.1", Era::Hardened4),
        ] {
            assert_eq!(Era::of(&version(text)), Some(era), "{text}");
        }
        assert_eq!(Era::of(&version("2.17.0")), None);
    }

    #[test]
    fn a_word_stands_for_versions() {
        for (word, versions) in [
            ("3.8", ">=3.8.0, <3.9.0"),
            ("4", ">=4.0.0, <5.0.0"),
            ("3.21.1", ">=3.21.1, <3.21.2"),
            ("3.8-3.17", ">=3.8.0, <3.18.0"),
        ] {
            let span: Span = word.parse().expect("it is a word");
            assert_eq!(span.to_string(), versions, "{word}");
        }
        for word in ["2.17", "latest", "3.8.1.2", "", "3.x"] {
            assert_eq!(word.parse::<Span>(), Err(SpanError), "{word}");
        }
        assert!(SpanError.to_string().ends_with("4.0-4.2.0, 4.2.1+"));
    }

    #[test]
    fn a_span_has_the_like_of_the_versions_in_its_eras() {
        for (word, other, expected) in [
            ("3.8", "3.10.1", true),
            ("3.8", "3.18.6", false),
            ("4", "4.0.4", true),
            ("4.2.4", "4.2.0", false),
            ("3", "2.17.0", false),
        ] {
            let span: Span = word.parse().expect("it is a word");
            assert_eq!(
                span.has_the_like_of(&version(other)),
                expected,
                "{word} {other}"
            );
        }
    }

    #[test]
    fn a_break_concerns_versions_that_have_the_flow() {
        let brk = Break::when("sometimes", CONTAINERD, &[Flow::PullRange], "not found");
        for (word, expected) in [("3.8", true), ("3", true), ("3.7", false), ("3.18", false)] {
            let span = word.parse().expect("it is a word");
            assert_eq!(brk.concerns(&span), expected, "{word}");
        }
    }

    #[test]
    fn a_break_is_cut_to_the_era_and_the_flow() {
        let flows = &[Flow::Pull, Flow::PullRange];
        let brk = Break::new(CONTAINERD, flows, "not found");
        assert_eq!(
            brk.in_cell(Era::Chart, Flow::Pull).as_deref(),
            Some(">=3.5.0, <3.7.0")
        );
        assert_eq!(
            brk.in_cell(Era::Hip6, Flow::PullRange),
            None,
            "3.7 knows no ranges"
        );
        assert_eq!(brk.in_cell(Era::Oras3, Flow::Pull), None);
        assert!(brk.hits(&version("3.10.1"), Flow::PullRange));
        assert!(!brk.hits(&version("3.18.0"), Flow::PullRange));
        let rare = Break::when("for large charts", CONTAINERD, flows, "not found");
        assert!(
            !rare.hits(&version("3.10.1"), Flow::PullRange),
            "an ordinary run is not concerned"
        );
    }

    #[test]
    fn names_agree_with_serialisation() {
        for era in Era::ALL {
            assert_eq!(serde_json::to_value(era).expect("serialises"), era.name());
        }
        for flow in Flow::ALL {
            assert_eq!(serde_json::to_value(flow).expect("serialises"), flow.name());
        }
    }

    #[test]
    fn a_symptom_is_said_where_its_parts_stand_one_after_the_other() {
        for (symptom, error, expected) in [
            ("not found", "chart not found: not here", true),
            ("not found", "not seen", false),
            (
                "failed … found",
                "push failed because nothing was found",
                true,
            ),
            ("failed … found", "found, and failed", false),
            ("one…one", "one", false),
            ("one…one", "one by one", true),
            ("…", "anything", true),
        ] {
            let brk = Break::new(ALL, &[Flow::Push], symptom);
            assert_eq!(brk.is_said_in(error), expected, "{symptom}: {error}");
        }
    }

    #[test]
    fn versions_and_eras_are_written_as_people_read_them() {
        assert_eq!(HARDENED.to_string(), ">=3.21.1, <4.0.0 || >=4.2.1");
        assert_eq!(Era::Hip6.to_string(), "3.7");
        assert_eq!(Flow::PushProv.to_string(), "push-prov");
    }
}
