//! A check by hand: its requests to the reference registry as shell commands with curl.
//!
//! Values that the registry assigns are variables: the `Location` of an upload, and realm, service and token. Bodies other
//! than short texts are files, which `explain --bodies` writes.

use std::fmt::Write as _;

use bytes::Bytes;
use helm_oci_suite::proof::{self, RawExchange};
use helm_oci_suite::requirement::Requirement;
use http::{Method, header};

use super::request::{Requests, path_of_location};

/// The number of requests that are shown.
const REQUESTS: usize = 24;

/// The number of consecutive similar requests that are all shown.
const IN_A_ROW: usize = 4;

/// A check by hand.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// The commands; empty if curl cannot send the requests of the check.
    pub(crate) commands: String,
    /// The bodies that are files, by name.
    pub(crate) bodies: Vec<(String, Bytes)>,
}

/// The requests of a check as commands.
pub(crate) fn recipe(requirement: &Requirement) -> Recipe {
    let exchanges = proof::exchanges(requirement);
    let mut script = Script {
        requests: Requests::new(&exchanges, repository(requirement)),
        // In these areas uploads are the subject, and are shown in full.
        is_short: !matches!(requirement.area(), "upload" | "origins" | "limits" | "flow"),
        commands: String::new(),
    };
    script.write();
    let repository = format!("REPOSITORY=$REGISTRY/v2/{}\n", script.requests.repository);
    if script.commands.contains("$REPOSITORY") || script.commands.contains("upload ") {
        script.commands.insert_str(0, &repository);
    }
    Recipe {
        commands: script.commands,
        bodies: script.requests.bodies,
    }
}

struct Script<'a> {
    requests: Requests<'a>,
    is_short: bool,
    commands: String,
}

impl Script<'_> {
    fn write(&mut self) {
        let mut position = 0;
        let length = self.requests.exchanges.len();
        while position < length {
            if position >= REQUESTS {
                let left = length - position;
                self.line(&format!("# … and {left} more requests"));
                return;
            }
            position += if self.is_short && self.upload(position) {
                2
            } else {
                self.row(position)
            };
        }
    }

    /// Writes a series of similar requests, or the first of a long series; returns its length.
    fn row(&mut self, first: usize) -> usize {
        let mut end = first + 1;
        while self.are_alike(first, end) {
            end += 1;
        }
        let length = end - first;
        let shown = if length > IN_A_ROW { 2 } else { length };
        for position in first..first + shown {
            self.request(position);
        }
        if shown < length {
            self.line(&format!("# … and {} more similar requests", length - shown));
        }
        length
    }

    /// True if two requests differ only in the last segment of their path.
    fn are_alike(&self, one: usize, other: usize) -> bool {
        let kind = |position: usize| {
            let request = &self.requests.exchanges.get(position)?.request;
            let (folder, _) = request.uri().path().rsplit_once('/')?;
            Some((request.method(), folder.to_owned()))
        };
        kind(one).is_some() && kind(one) == kind(other)
    }

    /// Writes an upload by POST and PUT, as every Helm version sends it, as one command.
    fn upload(&mut self, position: usize) -> bool {
        let [post, put, ..] = &self.requests.exchanges[position..] else {
            return false;
        };
        let is_sent = |exchange: &RawExchange, method: Method, status: u16| {
            *exchange.request.method() == method
                && exchange.response.status().as_u16() == status
                && !exchange
                    .request
                    .headers()
                    .contains_key(header::AUTHORIZATION)
        };
        let begins = format!("/v2/{}/blobs/uploads/", self.requests.repository);
        let is_whole = is_sent(post, Method::POST, 202)
            && post
                .request
                .uri()
                .path_and_query()
                .map(http::uri::PathAndQuery::as_str)
                == Some(&begins)
            && is_sent(put, Method::PUT, 201)
            && path_of_location(post.response.headers()).as_deref()
                == Some(put.request.uri().path());
        if is_whole {
            let name = self.requests.file(put.request.body());
            self.line(&format!("upload {name}  # 202 Accepted, 201 Created"));
        }
        is_whole
    }

    fn request(&mut self, position: usize) {
        let RawExchange {
            request, response, ..
        } = &self.requests.exchanges[position];
        let is_uploaded_to = self.requests.is_uploaded_to(position);
        let mut command = if is_uploaded_to {
            format!("LOCATION_{position}=$(location")
        } else {
            "request".to_owned()
        };
        match request.method() {
            &Method::GET => {}
            &Method::HEAD => command.push_str(" -I"),
            method => {
                let _ = write!(command, " -X {method}");
            }
        }
        let _ = write!(command, " {}", self.requests.arguments(position));
        if is_uploaded_to {
            command.push(')');
        }
        self.line(&format!("{command}  # {}", response.status()));
    }

    fn line(&mut self, line: &str) {
        self.commands.push_str(line);
        self.commands.push('\n');
    }
}

/// The repository of a check in the proofs.
fn repository(requirement: &Requirement) -> String {
    proof::target(requirement.proven_on, &[])
        .repository(requirement.id)
        .into()
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::checks;
    use helm_oci_suite::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS};

    use super::super::shell::{ACCEPT_3_17, ACCEPT_3_18};
    use super::*;

    fn commands(id: &str) -> String {
        recipe(checks::find(id).expect("it is there")).commands
    }

    #[test]
    fn an_upload_uses_the_location_of_the_registry() {
        let commands = commands("limits/two-byte-blob");
        let last = commands.lines().last().expect("there are some");
        assert!(
            last.contains("-X PUT \"$LOCATION_2\" --url-query digest=sha256:44136"),
            "{last}"
        );
        assert!(last.contains("--data-binary '{}'  # 201 Created"), "{last}");
        assert!(commands.contains("LOCATION_2=$(location -X POST \"$REPOSITORY/blobs/uploads/"));
    }

    #[test]
    fn no_secret_and_no_host_is_shown() {
        assert_eq!(ACCEPT_3_17, format!("accept: {ACCEPT_CONTAINERD}"));
        assert_eq!(ACCEPT_3_18, format!("accept: {ACCEPT_ORAS}"));
        for requirement in checks::all() {
            let Recipe { commands, .. } = recipe(requirement);
            for secret in ["registry.test", "s3cr", "eyJ", "alice"] {
                assert!(
                    !commands.contains(secret),
                    "{} shows {secret}:\n{commands}",
                    requirement.id
                );
            }
            assert!(commands.lines().count() <= REQUESTS + 3, "{commands}");
        }
    }

    #[test]
    fn long_series_are_abbreviated() {
        let commands = commands("tags/complete");
        assert!(
            commands.contains("more similar requests") || commands.contains("more requests"),
            "{commands}"
        );
    }
}
