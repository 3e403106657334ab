//! Helm on the wire, era by era: the exact requests of a flow, and what each version takes for an answer.
//!
//! This is a model of a client, not a client: it stores nothing and knows one chart. It follows section 2, 3
//! and 7 of `spec/helm-client-behaviour.md`; where it is wrong, the evidence of real Helms says so.

use bytes::Bytes;
use futures_util::future::join_all;
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use crate::api::{ACCEPT_CONTAINERD, ACCEPT_ORAS, Chart, TagList, obstacle};
use crate::auth::is_same_origin;
use crate::expect;
use crate::resolve;
use crate::session::{Call, Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// How many redirects Go's HTTP client follows.
const REDIRECTS: usize = 10;
/// More pages than any list in this suite has; Helm itself would go on for ever.
const PAGES: usize = 20;

/// The transport library of a Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// containerd's resolver, pusher and fetcher.
    Containerd {
        /// Whether 202 on a PUT is a success.
        takes_202: bool,
        /// Whether a blob PUT carries `Content-Type`.
        typed_put: bool,
    },
    /// oras-go v2.
    Oras {
        /// Whether an upload may only go to the registry's own origin.
        hardened: bool,
    },
}

/// One Helm version on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) version: (u64, u64, u64),
    agent: &'static str,
    line: Line,
    shape: Shape,
}

/// Helm 3.2.4.
pub(crate) const HELM_3_2: Client = Client {
    version: (3, 2, 4),
    agent: "containerd/1.3.2+unknown",
    line: Line::Containerd {
        takes_202: false,
        typed_put: false,
    },
    shape: Shape::Legacy,
};
/// Helm 3.7.2.
pub(crate) const HELM_3_7: Client = Client {
    version: (3, 7, 2),
    agent: "Helm/3.7.2",
    line: Line::Containerd {
        takes_202: true,
        typed_put: true,
    },
    shape: Shape::Helm37,
};
/// Helm 3.10.1.
pub(crate) const HELM_3_10: Client = Client {
    version: (3, 10, 1),
    agent: "Helm/3.10.1",
    line: Line::Containerd {
        takes_202: true,
        typed_put: true,
    },
    shape: Shape::Helm38,
};
/// Helm 3.17.3.
pub(crate) const HELM_3_17: Client = Client {
    version: (3, 17, 3),
    agent: "Helm/3.17.3",
    line: Line::Containerd {
        takes_202: false,
        typed_put: true,
    },
    shape: Shape::Helm313,
};
/// Helm 3.18.6.
pub(crate) const HELM_3_18: Client = Client {
    version: (3, 18, 6),
    agent: "Helm/3.18.6",
    line: Line::Oras { hardened: false },
    shape: Shape::Helm313,
};
/// Helm 4.2.4.
pub(crate) const HELM_4_2: Client = Client {
    version: (4, 2, 4),
    agent: "Helm/4.2.4",
    line: Line::Oras { hardened: true },
    shape: Shape::Helm313,
};

/// Helm gives up at this answer.
fn gives_up(client: &Client, wanted: &str, reply: &Reply) -> Stop {
    let (major, minor, patch) = client.version;
    expect::violated(
        format!("{wanted}, or Helm {major}.{minor}.{patch} gives up here"),
        format!("{} to {}", reply.status, reply.uri.path()),
        &[reply],
    )
}

impl Client {
    /// Whether a chart is in the shape that this Helm pushes and pulls.
    pub(crate) fn knows(&self, chart: &Chart) -> bool {
        let kind = self.shape.chart_media_type();
        String::from_utf8_lossy(&chart.manifest).contains(kind)
    }

    /// The chart this Helm would push, in its shape, and nothing of it in the registry.
    pub(crate) fn chart(&self, session: &Session, version: &str) -> Chart {
        session.chart_of(session.package(version), self.shape, None)
    }

