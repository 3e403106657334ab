//! `GET` of a manifest.

use bytes::Bytes;
use helm_oci_fixtures::media_type;
use http::Method;

use super::{is_image_manifest, readable};
use crate::helm::era::{BEFORE_3_7, Break, CONTAINERD, CONTAINERD_SINCE_3_7, Flow, NO_INDEX, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// GET of a tag answers 200 with the manifest.
    ///
    /// ## Why Helm needs it
    /// It is the first and only manifest request of a pull since 3.18.
    ///
    /// ## How it is checked
    /// GET of a tag with the `Accept` of Helm 3.18 and later.
    GET_TAG = "pull/get-finds-tag" {
        level: Must,
        title: "GET of a tag answers 200",
        covers: ["REG-PUL-02"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, "failed to perform \"FetchReference\" on source: {ref}: not found"),
        ],
        faults: [HidesTagsFromGet],
        consequences: [RefusesAcceptLists],
        check: get_tag,
    }
}

async fn get_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("1.0.0").await?;
    expect::status(&reply, &[200, 301, 302, 303, 307, 308])
}

requirement! {
    /// A manifest is served with the media type it was pushed with.
    ///
    /// ## Why Helm needs it
    /// Helm takes the kind of the content from `Content-Type`. Under another type it sees no chart, whatever
    /// the manifest says.
    ///
    /// ## How it is checked
    /// HEAD by tag and GET by digest, as Helm 3.0 to 3.17 send them; parameters such as a charset do not count.
    TYPE = "pull/manifest-type" {
        level: Must,
        title: "`Content-Type` of a manifest is the type it was pushed with",
        covers: ["REG-PUL-03", "A24"],
        sources: [
            DISTRIBUTION.says(
                "pulling-manifests",
                "The `Content-Type` header SHOULD match what the client [pushed as the manifest's `Content-Type`](#pushing-manifests).",
            ),
            observed("7.6", "manifest Content-Type json, octet-stream, docker or none: every Helm fails"),
        ],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PULLS, "manifest does not contain minimum number of descriptors (2)"),
            Break::new(BEFORE_3_7, &[Flow::ChartPull], "blob {d} expected at {home}/…: not found"),
            Break::new(BEFORE_3_7, &[Flow::Pull, Flow::DependencyUpdate], "manifest does not contain at least 1 layer (total: 0)"),
        ],
        faults: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        check: manifest_type,
    }
}

async fn manifest_type(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    // The first answer by digest is judged by `consistency/manifest-readable-at-once`.
    session.head_manifest(&chart.digest).await?;
    let reply = session
        .call(Method::GET, &path)
        .accept(accept)
        .send()
        .await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("read the manifest by digest", &reply));
    }
    expect::media_type(&reply, media_type::OCI_MANIFEST)
}

requirement! {
    /// A manifest is not converted for a client that lists Docker types beside its own.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later list them first. A converted manifest is no chart.
    ///
    /// ## How it is checked
    /// GET by tag with the `Accept` of Helm 3.18 and later; an index over the chart is judged elsewhere.
    NOT_CONVERTED = "pull/manifest-not-converted" {
        level: Must,
        title: "a manifest keeps its type whatever else `Accept` lists",
        covers: ["REG-PUL-03", "REG-PUL-07", "A24"],
        sources: [observed("7.4", "T13: GET of the tag with `M5`, Docker types first")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, "unable to retrieve blob with digest {d}: {d}: application/vnd.docker.distribution.manifest.v2+json: not found"),
            Break::new(ORAS, &[Flow::PullDigest], "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
        ],
        faults: [ConvertsManifests],
        consequences: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        check: not_converted,
    }
}

async fn not_converted(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = readable(session, "1.0.0").await?;
    if reply.media_type() == Some(media_type::OCI_INDEX) {
        return Err(obstacle("find the chart itself under its tag", &reply));
    }
    expect::media_type(&reply, media_type::OCI_MANIFEST)
}

