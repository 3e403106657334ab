//! Faults on the command line.

use helm_oci_fixtures::fault::{Fault, UnknownFault};

/// Parses the name of a fault.
pub(super) fn parse(name: &str) -> Result<Fault, String> {
    name.parse().map_err(|unknown: UnknownFault| {
        let nearest = unknown.nearest;
        format!("unknown fault; did you mean `{nearest}`? `serve --list-faults` prints all")
    })
}

/// The faults that are given, or all.
pub(super) fn or_all(given: &[Fault]) -> Vec<Fault> {
    if given.is_empty() {
        Fault::ALL.to_vec()
    } else {
        given.to_vec()
    }
}
