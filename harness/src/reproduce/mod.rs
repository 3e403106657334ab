//! A finding as a shell script that sends the requests of its check with curl, and ends in the assertion.
//!
//! - `baseline` runs the check on the reference registry, with the names and the content of the finding;
//! - `difference` compares the responses of both, and finds the differences that violate the requirement;
//! - `assertion` states, for each of them, which responses would satisfy it;
//! - `script` writes the requests and the assertions, `bodies` the bodies of the requests.

mod assertion;
mod baseline;
mod bodies;
mod difference;
mod script;

use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::verdict::Finding;
use helm_oci_suite::wire::exchange::Exchange;
use thiserror::Error;

use self::baseline::Baseline;

/// The requirements whose checks send requests concurrently; a script sends one after the other.
const CONCURRENT: &[&str] = &[
    "consistency/blob-in-both-repositories",
    "consistency/both-versions-listed",
    "consistency/manifests-side-by-side",
    "consistency/parallel-pulls",
    "consistency/uploads-independent",
    "upload/not-throttled",
];

/// A finding of a run.
#[derive(Debug)]
pub(crate) struct Reported<'r> {
    /// The violated requirement.
    pub(crate) requirement: &'static Requirement,
    /// The violation.
    pub(crate) finding: &'r Finding,
    /// The transcript of the check.
    pub(crate) exchanges: &'r [Exchange],
    /// The seed of the content.
    pub(crate) seed: u64,
    /// Scheme, host and port of the registry; without it, those of an example.
    pub(crate) origin: Option<&'r str>,
}

/// The reason for which a finding cannot be reproduced by a script.
#[derive(Debug, Error)]
pub(crate) enum NotReproducible {
    /// The verdict of the check does not follow from what the record holds of the responses.
    #[error(
        "the violation does not follow from the recorded responses: it concerns the connection, the content of a token response, or TLS"
    )]
    NotInResponses,
    /// Curl cannot send the requests.
    #[error("the check sends no HTTP request")]
    NoRequest,
    /// A script cannot send the requests at the same time.
    #[error("the check sends its requests concurrently")]
    Concurrent,
}

/// The script of a finding.
pub(crate) fn script(reported: &Reported<'_>) -> Result<String, NotReproducible> {
    if reported.exchanges.is_empty() {
        return Err(NotReproducible::NoRequest);
    }
    if CONCURRENT.contains(&reported.requirement.id) {
        return Err(NotReproducible::Concurrent);
    }
    let baseline = Baseline::closest(reported);
    let differences = difference::cause(&baseline, reported)?;
    let (exchanges, assertions) =
        assertion::all(&baseline, &differences).ok_or(NotReproducible::NotInResponses)?;
    Ok(script::write(&baseline, &exchanges, reported, &assertions))
}
