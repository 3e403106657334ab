//! The outside world of helm-oci-conformance: sockets, containers, processes, files, and the command line.
//!
//! - [`cli`]: subcommands, options and exit codes;
//! - [`target`]: the description of a target, its parsed kind, its credentials and its policy;
//! - [`launch`]: makes a target available; [`http`]: requests over the network; [`serve`]: a socket in front of a
//!   registry;
//! - [`run`]: runs a plan on targets, and fills the run record; [`deviations`]: known deviations of a target;
//! - [`helm`]: real Helm binaries, run through the flows of a user;
//! - [`snapshot`]: registry responses as files for review; [`compare`]: two registries compared; [`prove`]: every
//!   requirement against every fault;
//! - [`doctor`]: checks of the local environment; `handbook`: the pages that `explain` prints;
//!   `reproduce`: a finding as a script;
//! - [`clock`]: the only clock; [`environment`]: environment variables; [`error`]: an error and its causes as text;
//!   [`input`]: files of the user; [`exit_code`]: the exit codes.

pub mod cli;
pub mod clock;
pub mod compare;
pub mod deviations;
pub mod doctor;
pub mod environment;
pub mod error;
pub mod exit_code;
pub(crate) mod handbook;
pub mod helm;
pub mod http;
pub mod input;
pub mod launch;
pub mod prove;
pub(crate) mod reproduce;
pub mod run;
pub mod serve;
pub mod snapshot;
pub mod target;
