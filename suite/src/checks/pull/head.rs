//! HEAD of a manifest.

use helm_oci_fixtures::media_type;
use http::Method;

use super::read_manifest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_7, CONTAINERD, CONTAINERD_SINCE_3_7, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed, oras_go};
use crate::session::expect;
use crate::session::steps::{ACCEPT_ORAS, Chart, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry returns 200 to HEAD of a tag, or 405, from which Helm recovers.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 resolve a tag with HEAD. A 404 or 403 ends the pull, although GET works.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a tag to which GET returns 200. The response must be 200, a redirect or 405.
    HEAD_TAG = "pull/head-finds-tag" {
        level: Must,
        title: "HEAD of a tag works if GET works",
        fix: "Return 200 to HEAD of a tag if GET returns 200. Let one handler serve both methods, and check that a front end allows HEAD.",
        covers: ["REG-PUL-01", "REG-ERR-05", "A20"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
            ),
            observed("7.6", "HEAD manifest 404 or 403: 3.2.4 to 3.17.4 fail"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestNotFound),
        ],
        faults: [HidesTagsFromHead],
        shares: "chart",
        check: head_tag,
    }
}

async fn head_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    read_manifest(session, "1.0.0").await?;
    let reply = session.head_manifest("1.0.0").await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308, 405])
}

requirement! {
    /// The response to HEAD of a tag has a `Content-Type` header, if it has the digest and the length of the manifest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take digest, length and media type of the manifest from HEAD. If the digest or the length is
    /// missing, they take all three from GET. `manifests/head-carries-type` judges what later versions need.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by tag. The response must have the header, unless `Docker-Content-Digest` or
    /// `Content-Length` is missing as well.
    HEAD_TYPE = "pull/head-carries-type" {
        level: Must,
        title: "HEAD of a tag returns `Content-Type`",
        fix: "Send the media type of the manifest as `Content-Type` of HEAD, as for GET. Check whether the framework or a front end removes the header because there is no body.",
        covers: ["REG-PUL-01", "A21"],
        sources: [containerd("v1.6.6", "remotes/docker/resolver.go", "takes the media type from HEAD, or from GET if HEAD has no digest or no length")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PULLS, Symptom::NoLayers),
            Break::new(BEFORE_3_7, &[Flow::ChartPull], Symptom::NotInCache),
            Break::new(BEFORE_3_7, &[Flow::Pull, Flow::DependencyUpdate], Symptom::NoLayers),
        ],
        faults: [HeadManifestWithoutType],
        consequences: [ServesManifestsWithoutType],
        shares: "chart",
        check: head_type,
    }
}

/// Pushes a chart and sends HEAD for its manifest, by tag.
pub(super) async fn head_of_chart(session: &Session) -> Result<(Chart, Reply), Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session.head_manifest("1.0.0").await?;
    if reply.status.as_u16() == 200 {
        Ok((chart, reply))
    } else {
        Err(obstacle("find the manifest with HEAD", &reply))
    }
}

/// Pushes a chart and sends HEAD for its manifest by digest, as a push since Helm 3.18 does.
pub(in crate::checks) async fn head_by_digest(session: &Session) -> Result<Reply, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let head = session.call(Method::HEAD, &session.manifest_path(&chart.digest));
    let reply = head.accept(ACCEPT_ORAS).send().await?;
    if reply.status.as_u16() == 200 {
        Ok(reply)
    } else {
        Err(obstacle("find the manifest with HEAD by digest", &reply))
    }
}

async fn head_type(session: &Session) -> CheckResult {
    let (_, reply) = head_of_chart(session).await?;
    let has = |name| reply.header(name).is_some();
    if !has("docker-content-digest") || !has("content-length") {
        return Ok(());
    }
    expect::header(&reply, "content-type").map(|_| ())
}

requirement! {
    /// The response to HEAD of a manifest has a `Content-Length` header.
    ///
    /// ## Why Helm needs it
    /// A repeated push since Helm 3.18 fails if the length is unknown; earlier versions send an additional GET.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by digest. The response must have the header.
    HEAD_LENGTH = "pull/head-carries-length" {
        level: Must,
        title: "HEAD of a manifest returns `Content-Length`",
        fix: "Send the size of the manifest as `Content-Length` of HEAD, as for GET. Check whether a proxy removes it.",
        covers: ["REG-PUL-01", "REG-MAN-20", "A21", "A23"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
            ),
            oras_go("v2.6.0", "registry/remote/repository.go", "rejects a response to HEAD without a length"),
        ],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHeadWithoutLength),
        ],
        faults: [HeadManifestWithoutLength],
        shares: "chart",
        check: head_length,
    }
}

async fn head_length(session: &Session) -> CheckResult {
    let reply = head_by_digest(session).await?;
    expect::header(&reply, "content-length").map(|_| ())
}

requirement! {
    /// The response to HEAD of a manifest has a `Docker-Content-Digest` header.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 pull by this digest; without it they send an additional GET. Since Helm 3.20, a pull pinned
    /// to a digest compares it.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by tag. The response must have the header.
    HEAD_DIGEST = "pull/head-carries-digest" {
        level: Should,
        title: "HEAD of a manifest returns `Docker-Content-Digest`",
        fix: "Send `Docker-Content-Digest` in the response to HEAD of a manifest. Check whether a front end removes the header.",
        covers: ["REG-PUL-01", "REG-PUL-06", "REG-MAN-20", "A22"],
        sources: [DISTRIBUTION.states(
            "checking-if-content-exists-in-the-registry",
            "A successful response SHOULD contain the digest of the uploaded blob in the header `Docker-Content-Digest`.",
        )],
        breaks: [],
        faults: [HeadManifestWithoutDigest],
        consequences: [HeadManifestWithoutTypeAndDigest, ManifestPutAndHeadWithoutDigest],
        shares: "chart",
        check: head_digest,
    }
}

async fn head_digest(session: &Session) -> CheckResult {
    let (_, reply) = head_of_chart(session).await?;
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest in the response to HEAD of a manifest is the digest of the manifest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 pull the digest from HEAD. A wrong digest leads to another chart, or to none.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by tag. The header, if present, must be the digest of the pushed bytes, or of
    /// the manifest that GET returns for it.
    HEAD_TRUE_DIGEST = "pull/head-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` from HEAD is the manifest's digest",
        fix: "Compute `Docker-Content-Digest` of HEAD from the bytes that GET returns. Check for a cached digest of an earlier manifest of the tag.",
        covers: ["REG-PUL-06", "REG-PUL-07", "C11"],
        sources: [containerd("v1.6.6", "remotes/docker/resolver.go", "uses the digest from HEAD without further check")],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestNotFoundByDigest),
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHeadDigest),
        ],
        faults: [ManifestHeadWrongDigest],
        consequences: [ReformatsAndRehashesManifests],
        shares: "chart",
        check: head_true_digest,
    }
}

async fn head_true_digest(session: &Session) -> CheckResult {
    let (chart, reply) = head_of_chart(session).await?;
    if reply.media_type() == Some(media_type::OCI_INDEX) {
        return Err(obstacle("find an image manifest under the tag", &reply));
    }
    let named = reply.header("docker-content-digest");
    if let Some(named) = named.filter(|named| *named != chart.digest) {
        // A manifest that the registry rewrote under its own digest is pulled; other requirements judge its content.
        let rewritten = session.get_manifest(named).await?;
        if rewritten.status.is_success() && digest_of(&rewritten.body) == named {
            return Ok(());
        }
    }
    expect::header_absent_or(&reply, "docker-content-digest", &chart.digest)
}
