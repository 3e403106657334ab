//! The requests of a client model, and the handling of responses by Go's HTTP client.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::future::join_all;
use helm_oci_fixtures::media_type;
use helm_oci_fixtures::route::Route;
use http::{HeaderValue, Method, StatusCode, Uri, header};

use super::{ClientRun, Quirk, TransportLibrary};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::Stop;
use crate::wire::Measured;

/// The number of redirects that Go's HTTP client follows.
const REDIRECTS: usize = 10;
/// The limit for a Helm version that checks the targets of redirects, which does not count them.
const MANY_REDIRECTS: usize = 20;
/// The number of requests for one body, each for what the one before left.
const TRANSFERS: usize = 5;
/// The number of times that containerd repeats a request that is refused for its rate.
const LIMITED: usize = 5;
/// The number of times that a request is repeated after a challenge: with a token, and with another one if that has
/// expired.
const CHALLENGES: usize = 2;

/// The access that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Pull,
    PullPush,
}

impl Access {
    /// The scope of a token for the session's repository.
    pub(super) fn scope(self, session: &Session) -> String {
        let actions = match self {
            Self::Pull => "pull",
            Self::PullPush => "pull,push",
        };
        format!("repository:{}:{actions}", session.repository())
    }
}

/// One request of a client model.
#[derive(Debug, Clone)]
pub(super) struct PlannedRequest {
    method: Method,
    pub(super) uri: Uri,
    /// `None` if a token needs no scope.
    pub(super) access: Option<Access>,
    accept: Option<String>,
    content_type: Option<&'static str>,
    body: Bytes,
    /// The body of the response, if it is measured and not kept.
    measure: Option<Measured>,
}

impl PlannedRequest {
    pub(super) fn new(method: Method, uri: Uri, access: Access) -> Self {
        Self {
            access: Some(access),
            ..Self::without_access(method, uri)
        }
    }

