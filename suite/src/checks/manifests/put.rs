//! PUT of a manifest.

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ORAS, REFUSES_202};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed, oras_go};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 201 to PUT of a manifest under a tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later accept no other status.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. A successful response to the PUT must be 201.
    PUT_201 = "manifests/put-answers-201" {
        level: Must,
        title: "PUT of a manifest returns 201",
        fix: "Return 201 Created to PUT of a manifest, not 200 or 202, even if the manifest or the tag exists already.",
        covers: ["REG-MAN-01", "B13"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "Upon a successful upload, the registry MUST return response code `201 Created`, and MUST have the following header: `Location: <location>`",
        )],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [ManifestPutAnswers200, ManifestPutAnswers202],
        shares: "chart",
        check: put_201,
    }
}

async fn put_201(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if !reply.status.is_success() {
        return Err(obstacle("push a manifest", &reply));
    }
    expect::status(&reply, &[201])
}

requirement! {
    /// The registry does not return 202 to PUT of a manifest: the manifest exists when the response arrives.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.5 and 3.11 to 3.17 reject a 202.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a tag. The response to the PUT must not be 202.
    PUT_NOT_202 = "manifests/put-is-final" {
        level: Must,
        title: "PUT of a manifest does not return 202",
        fix: "Store the manifest before the response, and return 201. Start scans and replication after it, instead of returning 202.",
        covers: ["REG-MAN-01"],
        sources: [observed("7.6", "manifest PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [ManifestPutAnswers202],
        shares: "chart",
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status except 202",
        "status 202 Accepted",
        &[&reply],
    )
}

requirement! {
    /// The registry accepts PUT of a manifest by digest, before the manifest has a tag.
    ///
    /// ## Why Helm needs it
    /// Every push since Helm 3.18 sends the manifest by digest first and tags it afterwards.
    ///
    /// ## How it is checked
    /// The check pushes a manifest by digest to a repository without tags. The PUT must succeed if one under a tag
    /// does.
    BY_DIGEST = "manifests/put-by-digest" {
        level: Must,
        title: "the registry accepts PUT of a manifest by digest",
        fix: "Accept `PUT /v2/<name>/manifests/sha256:…` and return 201: the last segment is a tag or a digest. Store the manifest without a tag.",
        covers: ["REG-MAN-02", "A17"],
        sources: [
            DISTRIBUTION.states(
                "pushing-manifests",
                "`<name>` is the namespace of the repository, and the `<reference>` MUST be either a) a digest or b) a tag.",
            ),
            observed("2.2", "step 4 of a push since 3.18: PUT of the manifest by digest"),
        ],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::ManifestPush),
        ],
        faults: [RefusesPutByDigest],
        shares: "digest",
        check: by_digest,
    }
}

async fn by_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest(&chart.digest, &chart.manifest).await?;
    if !reply.status.is_success() {
        // Control: if a PUT under a tag fails as well, or only the first PUT, the digest is not the cause.
        session.arrange_manifest("1.0.0", &chart.manifest).await?;
        let again = session.put_manifest(&chart.digest, &chart.manifest).await?;
        if again.status.is_success() {
            return Err(obstacle("push a manifest the first time", &reply));
        }
    }
    expect::success(&reply)
}

requirement! {
    /// The registry does not list the digest of a manifest as a tag.
    ///
    /// ## Why Helm needs it
    /// Otherwise every push since Helm 3.18 leaves a tag named after a digest, and the tag list grows by one useless
    /// entry with each push. Helm ignores such tags when it resolves a version.
    ///
    /// ## How it is checked
    /// The check pushes a manifest by digest, then under a tag. No tag in the tag list may contain `sha256`.
    NO_TAG = "manifests/digest-makes-no-tag" {
        level: Should,
        title: "the registry does not list the digest of a manifest as a tag",
        fix: "Create no tag for a PUT by digest, and list no digest in `tags/list`. A reference that contains `:` is a digest. Old versions of Pulp stored it as a tag.",
        covers: ["REG-MAN-02", "A17"],
        sources: [
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<tag1>`, `<tag2>`, and `<tag3>` are each tags on the repository."),
        ],
        breaks: [],
        faults: [ListsDigestsAsTags],
        shares: "tagged-digest",
        check: no_tag,
    }
}

async fn no_tag(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session.put_manifest(&chart.digest, &chart.manifest).await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let (reply, tags) = session.arranged_tags().await?;
    let stray: Vec<&String> = tags.iter().filter(|tag| tag.contains("sha256")).collect();
    expect::holds(
        stray.is_empty(),
        "no tag named after a digest",
        format!("the tags {stray:?}"),
        &[&reply],
    )
}

requirement! {
    /// The registry accepts a manifest again under a tag after a PUT by digest.
    ///
    /// ## Why Helm needs it
    /// It is the last request of every push since Helm 3.18.
    ///
    /// ## How it is checked
    /// The check pushes a manifest by digest, then the same bytes under a tag. The second PUT must succeed.
    TAGGED = "manifests/tagging-by-second-put" {
        level: Must,
        title: "the registry accepts a manifest again under a tag after a PUT by digest",
        fix: "Return 201 to PUT of an existing manifest under a new tag, and create the tag. Do not return 409 because the digest exists.",
        covers: ["REG-MAN-15"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "creates a tag by PUT of the manifest under the tag")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, Symptom::TagPut),
        ],
        faults: [RefusesTaggingExisting],
        shares: "tagged-digest",
        check: tagged,
    }
}

async fn tagged(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    expect::success(&session.put_manifest("1.0.0", &chart.manifest).await?)
}
