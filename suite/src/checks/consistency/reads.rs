//! Reads that must agree, and concurrent reads.

use futures_util::future::join_all;
use helm_oci_fixtures::manifest::Shape;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, Span, Versions};
use crate::oci::Digest;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

/// The flow that reads more than two blobs of a chart.
const MANY_BLOBS: &[Flow] = &[Flow::PullProv];

/// Helm versions that compare the digest of a tag with a pinned digest.
const PINNED: Versions = Versions(&[Span::since((3, 20, 0))]);

requirement! {
    /// HEAD and GET of a tag refer to the same digest, for every `Accept` that lists the media type of the manifest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.20 and later compare the digest of HEAD with a pinned digest. If the registry converts the manifest for
    /// some clients, the two differ.
    ///
    /// ## How it is checked
    /// The check sends HEAD, and GET with the `Accept` of Helm 3.0 to 3.17 and that of Helm 3.18 and later. Each body
    /// must have the digest that HEAD returns. If HEAD returns none, the bodies must have the same digest.
    HEAD_AND_GET = "consistency/head-and-get-agree" {
        level: Must,
        title: "HEAD and GET of a tag agree for every `Accept` that lists the media type",
        fix: "Return the stored manifest and its digest to HEAD and GET if `Accept` lists its media type, whatever else the header lists. Do not convert it to a Docker manifest.",
        covers: ["REG-PUL-07", "A24"],
        sources: [observed("3.6", "Helm 3.20 and later compare HEAD of the tag with the pinned digest")],
        breaks: [
            Break::when("for pulls pinned to a digest", PINNED, &[Flow::Pull], Symptom::PinnedDigest),
        ],
        faults: [ConvertsManifests],
        consequences: [ReformatsManifests, ManifestHeadWrongDigest],
        shares: "chart",
        check: head_and_get,
    }
}

async fn head_and_get(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    if !head.status.is_success() {
        return Err(obstacle("find the manifest with HEAD", &head));
    }
    let containerd = get_with(session, ACCEPT_CONTAINERD).await?;
    let oras = get_with(session, ACCEPT_ORAS).await?;
    let (wanted, source, of) = match head.header("docker-content-digest") {
        Some(named) => (named.to_owned(), "HEAD returns it", &head),
        None => (
            digest_of(&containerd.body).to_string(),
            "GET with the other `Accept` returns it",
            &containerd,
        ),
    };
    for get in [&containerd, &oras] {
        let actual = digest_of(&get.body);
        expect::holds(
            actual == wanted.as_str(),
            format!("a body with the digest {wanted}, as {source}"),
            format!("a body with the digest {actual}"),
            &[of, get],
        )?;
    }
    Ok(())
}

/// Reads the manifest with this `Accept`, by tag.
async fn get_with(session: &Session, accept: &str) -> Result<Reply, Stop> {
    let path = session.manifest_path("1.0.0");
    let call = session.call(Method::GET, &path);
    let get = call.accept(accept).send().await?;
    if get.status.as_u16() == 200 {
        Ok(get)
    } else {
        Err(obstacle("read the manifest", &get))
    }
}

requirement! {
    /// The registry serves the blobs of one manifest concurrently.
    ///
    /// ## Why Helm needs it
    /// Every Helm version requests config and layers concurrently. Helm before 3.18 does not retry a blob after 429.
    ///
    /// ## How it is checked
    /// The check requests the three blobs of a signed chart concurrently. The status must not be 429 or 503.
    CONCURRENT_PULLS = "consistency/parallel-pulls" {
        level: Must,
        title: "three blobs can be read concurrently",
        fix: "Serve three blobs to one client at the same time. Raise the limit on concurrent requests or on the request rate, in the registry and in its front end.",
        covers: ["REG-PUL-23"],
        sources: [observed("3.2", "config and chart blobs concurrently")],
        breaks: [
            Break::new(ALL, MANY_BLOBS, Symptom::ProvenanceLost),
        ],
        faults: [LimitsBlobGets],
        shares: "signed-chart",
        check: concurrent_pulls,
    }
}

async fn concurrent_pulls(session: &Session) -> CheckResult {
    let chart = session.arrange_signed_chart(Shape::Helm38).await?;
    let digests: Vec<Digest> = chart.blobs().iter().map(|blob| digest_of(blob)).collect();
    let get = |digest: &Digest| {
        let get = session.call(Method::GET, &session.blob_path(digest));
        get.no_retry().send()
    };
    for reply in join_all(digests.iter().map(get)).await {
        let reply = reply?;
        expect::holds(
            !matches!(reply.status.as_u16(), 429 | 503),
            "three blobs, requested concurrently",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use helm_oci_fixtures::fault::Fault;

    use super::*;
    use crate::proof;
    use crate::requirement::Setup;
    use crate::verdict::Verdict;
    use crate::wire::{Registry, Relay, Request, ResponseFuture};

    /// A registry that serves Docker manifests to clients that do not list the type of OCI artifacts.
    struct ConvertsForContainerd(Arc<dyn Registry>);

    impl Relay for ConvertsForContainerd {
        fn inner(&self) -> &dyn Registry {
            self.0.as_ref()
        }

        fn pass(&self, request: Request) -> ResponseFuture<'_> {
            let accept = request.headers.get(http::header::ACCEPT);
            let is_converted = request.method == Method::GET
                && accept.is_some_and(|accept| accept == ACCEPT_CONTAINERD);
            let response = self.0.send(request);
            Box::pin(async move {
                let mut response = response.await?;
                if is_converted {
                    response.body = [&response.body[..], b" "].concat().into();
                }
                Ok(response)
            })
        }
    }

    #[test]
    fn without_a_digest_from_head_both_manifests_are_compared() {
        let fault = Fault::HeadManifestWithoutDigest;
        let agreeing = proof::verdict(&HEAD_AND_GET, Setup::Open, &[fault]);
        assert!(matches!(agreeing, Verdict::Satisfied), "{agreeing:?}");
        let target = proof::target(Setup::Open, &[fault]);
        let target = crate::session::target::Target {
            registry: Arc::new(ConvertsForContainerd(Arc::clone(&target.registry))),
            ..target
        };
        let session = Session::new(target, HEAD_AND_GET.id);
        let result = futures_util::FutureExt::now_or_never(head_and_get(&session));
        let Some(Err(Stop::Violated(finding))) = result else {
            panic!("{result:?}");
        };
        assert!(finding.expected[0].ends_with("as GET with the other `Accept` returns it"));
    }
}
