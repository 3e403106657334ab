//! The requests of a check as arguments of curl, with variables for what the registry assigns.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use helm_oci_fixtures::registry::Credentials;
use helm_oci_suite::proof::RawExchange;
use http::{HeaderMap, Method, Request, header};

use super::shell::VARIABLES;

/// The length up to which a body is part of the command, in bytes.
const INLINE: usize = 64;

/// The requests of a check, as arguments of curl.
pub(crate) struct Requests<'a> {
    pub(super) exchanges: &'a [RawExchange],
    pub(super) repository: String,
    /// The requests whose `Location` a later request uses, with its path.
    locations: Vec<(usize, String)>,
    /// The bodies that are files, by name.
    pub(crate) bodies: Vec<(String, Bytes)>,
    /// True if the variable of a token has the position of the response that issued it.
    pub(crate) are_tokens_numbered: bool,
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
        let (path, query) = (inert(uri.path()), inert(uri.query().unwrap_or_default()));
        let (path, query) = (path.as_str(), query.as_str());
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
    pub(super) fn file(&mut self, body: &Bytes) -> String {
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
                    None => format!("-H '{}'", header.replace('\'', "'\\''")),
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
            _ => inert(pair),
        })
        .collect();
    format!("\"{}\"", pairs.join("&"))
}

/// A part of a URL that the shell does not interpret between quotation marks: a registry may choose it.
fn inert(part: &str) -> String {
    part.replace('$', "%24")
        .replace('`', "%60")
        .replace('"', "%22")
        .replace('\\', "%5C")
}

/// The path of a `Location` on any host.
pub(super) fn path_of_location(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let uri: http::Uri = location.parse().ok()?;
    Some(uri.path().to_owned())
}
