//! A check by hand: its requests to the reference registry as shell commands with curl.
//!
//! Values that the registry assigns are variables: the `Location` of an upload, and realm, service and token. Bodies other
//! than short texts are files, which `explain --bodies` writes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use helm_oci_fixtures::registry::Credentials;
use helm_oci_suite::proof::{self, RawExchange};
use helm_oci_suite::requirement::Requirement;
use http::{HeaderMap, Method, Request, header};

use super::shell::VARIABLES;

/// The number of requests that are shown.
const REQUESTS: usize = 24;

/// The number of consecutive similar requests that are all shown.
const IN_A_ROW: usize = 4;

/// The length up to which a body is part of the command, in bytes.
const INLINE: usize = 64;

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

/// The requests of a check, as arguments of curl.
pub(crate) struct Requests<'a> {
    exchanges: &'a [RawExchange],
    repository: String,
    /// The requests whose `Location` a later request uses, with its path.
    locations: Vec<(usize, String)>,
    /// The bodies that are files, by name.
    pub(crate) bodies: Vec<(String, Bytes)>,
    /// True if the variable of a token has the position of the response that issued it.
    pub(crate) are_tokens_numbered: bool,
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

impl<'a> Requests<'a> {
    /// The requests of a check in this repository.
    pub(crate) const fn new(exchanges: &'a [RawExchange], repository: String) -> Self {
        Self {
            exchanges,
            repository,
            locations: Vec::new(),
            bodies: Vec::new(),
            are_tokens_numbered: false,
        }
    }

    /// The repository.
    pub(crate) fn repository(&self) -> &str {
        &self.repository
    }

    /// The URL, the headers and the body of a request, without its method.
    pub(crate) fn arguments(&mut self, position: usize) -> String {
        let RawExchange {
            request, response, ..
        } = &self.exchanges[position];
        let mut arguments = self.url(request);
        for words in self.headers(position) {
            let _ = write!(arguments, " {words}");
        }
        if let Some(body) = self.body(request) {
            let _ = write!(arguments, " --data-binary {body}");
        }
        if self.is_uploaded_to(position) {
            let path = path_of_location(response.headers());
            self.locations.extend(path.map(|path| (position, path)));
        }
        arguments
    }

    /// True if a later request uses the `Location` of this response.
    pub(crate) fn is_uploaded_to(&self, position: usize) -> bool {
        let RawExchange {
            request, response, ..
        } = &self.exchanges[position];
        if !matches!(*request.method(), Method::POST | Method::PATCH) {
            return false;
        }
        let Some(path) = path_of_location(response.headers()) else {
            return false;
        };
        let mut later = self.exchanges.iter().skip(position + 1);
        later.any(|exchange| exchange.request.uri().path() == path)
    }

    fn url(&self, request: &Request<Bytes>) -> String {
        let uri = request.uri();
        let path = uri.path();
        let query = uri.query().unwrap_or_default();
        let known = self.locations.iter().rev().find(|(_, own)| own == path);
        if let Some((position, _)) = known {
            let mut url = format!("\"$LOCATION_{position}\"");
            for digest in query.split('&').filter(|pair| pair.starts_with("digest=")) {
                let _ = write!(url, " --url-query {}", digest.replace("%3A", ":"));
            }
            return url;
        }
        if self.is_token_endpoint(path) {
            let pairs: Vec<String> = query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| match pair.split_once('=') {
                    Some(("service", _)) => "service=$SERVICE".to_owned(),
                    Some(("account", _)) => "account=$USERNAME".to_owned(),
                    _ => pair.to_owned(),
                })
                .collect();
            let mark = if pairs.is_empty() { "" } else { "?" };
            return format!("\"$REALM{mark}{}\"", pairs.join("&"));
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let own = path.strip_prefix(&format!("/v2/{}/", self.repository));
        match own {
            Some(own) => format!("\"$REPOSITORY/{own}{mark}{query}\""),
            None => format!("\"$REGISTRY{path}{mark}{query}\""),
        }
    }

