//! Spans and sets of Helm versions, each set named after what the versions have in common.

use std::fmt;

use semver::Version;

/// Helm versions from `from` (inclusive) to `until` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: (u64, u64, u64),
    until: (u64, u64, u64),
}

/// A version that no release reaches: the end of an open span.
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

    /// True if `version` lies in the span; a prerelease counts as its release.
    pub fn contains(&self, version: &Version) -> bool {
        let version = (version.major, version.minor, version.patch);
        self.from <= version && version < self.until
    }

    /// True if some version lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.intersection(other).is_some()
    }

    /// The versions that lie in both.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = self.until.min(other.until);
        (from < until).then_some(Self { from, until })
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
    /// True if `version` is in one of the spans.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|span| span.contains(version))
    }

    /// The parts of `span` that these versions cover.
    pub fn within(&self, span: &Span) -> Vec<Span> {
        self.0
            .iter()
            .filter_map(|own| own.intersection(span))
            .collect()
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(self.0))
    }
}

/// The spans as one range, joined with `||`.
pub fn join(spans: &[Span]) -> String {
    spans
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" || ")
}

/// The union of spans: sorted, with spans that touch or overlap merged.
pub fn union(spans: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut spans: Vec<Span> = spans.into_iter().collect();
    spans.sort_by_key(|span| (span.from, span.until));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => merged.push(span),
        }
    }
    merged
}

/// No Helm version.
pub const NONE: Versions = Versions(&[]);
/// All Helm versions with OCI support.
pub const ALL: Versions = Versions(&[Span::since((3, 0, 0))]);
/// Versions over containerd's resolver and pusher: 3.0 to 3.17.
pub const CONTAINERD: Versions = Versions(&[Span::new((3, 0, 0), (3, 18, 0))]);
/// Versions over oras-go v2: 3.18 and later, all of 4.
pub const ORAS: Versions = Versions(&[Span::since((3, 18, 0))]);
/// Versions over oras-go v2.6.1 and later, which checks URLs before it follows them.
pub const HARDENED: Versions =
    Versions(&[Span::new((3, 21, 1), (4, 0, 0)), Span::since((4, 2, 1))]);
/// Versions over oras-go v2 up to v2.6.0, which follows any URL.
pub const ORAS_UNCHECKED: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 21, 1)),
    Span::new((4, 0, 0), (4, 2, 1)),
]);
/// Versions over oras-go v2.6.1, which limits a blob to 32 MiB and follows a `Link` to any place.
pub const ORAS_2_6_1: Versions = Versions(&[
    Span::new((3, 21, 1), (3, 22, 0)),
    Span::new((4, 2, 1), (4, 3, 0)),
]);
/// Versions over oras-go v2.6.2 and later, which follows a `Link` only on the origin of the registry.
pub const CHECKS_LINKS: Versions =
    Versions(&[Span::new((3, 22, 0), (4, 0, 0)), Span::since((4, 3, 0))]);
/// Versions that list tags and follow a `Link` to any place.
pub const FOLLOWS_ANY_LINK: Versions = Versions(&[
    Span::new((3, 8, 0), (3, 22, 0)),
    Span::new((4, 0, 0), (4, 3, 0)),
]);
/// Versions over oras-go v2 other than v2.6.1, which neither pushes nor pulls a blob of more than 32 MiB.
pub const ORAS_WITHOUT_CAP: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 21, 1)),
    Span::new((3, 22, 0), (4, 0, 0)),
    Span::new((4, 0, 0), (4, 2, 1)),
    Span::since((4, 3, 0)),
]);
/// Versions that push and pull blobs of more than 32 MiB.
pub const WITHOUT_CAP: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 21, 1)),
    Span::new((3, 22, 0), (4, 0, 0)),
    Span::new((4, 0, 0), (4, 2, 1)),
    Span::since((4, 3, 0)),
]);
/// Versions over older libraries, which follow ten redirects to any place.
pub const NOT_HARDENED: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 21, 1)),
    Span::new((4, 0, 0), (4, 2, 1)),
]);
/// All versions of Helm 3.
pub const HELM_3: Versions = Versions(&[Span::new((3, 0, 0), (4, 0, 0))]);
/// All versions since Helm 4.
pub const HELM_4: Versions = Versions(&[Span::since((4, 0, 0))]);
/// Versions since the HIP-6 rewrite.
pub const SINCE_3_7: Versions = Versions(&[Span::since((3, 7, 0))]);
/// Versions since OCI support is generally available; they list tags and map `+` to `_`.
pub const SINCE_3_8: Versions = Versions(&[Span::since((3, 8, 0))]);
/// Versions that pull by digest.
pub const SINCE_3_17: Versions = Versions(&[Span::since((3, 17, 0))]);
/// Versions that read `oci://` references.
pub const SINCE_3_5: Versions = Versions(&[Span::since((3, 5, 0))]);
/// Versions with the `helm chart` commands.
pub const BEFORE_3_7: Versions = Versions(&[Span::new((3, 0, 0), (3, 7, 0))]);
/// Versions whose blob PUT carries no `Content-Type`.
pub const BEFORE_3_3: Versions = Versions(&[Span::new((3, 0, 0), (3, 3, 0))]);

