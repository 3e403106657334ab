//! Models of Helm clients: the exact requests of a flow by Helm version, and the responses that each version accepts.
//!
//! A model stores nothing and knows one chart. It follows sections 2, 3, 4 and 7 of `spec/helm-client-behaviour.md`. The
//! evidence of real Helm versions contradicts a wrong model, and the tests of the harness compare each flow with the
//! real Helm, request by request.
//!
//! - [`versions`] lists the modelled Helm versions;
//! - [`request`] sends requests as Helm does, some of them concurrently, and follows redirects as Go does, over its
//!   [`connections`];
//! - [`auth`] responds to challenges in the style of each transport library, which reads them as in [`challenges`],
//!   [`elsewhere`] to those of other hosts, [`tokens`] requests tokens;
//! - [`containerd`] and [`oras`] push and pull, [`list`] resolves versions, [`login`] logs in.

mod auth;
mod challenges;
mod connections;
mod containerd;
mod elsewhere;
mod list;
mod login;
mod oras;
mod request;
mod tokens;
mod versions;

use bytes::Bytes;
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;
use http::{Method, Uri};

use self::auth::TokenCache;
use self::connections::Connections;
use self::request::{Access, PlannedRequest};
use crate::session::expect;
use crate::session::steps::{Blob, Chart};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

pub(crate) use self::versions::*;

/// The transport library of a Helm version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransportLibrary {
    /// containerd's resolver, pusher and fetcher.
    Containerd,
    /// oras-go v2.
    OrasGo,
}

/// A behaviour of some of the versions over a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quirk {
    /// Status 202 of a PUT is a success.
    AcceptsStatus202,
    /// A blob PUT carries no `Content-Type`.
    BlobPutWithoutContentType,
    /// A challenge without a scope is an error.
    RequiresScope,
    /// After status 400 to a POST for a token, the token is requested with GET.
    FallsBackToGetOn400,
    /// When the first token is not sufficient, another one is requested for the scope of the rejected request.
    RequestsBroaderToken,
    /// The provenance is pulled without the tokens of the pull before.
    ForgetsTokensBeforeProvenance,
    /// A chart in an index is an error.
    NoIndexSupport,
    /// A push begins with a token for `pull`.
    PullTokenBeforePush,
    /// URLs are checked before they are followed.
    ChecksUrls,
    /// The next page of a tag list has the origin of the registry.
    ChecksLinks,
    /// A transfer whose connection closes is continued with a range.
    ResumesTransfers,
    /// A push goes on where a check for existing content is challenged by a host without credentials for Basic.
    PushesUnchecked,
    /// A list of tags from a plain-HTTP port begins with an attempt over TLS, which must fail with a response in HTTP.
    ListsOverTlsFirst,
}

/// The model of one Helm version.
#[derive(Debug)]
pub(crate) struct ClientModel {
    pub(crate) version: (u64, u64, u64),
    agent: &'static str,
    /// The `User-Agent` of a login.
    login_agent: &'static str,
    library: TransportLibrary,
    quirks: &'static [Quirk],
    shape: Shape,
}

/// One run of a client model, without memory of other runs.
pub(crate) struct ClientRun<'s> {
    model: &'static ClientModel,
    session: &'s Session,
    /// The `User-Agent` of the run.
    agent: &'static str,
    cache: TokenCache,
    connections: Connections,
}

impl ClientModel {
    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// True if a chart has the shape that this Helm version pushes and pulls.
    pub(crate) fn uses_shape_of(&self, chart: &Chart) -> bool {
        let kind = self.shape.chart_media_type();
        String::from_utf8_lossy(&chart.manifest).contains(kind)
    }

    /// The chart that this Helm version would push, not stored in the registry.
    pub(crate) fn chart(&self, session: &Session, version: &str) -> Chart {
        Session::chart_as_sent(session.ordinary_package(version), self.shape, None)
    }

    /// Another chart of the same version.
    pub(crate) fn changed_chart(&self, session: &Session, version: &str) -> Chart {
        let seed = session.seed().wrapping_add(1);
        let package = session.ordinary_package_of(version, seed);
        Session::chart_as_sent(package, self.shape, None)
    }

    /// The same with provenance. The digest of the provenance sorts before that of the archive if `is_first`: since 3.8
    /// Helm sorts layers.
    pub(crate) fn signed_chart(&self, session: &Session, version: &str, is_first: bool) -> Chart {
        Self::signed(session, version, self.shape, is_first)
    }

    /// The signed chart that this Helm version reads, with its archive first.
    pub(crate) fn read_signed_chart(&self, session: &Session, version: &str) -> Chart {
        Self::signed(session, version, self.read_shape(), false)
    }

    fn signed(session: &Session, version: &str, shape: Shape, is_first: bool) -> Chart {
        let package = session.ordinary_package(version);
        let mut provenance = session.provenance_of(&package);
        // The signature does not cover what follows it.
        while (*digest_of(&provenance) < *package.digest()) != is_first {
            provenance = [&provenance[..], b"\n"].concat().into();
        }
        Session::chart_as_sent(package, shape, Some(provenance))
    }