requirement! {
    /// A manifest comes back byte for byte as it was pushed.
    ///
    /// ## Why Helm needs it
    /// Helm prints, and users pin, the digest of the manifest it pushed. Helm 3.0 to 3.17 read it by that digest
    /// and check size and digest; a registry that writes the JSON anew breaks them.
    ///
    /// ## How it is checked
    /// A manifest is pushed under a tag and read by digest, with the `Accept` of Helm 3.0 to 3.17.
    BYTES = "pull/manifest-bytes" {
        level: Must,
        title: "manifests are served byte for byte",
        covers: ["REG-MAN-10", "A28"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "unexpected commit size {n}, expected {n}: failed precondition"),
            Break::new(ORAS, &[Flow::PullDigest], "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests],
        check: manifest_bytes,
    }
}

async fn manifest_bytes(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    // The first answer by digest is judged by `consistency/manifest-readable-at-once`.
    session.head_manifest(&chart.digest).await?;
    let path = session.manifest_path(&chart.digest);
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    let reply = session
        .call(Method::GET, &path)
        .accept(accept)
        .send()
        .await?;
    if reply.status.as_u16() != 200 || !is_image_manifest(&reply) {
        return Err(obstacle("read the manifest by digest", &reply));
    }
    expect::same_bytes(&reply, &chart.manifest)
}

requirement! {
    /// The shape of a manifest does not matter: odd spacing and key order come back as they were pushed.
    ///
    /// ## Why Helm needs it
    /// Six shapes of chart manifests are in the field, one for each change of Helm; other tools write more.
    ///
    /// ## How it is checked
    /// A manifest with blanks, line feeds and keys in another order is pushed and compared.
    ODD_SHAPE = "pull/odd-manifest-bytes" {
        level: Must,
        title: "spacing and key order of a manifest are kept",
        covers: ["REG-MAN-10", "REG-PUL-24", "A28"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ConvertsManifests],
        check: odd_shape,
    }
}

async fn odd_shape(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let compact = String::from_utf8_lossy(&chart.manifest).into_owned();
    let odd = compact
        .replacen("{\"schemaVersion\":2,", "{\n  ", 1)
        .replace("\":", "\" :\t")
        .replace("]}", "],\r\n \"schemaVersion\": 2 }\n");
    let odd = if session.target().typed_manifests {
        Bytes::from(odd)
    } else {
        with_media_type(&Bytes::from(odd))
    };
    session.arrange_manifest("1.0.0", &odd).await?;
    let reply = readable(session, "1.0.0").await?;
    if !is_image_manifest(&reply) {
        return Err(obstacle("read the chart's own manifest", &reply));
    }
    expect::same_bytes(&reply, &odd)
}

requirement! {
    /// A tagged manifest can be read by its digest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 always pull by the digest that HEAD named; later ones when the user pins it.
    ///
    /// ## How it is checked
    /// PUT by tag, GET by digest.
    BY_DIGEST = "pull/by-digest" {
        level: Must,
        title: "a manifest pushed under a tag can be read by digest",
        covers: ["REG-PUL-04"],
        sources: [observed("3.2", "HEAD of the tag, then GET of the digest it names")],
        breaks: [
            Break::new(CONTAINERD, Flow::TAG_PULLS, "failed open: …{d}…: not found"),
            Break::new(CONTAINERD, &[Flow::PullDigest], "{ref}: not found"),
            Break::new(ORAS, &[Flow::PullDigest], "failed to perform \"FetchReference\" on source: {ref}: not found"),
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Tag\" on destination: {d}: not found"),
        ],
        faults: [HidesTaggedDigests],
        check: by_digest,
    }
}

async fn by_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    // The first answer by digest is judged by `consistency/manifest-readable-at-once`.
    session.head_manifest(&chart.digest).await?;
    let path = session.manifest_path(&chart.digest);
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    let reply = session
        .call(Method::GET, &path)
        .accept(accept)
        .send()
        .await?;
    if reply.status.as_u16() != 404 {
        return Ok(());
    }
    let path = session.manifest_path("1.0.0");
    let by_tag = session
        .call(Method::GET, &path)
        .accept(accept)
        .send()
        .await?;
    if !by_tag.status.is_success() {
        return Err(obstacle("read the manifest in either way", &by_tag));
    }
    Err(expect::violated(
        "the manifest, as by its tag",
        format!("status {}", reply.status),
        &[&reply, &by_tag],
    ))
}

