//! The outside world of helm-oci-conformance: sockets, containers, the command line.
//!
//! - [`transport`]: the HTTP port over the network; [`serve`]: a socket in front of a registry;
//! - [`target_spec`] and [`target_file`]: what is said of targets; [`launch`]: makes targets available; [`preflight`] and [`capabilities`] look at them first;
//! - [`names`]: the repositories a run needs; [`repository_file`]: those it is given;
//! - [`helm`]: real Helms, run through the flows of a user;
//! - [`doctor`]: what stands in the way on this machine;
//! - [`conduct`]: how a run behaves towards a registry; [`cleanup`]: what it takes away again;
//! - [`runner`]: runs a plan on targets and fills the record; [`clock`]: the only clock in it;
//! - [`snapshot`]: what a registry answers, as files to review;
//! - [`deviations`]: what is known to be wrong; `page`: what `explain` prints;
//! - [`prove`]: the suite examined; [`cli`]: the program; [`exit_code`]: how it ends.

pub mod capabilities;
pub mod chart_name;
pub mod cleanup;
pub mod cli;
pub mod clock;
pub mod conduct;
pub mod deviations;
pub mod doctor;
pub mod exit_code;
pub mod helm;
pub mod launch;
pub mod logins;
pub mod names;
pub(crate) mod page;
pub mod preflight;
pub mod prove;
pub mod repository_file;
pub mod runner;
pub mod serve;
pub mod snapshot;
pub mod target_file;
pub mod target_spec;
pub mod transport;

/// Makes the cryptography of this program the default of all TLS in the process. Doing so again is harmless.
pub fn install_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An error and its causes on one line, each said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
