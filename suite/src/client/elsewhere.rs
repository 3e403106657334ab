//! Challenges of other hosts than the registry, to which a redirect or a URL in a response leads.

use http::{HeaderValue, Uri};

use super::auth::AuthStyle;
use super::request::PlannedRequest;
use super::tokens::typed_token;
use super::{ClientRun, Quirk, challenges};
use crate::oci::url;
use crate::session::Reply;
use crate::session::steps::obstacle;
use crate::verdict::Stop;

impl ClientRun<'_> {
    /// Responds to a challenge of another host, for which Helm has no user name and password: with an anonymous token.
    pub(super) async fn respond_elsewhere(
        &self,
        request: &PlannedRequest,
        sent: Option<&HeaderValue>,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let is_redirected = !self.is_elsewhere(&request.uri);
        let offered = match self.cache.style {
            AuthStyle::OrasGo if is_redirected && self.model.has(Quirk::ChecksUrls) => {
                return Ok(None);
            }
            // Helm takes the same host with another scheme for its own.
            _ if reply.uri.authority() == self.session.target().origin().authority() => {
                return Err(elsewhere(reply));
            }
            AuthStyle::Session => return Err(elsewhere(reply)),
            // Some versions send their token with an upload.
            _ if !request.is_read() => return Err(elsewhere(reply)),
            AuthStyle::Containerd => challenges::first_of_each(&reply.headers),
            AuthStyle::OrasGo => challenges::first(reply).into_iter().collect(),
        };
        if is_redirected && self.cache.is_oras() {
            // Helm requests the original URL again, with credentials for it.
            return Ok(sent.cloned());
        }
        let Some(bearer) = offered.iter().find(|one| one.scheme == "bearer") else {
            return Ok(None);
        };
        let endpoint = self.endpoint(bearer, reply)?;
        let scopes = bearer.parameter("scope").unwrap_or_default();
        let scopes = scopes.split_ascii_whitespace().map(ToOwned::to_owned);
        let got = self.get_scoped(&endpoint, &scopes.collect()).await?;
        self.token(&got, typed_token(&got))?;
        // Nothing is known of a host that gives tokens to everybody.
        Err(elsewhere(reply))
    }

    /// True if Helm takes content for absent, because a host for which it has no password requires one.
    pub(super) fn pushes_unchecked(&self, head: &Reply) -> bool {
        let read = challenges::first_of_each(&head.headers);
        let is_basic = read.first().is_some_and(|one| one.scheme == "basic");
        let is_refused = head.status.as_u16() == 401 && self.is_elsewhere(&head.uri);
        is_refused && is_basic && self.model.has(Quirk::PushesUnchecked)
    }

    /// True if a URL has not the origin of the registry.
    pub(super) fn is_elsewhere(&self, uri: &Uri) -> bool {
        !url::is_same_origin(uri, self.session.target().origin())
    }
}

pub(super) fn elsewhere(reply: &Reply) -> Stop {
    obstacle(
        "read from another host, to which no credentials are sent",
        reply,
    )
}