requirement! {
    /// A manifest without any tag can be read by its digest.
    ///
    /// ## Why Helm needs it
    /// The read-back in a push since 3.18 happens before the tag exists.
    ///
    /// ## How it is checked
    /// PUT by digest alone, GET by digest.
    UNTAGGED = "pull/untagged-by-digest" {
        level: Must,
        title: "a manifest without a tag can be read by digest",
        covers: ["REG-PUL-04", "REG-MAN-13"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Tag\" on destination: {d}: not found"),
        ],
        faults: [HidesUntaggedManifests],
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
        return Err(obstacle("read a manifest by digest at all", &tagged));
    }
    Err(expect::violated(
        "the manifest, as once it has a tag",
        format!("status {}", untagged.status),
        &[&untagged, &tagged],
    ))
}

requirement! {
    /// A tag that is not there answers 404 on GET.
    ///
    /// ## Why Helm needs it
    /// 404 is the only status Helm reads as "not there". A page with 200 is read as a manifest; a 500 is
    /// retried five times before the user hears of it.
    ///
    /// ## How it is checked
    /// GET of a tag that was never pushed, in a repository that exists.
    ABSENT = "pull/absent-tag-is-404" {
        level: Must,
        title: "GET of an absent tag answers 404",
        covers: ["REG-PUL-05", "REG-ERR-03", "B37"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "If the manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [],
        faults: [AbsentManifestIsHtml, AbsentManifestFails],
        check: absent,
    }
}

async fn absent(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("9.9.9").await?;
    expect::status(&reply, &[404])
}

requirement! {
    /// Manifests come with `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// No Helm fails without it on GET; other clients do, and errors are found later.
    ///
    /// ## How it is checked
    /// The header of a GET by tag is read.
    GET_DIGEST = "pull/get-carries-digest" {
        level: Should,
        title: "GET of a manifest carries `Docker-Content-Digest`",
        covers: ["REG-PUL-06", "A22"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "A successful response SHOULD contain the digest of the uploaded blob in the header `Docker-Content-Digest`.",
        )],
        breaks: [],
        faults: [ManifestGetWithoutDigest],
        check: get_digest,
    }
}

async fn get_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = readable(session, "1.0.0").await?;
    expect::header(&reply, "docker-content-digest").map(|_| ())
}

requirement! {
    /// The digest in the answer to a GET is the digest of the body that comes with it.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later compare the two and refuse the pull.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared with the digest of the body.
    GET_TRUE_DIGEST = "pull/get-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` of a manifest GET is the digest of its body",
        covers: ["REG-PUL-06", "C11"],
        sources: [observed("7.6", "wrong Docker-Content-Digest on manifest GET: 3.18.0 and later fail")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, "failed to perform \"Successors\" on source: mismatched digest"),
            Break::new(ORAS, &[Flow::PullDigest], "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
        ],
        faults: [ManifestGetWrongDigest],
        consequences: [ReformatsManifests],
        check: get_true_digest,
    }
}

async fn get_true_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = readable(session, "1.0.0").await?;
    expect::header_absent_or(&reply, "docker-content-digest", &digest_of(&reply.body))
}

requirement! {
    /// A tag under which one chart was pushed answers with that chart's manifest, not with an index over it.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18.0 to 3.20.0 and 4.0.0 to 4.1.1 cannot pull through an index.
    ///
    /// ## How it is checked
    /// The media type under a tag is read after a push.
    NO_INDEX_WRAPPED = "pull/tag-is-no-index" {
        level: Should,
        title: "a chart's tag points at its manifest, not at an index",
        covers: ["REG-PUL-21", "C17"],
        sources: [observed("1.2", "3.20.1 and 4.1.2: an OCI index is accepted as the thing a tag points to")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPull], "manifest does not contain exactly 1 layer (total: 0)"),
            Break::new(NO_INDEX, Flow::TAG_PULLS, "unable to retrieve blob with digest {d}: {d}: application/vnd.oci.image.index.v1+json: not found"),
        ],
        faults: [WrapsChartsInIndexes],
        check: no_index,
    }
}

async fn no_index(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = readable(session, "1.0.0").await?;
    expect::holds(
        reply.media_type() != Some(media_type::OCI_INDEX),
        "the chart's own manifest",
        "an index",
        &[&reply],
    )
}
