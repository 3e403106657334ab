//! A registry of a few lines, with everything around it, that keeps what it hears.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use helm_oci_suite::session::target::{Credentials, Target};
use helm_oci_suite::session::{Reply, Session};
use helm_oci_suite::verdict::Stop;
use helm_oci_suite::wire::{ClientHelloOutcome, Registry, Request, ResponseFuture, TransportError};
use http::{Method, Response, Uri, header};

/// The token of a good token endpoint.
pub(crate) const TOKEN: &str = "the-token";

/// One request as it was heard.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
    /// The whole of it.
    pub(crate) text: String,
}

impl Asked {
    /// Whether it went to this place.
    pub(crate) fn is_for(&self, place: &str) -> bool {
        let rest = self.uri.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

type Answers = Box<dyn Fn(&Asked) -> Response<Bytes> + Send + Sync>;

/// Answers for every host there is, and keeps what it hears.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Inner>);

struct Inner {
    origin: Uri,
    answers: Answers,
    heard: Mutex<Vec<Asked>>,
}

impl Listener {
    pub(crate) fn new(
        origin: &str,
        answers: impl Fn(&Asked) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            origin: origin.parse().expect("a URI"),
            answers: Box::new(answers),
            heard: Mutex::default(),
        }))
    }

    /// A registry whose tokens are good for one request each.
    pub(crate) fn counting(origin: &str, realm: &'static str, challenge: &'static str) -> Self {
        let (given, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self::new(origin, move |asked| {
            if asked.is_for(realm) {
                let number = given.fetch_add(1, Ordering::Relaxed);
                return bearer_of(&format!("token-{number}"));
            }
            let next = format!("Bearer token-{}", used.load(Ordering::Relaxed));
            if asked.authorization.as_ref() == Some(&next) {
                used.fetch_add(1, Ordering::Relaxed);
                return status(200);
            }
            challenged(challenge)
        })
    }

    pub(crate) fn session(&self, credentials: Option<Credentials>) -> Session {
        let mut target = Target::new(Arc::clone(&self.0) as _, 1);
        target.credentials = credentials;
        Session::new(target, "test/credentials")
    }

    /// What comes of one request.
    pub(crate) fn ask(
        &self,
        credentials: Option<Credentials>,
        method: Method,
        path: &str,
    ) -> Reply {
        let session = self.session(credentials);
        let asked = session.call(method, path).send().now_or_never();
        asked.expect("nothing waits").expect("an answer")
    }

    pub(crate) fn heard(&self) -> Vec<Asked> {
        let heard = self.0.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        let heard = self.heard();
        heard.iter().map(|asked| asked.method.to_string()).collect()
    }
}

impl Registry for Inner {
    fn send(&self, request: Request) -> ResponseFuture<'_> {
        let authorization = request.headers.get(header::AUTHORIZATION);
        let asked = Asked {
            method: request.method.clone(),
            uri: request.uri.to_string(),
            authorization: authorization.map(|value| value.to_str().expect("text").to_owned()),
            body: String::from_utf8_lossy(&request.content.head()).into_owned(),
            text: format!("{request:?}"),
        };
        let answer = (self.answers)(&asked);
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).push(asked);
        Box::pin(std::future::ready(Ok(answer.into())))
    }

    fn client_hello(&self) -> BoxFuture<'_, Result<ClientHelloOutcome, TransportError>> {
        Box::pin(std::future::ready(Ok(ClientHelloOutcome::NoResponse)))
    }

    fn pause(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn origin(&self) -> &Uri {
        &self.origin
    }
}

/// The answer to a call that does not wait.
pub(crate) fn answer(call: impl Future<Output = Result<Reply, Stop>>) -> Reply {
    let asked = call.now_or_never();
    asked.expect("nothing waits").expect("an answer")
}

pub(crate) fn status(code: u16) -> Response<Bytes> {
    let answer = Response::builder().status(code);
    answer.body(Bytes::new()).expect("an answer")
}

pub(crate) fn challenged(challenge: &str) -> Response<Bytes> {
    let mut answer = status(401);
    let challenge = challenge.parse().expect("a header value");
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    answer
}

/// Leads elsewhere.
pub(crate) fn leads(code: u16, location: &str) -> Response<Bytes> {
    let mut answer = status(code);
    let location = location.parse().expect("a header value");
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

/// What a token endpoint gives.
pub(crate) fn bearer_of(token: &str) -> Response<Bytes> {
    let mut answer = status(200);
    *answer.body_mut() = format!(r#"{{"token":"{token}"}}"#).into();
    answer
}
