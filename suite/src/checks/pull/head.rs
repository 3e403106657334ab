//! `HEAD` of a manifest.

use helm_oci_fixtures::media_type;

use super::readable;
use crate::helm::era::{BEFORE_3_7, Break, CONTAINERD, CONTAINERD_SINCE_3_7, Flow, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd, observed, oras_go};
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// HEAD of a tag answers 200, or 405 from which Helm recovers.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 resolve a tag with HEAD. A 404 or 403 there ends the pull, although GET works.
    ///
    /// ## How it is checked
    /// HEAD of a tag that GET finds.
    HEAD_TAG = "pull/head-finds-tag" {
        level: Must,
        title: "HEAD finds a tag that GET finds",
        covers: ["REG-PUL-01", "REG-ERR-05", "A20"],
        sources: [
            DISTRIBUTION.says(
                "checking-if-content-exists-in-the-registry",
                "A HEAD request to an existing blob or manifest URL MUST return `200 OK`.",
            ),
            observed("7.6", "HEAD manifest 404 or 403: 3.2.4 to 3.17.4 fail"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, "{ref}: not found"),
        ],
        faults: [HidesTagsFromHead],
        check: head_tag,
    }
}

async fn head_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    readable(session, "1.0.0").await?;
    let reply = session.head_manifest("1.0.0").await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308, 405])
}

requirement! {
    /// HEAD of a manifest carries `Content-Type`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 ask for the manifest with the type that HEAD named; later ones refuse a HEAD without.
    ///
    /// ## How it is checked
    /// The header of a HEAD by tag is read.
    HEAD_TYPE = "pull/head-carries-type" {
        level: Must,
        title: "HEAD of a manifest carries `Content-Type`",
        covers: ["REG-PUL-01", "REG-MAN-20", "A21"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "a HEAD answer without a media type is refused")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PULLS, "manifest does not contain minimum number of descriptors (2)"),
            Break::new(BEFORE_3_7, &[Flow::ChartPull], "blob {d} expected at {home}/…: not found"),
            Break::new(BEFORE_3_7, &[Flow::Pull, Flow::DependencyUpdate], "manifest does not contain at least 1 layer (total: 0)"),
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": invalid response `Content-Type` header; mime: no media type"),
        ],
        faults: [HeadManifestWithoutType],
        consequences: [ServesManifestsWithoutType],
        check: head_type,
    }
}

/// HEAD by tag of a chart that is there.
async fn head_of_chart(session: &Session) -> Result<(Chart, Reply), Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session.head_manifest("1.0.0").await?;
    if reply.status.as_u16() == 200 {
        Ok((chart, reply))
    } else {
        Err(obstacle("look at the manifest with HEAD", &reply))
    }
}

async fn head_type(session: &Session) -> CheckResult {
    let (_, reply) = head_of_chart(session).await?;
    expect::header(&reply, "content-type").map(|_| ())
}

requirement! {
    /// HEAD of a manifest carries `Content-Length`.
    ///
    /// ## Why Helm needs it
    /// A repeated push since 3.18 fails when the length is unknown; earlier Helms send one more GET.
    ///
    /// ## How it is checked
    /// The header of a HEAD by tag is read.
    HEAD_LENGTH = "pull/head-carries-length" {
        level: Must,
        title: "HEAD of a manifest carries `Content-Length`",
        covers: ["REG-PUL-01", "REG-MAN-20", "A21", "A23"],
        sources: [
            DISTRIBUTION.says(
                "checking-if-content-exists-in-the-registry",
                "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
            ),
            oras_go("v2.6.0", "registry/remote/repository.go", "refuses a HEAD answer whose length is unknown"),
        ],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": unknown response Content-Length"),
        ],
        faults: [HeadManifestWithoutLength],
        check: head_length,
    }
}

async fn head_length(session: &Session) -> CheckResult {
    let (_, reply) = head_of_chart(session).await?;
    expect::header(&reply, "content-length").map(|_| ())
}

requirement! {
    /// HEAD of a manifest carries `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take the digest to pull from it; without it they send one more GET. Pulls pinned to a
    /// digest compare it since 3.20.
    ///
    /// ## How it is checked
    /// The header of a HEAD by tag is read.
    HEAD_DIGEST = "pull/head-carries-digest" {
        level: Should,
        title: "HEAD of a manifest carries `Docker-Content-Digest`",
        covers: ["REG-PUL-01", "REG-PUL-06", "REG-MAN-20", "A22"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "A successful response SHOULD contain the digest of the uploaded blob in the header `Docker-Content-Digest`.",
        )],
        breaks: [],
        faults: [HeadManifestWithoutDigest],
        check: head_digest,
    }
}

async fn head_digest(session: &Session) -> CheckResult {
    let (_, reply) = head_of_chart(session).await?;
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest that HEAD names is the digest of the manifest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 pull what HEAD named. A wrong digest leads them to another chart, or to none.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    HEAD_TRUE_DIGEST = "pull/head-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` of HEAD is the manifest's digest",
        covers: ["REG-PUL-06", "REG-PUL-07", "C11"],
        sources: [containerd("v1.6.6", "remotes/docker/resolver.go", "takes the digest of HEAD as the truth")],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, "failed open: …{d}…: not found"),
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest"),
        ],
        faults: [ManifestHeadWrongDigest],
        consequences: [ReformatsAndRehashesManifests],
        check: head_true_digest,
    }
}

async fn head_true_digest(session: &Session) -> CheckResult {
    let (chart, reply) = head_of_chart(session).await?;
    if reply.media_type() == Some(media_type::OCI_INDEX) {
        return Err(obstacle("find the chart itself under its tag", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &chart.digest)
}