/// Versions over containerd 1.3.
pub const CONTAINERD_1_3: Versions = Versions(&[Span::new((3, 0, 0), (3, 5, 2))]);
/// Versions over containerd 1.4.
pub const CONTAINERD_1_4: Versions = Versions(&[Span::new((3, 5, 2), (3, 7, 0))]);
/// Versions over containerd 1.5 and 1.6, whose errors name a status and nothing else.
pub const CONTAINERD_1_5: Versions = Versions(&[Span::new((3, 7, 0), (3, 11, 3))]);
/// Versions over containerd 1.7, whose errors name the request and the status.
pub const CONTAINERD_1_7: Versions = Versions(&[Span::new((3, 11, 3), (3, 18, 0))]);
/// Versions over containerd up to 1.6.
pub const BEFORE_CONTAINERD_1_7: Versions = Versions(&[Span::new((3, 0, 0), (3, 11, 3))]);
/// Helm 3.7 to 3.17.
pub const CONTAINERD_SINCE_3_7: Versions = Versions(&[Span::new((3, 7, 0), (3, 18, 0))]);
/// Helm 3.7, the only one over containerd 1.5 that does not resume an interrupted transfer.
pub const HELM_3_7: Versions = Versions(&[Span::new((3, 7, 0), (3, 8, 0))]);
/// Versions that do not resume an interrupted transfer; 3.8 to 3.17 do.
pub const WITHOUT_RESUME: Versions =
    Versions(&[Span::new((3, 0, 0), (3, 8, 0)), Span::since((3, 18, 0))]);
/// Versions that reject status 202 of a PUT; 3.6 to 3.10 accept it.
pub const REFUSES_202: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 6, 0)),
    Span::new((3, 11, 0), (3, 18, 0)),
]);
/// Versions that cannot read a chart through an index.
pub const NO_INDEX: Versions = Versions(&[
    Span::new((3, 18, 0), (3, 20, 1)),
    Span::new((4, 0, 0), (4, 1, 2)),
]);
/// Helm 3.8 to 3.17, which list tags with a client of their own, oras-go v1.
pub const OLD_LISTING: Versions = Versions(&[Span::new((3, 8, 0), (3, 18, 0))]);
/// Versions that can push a version with build metadata; 3.18.0 alone fails before it sends a request.
pub const PUSHES_BUILD_METADATA: Versions =
    Versions(&[Span::new((3, 8, 0), (3, 18, 0)), Span::since((3, 18, 1))]);
/// Versions over containerd that abort a push whose upload cannot begin.
pub const FAILS_WITHOUT_LOCATION: Versions = Versions(&[
    Span::new((3, 0, 0), (3, 11, 3)),
    Span::new((3, 16, 3), (3, 18, 0)),
]);
/// Versions over containerd that wait forever where an upload cannot begin.
pub const HANGS_WITHOUT_LOCATION: Versions = Versions(&[Span::new((3, 11, 3), (3, 16, 3))]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_printed_as_ranges() {
        assert_eq!(HARDENED.to_string(), ">=3.21.1, <4.0.0 || >=4.2.1");
        assert_eq!(ORAS.to_string(), ">=3.18.0");
    }

    #[test]
    fn a_union_has_no_spans_that_touch() {
        let spans = [
            Span::since((4, 2, 1)),
            Span::new((3, 7, 0), (3, 18, 0)),
            Span::new((3, 0, 0), (3, 7, 0)),
            Span::new((3, 8, 0), (3, 10, 0)),
        ];
        assert_eq!(join(&union(spans)), ">=3.0.0, <3.18.0 || >=4.2.1");
        assert_eq!(union([]), []);
    }

    #[test]
    fn a_prerelease_counts_as_its_release() {
        for (version, expected) in [("3.18.0-rc.1", true), ("3.17.4", false)] {
            let version = Version::parse(version).expect("a test version is valid");
            assert_eq!(ORAS.contains(&version), expected, "{version}");
        }
    }
}
