//! Reads of a manifest without a `mediaType` field.

use bytes::Bytes;
use helm_oci_fixtures::manifest::{Shape, chart_manifest};

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm};
use crate::session::steps::{obstacle, with_media_type};
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// A manifest without a top-level `mediaType` that the registry accepted can be read by digest.
    ///
    /// ## Why Helm needs it
    /// No Helm version has ever written the field. Helm 3.0 to 3.17 pull by digest, and later versions read a manifest
    /// back before they tag it: if that fails, the registry accepts charts that nobody can push or pull.
    ///
    /// ## How it is checked
    /// The check pushes the exact bytes that Helm writes. If the PUT succeeds, HEAD and GET by digest must not fail while
    /// the same manifest with the field can be read.
    BY_DIGEST = "manifests/untyped-manifest-readable" {
        level: Must,
        title: "the registry serves the manifests without a `mediaType` field that it accepted by digest",
        fix: "Store the `Content-Type` of the PUT with the manifest, and use it when HEAD and GET by digest find no `mediaType` field. Do not return 500.",
        covers: ["REG-MAN-03", "REG-PUL-04", "A16"],
        sources: [
            DISTRIBUTION.states(
                "pulling-manifests",
                "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
            ),
            helm("v4.2.4", "pkg/registry/client.go:919", "writes no `mediaType` into the manifest"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestGetByDigest),
            Break::new(CONTAINERD, &[Flow::PullDigest], Symptom::ManifestHeadByDigest),
            Break::new(ORAS, Flow::PUSHES, Symptom::TagRead),
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHead),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::PullStart),
        ],
        faults: [FailsToReadUntypedManifests, FailsToReadUntypedManifestsByDigest],
        shares: "chart",
        check: by_digest,
    }
}

async fn by_digest(session: &Session) -> CheckResult {
    readable(session, true).await
}

requirement! {
    /// A manifest without a top-level `mediaType` that the registry accepted can be read by its tag.
    ///
    /// ## Why Helm needs it
    /// No Helm version has ever written the field. Helm 3.0 to 3.17 send HEAD of the tag before every pull and every push,
    /// and later versions pull by tag.
    ///
    /// ## How it is checked
    /// The check pushes the exact bytes that Helm writes. If the PUT succeeds, HEAD and GET of the tag must not fail while
    /// those of the same manifest with the field succeed.
    BY_TAG = "manifests/untyped-manifest-readable-by-tag" {
        level: Must,
        title: "the registry serves the manifests without a `mediaType` field that it accepted by tag",
        fix: "Store the `Content-Type` of the PUT with the manifest, and use it when HEAD and GET of a tag find no `mediaType` field. Do not return 500.",
        covers: ["REG-MAN-03", "REG-PUL-02", "A16"],
        sources: [
            DISTRIBUTION.states(
                "pulling-manifests",
                "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
            ),
            helm("v4.2.4", "pkg/registry/client.go:919", "writes no `mediaType` into the manifest"),
        ],
        breaks: [
            Break::new(CONTAINERD, &[Flow::RePush, Flow::PushChanged], Symptom::ManifestHead),
            Break::new(CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestGet),
            Break::new(ORAS, Flow::TAG_PULLS, Symptom::PullStart),
        ],
        faults: [FailsToReadUntypedManifests],
        shares: "chart",
        check: by_tag,
    }
}

async fn by_tag(session: &Session) -> CheckResult {
    readable(session, false).await
}

/// Expects HEAD and GET of a manifest as Helm writes it not to fail, while the same one with a `mediaType` can be read.
async fn readable(session: &Session, by_digest: bool) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    let untyped = chart_manifest(Shape::Helm38, &package, None, None);
    let [head, get] = pushed_and_read(session, "1.0.0", &untyped, by_digest).await?;
    let Some(failed) = [&head, &get].into_iter().find(|reply| !is_read(reply)) else {
        return Ok(());
    };
    let typed = with_media_type(&untyped);
    let [head, get] = pushed_and_read(session, "1.0.1", &typed, by_digest).await?;
    if let Some(unreadable) = [&head, &get].into_iter().find(|reply| !is_read(reply)) {
        return Err(obstacle("read a manifest with `mediaType`", unreadable));
    }
    Err(expect::violated(
        "status 200, as for the same manifest with a `mediaType` field",
        format!("status {}", failed.status),
        &[failed, &get],
    ))
}

/// The responses to HEAD and GET of a manifest that is pushed under this tag.
async fn pushed_and_read(
    session: &Session,
    tag: &str,
    manifest: &Bytes,
    by_digest: bool,
) -> Result<[Reply; 2], Stop> {
    session.arrange_manifest(tag, manifest).await?;
    let digest = digest_of(manifest);
    let reference = if by_digest { &digest } else { tag };
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(reference).await?;
    let head = session.head_manifest(reference).await?;
    let get = session.get_manifest(reference).await?;
    Ok([head, get])
}

/// True if a read does not fail; `manifests/present-digest-answered` judges a 405.
fn is_read(reply: &Reply) -> bool {
    let status = reply.status;
    status.is_success() || status.is_redirection() || status.as_u16() == 405
}
