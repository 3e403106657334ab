//! GET of a manifest: status and digest.

use http::Method;

use super::read_manifest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::{ACCEPT_MANIFEST, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 200 and the manifest to GET of a tag.
    ///
    /// ## Why Helm needs it
    /// It is the first and only manifest request of a pull since Helm 3.18.
    ///
    /// ## How it is checked
    /// The check reads a tag with the `Accept` of Helm 3.18 and later. The response must be 200 or a redirect.
    GET_TAG = "pull/get-finds-tag" {
        level: Must,
        title: "GET of a tag returns 200",
        fix: "Return the manifest with 200 to GET of a tag, even if `Accept` lists Docker types first. Let one handler serve HEAD and GET.",
        covers: ["REG-PUL-02"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, Symptom::ManifestNotFound),
        ],
        faults: [HidesTagsFromGet],
        consequences: [RefusesAcceptLists, FailsToReadUntypedManifests],
        shares: "chart",
        check: get_tag,
    }
}

async fn get_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("1.0.0").await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308])
}

requirement! {
    /// The response to GET of a manifest has a `Docker-Content-Digest` header.
    ///
    /// ## Why Helm needs it
    /// No Helm version fails without it on GET. Other clients do, and errors are found later.
    ///
    /// ## How it is checked
    /// The check reads a manifest by tag. The response must have the header.
    GET_DIGEST = "pull/get-carries-digest" {
        level: Should,
        title: "GET of a manifest returns `Docker-Content-Digest`",
        fix: "Send `Docker-Content-Digest` in the response to GET of a manifest. Check whether a front end removes the header.",
        covers: ["REG-PUL-06", "A22"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A successful response SHOULD contain the digest of the uploaded blob in the header `Docker-Content-Digest`.",
        )],
        breaks: [],
        faults: [ManifestGetWithoutDigest],
        shares: "chart",
        check: get_digest,
    }
}

async fn get_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = read_manifest(session, "1.0.0").await?;
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest in the response to GET of a manifest is the digest of its body.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later compare the two and reject the manifest if they differ.
    ///
    /// ## How it is checked
    /// The check reads a manifest by tag. The header, if present, must be the digest of the body.
    GET_TRUE_DIGEST = "pull/get-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` from GET of a manifest is the digest of its body",
        fix: "Compute `Docker-Content-Digest` of GET from the bytes of this body. Check caches, and code that converts the manifest afterwards.",
        covers: ["REG-PUL-06", "C11"],
        sources: [observed("7.6", "wrong Docker-Content-Digest on manifest GET: 3.18.0 and later fail")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, Symptom::ManifestAltered),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::ManifestGetDigest),
        ],
        faults: [ManifestGetWrongDigest],
        consequences: [ReformatsManifests],
        shares: "chart",
        check: get_true_digest,
    }
}

async fn get_true_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = read_manifest(session, "1.0.0").await?;
    expect::header_absent_or(&reply, "docker-content-digest", &digest_of(&reply.body))
}

requirement! {
    /// The registry serves a tagged manifest by its digest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 always pull by the digest from HEAD; later versions do if the user pins a digest.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag and reads it by digest. The response must not be 404 if GET by tag
    /// succeeds.
    BY_DIGEST = "pull/by-digest" {
        level: Must,
        title: "the registry serves a tagged manifest by digest",
        fix: "Return a manifest with a tag to GET by its digest, even if nobody has read the tag before. A pull-through cache must request the digest from its upstream.",
        covers: ["REG-PUL-04"],
        sources: [observed("3.2", "HEAD of the tag, then GET of the digest it names")],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, Symptom::ManifestNotFoundByDigest),
            Break::new(ALL, &[Flow::PullDigest], Symptom::ManifestNotFound),
            Break::new(ORAS, &[Flow::RePush], Symptom::TagReadNotFound),
        ],
        faults: [HidesTaggedDigests, HidesDigestsUntilTagRead],
        check: by_digest,
    }
}

async fn by_digest(session: &Session) -> CheckResult {
    // No other check reads the tag: a registry may hide a digest until then.
    let chart = session.arrange_chart("1.0.0").await?;
    if let Some(status) = session
        .existing_chart()
        .and_then(|chart| chart.hidden_digest)
    {
        return Err(expect::violated(
            "the manifest by digest, also before anybody reads its tag",
            format!("status {status} for GET by the digest that HEAD of the tag names"),
            &[],
        ));
    }
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let reply = session.get_manifest_by_digest(&chart.digest).await?;
    if reply.status.as_u16() != 404 {
        return Ok(());
    }
    let path = session.manifest_path("1.0.0");
    let by_tag = session
        .call(Method::GET, &path)
        .accept(ACCEPT_MANIFEST)
        .send()
        .await?;
    if !by_tag.status.is_success() {
        return Err(obstacle("read the manifest by digest or by tag", &by_tag));
    }
    Err(expect::violated(
        "the manifest by digest, as by its tag",
        format!("status {}", reply.status),
        &[&reply, &by_tag],
    ))
}

requirement! {
    /// The registry serves a manifest without a tag by its digest.
    ///
    /// ## Why Helm needs it
    /// A push since Helm 3.18 reads the manifest back before the tag exists.
    ///
    /// ## How it is checked
    /// The check pushes a manifest by digest alone and reads it by digest. The response must not be 404 if the same
    /// GET succeeds once the manifest has a tag.
    UNTAGGED = "pull/untagged-by-digest" {
        level: Must,
        title: "the registry serves a manifest without a tag by digest",
        fix: "Look up a digest among all manifests of the repository, and not through its tags. A push by digest must be readable before the tag exists.",
        covers: ["REG-PUL-04", "REG-MAN-13"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::TagReadNotFound),
        ],
        faults: [HidesUntaggedManifests],
        shares: "digest",
        check: untagged,
    }
}

async fn untagged(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    session.get_manifest(&chart.digest).await?;
    let untagged = session.get_manifest(&chart.digest).await?;
    if untagged.status.as_u16() != 404 {
        return Ok(());
    }
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let tagged = session.get_manifest(&chart.digest).await?;
    if !tagged.status.is_success() {
        return Err(obstacle(
            "read a manifest by digest, tagged or untagged",
            &tagged,
        ));
    }
    Err(expect::violated(
        "the manifest by digest, as once it is tagged",
        format!("status {}", untagged.status),
        &[&untagged, &tagged],
    ))
}

requirement! {
    /// The registry returns 404 to GET of a tag that does not exist.
    ///
    /// ## Why Helm needs it
    /// 404 is the only status that Helm reports as `not found`. Helm reads an HTML page with status 200 as a
    /// manifest, and retries a 500 five times before it reports it.
    ///
    /// ## How it is checked
    /// The check reads a tag that was never pushed, in an existing repository. The response must be 404.
    ABSENT = "pull/absent-tag-is-404" {
        level: Should,
        title: "GET of an absent tag returns 404",
        fix: "Return 404 with the code `MANIFEST_UNKNOWN` to GET of an absent tag. Map the error \"not found\" of the storage to 404, and let no front end return its own page.",
        covers: ["REG-PUL-05", "REG-ERR-03", "B37"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "If the manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentManifestIsHtml, AbsentManifestFails],
        shares: "chart",
        check: absent,
    }
}

async fn absent(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("9.9.9").await?;
    expect::status(&reply, &[404])
}
