//! HEAD of an existing manifest in a repeated push: by digest since Helm 3.18, by tag before.

use http::Method;

use crate::checks::pull::head_by_digest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD_SINCE_3_7, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{containerd, oras_go};
use crate::session::steps::{ACCEPT_ORAS, obstacle};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The response to HEAD of an existing manifest by digest has a `Content-Type` header.
    ///
    /// ## Why Helm needs it
    /// A repeated push since Helm 3.18 begins with this request, and fails if the response has no media type. Helm 3.17
    /// sends it to pull by digest.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by digest. The response must have the header.
    HEAD_TYPE = "manifests/head-carries-type" {
        level: Must,
        title: "HEAD of a manifest by digest returns `Content-Type`",
        fix: "Send the media type of the manifest as `Content-Type` of HEAD, as for GET. Check whether the framework or a front end removes the header because there is no body.",
        covers: ["REG-MAN-20", "A21"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "rejects a response to HEAD without a media type")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHeadWithoutType),
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::PullDigest], Symptom::NoLayers),
        ],
        faults: [HeadManifestWithoutType, HeadManifestWithoutTypeAndDigest],
        consequences: [ServesManifestsWithoutType],
        shares: "chart",
        check: head_type,
    }
}

async fn head_type(session: &Session) -> CheckResult {
    let reply = head_by_digest(session).await?;
    expect::header(&reply, "content-type").map(|_| ())
}

requirement! {
    /// HEAD of an existing tag or, if HEAD does not, PUT of the same manifest returns `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.7 to 3.17 send nothing if HEAD of the tag returns the digest of the chart. Otherwise they send the manifest
    /// again, and the 201 must have the header: without both, every repeated push fails.
    ///
    /// ## How it is checked
    /// The check pushes a chart and sends HEAD of its tag. If the response has no digest, the check pushes the manifest
    /// again: the response must have it.
    REPEATED = "manifests/repeated-push-finds-digest" {
        level: Must,
        title: "HEAD of a tag or the repeated PUT of its manifest returns `Docker-Content-Digest`",
        fix: "Send `Docker-Content-Digest` in the response to HEAD of a manifest, and with the 201 of its PUT. Check whether a front end removes the header.",
        covers: ["REG-MAN-11", "REG-MAN-16", "A22"],
        sources: [containerd("v1.6.6", "remotes/docker/pusher.go", "skips the PUT if HEAD has the digest; parses the header of the PUT unconditionally")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::RePush], Symptom::ManifestPutWithoutDigest),
        ],
        faults: [ManifestPutAndHeadWithoutDigest],
        shares: "chart",
        check: repeated,
    }
}

async fn repeated(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    if head.status.as_u16() != 200 {
        return Err(obstacle("find the manifest with HEAD", &head));
    }
    if head.header("docker-content-digest").is_some() {
        return Ok(());
    }
    let put = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !put.status.is_success() {
        return Err(obstacle("push a manifest again", &put));
    }
    expect::holds(
        put.header("docker-content-digest").is_some(),
        "a `docker-content-digest` header on HEAD or on the repeated PUT",
        "no such header on either",
        &[&head, &put],
    )
}

requirement! {
    /// The registry does not refuse HEAD of an existing manifest by digest.
    ///
    /// ## Why Helm needs it
    /// A repeated push since Helm 3.18 begins with this request. Any status except 200 and 404 ends it.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by digest. The response must be 200, a redirect or 404.
    PRESENT = "manifests/present-digest-answered" {
        level: Must,
        title: "the registry does not refuse HEAD of an existing manifest by digest",
        fix: "Return 200 to HEAD of a manifest by digest if GET returns 200. Add HEAD to the route of GET, instead of returning 405.",
        covers: ["REG-MAN-19", "A20"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "reads 200 and 404 in response to HEAD, and fails on any other status")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHead),
        ],
        faults: [HeadManifestNotAllowed],
        consequences: [FailsToReadUntypedManifests, FailsToReadUntypedManifestsByDigest],
        shares: "chart",
        check: present,
    }
}

async fn present(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let head = session.call(Method::HEAD, &session.manifest_path(&chart.digest));
    let reply = head.accept(ACCEPT_ORAS).send().await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308, 404])
}