    pub(super) const fn without_access(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            access: None,
            accept: None,
            content_type: None,
            body: Bytes::new(),
            measure: None,
        }
    }

    /// The same, for a blob that is measured and not kept.
    pub(super) fn measured(self, blob: &Measured) -> Self {
        Self {
            measure: Some(blob.clone()),
            ..self
        }
    }

    /// The same with another method.
    pub(super) fn with(&self, method: Method) -> Self {
        Self {
            method,
            ..self.clone()
        }
    }

    pub(super) fn accept(self, accept: &str) -> Self {
        Self {
            accept: Some(accept.to_owned()),
            ..self
        }
    }

    pub(super) fn body(self, content_type: Option<&'static str>, body: &Bytes) -> Self {
        Self {
            content_type,
            body: body.clone(),
            ..self
        }
    }

    /// True if oras-go can send the request again: it has the body in memory, which it has not of a blob.
    fn is_repeatable(&self) -> bool {
        self.body.is_empty() || self.content_type == Some(media_type::OCI_MANIFEST)
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

impl ClientRun<'_> {
    /// Sends a request, and repeats it after a challenge.
    pub(super) async fn request(&mut self, request: PlannedRequest) -> Result<Reply, Stop> {
        let mut replies = self.request_all(&[request]).await?;
        Ok(replies.remove(0))
    }

    /// Sends requests concurrently; those with a challenge are repeated, concurrently as well.
    pub(super) async fn request_all(
        &mut self,
        requests: &[PlannedRequest],
    ) -> Result<Vec<Reply>, Stop> {
        let mut keys: Vec<_> = requests
            .iter()
            .map(|request| self.cached(request))
            .collect();
        let first = requests.iter().zip(&keys);
        let first = first.map(|(request, key)| self.send_concurrently(request, key.as_ref()));
        let first = join_all(first).await.into_iter();
        let mut replies = first.collect::<Result<Vec<_>, Stop>>()?;
        for round in 0..CHALLENGES {
            let is_repeated = round > 0;
            let challenged = self.challenged(requests, &replies, &mut keys, is_repeated);
            let challenged = challenged.await?;
            let again = challenged.iter();
            let again = again.map(|position| {
                self.send_concurrently(&requests[*position], keys[*position].as_ref())
            });
            let again = join_all(again).await;
            for (position, reply) in challenged.iter().zip(again) {
                replies[*position] = reply?;
            }
        }
        Ok(replies)
    }

    /// The positions of the requests to repeat; their new `Authorization` is put into `keys`.
    async fn challenged(
        &mut self,
        requests: &[PlannedRequest],
        replies: &[Reply],
        keys: &mut [Option<HeaderValue>],
        is_repeated: bool,
    ) -> Result<Vec<usize>, Stop> {
        for (key, reply) in keys.iter().zip(replies) {
            self.note_accepted(key.as_ref(), reply);
        }
        let mut challenged = Vec::new();
        for (position, request) in requests.iter().enumerate() {
            let sent = keys[position].take();
            let reply = &replies[position];
            let key = self
                .respond(request, sent.as_ref(), reply, is_repeated)
                .await?;
            if key.is_some() {
                challenged.push(position);
            }
            keys[position] = key.or(sent);
        }
        Ok(challenged)
    }

    /// Sends a request, and follows the redirects of a GET or HEAD, as Go does.
    pub(super) async fn send(
        &self,
        request: &PlannedRequest,
        key: Option<&HeaderValue>,
    ) -> Result<Reply, Stop> {
        let is_reused = self.connections.take(&request.uri);
        self.send_following(request, key, is_reused, |_| true).await
    }

    /// Sends one of several requests; each takes its connection before the first response.
    fn send_concurrently<'a>(
        &'a self,
        request: &'a PlannedRequest,
        key: Option<&'a HeaderValue>,
    ) -> impl Future<Output = Result<Reply, Stop>> + 'a {
        let is_reused = self.connections.take(&request.uri);
        async move {
            let mut reply = self
                .send_following(request, key, is_reused, |_| true)
                .await?;
            for _ in 0..LIMITED {
                let is_limited = matches!(reply.status.as_u16(), 408 | 429);
                if !is_limited || !request.body.is_empty() || !self.is_resolver() {
                    break;
                }
                reply = self.send(request, key).await?;
            }
            Ok(reply)
        }
    }

    /// Sends a request over one connection; `Authorization` is also sent to the targets of redirects that fit.
    pub(super) async fn send_following(
        &self,
        request: &PlannedRequest,
        key: Option<&HeaderValue>,
        is_reused: bool,
        fits: impl Fn(&Uri) -> bool,
    ) -> Result<Reply, Stop> {
        let uri = &request.uri;
        let mut reply = self.send_once(request, uri, key, is_reused).await?;
        if request.is_repeatable() && self.repeats(&request.method, &reply) {
            let is_reused = self.connections.take(uri);
            reply = self.send_once(request, uri, key, is_reused).await?;
        }
        let redirects = if self.model.has(Quirk::ChecksUrls) {
            MANY_REDIRECTS
        } else {
            REDIRECTS
        };
        let mut request = request.clone();
        for _ in 0..redirects {
            let next = self.redirected(&request, &reply);
            let location = reply.header("location").filter(|_| next.is_some());
            let (Some(next), Some(location)) = (next, location) else {
                return self.decoded(&request.method, reply);
            };
            let target = self.resolved(&reply, location)?;
            request = next;
            let key = key.filter(|_| fits(&target));
            let is_reused = self.connections.take(&target);
            reply = self.send_once(&request, &target, key, is_reused).await?;
        }
        Err(self.abort("redirects that end", &reply))
    }

    /// The URL to which a response refers; Helm aborts where it is none.
    pub(super) fn resolved(&self, reply: &Reply, location: &str) -> Result<Uri, Stop> {
        let resolved = self.session.resolve(&reply.uri, location);
        resolved.map_err(|_| self.abort("a URL", reply))
    }

    /// The request that Go sends to the target of a redirect; `None` if the response is final.
    fn redirected(&self, request: &PlannedRequest, reply: &Reply) -> Option<PlannedRequest> {
        let has_body_in_memory = request.body.is_empty()
            || self.model.library == TransportLibrary::OrasGo && request.is_repeatable();
        match reply.status.as_u16() {
            _ if request.is_read() => reply.status.is_redirection().then(|| request.clone()),
            301..=303 => Some(request.with(Method::GET).body(None, &Bytes::new())),
            307 | 308 => has_body_in_memory.then(|| request.clone()),
            _ => None,
        }
    }

    /// True if the run is that of containerd's resolver.
    fn is_resolver(&self) -> bool {
        self.model.library == TransportLibrary::Containerd && !self.cache.is_oras()
    }

    /// True if oras-go sends a request again after this response.
    pub(super) fn repeats(&self, method: &Method, reply: &Reply) -> bool {
        let is_repeated = reply.status.is_server_error()
            || matches!(reply.status.as_u16(), 408 | 429) && method != Method::POST;
        self.model.library == TransportLibrary::OrasGo && is_repeated
    }

    /// Sends a request for what follows `range`; credentials go to the registry's own origin only.
    async fn send_range(
        &self,
        request: &PlannedRequest,
        uri: Uri,
        key: Option<&HeaderValue>,
        range: &[u8],
    ) -> Result<Reply, Stop> {
        let call = self.session.call_uri(request.method.clone(), Ok(uri));
        let mut call = call.unfollowed().retry_on_request();
        call = call.header("user-agent", self.agent);
        if let Some(accept) = &request.accept {
            call = call.accept(accept);
        }
        if request.method != Method::HEAD {
            call = call.header("accept-encoding", "gzip");
        }
        call = call.body(request.content_type, &request.body);
        if let Some(expected) = &request.measure {
            call = call.measured(expected);
        }
        if !range.is_empty() {
            call = call.header("range", &format!("bytes={}-", range.len()));
        }
        match key {
            Some(key) => call.authorization(key.clone()).send().await,
            None if self.cache.is_left_to_session() => call.send().await,
            None => call.anonymous().send().await,
        }
    }

    /// Sends a request once; some versions continue a read whose connection closes in the body.
    async fn send_once(
        &self,
        request: &PlannedRequest,
        uri: &Uri,
        key: Option<&HeaderValue>,
        mut is_reused: bool,
    ) -> Result<Reply, Stop> {
        let mut body = Vec::new();
        let is_content = matches!(Route::of(uri), Route::Blob { .. } | Route::Manifest { .. });
        let resumes =
            self.model.has(Quirk::ResumesTransfers) && request.method == Method::GET && is_content;
        for _ in 0..TRANSFERS {
            let send = || self.send_range(request, uri.clone(), key, &body);
            let result = self
                .send_over((&request.method, uri), is_reused, send)
                .await;
            let stop = match result {
                Ok(reply) if body.is_empty() => return Ok(reply),
                Ok(mut reply) => {
                    match reply.status.as_u16() {
                        200 => {}
                        // Nothing is left.
                        416 => reply.body = body.into(),
                        206 => reply.body = [body, reply.body.to_vec()].concat().into(),
                        _ => return Err(self.abort("the rest of the body", &reply)),
                    }
                    reply.status = StatusCode::OK;
                    return Ok(reply);
                }
                Err(stop) => stop,
            };
            if resumes && request.measure.is_some() {
                // Nothing was kept that the rest could follow.
                return Err(stop);
            }
            let received = self.session.received(&stop);
            if !resumes || received.is_empty() {
                return Err(self.session.closed(stop));
            }
            body.extend_from_slice(&received);
            is_reused = self.connections.take(uri);
        }
        Err(expect::violated("a whole body", "closed connections", &[]))
    }

    /// The response as Helm gets it: Go decodes a body that it requested with gzip, and removes its length.
    pub(super) fn decoded(&self, method: &Method, mut reply: Reply) -> Result<Reply, Stop> {
        let coding = reply.header("content-encoding").unwrap_or_default();
        if !coding.eq_ignore_ascii_case("gzip") || method == Method::HEAD {
            return Ok(reply);
        }
        if reply.measured.is_some() {
            return Err(obstacle("decode a body that was not kept", &reply));
        }
        let mut body = Vec::new();
        let read = GzDecoder::new(&reply.body[..]).read_to_end(&mut body);
        if read.is_err() {
            return Err(self.abort("a body that can be decoded", &reply));
        }
        reply.body = body.into();
        reply.headers.remove(header::CONTENT_ENCODING);
        reply.headers.remove(header::CONTENT_LENGTH);
        Ok(reply)
    }
}
