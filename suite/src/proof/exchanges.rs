//! The exchanges of a check with the reference registry, also with single responses altered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::{finish, target};
use crate::requirement::{Requirement, Setup};
use crate::session::Session;
use crate::session::target::{MEBIBYTE, Target};
use crate::verdict::{CheckResult, Obstacle, ObstacleKind, Stop};
use crate::wire::content::Content;
use crate::wire::{
    AfterResponse, AloneFuture, Measurement, Registry, Relay, Request, Response, ResponseFuture,
    TransportError,
};

/// The exchanges of a check with the reference registry without faults. They are not redacted: they contain the test
/// password and the tokens of that registry.
pub fn exchanges(requirement: &Requirement) -> Vec<RawExchange> {
    exchanges_on(requirement, requirement.proven_on)
}

/// The same exchanges on another set-up.
pub fn exchanges_on(requirement: &Requirement, setup: Setup) -> Vec<RawExchange> {
    let mut target = target(setup, &[]);
    target.mebibyte = MEBIBYTE;
    // The verdict is not needed here.
    altered(requirement, target, &[]).0
}

/// The exchanges and the result of a check on this target, with these alterations of its responses.
pub fn altered(
    requirement: &Requirement,
    mut target: Target,
    alterations: &[Alteration],
) -> (Vec<RawExchange>, CheckResult) {
    let altering = Arc::new(AlteringRegistry {
        registry: Arc::clone(&target.registry),
        alterations: alterations.to_vec(),
        occurrences: Mutex::default(),
        exchanges: Mutex::default(),
    });
    target.registry = Arc::clone(&altering) as Arc<dyn Registry>;
    let session = Session::new(target, requirement.id);
    let result = finish((requirement.check)(&session)).unwrap_or_else(|| {
        let what = "the check waits for an event that the in-memory registry never produces";
        Err(Stop::from(Obstacle::new(ObstacleKind::Defect, what)))
    });
    (std::mem::take(&mut *altering.exchanges()), result)
}

/// One request with its response, not redacted.
#[derive(Debug)]
pub struct RawExchange {
    /// The request.
    pub request: http::Request<Bytes>,
    /// The response; an empty one if none came.
    pub response: http::Response<Bytes>,
    /// The response before its alteration, if it was altered.
    pub unaltered: Option<http::Response<Bytes>>,
}

/// A request, by what is the same in each run of a check with the same names and the same content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The method.
    pub method: Method,
    /// The URL, without the part of an upload's URL that the registry chooses.
    pub url: String,
}

impl RequestKey {
    /// The key of a request to this URL.
    pub fn new(method: &Method, url: &str) -> Self {
        const UPLOADS: &str = "/blobs/uploads/";
        let url = match url.split_once(UPLOADS) {
            Some((before, after)) if !after.is_empty() && !after.starts_with('?') => {
                format!("{before}{UPLOADS}…")
            }
            _ => url.to_owned(),
        };
        Self {
            method: method.clone(),
            url,
        }
    }
}

/// One altered part of one response.
#[derive(Debug, Clone)]
pub struct Alteration {
    /// The request.
    pub request: RequestKey,
    /// The number of earlier requests with the same key.
    pub occurrence: usize,
    /// The part of its response.
    pub part: Part,
}

/// A part of a response, as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The status.
    Status(StatusCode),
    /// A header with its values; none if it is absent.
    Header(HeaderName, Vec<HeaderValue>),
    /// The body.
    Body(Bytes),
    /// The connection closes without a response.
    NoResponse,
    /// The connection closes in the middle of the body.
    CutBody,
}

impl Part {
    fn apply(&self, response: &mut Response) -> Result<(), TransportError> {
        match self {
            Self::Status(status) => response.status = *status,
            Self::Header(name, values) => {
                response.headers.remove(name);
                for value in values {
                    response.headers.append(name, value.clone());
                }
            }
            Self::Body(body) => response.body = body.clone(),
            Self::NoResponse => return Err(closed(None)),
            Self::CutBody => {
                let mut received = response.clone();
                received.body.truncate(received.body.len() / 2);
                return Err(closed(Some(Box::new(received))));
            }
        }
        Ok(())
    }
}

fn closed(received: Option<Box<Response>>) -> TransportError {
    TransportError::Broken {
        authority: "registry.test".to_owned(),
        cause: "closed before the end of the response".to_owned(),
        received,
    }
}