    fn call<'s>(&self, session: &'s Session, method: Method, path: &str) -> Call<'s> {
        session.call(method, path).header("user-agent", self.agent)
    }

    fn dressed<'s>(&self, call: Call<'s>, accept: Option<&str>) -> Call<'s> {
        let call = call.header("user-agent", self.agent);
        match accept {
            Some(accept) => call.accept(accept),
            None => call,
        }
    }

    /// Sends a request without a body and follows redirects as Go does, without credentials elsewhere.
    async fn read(
        &self,
        session: &Session,
        method: Method,
        path: &str,
        accept: Option<&str>,
    ) -> Result<Reply, Stop> {
        let mut reply = self
            .dressed(session.call(method.clone(), path), accept)
            .send()
            .await?;
        for _ in 0..REDIRECTS {
            let Some(location) = reply
                .header("location")
                .filter(|_| reply.status.is_redirection())
            else {
                return Ok(reply);
            };
            let next = session.resolve(&reply.uri, location)?;
            let call = session.call_uri(method.clone(), Ok(next)).anonymous();
            reply = self.dressed(call, accept).send().await?;
        }
        Err(gives_up(self, "an end of the redirects", &reply))
    }

    /// The whole push of a chart that the registry does not hold.
    pub(crate) async fn push(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        match self.line {
            Line::Containerd { .. } => self.push_containerd(session, chart, tag).await,
            Line::Oras { .. } => self.push_oras(session, chart, tag).await,
        }
    }

    /// The blobs of a chart with the media types of their descriptors.
    fn blobs(&self, chart: &Chart) -> [(Bytes, &'static str); 2] {
        [
            (chart.package.config.clone(), media_type::HELM_CONFIG),
            (chart.package.archive.clone(), self.shape.chart_media_type()),
        ]
    }

    async fn push_containerd(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        let blobs = self.blobs(chart);
        let opened = blobs
            .iter()
            .map(|(blob, kind)| self.open_containerd(session, blob, kind));
        let opened = join_all(opened)
            .await
            .into_iter()
            .collect::<Result<Vec<_>, Stop>>()?;
        let sent = blobs
            .iter()
            .zip(&opened)
            .map(|((blob, _), location)| async move {
                match location {
                    Some(location) => self.send_containerd(session, location, blob).await,
                    None => Ok(()),
                }
            });
        join_all(sent).await.into_iter().collect::<CheckResult>()?;
        let accept = format!("{}, */*", media_type::OCI_MANIFEST);
        let path = session.manifest_path(tag);
        let mut head = self
            .read(session, Method::HEAD, &path, Some(&accept))
            .await?;
        if head.status.as_u16() == 405 {
            head = self
                .read(session, Method::GET, &path, Some(&accept))
                .await?;
        }
        match head.status.as_u16() {
            200 if head.header("docker-content-digest") == Some(&chart.digest) => return Ok(()),
            200 | 404 => {}
            _ => return Err(gives_up(self, "404 for a tag that is not there", &head)),
        }
        let put = self
            .call(session, Method::PUT, &path)
            .body(Some(media_type::OCI_MANIFEST), &chart.manifest)
            .send()
            .await?;
        self.committed_containerd(&put, &chart.digest)
    }

    /// Where to send a blob; `None` if it need not be sent.
    async fn open_containerd(
        &self,
        session: &Session,
        blob: &Bytes,
        kind: &str,
    ) -> Result<Option<Uri>, Stop> {
        let digest = digest_of(blob);
        let accept = format!("{kind}, */*");
        let head = self
            .read(
                session,
                Method::HEAD,
                &session.blob_path(&digest),
                Some(&accept),
            )
            .await?;
        match head.status.as_u16() {
            200 => return Ok(None),
            404 => {}
            _ => return Err(gives_up(self, "200 or 404 for a blob", &head)),
        }
        let path = format!("/v2/{}/blobs/uploads/", session.repository());
        let post = self.call(session, Method::POST, &path).send().await?;
        match post.status.as_u16() {
            200 | 202 | 204 => {}
            // Taken for "it is there already".
            201 => return Ok(None),
            404 => {
                return Err(obstacle(
                    "open an upload in a repository that nobody made",
                    &post,
                ));
            }
            _ => return Err(gives_up(self, "202 for a new upload", &post)),
        }
        let location = post.header("location").unwrap_or_default().to_owned();
        if !location.starts_with('/') && !location.contains("://") {
            return Err(gives_up(
                self,
                "a `location` that is absolute or begins with `/`",
                &post,
            ));
        }
        session.resolve(&post.uri, &location).map(Some)
    }

    async fn send_containerd(
        &self,
        session: &Session,
        location: &Uri,
        blob: &Bytes,
    ) -> CheckResult {
        let digest = digest_of(blob);
        let call = session
            .complete_upload(location, &digest, blob)
            .header("user-agent", self.agent);
        let typed = matches!(
            self.line,
            Line::Containerd {
                typed_put: true,
                ..
            }
        );
        let put = if typed {
            call.send().await?
        } else {
            call.without("content-type").send().await?
        };
        self.committed_containerd(&put, &digest)
    }

    fn committed_containerd(&self, put: &Reply, digest: &str) -> CheckResult {
        let takes_202 = matches!(
            self.line,
            Line::Containerd {
                takes_202: true,
                ..
            }
        );
        match put.status.as_u16() {
            200 | 201 | 204 => {}
            202 if takes_202 => {}
            _ => return Err(gives_up(self, "201 for a PUT", put)),
        }
        if put.header("docker-content-digest") == Some(digest) {
            Ok(())
        } else {
            Err(gives_up(
                self,
                "`docker-content-digest` of what was sent",
                put,
            ))
        }
    }

    async fn push_oras(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        let by_digest = session.manifest_path(&chart.digest);
        let head = self
            .read(session, Method::HEAD, &by_digest, Some(ACCEPT_ORAS))
            .await?;
        match head.status.as_u16() {
            200 => self.described(&head, &chart.digest)?,
            404 => {
                let blobs = self.blobs(chart);
                let opened = blobs.iter().map(|(blob, _)| self.open_oras(session, blob));
                let opened = join_all(opened)
                    .await
                    .into_iter()
                    .collect::<Result<Vec<_>, Stop>>()?;
                let sent = blobs
                    .iter()
                    .zip(&opened)
                    .map(|((blob, _), location)| async move {
                        match location {
                            Some(location) => self.send_oras(session, location, blob).await,
                            None => Ok(()),
                        }
                    });
                join_all(sent).await.into_iter().collect::<CheckResult>()?;
                self.put_manifest_oras(session, &chart.digest, chart)
                    .await?;
            }
            _ => {
                return Err(gives_up(
                    self,
                    "404 for a manifest that is not there",
                    &head,
                ));
            }
        }
        let get = self
            .read(
                session,
                Method::GET,
                &by_digest,
                Some(media_type::OCI_MANIFEST),
            )
            .await?;
        if get.status.as_u16() != 200 {
            return Err(gives_up(self, "the manifest just pushed", &get));
        }
        let named = get
            .header("docker-content-digest")
            .is_none_or(|digest| digest == chart.digest);
        if get.body != chart.manifest
            || !named
            || get.media_type() != Some(media_type::OCI_MANIFEST)
        {
            return Err(gives_up(self, "the very manifest just pushed", &get));
        }
        self.put_manifest_oras(session, tag, chart).await
    }

    /// A HEAD answer that oras-go can make a descriptor of.
    fn described(&self, head: &Reply, digest: &str) -> CheckResult {
        if head
            .header("docker-content-digest")
            .is_some_and(|named| named != digest)
        {
            return Err(gives_up(self, "the digest that was asked for", head));
        }
        if head.header("content-length").is_none() || head.header("content-type").is_none() {
            return Err(gives_up(
                self,
                "`content-length` and `content-type` on HEAD",
                head,
            ));
        }
        Ok(())
    }

    async fn put_manifest_oras(
        &self,
        session: &Session,
        reference: &str,
        chart: &Chart,
    ) -> CheckResult {
        let put = self
            .call(session, Method::PUT, &session.manifest_path(reference))
            .body(Some(media_type::OCI_MANIFEST), &chart.manifest)
            .send()
            .await?;
        if put.status.as_u16() != 201 {
            return Err(gives_up(self, "201 for a manifest", &put));
        }
        if put
            .header("docker-content-digest")
            .is_some_and(|digest| digest != chart.digest)
        {
            return Err(gives_up(self, "the manifest's own digest", &put));
        }
        Ok(())
    }

    /// Where to send a blob; `None` if it need not be sent.
    async fn open_oras(&self, session: &Session, blob: &Bytes) -> Result<Option<Uri>, Stop> {
        let digest = digest_of(blob);
        let head = self
            .read(session, Method::HEAD, &session.blob_path(&digest), None)
            .await?;
        match head.status.as_u16() {
            200 if head.header("content-length").is_some() => return Ok(None),
            200 => return Err(gives_up(self, "`content-length` on HEAD", &head)),
            404 => {}
            _ => return Err(gives_up(self, "200 or 404 for a blob", &head)),
        }
        let path = format!("/v2/{}/blobs/uploads/", session.repository());
        let mut post = self.call(session, Method::POST, &path).send().await?;
        if post.status.is_server_error() {
            // A request without a body is tried again.
            post = self.call(session, Method::POST, &path).send().await?;
        }
        if post.status.as_u16() == 404 {
            return Err(obstacle(
                "open an upload in a repository that nobody made",
                &post,
            ));
        }
        if post.status.as_u16() != 202 {
            return Err(gives_up(self, "202 for a new upload", &post));
        }
        let Some(location) = post
            .header("location")
            .filter(|location| !location.is_empty())
        else {
            return Err(gives_up(self, "a `location`", &post));
        };
        let uri = session.resolve(&post.uri, location)?;
        let elsewhere = !is_same_origin(&uri, session.target().origin());
        if elsewhere && matches!(self.line, Line::Oras { hardened: true }) {
            return Err(gives_up(
                self,
                "a `location` on the registry's own origin",
                &post,
            ));
        }
        Ok(Some(uri))
    }

    async fn send_oras(&self, session: &Session, location: &Uri, blob: &Bytes) -> CheckResult {
        let put = session
            .complete_upload(location, &digest_of(blob), blob)
            .header("user-agent", self.agent)
            .send()
            .await?;
        if put.status.as_u16() == 201 {
            Ok(())
        } else {
            Err(gives_up(self, "201 for a blob", &put))
        }
    }

    /// The whole pull of a tag.
    pub(crate) async fn pull(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        match self.line {
            Line::Containerd { .. } => self.pull_containerd(session, chart, tag).await,
            Line::Oras { .. } => self.pull_oras(session, chart, tag).await,
        }
    }

    async fn pull_containerd(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        let path = session.manifest_path(tag);
        let mut head = self
            .read(session, Method::HEAD, &path, Some(ACCEPT_CONTAINERD))
            .await?;
        if head.status.as_u16() == 405 {
            head = self
                .read(session, Method::GET, &path, Some(ACCEPT_CONTAINERD))
                .await?;
        }
        if head.status.as_u16() != 200 {
            return Err(gives_up(self, "200 for the tag", &head));
        }
        let kind = head.media_type().unwrap_or_default().to_owned();
        let (mut digest, mut size) = (
            head.header("docker-content-digest").map(ToOwned::to_owned),
            head.header("content-length")
                .and_then(|length| length.parse::<usize>().ok()),
        );
        if digest.is_none() || size.is_none() {
            let get = self
                .read(session, Method::GET, &path, Some(ACCEPT_CONTAINERD))
                .await?;
            digest = Some(digest_of(&get.body));
            size = Some(get.body.len());
        }
        let digest = digest.unwrap_or_default();
        let accept = format!("{kind}, */*");
        let manifest = self
            .read(
                session,
                Method::GET,
                &session.manifest_path(&digest),
                Some(&accept),
            )
            .await?;
        let whole = size == Some(manifest.body.len()) && digest_of(&manifest.body) == digest;
        if manifest.status.as_u16() != 200 || !whole {
            return Err(gives_up(self, "the manifest that HEAD named", &manifest));
        }
        if kind == media_type::OCI_INDEX {
            return self.fetch_from_index(session, chart, true).await;
        }
        if kind != media_type::OCI_MANIFEST {
            return Err(gives_up(self, "the type of an image manifest", &head));
        }
        self.fetch(session, chart, true, &manifest).await
    }

    async fn pull_oras(&self, session: &Session, chart: &Chart, tag: &str) -> CheckResult {
        let path = session.manifest_path(tag);
        let manifest = self
            .read(session, Method::GET, &path, Some(ACCEPT_ORAS))
            .await?;
        if manifest.media_type() == Some(media_type::OCI_INDEX) {
            return self.fetch_from_index(session, chart, false).await;
        }
        if manifest.status.as_u16() != 200
            || manifest.media_type() != Some(media_type::OCI_MANIFEST)
        {
            return Err(gives_up(
                self,
                "the chart's manifest, typed as one",
                &manifest,
            ));
        }
        let named = manifest.header("docker-content-digest");
        if named.is_some_and(|digest| digest != digest_of(&manifest.body)) {
            return Err(gives_up(self, "the digest of the body", &manifest));
        }
        if manifest.header("content-length").is_none() {
            let head = self
                .read(session, Method::HEAD, &path, Some(ACCEPT_ORAS))
                .await?;
            if head.status.as_u16() != 200 {
                return Err(gives_up(self, "the length of the manifest", &head));
            }
            self.described(&head, &digest_of(&manifest.body))?;
        }
        self.fetch(session, chart, false, &manifest).await
    }

    /// The chart's own manifest out of an index, which the versions modelled here all read.
    async fn fetch_from_index(
        &self,
        session: &Session,
        chart: &Chart,
        accept: bool,
    ) -> CheckResult {
        let path = session.manifest_path(&chart.digest);
        let manifest = self
            .read(session, Method::GET, &path, Some(media_type::OCI_MANIFEST))
            .await?;
        if manifest.status.as_u16() != 200 {
            return Err(gives_up(
                self,
                "the manifest that the index names",
                &manifest,
            ));
        }
        self.fetch(session, chart, accept, &manifest).await
    }

    /// Config and chart at once, each checked against its descriptor.
    async fn fetch(
        &self,
        session: &Session,
        chart: &Chart,
        accept: bool,
        manifest: &Reply,
    ) -> CheckResult {
        let text = String::from_utf8_lossy(&manifest.body).into_owned();
        let layer = self.shape.chart_media_type();
        if !text.contains(media_type::HELM_CONFIG) || !text.contains(layer) {
            return Err(gives_up(self, "a manifest of a chart", manifest));
        }
        let blobs = self.blobs(chart);
        let fetched = blobs.iter().map(|(blob, kind)| async move {
            let digest = digest_of(blob);
            let kind = format!("{kind}, */*");
            let reply = self
                .read(
                    session,
                    Method::GET,
                    &session.blob_path(&digest),
                    accept.then_some(&kind),
                )
                .await?;
            if reply.status.as_u16() != 200 {
                return Err(gives_up(self, "200 for a blob", &reply));
            }
            let encoded = reply
                .header("content-encoding")
                .is_some_and(|coding| coding != "identity");
            let named = accept
                || reply
                    .header("docker-content-digest")
                    .is_none_or(|own| own == digest);
            if reply.body != blob || encoded || !named {
                return Err(gives_up(self, "the very bytes of the blob", &reply));
            }
            Ok(())
        });
        join_all(fetched).await.into_iter().collect()
    }

    /// Lists tags, picks the highest release, and pulls it.
    pub(crate) async fn pull_unversioned(&self, session: &Session, chart: &Chart) -> CheckResult {
        let path = format!("/v2/{}/tags/list", session.repository());
        let mut page = self.call(session, Method::GET, &path).send().await?;
        let mut tags = Vec::new();
        for _ in 0..PAGES {
            let list: Option<TagList> = serde_json::from_slice(&page.body).ok();
            match list.filter(|_| page.status.as_u16() == 200) {
                Some(list) => tags.extend(list.tags.unwrap_or_default()),
                None => return Err(gives_up(self, "a list of tags", &page)),
            }
            let Some(link) = page.header("link").map(ToOwned::to_owned) else {
                return match resolve::pick(&tags, None) {
                    Some(tag) => self.pull(session, chart, &tag).await,
                    None => Err(gives_up(self, "a version in the list", &page)),
                };
            };
            let Some((next, _)) = link.strip_prefix('<').and_then(|rest| rest.split_once('>'))
            else {
                return Err(gives_up(self, "a `link` between `<` and `>`", &page));
            };
            let next: Result<Uri, Stop> = session.resolve(&page.uri, next);
            page = session
                .call_uri(Method::GET, next)
                .header("user-agent", self.agent)
                .send()
                .await?;
        }
        Err(gives_up(self, "a last page", &page))
    }
}
