//! Helm on the wire, era by era: the exact requests of a flow, and what each version takes for an answer.
//!
//! This is a model of a client, not a client: it stores nothing and knows one chart. It follows sections 2, 3, 4
//! and 7 of `spec/helm-client-behaviour.md`; where it is wrong, the evidence of real Helms says so, and the tests
//! of the harness hold each flow, request by request, against the real Helm.
//!
//! - [`versions`] are the Helms that are modelled;
//! - [`wire`] sends what a Helm sends, side by side where it does, and follows redirects as Go does;
//! - [`keys`] answers challenges in the manner of each transport library, [`tokens`] asks for tokens;
//! - [`containerd`] and [`oras`] push and pull, [`list`] resolves versions, [`login`] logs in.

mod containerd;
mod keys;
mod list;
mod login;
mod oras;
mod tokens;
mod versions;
mod wire;

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::{media_type, provenance};
use http::{Method, Uri};

use self::keys::Keys;
use self::wire::{Ask, Rights};
use crate::session::expect;
use crate::session::steps::Chart;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

pub(crate) use self::versions::*;

/// The transport library of a Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// containerd's resolver, pusher and fetcher.
    Containerd,
    /// oras-go v2.
    Oras,
}

/// What only some of the versions over a library do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// 202 on a PUT is a success.
    Takes202,
    /// A blob PUT carries no `Content-Type`.
    SendsBlobsUntyped,
    /// A challenge has to name a scope.
    NeedsScope,
    /// A token endpoint that answers 400 to a POST is asked again with GET.
    AsksAgainAfter400,
    /// Another token is asked for when the first is not enough, for what is wanted then.
    AsksForMore,
    /// The provenance is fetched as if nothing had been fetched before.
    ForgetsBeforeProvenance,
    /// A chart in an index is not found.
    KnowsNoIndex,
    /// A push begins with a token to pull.
    BeginsPushWithPull,
    /// URLs are checked before they are followed.
    ChecksUrls,
}

/// One Helm version on the wire.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) version: (u64, u64, u64),
    agent: &'static str,
    /// What it calls itself where it logs in.
    login_agent: &'static str,
    line: Line,
    ways: &'static [Way],
    shape: Shape,
}

/// One run of a Helm.
pub(crate) struct Run<'s> {
    client: &'static Client,
    session: &'s Session,
    /// What it calls itself.
    agent: &'static str,
    keys: Keys,
}

impl Client {
    fn does(&self, way: Way) -> bool {
        self.ways.contains(&way)
    }

    /// Whether a chart is in the shape that this Helm pushes and pulls.
    pub(crate) fn knows(&self, chart: &Chart) -> bool {
        let kind = self.shape.chart_media_type();
        String::from_utf8_lossy(&chart.manifest).contains(kind)
    }

    /// The chart this Helm would push, in its shape, and nothing of it in the registry.
    pub(crate) fn chart(&self, session: &Session, version: &str) -> Chart {
        session.chart_of(session.package(version), self.shape, None)
    }

    /// The same with provenance, whose digest is before that of the archive or behind it: since 3.8 Helm sorts layers.
    pub(crate) fn signed_chart(&self, session: &Session, version: &str, is_first: bool) -> Chart {
        let metadata = ChartMetadata::new(session.chart_name(), version);
        let mut seed = session.seed();
        loop {
            let package = ChartPackage::build(&metadata, seed);
            let provenance = provenance::sign(&package);
            if (digest_of(&provenance) < package.digest()) == is_first {
                return session.chart_of(package, self.shape, Some(provenance));
            }
            seed = seed.wrapping_add(1);
        }
    }

    /// Begins a run, which remembers nothing of the ones before it.
    pub(crate) fn run<'s>(&'static self, session: &'s Session) -> Run<'s> {
        Run {
            client: self,
            session,
            agent: self.agent,
            keys: Keys::of(self.line, session),
        }
    }
}

/// What of a chart is pulled beside its config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Archive,
    Provenance,
}

