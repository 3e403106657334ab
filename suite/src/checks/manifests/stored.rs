//! `Location` and `Docker-Content-Digest` of a stored manifest.

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

requirement! {
    /// The 201 for a manifest has a `Docker-Content-Digest` header.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 parse the header without checking that it exists.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. The response to the PUT must have the header.
    PUT_DIGEST = "manifests/put-carries-digest" {
        level: Must,
        title: "the 201 for a manifest has a `Docker-Content-Digest` header",
        fix: "Send `Docker-Content-Digest: sha256:…` with the 201 for a manifest. Check whether a front end removes the header.",
        covers: ["REG-MAN-11", "A22"],
        sources: [observed("7.6", "manifest PUT without the header: 3.2.4 to 3.17.4 fail")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPutWithoutDigest),
        ],
        faults: [ManifestPutWithoutDigest, ManifestPutAndHeadWithoutDigest],
        shares: "chart",
        check: put_digest,
    }
}

async fn put_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("push a manifest", &reply));
    }
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The `Docker-Content-Digest` in the response to PUT of a manifest is the digest of the bytes sent.
    ///
    /// ## Why Helm needs it
    /// Every Helm version compares the header if it is present.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. The header, if present, must be the digest of the bytes.
    PUT_TRUE_DIGEST = "manifests/put-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` for a pushed manifest is the digest of its bytes",
        fix: "Compute `Docker-Content-Digest` from the received bytes, and not from a parsed or converted copy of the manifest.",
        covers: ["REG-MAN-12", "A28", "C11"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The Docker-Content-Digest header returns the canonical digest of the uploaded blob, and MUST be equal to the client provided digest.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, Symptom::ManifestPutDigest),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPutDigest),
        ],
        faults: [ManifestPutWrongDigest],
        shares: "chart",
        check: put_true_digest,
    }
}

async fn put_true_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("push a manifest", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &chart.digest)
}

requirement! {
    /// The 201 for a manifest has a `Location` header.
    ///
    /// ## Why Helm needs it
    /// Helm does not read it; the specification requires it.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. The response to the PUT must have the header.
    PUT_LOCATION = "manifests/put-carries-location" {
        level: May,
        title: "the 201 for a manifest has a `Location` header",
        fix: "Send `Location: /v2/<name>/manifests/<digest>` with the 201 for a manifest.",
        covers: ["REG-MAN-26"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Upon a successful upload, the registry MUST return response code `201 Created`, and MUST have the following header: `Location: <location>`",
        )],
        breaks: [],
        faults: [ManifestPutWithoutLocation],
        shares: "chart",
        check: put_location,
    }
}

async fn put_location(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("push a manifest", &reply));
    }
    expect::header(&reply, "location").map(|_| ())
}

requirement! {
    /// The manifest can be pulled from the `Location` that the registry returned for it.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Other clients read what they pushed from this URL.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. If the 201 has a `Location` on the registry, GET of it must not
    /// return 404.
    LOCATION_LEADS = "manifests/location-leads-to-manifest" {
        level: Should,
        title: "the registry serves a manifest at the `Location` it returned for it",
        fix: "Write `/v2/<name>/manifests/<digest>` of the pushed manifest into `Location`. Check the name of the repository in it, and a path prefix that a proxy adds or removes.",
        covers: ["REG-MAN-26"],
        sources: [DISTRIBUTION.states("pushing-manifests", "The `<location>` is a pullable manifest URL.")],
        breaks: [],
        faults: [ManifestLocationLeadsNowhere],
        shares: "chart",
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let stored = session.put_manifest("1.0.0", &chart.manifest).await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("get a 201 for a pushed manifest", &stored));
    }
    // Other requirements judge a manifest that is missing under its tag or digest as well.
    for reference in ["1.0.0", &chart.digest] {
        session.get_manifest(reference).await?;
        let known = session.get_manifest(reference).await?;
        if known.status.as_u16() == 404 {
            return Err(obstacle("read the manifest", &known));
        }
    }
    let found = session.get_location(&stored).await?;
    expect::holds(
        found.status.as_u16() != 404,
        "the manifest at the `Location` of the push",
        format!("status {}", found.status),
        &[&stored, &found],
    )
}