    /// True if a challenge names this path as that of the token endpoint.
    fn is_token_endpoint(&self, path: &str) -> bool {
        self.exchanges.iter().any(|exchange| {
            let challenge = exchange.response.headers().get(header::WWW_AUTHENTICATE);
            let challenge = challenge.and_then(|challenge| challenge.to_str().ok());
            challenge.is_some_and(|challenge| challenge.contains(&format!("{path}\"")))
        })
    }

    /// The body as an argument of curl.
    fn body(&mut self, request: &Request<Bytes>) -> Option<String> {
        let body = request.body();
        if body.is_empty() {
            return None;
        }
        if self.is_token_endpoint(request.uri().path()) {
            return Some(form(body));
        }
        let short = std::str::from_utf8(body).ok().filter(|text| {
            text.len() <= INLINE && !text.contains('\'') && !text.contains(char::is_control)
        });
        if let Some(text) = short {
            return Some(format!("'{text}'"));
        }
        Some(format!("@{}", self.file(body)))
    }

    /// The file name of a body.
    fn file(&mut self, body: &Bytes) -> String {
        let known = self.bodies.iter().position(|(_, known)| known == body);
        let number = known.unwrap_or(self.bodies.len()) + 1;
        let name = format!("body-{number}");
        if known.is_none() {
            self.bodies.push((name.clone(), body.clone()));
        }
        name
    }

    /// The headers of a request as options of curl, without those that curl adds itself.
    fn headers(&self, position: usize) -> Vec<String> {
        let request = &self.exchanges[position].request;
        let mut words = Vec::new();
        for (name, value) in request.headers() {
            let value = value.to_str().unwrap_or_default();
            if *name == header::CONTENT_LENGTH {
                if request.body().is_empty() {
                    words.push("-H 'Content-Length: 0'".to_owned());
                }
            } else if *name == header::AUTHORIZATION {
                words.push(self.authorization(position, value));
            } else if *name == header::ACCEPT_ENCODING {
                words.push("--compressed".to_owned());
            } else {
                let header = format!("{}: {value}", name.as_str());
                let known = VARIABLES.iter().find(|(_, known)| *known == header);
                words.push(match known {
                    Some((variable, _)) => format!("-H \"${variable}\""),
                    None => format!("-H '{header}'"),
                });
            }
        }
        if !request.body().is_empty() && !request.headers().contains_key(header::CONTENT_TYPE) {
            words.push("-H Content-Type:".to_owned());
        }
        words
    }

    /// The header `Authorization`, with variables for the credentials and for the tokens of the registry. Any other value
    /// is no secret: the check made it.
    fn authorization(&self, position: usize, value: &str) -> String {
        let known = Credentials::for_tests();
        let known = STANDARD.encode(format!("{}:{}", known.username, known.password));
        let issued = |token: &str| {
            let mut earlier = self.exchanges[..position].iter();
            earlier.rposition(|exchange| {
                let body = exchange.response.body();
                !token.is_empty()
                    && body
                        .windows(token.len())
                        .any(|part| part == token.as_bytes())
            })
        };
        match value.split_once(' ') {
            Some(("Basic", credentials)) if credentials == known => {
                "-u \"$USERNAME:$PASSWORD\"".to_owned()
            }
            Some(("Bearer", token)) => match issued(token) {
                Some(from) if self.are_tokens_numbered => {
                    format!("-H \"Authorization: Bearer $TOKEN_{from}\"")
                }
                Some(_) => "-H \"Authorization: Bearer $TOKEN\"".to_owned(),
                None => format!("-H 'authorization: {value}'"),
            },
            _ => format!("-H 'authorization: {value}'"),
        }
    }
}

/// A form for a token endpoint, with variables for secrets and for values of the registry.
fn form(body: &[u8]) -> String {
    let pairs: Vec<String> = String::from_utf8_lossy(body)
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some(("username", _)) => "username=$USERNAME".to_owned(),
            Some(("password", _)) => "password=$PASSWORD".to_owned(),
            Some(("service", _)) => "service=$SERVICE".to_owned(),
            Some((name @ ("refresh_token" | "access_token"), _)) => format!("{name}=$TOKEN"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("\"{}\"", pairs.join("&"))
}

/// The path of a `Location` on any host.
fn path_of_location(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let uri: http::Uri = location.parse().ok()?;
    Some(uri.path().to_owned())
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