impl Run<'_> {
    /// This Helm gives up at this answer.
    fn gives_up(&self, wanted: &str, reply: &Reply) -> Stop {
        let (major, minor, patch) = self.client.version;
        expect::violated(
            format!("{wanted}, or Helm {major}.{minor}.{patch} gives up here"),
            format!("{} to {}", reply.status, reply.uri.path()),
            &[reply],
        )
    }

    /// The whole push of a chart, with its provenance if it has one.
    pub(crate) async fn push(mut self, chart: &Chart, tag: &str) -> CheckResult {
        match self.client.line {
            Line::Containerd => self.push_containerd(chart, tag).await,
            Line::Oras => self.push_oras(chart, tag).await,
        }
    }

    /// The whole pull of a tag.
    pub(crate) async fn pull(mut self, chart: &Chart, tag: &str) -> CheckResult {
        self.pull_part(chart, tag, Part::Archive).await
    }

    /// The whole pull of a tag, and once more for the provenance.
    pub(crate) async fn pull_with_provenance(mut self, chart: &Chart, tag: &str) -> CheckResult {
        self.pull_part(chart, tag, Part::Archive).await?;
        if self.client.does(Way::ForgetsBeforeProvenance) {
            self = self.client.run(self.session);
        }
        self.pull_part(chart, tag, Part::Provenance).await
    }

    async fn pull_part(&mut self, chart: &Chart, tag: &str, part: Part) -> CheckResult {
        match self.client.line {
            Line::Containerd => self.pull_containerd(chart, tag, part).await,
            Line::Oras => self.pull_oras(chart, tag, part).await,
        }
    }

    /// Uploads what of a chart is not there, all blobs side by side.
    async fn upload(&mut self, chart: &Chart, rights: Rights) -> CheckResult {
        let blobs = self.blobs(chart);
        let heads = blobs.iter().map(|(blob, kind)| self.look_for(blob, kind));
        let heads = heads.collect::<Result<Vec<_>, Stop>>()?;
        let heads = self.all(&heads).await?;
        let mut missing = Vec::new();
        for ((blob, _), head) in blobs.iter().zip(&heads) {
            if !self.is_there(head)? {
                missing.push(blob);
            }
        }
        let path = format!("/v2/{}/blobs/uploads/", self.session.repository());
        let post = Ask::new(Method::POST, self.session.uri(&path)?, rights);
        let posts = self.all(&vec![post; missing.len()]).await?;
        let mut puts = Vec::new();
        for (blob, post) in missing.into_iter().zip(&posts) {
            if let Some(location) = self.opened(post)? {
                puts.push((blob, location));
            }
        }
        self.send_blobs(&puts, rights).await
    }

    /// How a blob that is about to be pushed is looked for.
    fn look_for(&self, blob: &Bytes, kind: &str) -> Result<Ask, Stop> {
        let uri = self
            .session
            .uri(&self.session.blob_path(&digest_of(blob)))?;
        Ok(match self.client.line {
            Line::Containerd => {
                Ask::new(Method::HEAD, uri, Rights::PullAndPush).accept(&format!("{kind}, */*"))
            }
            Line::Oras => Ask::new(Method::HEAD, uri, self.looking()),
        })
    }

    /// What a push over oras-go wants to be allowed while it only looks.
    fn looking(&self) -> Rights {
        if self.client.does(Way::BeginsPushWithPull) {
            Rights::Pull
        } else {
            Rights::PullAndPush
        }
    }

    /// Whether a blob need not be sent.
    fn is_there(&self, head: &Reply) -> Result<bool, Stop> {
        match (head.status.as_u16(), self.client.line) {
            (200, Line::Oras) if head.header("content-length").is_none() => {
                Err(self.gives_up("`content-length` on HEAD", head))
            }
            (200, _) => Ok(true),
            (404, _) => Ok(false),
            _ => Err(self.gives_up("200 or 404 for a blob", head)),
        }
    }

    /// Where to send a blob; `None` if it is taken for one that is there.
    fn opened(&self, post: &Reply) -> Result<Option<Uri>, Stop> {
        if post.status.as_u16() == 404 {
            return Err(crate::session::steps::obstacle(
                "open an upload in a repository that nobody made",
                post,
            ));
        }
        match self.client.line {
            Line::Containerd => self.opened_containerd(post),
            Line::Oras => self.opened_oras(post).map(Some),
        }
    }

    async fn send_blobs(&mut self, puts: &[(&Bytes, Uri)], rights: Rights) -> CheckResult {
        let is_typed = !self.client.does(Way::SendsBlobsUntyped);
        let kind = is_typed.then_some(media_type::OCTET_STREAM);
        let asks = puts.iter().map(|(blob, location)| {
            let uri = self.session.upload_target(location, &digest_of(blob))?;
            Ok(Ask::new(Method::PUT, uri, rights).body(kind, blob))
        });
        let asks = asks.collect::<Result<Vec<_>, Stop>>()?;
        let replies = self.all(&asks).await?;
        let mut sent = puts.iter().zip(&replies);
        sent.try_for_each(|((blob, _), put)| match self.client.line {
            Line::Containerd => self.committed(put, &digest_of(blob)),
            Line::Oras if put.status.as_u16() == 201 => Ok(()),
            Line::Oras => Err(self.gives_up("201 for a blob", put)),
        })
    }

    /// The blobs of a chart with the media types of their descriptors.
    fn blobs(&self, chart: &Chart) -> Vec<(Bytes, &'static str)> {
        let mut blobs = vec![
            (chart.package.config.clone(), media_type::HELM_CONFIG),
            (
                chart.package.archive.clone(),
                self.client.shape.chart_media_type(),
            ),
        ];
        let provenance = chart.provenance.iter();
        blobs.extend(provenance.map(|blob| (blob.clone(), media_type::HELM_PROVENANCE)));
        blobs
    }

    /// Config and one other part at once, each checked against its descriptor.
    async fn fetch(&mut self, chart: &Chart, manifest: &Reply, part: Part) -> CheckResult {
        let text = String::from_utf8_lossy(&manifest.body).into_owned();
        let mut blobs = self.blobs(chart);
        blobs.retain(|(_, kind)| match part {
            Part::Archive => *kind != media_type::HELM_PROVENANCE,
            Part::Provenance => *kind != self.client.shape.chart_media_type(),
        });
        if let Some((_, kind)) = blobs.iter().find(|(_, kind)| !text.contains(kind)) {
            return Err(self.gives_up(&format!("a manifest with a `{kind}`"), manifest));
        }
        let is_containerd = matches!(self.client.line, Line::Containerd);
        let asks = blobs.iter().map(|(blob, kind)| {
            let uri = self
                .session
                .uri(&self.session.blob_path(&digest_of(blob)))?;
            let ask = Ask::new(Method::GET, uri, Rights::Pull);
            Ok(if is_containerd {
                ask.accept(&format!("{kind}, */*"))
            } else {
                ask
            })
        });
        let asks = asks.collect::<Result<Vec<_>, Stop>>()?;
        let replies = self.all(&asks).await?;
        for ((blob, _), reply) in blobs.iter().zip(&replies) {
            if reply.status.as_u16() != 200 {
                return Err(self.gives_up("200 for a blob", reply));
            }
            let named = reply.header("docker-content-digest");
            let is_named = is_containerd || named.is_none_or(|named| named == digest_of(blob));
            if reply.body != blob || !is_named {
                return Err(self.gives_up("the very bytes of the blob", reply));
            }
        }
        Ok(())
    }

    /// The chart's own manifest out of an index, which not every version reads.
    async fn fetch_from_index(&mut self, chart: &Chart, index: &Reply, part: Part) -> CheckResult {
        if self.client.does(Way::KnowsNoIndex) {
            return Err(self.gives_up("a manifest, and no index of manifests", index));
        }
        let path = self.session.manifest_path(&chart.digest);
        let ask = Ask::new(Method::GET, self.session.uri(&path)?, Rights::Pull);
        let manifest = self.one(ask.accept(media_type::OCI_MANIFEST)).await?;
        if manifest.status.as_u16() != 200 {
            return Err(self.gives_up("the manifest that the index names", &manifest));
        }
        self.fetch(chart, &manifest, part).await
    }
}
