//! A requirement: everything about one normative statement, in one place.

pub mod outcome;
pub mod source;

use std::fmt;

use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::Fault;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::helm::breaks::Break;
use crate::helm::flow::Flow;
use crate::helm::version::Span;
use crate::requirement::source::{Source, Specification};
use crate::session::Session;
use crate::verdict::CheckResult;

/// The code that observes a requirement.
pub type Check = for<'a> fn(&'a Session) -> BoxFuture<'a, CheckResult>;

/// How strongly a requirement binds, for a registry that wants to serve Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// An ordinary flow of some Helm fails or yields wrong content without it.
    Must,
    /// A narrower flow, an old era or a diagnosis suffers without it.
    Should,
    /// No Helm depends on it; it is observed and never fails a run.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

/// How the reference registry has to be set up for a check to have something to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// TLS, no authentication.
    Open,
    /// No TLS, no authentication.
    PlainHttp,
    /// TLS and HTTP Basic.
    Basic,
    /// TLS and Bearer tokens from a token endpoint.
    Bearer,
}

/// One normative statement with its check.
pub struct Requirement {
    /// `area/what-holds`: a slug that is never renumbered, reused or reworded.
    pub id: &'static str,
    /// One line for lists.
    pub title: &'static str,
    /// The published page, as Markdown: the behaviour, why Helm needs it, how it is checked.
    pub doc: &'static str,
    /// How strongly it binds.
    pub level: Level,
    /// The REG-ids of `spec/helm-client-behaviour.md` and the ids of `spec/registry-pitfalls.md` it covers.
    pub covers: &'static [&'static str],
    /// Who says so.
    pub sources: &'static [Source],
    /// What the OCI specification says of it, where the sentences that are cited do not tell by their keyword.
    pub stated: Option<Specification>,
    /// Which Helm versions fail in which flow when it is violated, and with which words.
    pub breaks: &'static [Break],
    /// The faults that must turn it red.
    pub faults: &'static [Fault],
    /// The faults of other requirements that turn it red as well, because they break its sentence too.
    pub consequences: &'static [Fault],
    /// The flow of one Helm version that the check replays whole. Such a requirement has no faults of its own:
    /// it must turn red for exactly the faults of which some other requirement says that they break this flow
    /// in this version.
    pub replays: Option<(Flow, (u64, u64, u64))>,
    /// How many mebibytes the check moves, both ways together, if it is one of the few that move many.
    pub moves: u64,
    /// The set-up of the reference registry on which it is proven.
    pub proven_on: Setup,
    /// The code that observes it.
    pub check: Check,
    /// The file that declares it, for `explain`.
    pub file: &'static str,
    /// The line of its declaration.
    pub line: u32,
}

impl Requirement {
    /// The part of the id before the slash.
    pub fn area(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(area, _)| area)
    }

    /// Whether some flow of some Helm of the span breaks when it is violated, or is replayed by it.
    pub fn matters_to(&self, span: &Span) -> bool {
        let is_replayed = || {
            self.replays.is_some_and(|(_, (major, minor, patch))| {
                span.shares_era_with(&Version::new(major, minor, patch))
            })
        };
        self.breaks.iter().any(|brk| brk.concerns(span)) || is_replayed()
    }

    /// How strongly the OCI specification asks for it, beside how strongly Helm needs it.
    pub fn specification(&self) -> Specification {
        self.stated
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

/// Declares a requirement: its doc comment is its published page.
macro_rules! requirement {
    (
        $(#[doc = $doc:literal])+
        $name:ident = $id:literal {
            level: $level:ident,
            title: $title:literal,
            covers: [$($covers:literal),* $(,)?],
            sources: [$($source:expr),+ $(,)?],
            $(specification: $specification:ident,)?
            breaks: [$($brk:expr),* $(,)?],
            faults: [$($fault:ident),* $(,)?],
            $(consequences: [$($consequence:ident),* $(,)?],)?
            $(replays: $replays:expr,)?
            $(moves: $moves:literal,)?
            $(proven_on: $access:ident,)?
            check: $check:ident $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        pub(crate) static $name: $crate::requirement::Requirement = $crate::requirement::Requirement {
            id: $id,
            title: $title,
            doc: concat!($($doc, "\n"),+),
            level: $crate::requirement::Level::$level,
            covers: &[$($covers),*],
            sources: &[$($source),+],
            stated: requirement!(@stated $($specification)?),
            breaks: &[$($brk),*],
            faults: &[$(helm_oci_fixtures::fault::Fault::$fault),*],
            consequences: &[$($(helm_oci_fixtures::fault::Fault::$consequence),*)?],
            replays: requirement!(@replays $($replays)?),
            moves: requirement!(@moves $($moves)?),
            proven_on: requirement!(@access $($access)?),
            check: |session| Box::pin($check(session)),
            file: file!(),
            line: line!(),
        };
    };
    (@stated) => { None };
    (@stated $specification:ident) => { Some($crate::requirement::source::Specification::$specification) };
    (@replays) => { None };
    (@replays $replays:expr) => { Some($replays) };
    (@moves) => { 0 };
    (@moves $moves:literal) => { $moves };
    (@access) => { $crate::requirement::Setup::Open };
    (@access $access:ident) => { $crate::requirement::Setup::$access };
}

pub(crate) use requirement;

/// The check of a requirement that only a test declares.
#[cfg(test)]
pub(crate) fn nothing(_: &Session) -> std::future::Ready<CheckResult> {
    std::future::ready(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::breaks::Break;
    use crate::helm::errors::Symptom;
    use crate::helm::version::ORAS;
    use crate::requirement::source::observed;

    requirement! {
        /// Pushes of Helm 3.18 and later depend on it, and a pull of Helm 3.10 is replayed.
        EXAMPLE = "test/example" {
            level: Must,
            title: "an example",
            covers: [],
            sources: [observed("0", "nothing")],
            breaks: [Break::new(ORAS, &[Flow::Push], Symptom::BlobPut)],
            faults: [],
            replays: (Flow::Pull, (3, 10, 1)),
            check: nothing,
        }
    }

    #[test]
    fn a_requirement_matters_to_those_it_breaks_and_those_it_replays() {
        assert_eq!(EXAMPLE.area(), "test");
        for (word, expected) in [("3.6", false), ("3.7", false), ("3.8", true), ("4", true)] {
            let span = word.parse().expect("it is a word");
            assert_eq!(EXAMPLE.matters_to(&span), expected, "{word}");
        }
        let neither = Requirement {
            breaks: &[],
            replays: None,
            ..EXAMPLE
        };
        assert!(!neither.matters_to(&"4".parse().expect("it is a word")));
    }
}
