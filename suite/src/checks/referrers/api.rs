//! The referrers API, and the header that acknowledges a subject.

use super::{SIGNATURE, artifact, attach, referrers, with_referrers};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, HTTP};
use crate::session::{Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry has the referrers API.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. Signing tools for charts do; without the API they fall back to a tag.
    ///
    /// ## How it is checked
    /// The check requests the referrers of a chart that has none. The status must be 200.
    API = "referrers/api-present" {
        level: May,
        title: "the registry has the referrers API",
        fix: "Add `GET /v2/<name>/referrers/<digest>`: 200 with an index of the manifests whose `subject` has this digest, and an empty index if there are none.",
        covers: ["REG-REF-01", "C01"],
        sources: [
            DISTRIBUTION.states("listing-referrers", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            HELM_DOCS.states(
                "using-sigstore-to-sign-oci-based-charts",
                "plugin allows using [Sigstore](https://sigstore.dev/) to sign Helm charts with the same tools used to sign container images.",
            ),
        ],
        specification: May,
        breaks: [],
        faults: [ReferrersForbidden, ReferrersNotOffered],
        consequences: [ClaimsOciSubject],
        shares: "chart",
        check: api,
    }
}

async fn api(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    expect::status(&reply, &[200])
}

requirement! {
    /// A registry without the referrers API returns 404 at its endpoint, and no other status.
    ///
    /// ## Why Helm needs it
    /// Signing tools for charts fall back to a tag only on 404. With any other status they find no signatures.
    ///
    /// ## How it is checked
    /// The check requests the referrers of a chart. The status must be 200 or 404.
    ABSENT_API = "referrers/absent-api-is-404" {
        level: Should,
        title: "the referrers endpoint returns 200 or 404",
        fix: "Return 404 at `/v2/<name>/referrers/<digest>` if there is no referrers API, and 200 with an empty index if a chart has no referrers. Do not return 403 or 405.",
        covers: ["REG-REF-01", "C01"],
        sources: [DISTRIBUTION.states(
            "listing-referrers",
            "If the registry supports the referrers API, the registry MUST NOT return a `404 Not Found` to a referrers API requests.",
        )],
        specification: Silent,
        breaks: [],
        faults: [ReferrersForbidden],
        shares: "chart",
        check: absent_api,
    }
}

async fn absent_api(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = referrers(session, &chart.digest, "").await?;
    expect::status(&reply, &[200, 404])
}

requirement! {
    /// A registry with the referrers API acknowledges the `subject` of a pushed manifest with the header
    /// `OCI-Subject`.
    ///
    /// ## Why Helm needs it
    /// Without the header signing tools also write fallback tags, and the tag list of every signed chart grows.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check pushes an artifact with a chart as its subject. The response
    /// must have `OCI-Subject` with the digest of the chart.
    SUBJECT = "referrers/subject-acknowledged" {
        level: Should,
        title: "the push of a referrer returns `OCI-Subject`",
        fix: "Send `OCI-Subject: <digest>` with the 201 for a manifest with a `subject`; the value is the digest of the subject.",
        covers: ["REG-REF-01", "C02"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests-with-subject",
            "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`.",
        )],
        breaks: [],
        faults: [OmitsOciSubject],
        shares: "attached",
        check: subject,
    }
}

async fn subject(session: &Session) -> CheckResult {
    let chart = with_referrers(session).await?;
    let (reply, _) = attach(session, &chart, SIGNATURE).await?;
    expect::header_is(&reply, "oci-subject", &chart.digest)
}

requirement! {
    /// A registry that acknowledges a subject with `OCI-Subject` has the referrers API.
    ///
    /// ## Why Helm needs it
    /// The header tells a signing tool that no fallback tag is needed. If there is no API, no client finds the
    /// signature.
    ///
    /// ## How it is checked
    /// The check attaches an artifact to a chart. If the response has `OCI-Subject`, the request for the referrers of
    /// the chart must return 200.
    ACKNOWLEDGED_MEANS_API = "referrers/acknowledged-means-api" {
        level: Should,
        title: "a registry that sends `OCI-Subject` has the referrers API",
        fix: "Send `OCI-Subject` only if `GET /v2/<name>/referrers/<digest>` lists the manifest. Remove the header if there is no referrers API.",
        covers: ["REG-REF-01", "C02"],
        sources: [
            DISTRIBUTION.states("pushing-manifests-with-subject", "When processing a request for an image manifest with the `subject` field, a registry implementation that supports the [referrers API](#listing-referrers) MUST respond with the response header `OCI-Subject: <subject digest>` to indicate to the client that the registry processed the request's `subject`."),
            DISTRIBUTION.states("listing-referrers", "If the registry supports the referrers API, the registry MUST NOT return a `404 Not Found` to a referrers API requests."),
        ],
        breaks: [],
        faults: [ClaimsOciSubject],
        consequences: [ReferrersForbidden],
        shares: "additions" as Blobs,
        check: acknowledged_means_api,
    }
}

async fn acknowledged_means_api(session: &Session) -> CheckResult {
    let chart = session.arrange_own_manifest("1.0.0-acknowledged").await?;
    let manifest = artifact(session, &chart, SIGNATURE).await?;
    let attached = session
        .put_manifest(&digest_of(&manifest), &manifest)
        .await?;
    // The header is also absent if the registry rejects the manifest.
    if attached.header("oci-subject").is_none() {
        return Err(Stop::condition_not_met(
            "the registry does not acknowledge subjects",
        ));
    }
    let reply = referrers(session, &chart.digest, "").await?;
    expect::holds(
        reply.status.as_u16() == 200,
        "status 200 for the referrers, as `oci-subject` in the response to the PUT implies",
        format!("status {}", reply.status),
        &[&attached, &reply],
    )
}

requirement! {
    /// In a repository that does not exist, the referrers endpoint returns an empty list or a 4xx, not a 5xx.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it. A tool that verifies charts has to distinguish a chart without signatures from a broken
    /// registry.
    ///
    /// ## How it is checked
    /// If the registry has the referrers API, the check requests referrers in a repository to which nothing was ever
    /// pushed. The status must not be a 5xx.
    UNKNOWN_REPOSITORY = "referrers/unknown-repository" {
        level: Should,
        title: "the referrers endpoint returns no 5xx for an unknown repository",
        fix: "Return 200 with an empty index, or 404 with the code `NAME_UNKNOWN`, to referrers in an unknown repository. Map the error \"not found\" of the storage to one of them.",
        covers: ["C01", "C04"],
        sources: [
            DISTRIBUTION.states("listing-referrers", "If a query results in no matching referrers, an empty manifest list MUST be returned."),
            HTTP.states("status.5xx", "The 5xx (Server Error) class of status code indicates that the server is aware that it has erred or is incapable of performing the requested method."),
        ],
        specification: Silent,
        breaks: [],
        faults: [UnknownReferrersFail],
        shares: "chart",
        check: unknown_repository,
    }
}

async fn unknown_repository(session: &Session) -> CheckResult {
    with_referrers(session).await?;
    let unknown = session.sibling("nowhere");
    let digest = digest_of(b"nothing");
    let path = format!("/v2/{unknown}/referrers/{digest}");
    let reply = session.call(http::Method::GET, &path).send().await?;
    expect::holds(
        !reply.status.is_server_error(),
        "an empty list, or a 4xx status",
        format!("status {}", reply.status),
        &[&reply],
    )
}