/// A registry that alters its responses, and records its exchanges.
struct AlteringRegistry {
    registry: Arc<dyn Registry>,
    alterations: Vec<Alteration>,
    occurrences: Mutex<HashMap<RequestKey, usize>>,
    exchanges: Mutex<Vec<RawExchange>>,
}

impl AlteringRegistry {
    fn exchanges(&self) -> MutexGuard<'_, Vec<RawExchange>> {
        let exchanges = self.exchanges.lock();
        exchanges.unwrap_or_else(PoisonError::into_inner)
    }

    /// The alterations of the response to this request.
    fn alterations<'s>(
        &'s self,
        request: &Request,
    ) -> impl Iterator<Item = &'s Alteration> + use<'s> {
        let key = RequestKey::new(&request.method, &request.uri.to_string());
        let occurrences = self.occurrences.lock();
        let mut occurrences = occurrences.unwrap_or_else(PoisonError::into_inner);
        let next = occurrences.entry(key.clone()).or_default();
        let occurrence = *next;
        *next += 1;
        let is_meant = move |own: &&Alteration| own.request == key && own.occurrence == occurrence;
        self.alterations.iter().filter(is_meant)
    }
}

impl Relay for AlteringRegistry {
    fn inner(&self) -> &dyn Registry {
        self.registry.as_ref()
    }

    fn pass_alone(&self, request: Request) -> AloneFuture<'_> {
        Box::pin(async { Ok((self.pass(request).await?, AfterResponse::Open)) })
    }

    fn pass(&self, mut request: Request) -> ResponseFuture<'_> {
        Box::pin(async move {
            let mut alterations = self.alterations(&request);
            let measure = request.measure.take();
            let unaltered = self.registry.send(request.clone()).await?;
            let mut response = unaltered.clone();
            let altered =
                alterations.try_for_each(|alteration| alteration.part.apply(&mut response));
            let shown = altered.as_ref().map(|()| response.clone().into());
            self.exchanges().push(RawExchange {
                request: http::Request::from(request).map(Content::into_bytes),
                response: shown.unwrap_or_default(),
                unaltered: (altered.is_err() || response != unaltered).then(|| unaltered.into()),
            });
            altered?;
            if let Some(expected) = measure.filter(|_| response.status.is_success()) {
                let mut measurement = Measurement::new(&expected);
                measurement.add(&response.body, "registry.test")?;
                let (head, measured) = measurement.finish();
                response.body = head;
                response.measured = Some(measured);
            }
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks;

    #[test]
    fn exchanges_have_requests_and_responses() {
        let mut all = checks::all().into_iter();
        let open = all.find(|own| own.proven_on == Setup::Open);
        let exchanges = exchanges(open.expect("one is proven without credentials"));
        assert!(!exchanges.is_empty());
        assert_eq!(exchanges[0].request.uri().host(), Some("registry.test"));
        assert!(
            exchanges[0].response.status().is_success(),
            "{:?}",
            exchanges[0]
        );
    }

    #[test]
    fn the_url_of_an_upload_is_recognised_without_the_part_of_the_registry() {
        let key = |url| RequestKey::new(&Method::PUT, url);
        assert_eq!(key("/v2/a/blobs/uploads/1?x"), key("/v2/a/blobs/uploads/2"));
        assert_ne!(key("/v2/a/blobs/uploads/"), key("/v2/a/blobs/uploads/2"));
        assert_ne!(key("/v2/a/blobs/1"), key("/v2/a/blobs/2"));
    }

    #[test]
    fn only_the_altered_response_of_several_violates() {
        let requirement = checks::find("upload/absent-blob-is-404").expect("it is in the suite");
        let good = || target(requirement.proven_on, &[]);
        let (exchanges, result) = altered(requirement, good(), &[]);
        assert_eq!(result, Ok(()));
        let head = exchanges
            .iter()
            .find(|exchange| exchange.response.status() == StatusCode::NOT_FOUND)
            .expect("the HEAD of an absent blob");
        let url = head.request.uri().to_string();
        let alteration = |occurrence| Alteration {
            request: RequestKey::new(&Method::HEAD, &url),
            occurrence,
            part: Part::Status(StatusCode::METHOD_NOT_ALLOWED),
        };
        let (_, result) = altered(requirement, good(), &[alteration(0)]);
        assert!(matches!(result, Err(Stop::Violated(_))), "{result:?}");
        let (_, result) = altered(requirement, good(), &[alteration(99)]);
        assert_eq!(result, Ok(()));
    }
}
