//! Version resolution in Helm 3.8 and later: it lists tags and picks one for a range, or the highest release.

use http::{Method, Uri};
use semver::{Version, VersionReq};

use super::auth::TokenCache;
use super::request::{Access, PlannedRequest};
use super::{ClientRun, Quirk, TransportLibrary};
use crate::helm::errors::Symptom;
use crate::helm::range;
use crate::oci::TagList;
use crate::oci::url::is_same_origin;
use crate::session::steps::Chart;
use crate::session::{Reply, expect};
use crate::verdict::{CheckResult, Obstacle, Stop};
use crate::wire::ClientHelloOutcome;

/// More pages than any list of this suite has; Helm itself has no limit.
const PAGES: usize = 20;
/// The number of bytes of a page that Helm reads.
const PAGE: usize = 4 * 1024 * 1024;

impl ClientRun<'_> {
    /// Lists tags, and picks the highest version that matches each range, which must be that of the tag. Pulls this chart by
    /// the last tag.
    pub(crate) async fn pull_resolved(
        mut self,
        chart: &Chart,
        ranges: &[(&str, Option<&VersionReq>)],
    ) -> CheckResult {
        if self.model.has(Quirk::ListsOverTlsFirst) {
            self.try_tls().await?;
        }
        let (tags, last) = match self.model.library {
            TransportLibrary::OrasGo => self.tags().await?,
            TransportLibrary::Containerd => {
                // A separate client lists tags; it shares no tokens with the one that pulls.
                let mut lister = self.model.run(self.session);
                lister.cache = TokenCache::for_listing(self.session);
                lister.connections = self.connections.clone();
                lister.tags().await?
            }
        };
        for (tag, range) in ranges {
            if range::pick(&tags, *range).as_deref() != Some(*tag) {
                let wanted = format!("`{tag}` as the highest matching version in the list");
                return Err(self.abort(&wanted, &last));
            }
        }
        match ranges {
            [.., (tag, _)] => self.pull(chart, tag).await,
            [] => Ok(()),
        }
    }

    /// Sends a TLS `ClientHello` to a plain-HTTP port, which must respond in HTTP.
    async fn try_tls(&self) -> CheckResult {
        let target = self.session.target();
        if target.origin().scheme_str() != Some("http") {
            return Ok(());
        }
        let outcome = target.registry.client_hello().await;
        let outcome = outcome.map_err(|error| Obstacle::from(&error))?;
        let actual = match outcome {
            ClientHelloOutcome::Response(bytes) if bytes.starts_with(b"HTTP/") => return Ok(()),
            ClientHelloOutcome::Response(_) => "another response",
            ClientHelloOutcome::NoResponse => self.words(Symptom::HandshakeTimeout),
            ClientHelloOutcome::Closed => self.words(Symptom::HandshakeReset),
        };
        let expected = "a response in HTTP to a TLS `ClientHello`";
        Err(expect::violated(expected, actual, &[]))
    }

    /// The words that this Helm version prints.
    fn words(&self, symptom: Symptom) -> &'static str {
        let (major, minor, patch) = self.model.version;
        let words = symptom.words(&Version::new(major, minor, patch));
        words.unwrap_or_default()
    }

    /// All tags, and the response with the last page.
    async fn tags(&mut self) -> Result<(Vec<String>, Reply), Stop> {
        let path = format!("/v2/{}/tags/list", self.session.repository());
        let mut page = self.page(self.session.uri(&path)?).await?;
        let mut tags = Vec::new();
        for _ in 0..PAGES {
            let list: Option<TagList> = serde_json::from_slice(&page.body).ok();
            let is_read_whole = page.body.len() <= PAGE;
            match list.filter(|_| page.status.as_u16() == 200 && is_read_whole) {
                Some(list) => tags.extend(list.tags.unwrap_or_default()),
                None => return Err(self.abort("a list of tags", &page)),
            }
            let Some(link) = page.header("link") else {
                return Ok((tags, page));
            };
            let next = link.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let Some((next, _)) = next else {
                return Err(self.abort("a `link` between `<` and `>`", &page));
            };
            let next = self.resolved(&page, next)?;
            if self.model.has(Quirk::ChecksLinks) && !is_same_origin(&next, &page.uri) {
                return Err(self.abort("a `link` to the origin of the request", &page));
            }
            page = self.page(next).await?;
        }
        Err(self.abort("a last page", &page))
    }

    async fn page(&mut self, uri: Uri) -> Result<Reply, Stop> {
        self.request(PlannedRequest::new(Method::GET, uri, Access::Pull))
            .await
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;

    use crate::checks;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::session::Session;
    use crate::verdict::Stop;

    #[test]
    fn a_client_hello_without_a_response_fails_in_the_words_of_helm() {
        for (fault, words) in [
            (
                Fault::SilentOnClientHello,
                "net/http: TLS handshake timeout",
            ),
            (Fault::ClosesOnClientHello, "connection reset by peer"),
        ] {
            for id in ["flow/list-3.8", "flow/list-3.12", "flow/list-3.13"] {
                let requirement = checks::find(id).expect("it is in the suite");
                let session = Session::new(proof::target(Setup::PlainHttp, &[fault]), id);
                let result = proof::finish((requirement.check)(&session));
                match result.expect("it never waits") {
                    Err(Stop::Violated(finding)) => {
                        assert!(finding.actual.contains(words), "{id}: {finding:?}");
                    }
                    other => assert_eq!((id, other.is_ok()), ("flow/list-3.13", true)),
                }
            }
        }
    }
}
