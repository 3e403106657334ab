//! A relay that records what is stored through it, so that the clean-up can delete it.
//!
//! The record does not depend on the check that stored the content: it survives a panic, a timeout and Ctrl-C. A request
//! without a response is recorded as well, because the registry may have executed it. A request that the registry
//! refused is not recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use helm_oci_fixtures::route::Route;
use helm_oci_reports::record::LeftoverKind;
use helm_oci_suite::oci::percent::pairs;
use helm_oci_suite::oci::url::{is_same_origin, resolve};
use helm_oci_suite::wire::{Registry, Relay, Request, Response, ResponseFuture, TransportError};
use http::{Method, StatusCode, Uri, header};
use tokio::sync::watch;
use tokio::time::timeout;

use super::stored::{Entry, Stored};

/// The time that aborted requests may take to end.
const DRAIN: Duration = Duration::from_secs(1);

/// A relay that records what is stored through it.
pub struct Ledger {
    inner: Arc<dyn Registry>,
    stored: Mutex<Stored>,
    /// The locations of open uploads, each with the repository to which the upload belongs.
    locations: Mutex<Vec<(Uri, String)>>,
    /// The statuses of deletions, by kind.
    deletions: Mutex<Refused>,
    in_flight: watch::Sender<usize>,
}

/// The kinds of content that the registry never deleted, each with the status that says so.
pub type Refused = BTreeMap<LeftoverKind, StatusCode>;

/// A request in flight. Its entry is recorded when it ends, also if it is aborted, unless the registry refused it.
struct InFlight<'a> {
    ledger: &'a Ledger,
    entry: Option<Entry>,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.add_to(&mut self.ledger.lock());
        }
        self.ledger.in_flight.send_modify(|count| *count -= 1);
    }
}

impl Ledger {
    /// Creates an empty ledger in front of a registry.
    pub fn new(inner: Arc<dyn Registry>) -> Self {
        Self {
            inner,
            stored: Mutex::default(),
            locations: Mutex::default(),
            deletions: Mutex::default(),
            in_flight: watch::Sender::new(0),
        }
    }

    /// The content stored so far.
    pub fn stored(&self) -> Stored {
        self.lock().clone()
    }

    /// The kinds of which no item was deleted, because the registry has no such method.
    pub fn refused(&self) -> Refused {
        let mut refused = self.deletions().clone();
        refused.retain(|_, status| !status.is_success());
        refused
    }

    /// The content stored once no request is in flight. Aborted requests end within a time limit.
    pub async fn settled(&self) -> Stored {
        let mut in_flight = self.in_flight.subscribe();
        let _ = timeout(DRAIN, in_flight.wait_for(|count| *count == 0)).await;
        self.stored()
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locations(&self) -> MutexGuard<'_, Vec<(Uri, String)>> {
        self.locations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn deletions(&self) -> MutexGuard<'_, Refused> {
        self.deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the registry deletes items of a kind, or that it states the contrary.
    fn record_deletion(&self, uri: &Uri, status: StatusCode) {
        let kind = match Route::of(uri) {
            Route::Manifest { reference, .. } if reference.contains(':') => LeftoverKind::Manifest,
            Route::Manifest { .. } => LeftoverKind::Tag,
            Route::Blob { .. } => LeftoverKind::Blob,
            _ => return,
        };
        let mut deletions = self.deletions();
        match status {
            status if status.is_success() => {
                deletions.insert(kind, status);
            }
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                deletions.entry(kind).or_insert(status);
            }
            _ => {}
        }
    }

    /// The repository of the upload that a request continues: the registry chooses the URL.
    fn repository_of_upload(&self, uri: &Uri) -> Option<String> {
        let locations = self.locations();
        let mut known = locations.iter();
        let known = known.find(|(location, _)| is_continued(location, uri));
        let is_own = is_same_origin(uri, self.inner.origin());
        match (known, Route::of(uri)) {
            (Some((_, repository)), _) => Some(repository.clone()),
            (None, Route::Upload { repository, .. }) if is_own => Some(repository),
            _ => None,
        }
    }

    async fn record_and_send(&self, request: Request) -> Result<Response, TransportError> {
        let upload = self.repository_of_upload(&request.uri);
        // Content on other hosts is not deleted, unless it belongs to an upload to this registry.
        if upload.is_none() && !is_same_origin(&request.uri, self.inner.origin()) {
            return self.inner.send(request).await;
        }
        self.in_flight.send_modify(|count| *count += 1);
        let (method, uri) = (request.method.clone(), request.uri.clone());
        let mut in_flight = InFlight {
            ledger: self,
            entry: Entry::of_request(&request, upload.as_deref()),
        };
        let response = self.inner.send(request).await;
        if matches!(response, Err(TransportError::Withheld { .. })) {
            in_flight.entry = None;
        }
        if let Ok(response) = &response {
            // A POST stores a blob only if the response says so.
            if is_refusal(response.status) || method == Method::POST {
                in_flight.entry = None;
            }
            // The response is recorded after the request, because it takes precedence.
            drop(in_flight);
            if let Some(entry) = Entry::of_response(&method, &uri, response) {
                entry.add_to(&mut self.lock());
            }
            self.record_upload(&method, &uri, upload, response);
            if method == Method::DELETE {
                self.record_deletion(&uri, response.status);
            }
        }
        response
    }

    /// Records an upload session that was opened, moved or closed.
    fn record_upload(
        &self,
        method: &Method,
        uri: &Uri,
        upload: Option<String>,
        response: &Response,
    ) {
        let status = response.status;
        if !status.is_success() {
            return;
        }
        let (repository, to) = match (method.as_str(), Route::of(uri), upload) {
            ("POST", Route::Uploads { repository }, _) if status != StatusCode::CREATED => {
                (repository, location(uri, response))
            }
            ("PATCH", _, Some(repository)) => (repository, location(uri, response)),
            ("PUT" | "DELETE", _, Some(repository)) => (repository, None),
            _ => return,
        };
        let mut locations = self.locations();
        locations.retain(|(known, _)| !is_continued(known, uri));
        locations.extend(to.map(|to| (to, repository.clone())));
        let own = locations.iter().filter(|(location, own)| {
            *own == repository && is_same_origin(location, self.inner.origin())
        });
        let own = own.filter_map(|(location, _)| location.path_and_query());
        let uploads = own.map(ToString::to_string).collect();
        self.lock().entry(repository).or_default().uploads = uploads;
    }
}

impl Relay for Ledger {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin(self.record_and_send(request))
    }
}

/// The URL in `Location`.
fn location(base: &Uri, response: &Response) -> Option<Uri> {
    let location = response.headers.get(header::LOCATION)?.to_str().ok()?;
    resolve(base, location).ok()
}

/// True if a URL is that of an upload, perhaps with further parameters.
fn is_continued(location: &Uri, uri: &Uri) -> bool {
    let parameters = |uri: &Uri| pairs(uri.query().unwrap_or_default()).collect::<Vec<_>>();
    // The path comes first, because it differs for almost every location, and is cheapest to compare.
    location.path() == uri.path() && is_same_origin(location, uri) && {
        let given = parameters(uri);
        parameters(location).iter().all(|own| given.contains(own))
    }
}

/// True if the request had no effect. A server error leaves that open.
fn is_refusal(status: StatusCode) -> bool {
    !status.is_success() && !status.is_server_error()
}

#[cfg(test)]
mod tests;
