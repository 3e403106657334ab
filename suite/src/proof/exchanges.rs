//! The exchanges of a check with the reference registry.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{finish, target};
use crate::requirement::{Requirement, Setup};
use crate::session::Session;
use crate::session::target::MEBIBYTE;
use crate::wire::content::Content;
use crate::wire::{Registry, Relay, Request, ResponseFuture};

/// The exchanges of a check with the reference registry without faults. They are not redacted: they contain the test
/// password and the tokens of that registry.
pub fn exchanges(requirement: &Requirement) -> Vec<RawExchange> {
    exchanges_on(requirement, requirement.proven_on)
}

/// The same exchanges on another set-up.
pub fn exchanges_on(requirement: &Requirement, setup: Setup) -> Vec<RawExchange> {
    let mut target = target(setup, &[]);
    target.mebibyte = MEBIBYTE;
    let recording = Arc::new(RecordingRegistry {
        registry: Arc::clone(&target.registry),
        exchanges: Mutex::new(Vec::new()),
    });
    target.registry = Arc::clone(&recording) as Arc<dyn Registry>;
    let session = Session::new(target, requirement.id);
    // The verdict is not needed here.
    let _ = finish((requirement.check)(&session));
    let mut exchanges = recording
        .exchanges
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *exchanges)
}

/// One request with its response, not redacted.
#[derive(Debug)]
pub struct RawExchange {
    /// The request.
    pub request: http::Request<Bytes>,
    /// The response.
    pub response: http::Response<Bytes>,
}

/// A registry that records its exchanges.
struct RecordingRegistry {
    registry: Arc<dyn Registry>,
    exchanges: Mutex<Vec<RawExchange>>,
}

impl Relay for RecordingRegistry {
    fn inner(&self) -> &dyn Registry {
        self.registry.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(async move {
            let response = self.registry.send(request.clone()).await?;
            let mut exchanges = self
                .exchanges
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            exchanges.push(RawExchange {
                request: http::Request::from(request).map(Content::into_bytes),
                response: response.clone().into(),
            });
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
}
