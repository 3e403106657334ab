//! A requirement: one normative statement with its sources, its effect on Helm, its faults and its check.

mod declare;
mod level;
pub mod outcome;
pub mod source;

use std::fmt;

use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::Fault;
use semver::Version;

pub(crate) use self::declare::requirement;
pub use self::level::{Level, Setup};
use self::source::{Source, Specification};
use crate::helm::breaks::Break;
use crate::helm::flow::Flow;
use crate::helm::version::{Span, Versions};
use crate::session::Session;
use crate::verdict::CheckResult;

/// The code of a check.
pub type Check = for<'a> fn(&'a Session) -> BoxFuture<'a, CheckResult>;

/// One normative statement with its check.
pub struct Requirement {
    /// `area/what-holds`: a slug that is never renumbered, reused or reworded.
    pub id: &'static str,
    /// One line for lists.
    pub title: &'static str,
    /// The change that the developer of a registry makes to satisfy it. Only a replay of a flow has none: the violated
    /// requirement that explains its failure has one.
    pub fix: Option<&'static str>,
    /// The published page, as Markdown: the behaviour, why Helm needs it, how it is checked.
    pub doc: &'static str,
    /// Its importance for Helm.
    pub level: Level,
    /// The REG-ids of `spec/helm-client-behaviour.md` and the ids of `spec/registry-pitfalls.md` that it covers.
    pub covers: &'static [&'static str],
    /// The specifications, the code and the recordings that it follows from.
    pub sources: &'static [Source],
    /// Its importance for the OCI specification, where the keyword of the cited sentence gives another one.
    pub declared_specification: Option<Specification>,
    /// The Helm versions and flows that fail when it is violated, with their error texts.
    pub breaks: &'static [Break],
    /// The faults that must violate it.
    pub faults: &'static [Fault],
    /// The faults of other requirements that violate it as well.
    pub consequences: &'static [Fault],
    /// The flow and the Helm version that the check replays. Such a requirement has no faults of its own: it must be
    /// violated by exactly the faults that break this flow in this version, as other requirements declare.
    pub replays: Option<(Flow, (u64, u64, u64))>,
    /// The Helm versions that send the replayed requests; empty for a check that replays none.
    pub represents: Versions,
    /// The mebibytes that the check uploads and downloads; 0 for a small amount.
    pub mebibytes: u64,
    /// The set-up of the reference registry on which it is proven.
    pub proven_on: Setup,
    /// The code of the check.
    pub check: Check,
    /// The file of its declaration, for `explain`.
    pub file: &'static str,
    /// The line of its declaration.
    pub line: u32,
}

impl Requirement {
    /// The part of the id before the slash.
    pub fn area(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(area, _)| area)
    }

    /// True if its violation breaks a flow of some Helm version of the span, or if it replays such a version.
    pub fn concerns(&self, span: &Span) -> bool {
        let is_replayed = || {
            self.replays.is_some_and(|(_, (major, minor, patch))| {
                span.shares_era_with(&Version::new(major, minor, patch))
            })
        };
        self.breaks.iter().any(|brk| brk.concerns(span)) || is_replayed()
    }

    /// Its importance for the OCI specification.
    pub fn specification(&self) -> Specification {
        self.declared_specification
            .unwrap_or_else(|| Specification::of(self.sources))
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requirement")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The check of a requirement that a test declares.
#[cfg(test)]
pub(crate) fn no_check(_: &Session) -> std::future::Ready<CheckResult> {
    std::future::ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::errors::Symptom;
    use crate::helm::version::ORAS;
    use crate::requirement::source::observed;

    requirement! {
        /// Pushes of Helm 3.18 and later depend on it.
        EXAMPLE = "test/example" {
            level: Must,
            title: "an example",
            fix: "Return what the example expects.",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [Break::new(ORAS, &[Flow::Push], Symptom::BlobPut)],
            faults: [],
            check: no_check,
        }
    }

    #[test]
    fn a_requirement_concerns_the_versions_that_it_breaks_or_replays() {
        let both = Requirement {
            replays: Some((Flow::Pull, (3, 10, 1))),
            ..EXAMPLE
        };
        assert_eq!(both.area(), "test");
        for (word, expected) in [("3.6", false), ("3.7", false), ("3.8", true), ("4", true)] {
            let span = word.parse().expect("it is a span");
            assert_eq!(both.concerns(&span), expected, "{word}");
        }
        let neither = Requirement {
            breaks: &[],
            ..EXAMPLE
        };
        assert!(!neither.concerns(&"4".parse().expect("it is a span")));
    }
}
