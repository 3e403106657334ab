//! The reasons why a requirement does not apply.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

/// The reason why a requirement does not apply to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The run may not do what the check needs.
    NotAllowed(Restriction),
    /// The run left the check out, for example because its budget is too small.
    NotRun(String),
    /// The run has no credentials of the kind that the check needs.
    MissingCredentials(&'static str),
    /// The registry does not offer an optional feature.
    NotOffered {
        /// What the registry does not do, as a sentence.
        what: Cow<'static, str>,
        /// The status that it returned instead.
        status: StatusCode,
    },
    /// The requirement is about a behaviour or a set-up that the target does not have.
    ConditionNotMet(&'static str),
}

/// A restriction of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// The run is read-only.
    ReadOnly,
    /// The run is limited to the repositories that were given to it.
    GivenRepositories,
    /// The chart that a read-only run reads has no provenance.
    UnsignedChart,
}

impl Reason {
    /// True if the run is the reason and not the registry: then nothing is known of the registry.
    pub const fn lies_in_the_run(&self) -> bool {
        matches!(self, Self::NotAllowed(_) | Self::NotRun(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed(restriction) => restriction.fmt(f),
            Self::NotRun(why) => f.write_str(why),
            Self::MissingCredentials(what) | Self::ConditionNotMet(what) => f.write_str(what),
            Self::NotOffered { what, status } => write!(f, "{what}: it returned {status}"),
        }
    }
}

impl fmt::Display for Restriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "the check pushes, and the run is read-only",
            Self::GivenRepositories => {
                "the check writes to another repository, and the run is limited to the given ones"
            }
            Self::UnsignedChart => "the chart of this run is not signed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_in_the_run_are_told_apart_from_reasons_in_the_registry() {
        let not_offered = Reason::NotOffered {
            what: "the registry does not delete tags".into(),
            status: StatusCode::METHOD_NOT_ALLOWED,
        };
        for (reason, lies_in_the_run, text) in [
            (
                Reason::NotAllowed(Restriction::ReadOnly),
                true,
                "the check pushes, and the run is read-only",
            ),
            (
                Reason::NotAllowed(Restriction::GivenRepositories),
                true,
                "the check writes to another repository, and the run is limited to the given ones",
            ),
            (
                Reason::NotAllowed(Restriction::UnsignedChart),
                true,
                "the chart of this run is not signed",
            ),
            (Reason::NotRun("no budget".into()), true, "no budget"),
            (
                Reason::MissingCredentials("the run has no credentials"),
                false,
                "the run has no credentials",
            ),
            (
                Reason::ConditionNotMet("blobs are not redirected"),
                false,
                "blobs are not redirected",
            ),
            (
                not_offered,
                false,
                "the registry does not delete tags: it returned 405 Method Not Allowed",
            ),
        ] {
            assert_eq!(reason.lies_in_the_run(), lies_in_the_run, "{reason}");
            assert_eq!(reason.to_string(), text);
        }
    }
}