    /// Starts a run.
    pub(crate) fn run<'s>(&'static self, session: &'s Session) -> ClientRun<'s> {
        ClientRun {
            model: self,
            session,
            agent: self.agent,
            cache: TokenCache::of(self.library, session),
            connections: Connections::default(),
        }
    }
}

/// The digest that a response names; oras-go takes an empty header for an absent one.
fn named_digest(reply: &Reply) -> Option<&str> {
    let named = reply.header("docker-content-digest");
    named.filter(|named| !named.is_empty())
}

/// The part of a chart that is pulled together with its config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChartPart {
    Archive,
    Provenance,
}

impl ClientRun<'_> {
    /// The violation by a response at which this Helm version aborts.
    #[expect(clippy::unused_self, reason = "it is the run that aborts")]
    fn abort(&self, wanted: &str, reply: &Reply) -> Stop {
        let actual = format!("status {} for {}", reply.status, reply.uri.path());
        expect::violated(wanted, actual, &[reply])
    }

    /// The whole push of a chart, with its provenance if it has one.
    pub(crate) async fn push(mut self, chart: &Chart, tag: &str) -> CheckResult {
        match self.model.library {
            TransportLibrary::Containerd => self.push_containerd(chart, tag).await,
            TransportLibrary::OrasGo => self.push_oras(chart, tag).await,
        }
    }

    /// The whole pull of a tag.
    pub(crate) async fn pull(mut self, chart: &Chart, tag: &str) -> CheckResult {
        self.pull_part(chart, tag, ChartPart::Archive).await
    }

    /// The whole pull of a tag, then the pull of its provenance.
    pub(crate) async fn pull_with_provenance(mut self, chart: &Chart, tag: &str) -> CheckResult {
        self.pull_part(chart, tag, ChartPart::Archive).await?;
        if self.model.has(Quirk::ForgetsTokensBeforeProvenance) {
            self.cache = TokenCache::of(self.model.library, self.session);
        }
        self.pull_part(chart, tag, ChartPart::Provenance).await
    }

    async fn pull_part(&mut self, chart: &Chart, tag: &str, part: ChartPart) -> CheckResult {
        match self.model.library {
            TransportLibrary::Containerd => self.pull_containerd(chart, tag, part).await,
            TransportLibrary::OrasGo => self.pull_oras(chart, tag, part).await,
        }
    }

    /// Uploads the blobs of a chart that the registry does not have, concurrently.
    async fn upload(&mut self, chart: &Chart, access: Access) -> CheckResult {
        let blobs = self.blobs(chart);
        let heads = blobs.iter().map(|(blob, kind)| self.head_blob(blob, kind));
        let heads = heads.collect::<Result<Vec<_>, Stop>>()?;
        let heads = self.request_all(&heads).await?;
        let mut missing = Vec::new();
        for ((blob, _), head) in blobs.iter().zip(&heads) {
            if !self.exists(head, &digest_of(blob))? {
                missing.push(blob);
            }
        }
        let path = format!("/v2/{}/blobs/uploads/", self.session.repository());
        let post = PlannedRequest::new(Method::POST, self.session.uri(&path)?, access);
        let posts = self.request_all(&vec![post; missing.len()]).await?;
        let mut puts = Vec::new();
        for (blob, post) in missing.into_iter().zip(&posts) {
            if let Some(location) = self.upload_location(post)? {
                puts.push((blob, location));
            }
        }
        self.send_blobs(&puts, access).await
    }

    /// The request that requests for a blob before it is pushed.
    fn head_blob(&self, blob: &Bytes, kind: &str) -> Result<PlannedRequest, Stop> {
        let uri = self
            .session
            .uri(&self.session.blob_path(&digest_of(blob)))?;
        Ok(match self.model.library {
            TransportLibrary::Containerd => {
                PlannedRequest::new(Method::HEAD, uri, Access::PullPush)
                    .accept(&format!("{kind}, */*"))
            }
            TransportLibrary::OrasGo => PlannedRequest::new(Method::HEAD, uri, self.read_access()),
        })
    }

    /// The access that a push over oras-go requests for its reads.
    fn read_access(&self) -> Access {
        if self.model.has(Quirk::PullTokenBeforePush) {
            Access::Pull
        } else {
            Access::PullPush
        }
    }

    /// True if the registry has the blob with this digest. oras-go compares the digest that the response names.
    fn exists(&self, head: &Reply, digest: &str) -> Result<bool, Stop> {
        let named = named_digest(head);
        match (head.status.as_u16(), self.model.library) {
            (200, TransportLibrary::OrasGo) if head.header("content-length").is_none() => {
                Err(self.abort("`content-length` on HEAD", head))
            }
            (200, TransportLibrary::OrasGo) if named.is_some_and(|named| named != digest) => {
                Err(self.abort("the digest of the blob", head))
            }
            (200, _) => Ok(true),
            (404, _) => Ok(false),
            _ if self.pushes_unchecked(head) => Ok(false),
            _ => Err(self.abort("status 200 or 404 for a blob", head)),
        }
    }

    /// The URL of an upload; `None` if Helm takes the blob for one that exists.
    fn upload_location(&self, post: &Reply) -> Result<Option<Uri>, Stop> {
        if post.status.as_u16() == 404 {
            return Err(crate::session::steps::obstacle(
                "open an upload in a repository that does not exist",
                post,
            ));
        }
        match self.model.library {
            TransportLibrary::Containerd => self.location_containerd(post),
            TransportLibrary::OrasGo => self.location_oras(post).map(Some),
        }
    }

    async fn send_blobs(&mut self, puts: &[(&Bytes, Uri)], access: Access) -> CheckResult {
        let is_typed = !self.model.has(Quirk::BlobPutWithoutContentType);
        let kind = is_typed.then_some(media_type::OCTET_STREAM);
        let requests = puts.iter().map(|(blob, location)| {
            let uri = Session::upload_target(location, &digest_of(blob))?;
            Ok(PlannedRequest::new(Method::PUT, uri, access).body(kind, blob))
        });
        let requests = requests.collect::<Result<Vec<_>, Stop>>()?;
        let replies = self.request_all(&requests).await?;
        let mut sent = puts.iter().zip(&replies);
        sent.try_for_each(|((blob, _), put)| match self.model.library {
            TransportLibrary::Containerd => self.committed(put, &digest_of(blob)),
            TransportLibrary::OrasGo if put.status.as_u16() == 201 => Ok(()),
            TransportLibrary::OrasGo => Err(self.abort("status 201 for a blob", put)),
        })
    }

    /// The blobs of a chart with the media types of their descriptors.
    fn blobs(&self, chart: &Chart) -> Vec<(Bytes, &'static str)> {
        let mut blobs = vec![
            (chart.package.config.clone(), media_type::HELM_CONFIG),
            (
                chart.package.archive.clone(),
                self.model.shape.chart_media_type(),
            ),
        ];
        let provenance = chart.provenance.iter();
        blobs.extend(provenance.map(|blob| (blob.clone(), media_type::HELM_PROVENANCE)));
        blobs
    }

    /// Pulls the config and one other part concurrently, each checked against its descriptor.
    async fn fetch(&mut self, chart: &Chart, manifest: &Reply, part: ChartPart) -> CheckResult {
        let text = String::from_utf8_lossy(&manifest.body).into_owned();
        let provenance = chart.provenance.as_ref();
        let (other, kind) = match (part, provenance) {
            (ChartPart::Provenance, Some(provenance)) => {
                (Blob::Kept(provenance.clone()), media_type::HELM_PROVENANCE)
            }
            _ => (chart.layer(), self.model.shape.chart_media_type()),
        };
        let mut blobs = [(chart.config(), media_type::HELM_CONFIG), (other, kind)];
        // Helm 3.7 and later also read the chart layer of the versions before them.
        for (_, kind) in &mut blobs {
            if *kind == media_type::HELM_CHART && !text.contains(*kind) {
                *kind = media_type::LEGACY_CHART;
            }
        }
        if let Some((_, kind)) = blobs.iter().find(|(_, kind)| !text.contains(kind)) {
            return Err(self.abort(&format!("a manifest with a `{kind}`"), manifest));
        }
        let is_containerd = matches!(self.model.library, TransportLibrary::Containerd);
        let requests = blobs.iter().map(|(blob, kind)| {
            let uri = self.session.uri(&self.session.blob_path(&blob.digest()))?;
            let mut request = PlannedRequest::new(Method::GET, uri, Access::Pull);
            if let Blob::Unkept(measured) = blob {
                request = request.measured(measured);
            }
            Ok(if is_containerd {
                request.accept(&format!("{kind}, */*"))
            } else {
                request
            })
        });
        let requests = requests.collect::<Result<Vec<_>, Stop>>()?;
        let replies = self.request_all(&requests).await?;
        for ((blob, _), reply) in blobs.iter().zip(&replies) {
            // containerd reads with any successful status.
            let is_read =
                reply.status.as_u16() == 200 || is_containerd && reply.status.is_success();
            if !is_read {
                return Err(self.abort("status 200 for a blob", reply));
            }
            let named = named_digest(reply);
            let is_named = is_containerd || named.is_none_or(|named| named == blob.digest());
            if !blob.is_in(reply) || !is_named {
                return Err(self.abort("the bytes of the blob", reply));
            }
        }
        Ok(())
    }

    /// Pulls the manifest of the chart from an index; some versions cannot.
    async fn fetch_from_index(
        &mut self,
        chart: &Chart,
        index: &Reply,
        part: ChartPart,
    ) -> CheckResult {
        if self.model.has(Quirk::NoIndexSupport) {
            return Err(self.abort("a manifest, not an index", index));
        }
        let path = self.session.manifest_path(&chart.digest);
        let request = PlannedRequest::new(Method::GET, self.session.uri(&path)?, Access::Pull);
        let manifest = self
            .request(request.accept(media_type::OCI_MANIFEST))
            .await?;
        if manifest.status.as_u16() != 200 {
            return Err(self.abort("the manifest in the index", &manifest));
        }
        self.fetch(chart, &manifest, part).await
    }
}
