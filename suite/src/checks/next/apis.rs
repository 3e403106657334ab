//! Filters and digest algorithms that no Helm version uses yet.

use helm_oci_fixtures::digest::sha512;

use super::EXAMPLE_TYPE;
use crate::checks::referrers::{SIGNATURE, attach, referrers, with_referrers};
use crate::checks::upload::{content, succeeds_like_any_other};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry filters the list of referrers by artifact type.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A client that searches for the signatures of a chart need not read its other referrers.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check attaches an artifact and requests the referrers of another
    /// type. The response must have `OCI-Filters-Applied`.
    FILTER = "next/referrers-filtered" {
        level: May,
        title: "the registry filters referrers by type",
        fix: "Return only the referrers whose type is the parameter `artifactType`, and send `OCI-Filters-Applied: artifactType`.",
        covers: ["REG-REF-01", "C03"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "The registry SHOULD support filtering on `artifactType`.",
        )],
        breaks: [],
        faults: [ReferrersUnfiltered],
        shares: "attached",
        check: filter,
    }
}

async fn filter(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    // Some registries omit the header if the list is empty and needs no filter.
    attach(session, &chart, SIGNATURE).await?;
    let reply = referrers(
        session,
        &chart.digest,
        &format!("?artifactType={EXAMPLE_TYPE}"),
    )
    .await?;
    if !reply.status.is_success() {
        return Err(obstacle("request the referrers of one type", &reply));
    }
    expect::header(&reply, "oci-filters-applied").map(|_| ())
}

requirement! {
    /// The registry accepts a blob with its sha512 digest.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every Helm version writes sha256.
    ///
    /// ## How it is checked
    /// The check uploads a blob with its sha512 digest. The PUT must return a 2xx.
    SHA512 = "next/sha512-digests" {
        level: May,
        title: "the registry accepts sha512 digests",
        fix: "Accept `digest=sha512:…`, and verify the body with the algorithm that the prefix of the digest names.",
        covers: ["REG-BLB-17"],
        sources: [DISTRIBUTION.states(
            "post-then-put",
            "Upon successful completion of the request, the response MUST have code `201 Created` and MUST have the following header: `Location: <blob-location>`",
        )],
        specification: Silent,
        breaks: [],
        faults: [RefusesSha512],
        shares: "additions" as Blobs,
        check: by_sha512,
    }
}

async fn by_sha512(session: &Session) -> CheckResult {
    let blob = content(session, "by sha512");
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &sha512(&blob), &blob)
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}
