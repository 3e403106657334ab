//! What a Helm sends, and what Go's HTTP client makes of the answer before Helm sees it.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::future::join_all;
use http::{HeaderValue, Method, Uri, header};

use super::{Line, Run, Way};
use crate::session::{Reply, Session};
use crate::verdict::Stop;

/// How many redirects Go's HTTP client knows before it gives up.
const REDIRECTS: usize = 10;
/// More redirects than end well: a Helm that checks where they lead counts none.
const MANY_REDIRECTS: usize = 20;
/// How often a request goes out again because it is challenged: for a token, and for another where that has expired.
const CHALLENGES: usize = 2;

/// What a request wants to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rights {
    Pull,
    PullAndPush,
}

impl Rights {
    /// The scope of a token for the session's repository.
    pub(super) fn scope(self, session: &Session) -> String {
        let actions = match self {
            Self::Pull => "pull",
            Self::PullAndPush => "pull,push",
        };
        format!("repository:{}:{actions}", session.repository())
    }
}

/// One request of a Helm.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: Method,
    uri: Uri,
    /// `None` where a token need not name a repository.
    pub(super) rights: Option<Rights>,
    accept: Option<String>,
    content_type: Option<&'static str>,
    body: Bytes,
}

impl Ask {
    pub(super) fn new(method: Method, uri: Uri, rights: Rights) -> Self {
        Self {
            rights: Some(rights),
            ..Self::without_rights(method, uri)
        }
    }

    pub(super) const fn without_rights(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            rights: None,
            accept: None,
            content_type: None,
            body: Bytes::new(),
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

    fn only_reads(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

impl Run<'_> {
    /// Sends a request, and once more if it is challenged.
    pub(super) async fn one(&mut self, ask: Ask) -> Result<Reply, Stop> {
        let mut replies = self.all(&[ask]).await?;
        Ok(replies.remove(0))
    }

    /// Sends requests side by side; those that are challenged go out once more, side by side as well.
    pub(super) async fn all(&mut self, asks: &[Ask]) -> Result<Vec<Reply>, Stop> {
        let mut keys: Vec<_> = asks.iter().map(|ask| self.known(ask)).collect();
        let first = asks.iter().zip(&keys);
        let first = first.map(|(ask, key)| self.say(ask, key.as_ref()));
        let first = join_all(first).await.into_iter();
        let mut replies = first.collect::<Result<Vec<_>, Stop>>()?;
        for round in 0..CHALLENGES {
            let is_answered = round > 0;
            let challenged = self.challenged(asks, &replies, &mut keys, is_answered);
            let challenged = challenged.await?;
            let again = challenged.iter();
            let again = again.map(|position| self.say(&asks[*position], keys[*position].as_ref()));
            let again = join_all(again).await;
            for (position, reply) in challenged.iter().zip(again) {
                replies[*position] = reply?;
            }
        }
        Ok(replies)
    }

    /// Which of the requests go out once more; what they go out with is put in its place.
    async fn challenged(
        &mut self,
        asks: &[Ask],
        replies: &[Reply],
        keys: &mut [Option<HeaderValue>],
        is_answered: bool,
    ) -> Result<Vec<usize>, Stop> {
        for (key, reply) in keys.iter().zip(replies) {
            self.note(key.as_ref(), reply);
        }
        let mut challenged = Vec::new();
        for (position, ask) in asks.iter().enumerate() {
            let sent = keys[position].take();
            let reply = &replies[position];
            let key = self.answer(ask, sent.as_ref(), reply, is_answered).await?;
            if key.is_some() {
                challenged.push(position);
            }
            keys[position] = key.or(sent);
        }
        Ok(challenged)
    }

    /// Sends a request and follows redirects, where it only reads, as Go does.
    pub(super) async fn say(&self, ask: &Ask, key: Option<&HeaderValue>) -> Result<Reply, Stop> {
        let mut reply = self.send(ask, ask.uri.clone(), key).await?;
        let tries_again = self.client.line == Line::Oras && ask.body.is_empty();
        if tries_again && reply.status.is_server_error() {
            reply = self.send(ask, ask.uri.clone(), key).await?;
        }
        let redirects = if self.client.does(Way::ChecksUrls) {
            MANY_REDIRECTS
        } else {
            REDIRECTS
        };
        for _ in 0..redirects {
            let is_redirect = ask.only_reads() && reply.status.is_redirection();
            let location = reply.header("location").filter(|_| is_redirect);
            let Some(location) = location else {
                return self.unpacked(&ask.method, reply);
            };
            let next = self.session.resolve(&reply.uri, location)?;
            reply = self.send(ask, next, key).await?;
        }
        Err(self.gives_up("an end of the redirects", &reply))
    }

    /// Sends a request once; what opens the registry goes to its own origin and nowhere else.
    async fn send(&self, ask: &Ask, uri: Uri, key: Option<&HeaderValue>) -> Result<Reply, Stop> {
        let mut call = self.session.call_uri(ask.method.clone(), Ok(uri));
        call = call.header("user-agent", self.agent);
        if let Some(accept) = &ask.accept {
            call = call.accept(accept);
        }
        if ask.method != Method::HEAD {
            call = call.header("accept-encoding", "gzip");
        }
        call = call.body(ask.content_type, &ask.body);
        match key {
            Some(key) => call.authorization(key.clone()).send().await,
            None if self.keys.are_the_sessions() => call.send().await,
            None => call.anonymous().send().await,
        }
    }

    /// The answer as Helm sees it: Go unpacks what it asked to have packed, and forgets the length.
    pub(super) fn unpacked(&self, method: &Method, mut reply: Reply) -> Result<Reply, Stop> {
        let coding = reply.header("content-encoding").unwrap_or_default();
        if !coding.eq_ignore_ascii_case("gzip") || method == Method::HEAD {
            return Ok(reply);
        }
        let mut body = Vec::new();
        let read = GzDecoder::new(&reply.body[..]).read_to_end(&mut body);
        if read.is_err() {
            return Err(self.gives_up("a body that can be unpacked", &reply));
        }
        reply.body = body.into();
        reply.headers.remove(header::CONTENT_ENCODING);
        reply.headers.remove(header::CONTENT_LENGTH);
        Ok(reply)
    }
}
