//! Manifests and blobs on their way to the client.

use bytes::Bytes;
use futures_util::future::join_all;
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;
use http::Method;

use crate::api::{ACCEPT_CONTAINERD, Chart, obstacle, with_media_type};
use crate::era::{
    ALL, BEFORE_3_7, Break, CONTAINERD, CONTAINERD_SINCE_3_7, Flow, HARDENED, NO_INDEX,
    NOT_HARDENED, ORAS, Span, Versions,
};
use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::session::{Reply, Session, digest_of};
use crate::source::{DISTRIBUTION, HTTP, containerd, helm, observed, oras_go};
use crate::verdict::{CheckResult, Stop};

/// The flow that reads more than the two blobs of one chart.
const MANY_BLOBS: &[Flow] = &[Flow::PullProv];
/// Helm over containerd 1.3, to which a body that was cut off is an error of its own.
const CONTAINERD_1_3: Versions = Versions(&[Span::new((3, 0, 0), (3, 5, 2))]);
/// Helm over containerd 1.4, to which a body that was cut off is a short one.
const CONTAINERD_1_4: Versions = Versions(&[Span::new((3, 5, 2), (3, 7, 0))]);
/// Helm 3.7, the last that does not resume a transfer that broke off.
const HIP6: Versions = Versions(&[Span::new((3, 7, 0), (3, 8, 0))]);
/// Helm that compares a tag with a pinned digest.
const PINNED: Versions = Versions(&[Span::since((3, 20, 0))]);
/// Helm that compares the digest header of a blob.
const COMPARES_BLOB_DIGEST: Versions = Versions(&[Span::since((3, 18, 3))]);

/// Reads a manifest and makes trouble an obstacle, so that only its content is judged.
async fn readable(session: &Session, reference: &str) -> Result<Reply, Stop> {
    let reply = session.get_manifest(reference).await?;
    if reply.status.as_u16() == 200 {
        Ok(reply)
    } else {
        Err(obstacle("read the manifest", &reply))
    }
}

/// Whether an answer is the very manifest, an image manifest at all, or something else that stands in for it.
fn is_image_manifest(reply: &Reply) -> bool {
    serde_json::from_slice::<serde_json::Value>(&reply.body)
        .is_ok_and(|value| value.get("config").is_some())
}

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
    // The first answer by digest is judged by `manifests/readable-at-once`.
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
    // The first answer by digest is judged by `manifests/readable-at-once`.
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
    // The first answer by digest is judged by `manifests/readable-at-once`.
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
    /// HEAD and GET of one tag name the same digest, whatever `Accept` lists, as long as it lists the type.
    ///
    /// ## Why Helm needs it
    /// Pulls pinned to a digest compare the tag's HEAD with the pin since 3.20; a conversion for some clients
    /// tears the two apart.
    ///
    /// ## How it is checked
    /// HEAD and GET with the lists of both lines of Helm; the digests of the answers are compared.
    AGREE = "pull/head-and-get-agree" {
        level: Must,
        title: "HEAD and GET agree for every `Accept` that lists the type",
        covers: ["REG-PUL-07", "A24"],
        sources: [observed("3.6", "3.20 and later: HEAD of the tag is compared with the pinned digest")],
        breaks: [
            Break::when("for pulls pinned to a digest", PINNED, &[Flow::Pull], "chart reference digest mismatch: {d} is not {d}"),
        ],
        faults: [ConvertsManifests],
        consequences: [ReformatsManifests, ManifestHeadWrongDigest],
        check: agree,
    }
}

async fn agree(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    let Some(named) = head
        .header("docker-content-digest")
        .filter(|_| head.status.is_success())
    else {
        return Err(obstacle("learn the digest from HEAD", &head));
    };
    for accept in [ACCEPT_CONTAINERD, crate::api::ACCEPT_ORAS] {
        let path = session.manifest_path("1.0.0");
        let get = session
            .call(Method::GET, &path)
            .accept(accept)
            .send()
            .await?;
        if get.status.as_u16() != 200 {
            return Err(obstacle("read the manifest", &get));
        }
        let actual = digest_of(&get.body);
        expect::holds(
            actual == named,
            format!("the manifest {named}, which HEAD names"),
            format!("a body of {actual}"),
            &[&head, &get],
        )?;
    }
    Ok(())
}

/// Pushes a chart and reads its layer, redirects followed.
async fn layer(session: &Session) -> Result<(Bytes, Reply), Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let archive = chart.package.archive.clone();
    // The first answer after an upload is judged by `upload/readable-at-once`.
    session.head_blob(&chart.layer_digest()).await?;
    let reply = session.get_blob_following(&chart.layer_digest()).await?;
    Ok((archive, reply))
}

requirement! {
    /// A blob comes back byte for byte, with 200.
    ///
    /// ## Why Helm needs it
    /// Every Helm checks size and digest of each blob.
    ///
    /// ## How it is checked
    /// A chart is pushed; its layer is read, redirects followed, and compared.
    BLOB_BYTES = "pull/blob-bytes" {
        level: Must,
        title: "blobs are served byte for byte",
        covers: ["REG-PUL-08"],
        sources: [DISTRIBUTION.says(
            "pulling-blobs",
            "A GET request to an existing blob URL MUST provide the expected blob, with a response code that MUST be `200 OK`.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "unexpected commit digest {d}, expected {d}: failed precondition"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Push\" on destination: mismatched digest"),
        ],
        faults: [AltersBlobs, TruncatesBlobs, BlobGetNotFound],
        check: blob_bytes,
    }
}

async fn blob_bytes(session: &Session) -> CheckResult {
    let (archive, reply) = layer(session).await?;
    expect::status(&reply, &[200])?;
    expect::same_bytes(&reply, &archive)
}

requirement! {
    /// A blob arrives whole: the connection does not close before as many bytes came as were announced.
    ///
    /// ## Why Helm needs it
    /// Only Helm 3.8 to 3.17 resume; the others report an unexpected end.
    ///
    /// ## How it is checked
    /// A layer is read. A connection that breaks once is an obstacle; one that breaks three times in a row
    /// while other requests are answered is a violation.
    BLOB_WHOLE = "pull/blob-whole" {
        level: Must,
        title: "a blob arrives whole",
        covers: ["REG-PUL-08", "REG-PUL-09"],
        sources: [observed("7.6", "blob connection cut: 3.2.4 to 3.7.2 and 3.18.0 and later fail")],
        breaks: [
            Break::new(CONTAINERD_1_3, Flow::PULLS, "failed to copy: unexpected EOF"),
            Break::new(CONTAINERD_1_4, Flow::PULLS, "unexpected commit size {n}, expected {n}: failed precondition"),
            Break::new(HIP6, Flow::PULLS, "failed to read expected number of bytes: unexpected EOF"),
            Break::new(ORAS, Flow::PULLS, "read failed: expected content size of {n}, got {n}, for digest {d}: unexpected EOF"),
        ],
        faults: [CutsBlobs, BlobGetWrongLength],
        check: blob_whole,
    }
}

async fn blob_whole(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.blob_path(&chart.layer_digest());
    match session
        .answered(|| session.call(Method::GET, &path))
        .await?
    {
        Some(_) => Ok(()),
        None => Err(expect::violated(
            "the whole blob",
            "the connection closed before its end, three times",
            &[],
        )),
    }
}

requirement! {
    /// `Content-Length` of a blob is its size.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later compare it with the manifest before they read a byte.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    BLOB_LENGTH = "pull/blob-length-is-true" {
        level: Must,
        title: "`Content-Length` of a blob GET is the blob's size",
        covers: ["REG-PUL-09", "A23"],
        sources: [observed("3.5", "blob shorter than its descriptor: `mismatch Content-Length`")],
        breaks: [
            Break::new(BEFORE_3_7, Flow::PULLS, "unexpected commit size {n}, expected {n}: failed precondition"),
            Break::new(CONTAINERD_SINCE_3_7, Flow::PULLS, "failed to read expected number of bytes: unexpected EOF"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": mismatch Content-Length"),
        ],
        faults: [TruncatesBlobs],
        check: blob_length,
    }
}

async fn blob_length(session: &Session) -> CheckResult {
    let (archive, reply) = layer(session).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    if reply.header("content-encoding").is_some() {
        return Ok(());
    }
    expect::header_absent_or(&reply, "content-length", &archive.len().to_string())
}

requirement! {
    /// `Docker-Content-Digest` of a blob is absent or the digest that was asked for.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18.3 and later compare it.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    BLOB_DIGEST = "pull/blob-digest-is-true" {
        level: Should,
        title: "`Docker-Content-Digest` of a blob GET is absent or right",
        covers: ["REG-PUL-10"],
        sources: [DISTRIBUTION.says(
            "pulling-blobs",
            "If present, the value of this header MUST be a digest matching that of the response body.",
        )],
        breaks: [
            Break::new(COMPARES_BLOB_DIGEST, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"{url}/blobs/{d}\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
        ],
        faults: [BlobGetWrongDigest],
        check: blob_digest,
    }
}

async fn blob_digest(session: &Session) -> CheckResult {
    let (archive, reply) = layer(session).await?;
    if !reply.status.is_success() {
        return Err(obstacle("read the blob", &reply));
    }
    expect::header_absent_or(&reply, "docker-content-digest", &digest_of(&archive))
}

requirement! {
    /// The config of a chart stays readable.
    ///
    /// ## Why Helm needs it
    /// Every pull since 3.7 reads it and parses its JSON.
    ///
    /// ## How it is checked
    /// A chart is pushed; its config is read and compared.
    CONFIG = "pull/config-readable" {
        level: Must,
        title: "the config blob can be read",
        covers: ["REG-PUL-12"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:519", "reads and parses the config on every pull")],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "failed open: could not fetch content descriptor {d} ({type}) from remote: not found"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: {d}: not found"),
        ],
        faults: [LosesConfigBlobs],
        consequences: [BlobGetNotFound],
        check: config,
    }
}

async fn config(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    session.head_blob(&chart.config_digest()).await?;
    let reply = session.get_blob_following(&chart.config_digest()).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "the config blob",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// Where a blob is redirected, the chain ends within ten steps.
    ///
    /// ## Why Helm needs it
    /// Go's HTTP client gives up after ten.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the chain is followed by hand.
    REDIRECT_ENDS = "pull/redirect-ends" {
        level: Must,
        title: "a redirected blob is reached within ten redirects",
        covers: ["REG-PUL-13"],
        sources: [HTTP.says(
            "status.3xx",
            "A client SHOULD detect and intervene in cyclical redirections (i.e., \"infinite\" redirection loops).",
        )],
        breaks: [
            Break::new(NOT_HARDENED, Flow::PULLS, "stopped after 10 redirects"),
            Break::new(HARDENED, Flow::PULLS, "(Helm does not end)"),
        ],
        faults: [RedirectsBlobsInCircles],
        check: redirect_ends,
    }
}

async fn redirect_ends(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if !first.status.is_redirection() {
        return Err(Stop::NotApplicable("blobs are not redirected".to_owned()));
    }
    let mut reply = first.clone();
    for _ in 0..10 {
        let location = expect::header(&reply, "location")?;
        let uri = session.resolve(&reply.uri, location);
        reply = session
            .call_uri(Method::GET, uri)
            .anonymous()
            .send()
            .await?;
        if !reply.status.is_redirection() {
            return Ok(());
        }
    }
    Err(expect::violated(
        "an answer after at most ten redirects",
        "an eleventh redirect",
        &[&first, &reply],
    ))
}

requirement! {
    /// Where a blob is redirected, the other end serves it without credentials.
    ///
    /// ## Why Helm needs it
    /// Helm drops `Authorization` when a redirect leaves the host, and since 3.21.1 and 4.2.1 when it leaves
    /// the origin.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the redirect is followed without credentials.
    REDIRECT_OPEN = "pull/redirect-needs-no-credentials" {
        level: Must,
        title: "a redirected blob is served without credentials",
        covers: ["REG-PUL-14", "B07"],
        sources: [observed("4.3", "`Authorization` is dropped when the host changes")],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "failed open: unexpected status code {url}/blobs/{d}: 401 Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"…\": response status code 401: Unauthorized"),
        ],
        faults: [RedirectsBlobsToPrivateStore],
        check: redirect_open,
    }
}

async fn redirect_open(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if !first.status.is_redirection() {
        return Err(Stop::NotApplicable("blobs are not redirected".to_owned()));
    }
    let reply = session.follow_blob(&chart.layer_digest()).await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the blob, without credentials",
        format!("status {}", reply.status),
        &[&first, &reply],
    )
}

requirement! {
    /// A range of a blob is answered with just that range, or with the whole blob.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 to 3.17 resume a broken transfer with `Range: bytes=N-`. A wrong offset corrupts the chart.
    ///
    /// ## How it is checked
    /// An open-ended and a closed range; 206 must hold those bytes, 200 all of them.
    RANGE = "pull/range" {
        level: Should,
        title: "`Range` on a blob is answered rightly or ignored",
        covers: ["REG-PUL-18", "C19"],
        sources: [DISTRIBUTION.says(
            "pulling-blobs",
            "A registry SHOULD support the `Range` request header in accordance with [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110.html#name-range-requests).",
        )],
        breaks: [],
        faults: [RangeOffByOne],
        check: range,
    }
}

async fn range(session: &Session) -> CheckResult {
    let (archive, whole) = layer(session).await?;
    if whole.body != archive {
        return Err(obstacle("read the blob", &whole));
    }
    let path = session.blob_path(&digest_of(&archive));
    for (header, part) in [
        ("bytes=10-", archive.slice(10..)),
        ("bytes=5-20", archive.slice(5..21)),
    ] {
        let reply = session
            .call(Method::GET, &path)
            .header("range", header)
            .send()
            .await?;
        match reply.status.as_u16() {
            206 => expect::same_bytes(&reply, &part)?,
            200 => expect::same_bytes(&reply, &archive)?,
            301 | 302 | 303 | 307 | 308 => {}
            429 => return Err(obstacle("read a part of the blob", &reply)),
            _ => expect::status(&reply, &[206, 200])?,
        }
    }
    Ok(())
}

requirement! {
    /// A registry that says `Accept-Ranges: bytes` of a blob answers a request for a part with the part.
    ///
    /// ## Why Helm needs it
    /// The library of Helm 3.18 and later reads the header and seeks in what came with it, by `Range`.
    ///
    /// ## How it is checked
    /// A blob is read, redirects followed. Where the answer has the header, a part is asked for at the same place.
    CLAIMED_RANGES = "pull/claimed-ranges-served" {
        level: Should,
        title: "`Accept-Ranges: bytes` is true",
        covers: ["REG-PUL-18", "C19"],
        sources: [HTTP.says(
            "field.accept-ranges",
            "The \"Accept-Ranges\" field in a response indicates whether an upstream server supports range requests for the target resource.",
        )],
        breaks: [],
        faults: [ClaimsRanges],
        check: claimed_ranges,
    }
}

async fn claimed_ranges(session: &Session) -> CheckResult {
    let (archive, whole) = layer(session).await?;
    if whole.body != archive {
        return Err(obstacle("read the blob", &whole));
    }
    if whole.header("accept-ranges") != Some("bytes") {
        return Err(Stop::NotApplicable(
            "the registry does not say `Accept-Ranges: bytes`".to_owned(),
        ));
    }
    let part = session
        .call_uri(Method::GET, Ok(whole.uri.clone()))
        .header("range", "bytes=5-20")
        .send()
        .await?;
    if !part.status.is_success() {
        return Err(obstacle("read a part of the blob", &part));
    }
    expect::status(&part, &[206])
}

requirement! {
    /// After a tag moved, HEAD, GET and the answer to the PUT agree at once.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 combine HEAD and GET; jobs pull right after a push.
    ///
    /// ## How it is checked
    /// A tag is overwritten; HEAD and GET are sent at once. Where the overwrite is refused, there is nothing to
    /// check.
    MOVED = "pull/moved-tag-consistent" {
        level: Should,
        title: "a moved tag is seen alike by HEAD and GET, at once",
        covers: ["REG-PUL-20"],
        sources: [observed("3.2", "HEAD of the tag, then GET of the digest it names")],
        breaks: [],
        faults: [StaleTagHead, StaleTagGet],
        consequences: [IgnoresOverwrites],
        check: moved,
    }
}

async fn moved(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &second.manifest).await?;
    if !put.status.is_success() {
        return Err(Stop::NotApplicable(
            "the registry refuses to overwrite a tag".to_owned(),
        ));
    }
    let head = session.head_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let stale = |reply: &Reply| {
        reply.body == first.manifest
            || reply.header("docker-content-digest") == Some(first.digest.as_str())
    };
    for reply in [&head, &get] {
        expect::holds(
            !stale(reply),
            "the manifest pushed last",
            "the manifest pushed before it",
            &[&put, reply],
        )?;
    }
    Ok(())
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

requirement! {
    /// An index over a chart is stored and served.
    ///
    /// ## Why Helm needs it
    /// Most Helms pull a chart through an index; tools that attach attestations write one.
    ///
    /// ## How it is checked
    /// An index over a chart's manifest is pushed under a tag.
    INDEX = "pull/index-accepted" {
        level: Should,
        title: "an index over a chart is accepted",
        covers: ["REG-PUL-22"],
        sources: [observed("3.4", "OCI index: accepted by 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later")],
        breaks: [],
        faults: [RefusesIndexes],
        check: index,
    }
}

async fn index(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let index = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{{\"mediaType\":\"{}\",\"digest\":\"{}\",\"size\":{}}}]}}",
        media_type::OCI_INDEX,
        media_type::OCI_MANIFEST,
        chart.digest,
        chart.manifest.len()
    );
    let reply = session
        .put_manifest_as("1.0.0-index", media_type::OCI_INDEX, &Bytes::from(index))
        .await?;
    expect::success(&reply)
}

requirement! {
    /// The blobs of one manifest can be read at the same time.
    ///
    /// ## Why Helm needs it
    /// Every Helm fetches config and layers at once; a 429 on a blob is not retried before 3.18.
    ///
    /// ## How it is checked
    /// The three blobs of a signed chart are read at once.
    PARALLEL = "pull/parallel-blobs" {
        level: Must,
        title: "three blobs can be read at once",
        covers: ["REG-PUL-23"],
        sources: [observed("3.2", "config and chart blobs in parallel")],
        breaks: [
            Break::new(ALL, MANY_BLOBS, "(it succeeds without the provenance)"),
        ],
        faults: [LimitsBlobGets],
        check: parallel,
    }
}

async fn parallel(session: &Session) -> CheckResult {
    let chart = session.arrange_signed_chart(Shape::Helm38).await?;
    let digests: Vec<String> = chart.blobs().iter().map(|blob| digest_of(blob)).collect();
    for reply in join_all(digests.iter().map(|digest| session.get_blob(digest))).await {
        let reply = reply?;
        expect::holds(
            !matches!(reply.status.as_u16(), 429 | 503),
            "three blobs, read at once",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// Charts in the shape of every era are served unchanged.
    ///
    /// ## Why Helm needs it
    /// A registry holds charts of all ages; readers of every era must find them as they were pushed.
    ///
    /// ## How it is checked
    /// One chart is pushed in each of the shapes that Helm 3.0 to 4.2 write, and read back.
    SHAPES = "pull/every-shape-served" {
        level: Must,
        title: "charts in the shape of every era come back unchanged",
        covers: ["REG-PUL-24"],
        sources: [observed("7.3", "the manifests G1 to G11 as recorded from Helm 3.2.4 to 4.2.4")],
        breaks: [
            Break::when("for charts of some eras", CONTAINERD_SINCE_3_7, Flow::PULLS, "unexpected commit size {n}, expected {n}: failed precondition"),
            Break::when("for charts of some eras", ORAS, Flow::PULLS, "failed to perform \"Successors\" on source: mismatched digest"),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ConvertsManifests],
        consequences: [DropsAnnotations],
        check: shapes,
    }
}

async fn shapes(session: &Session) -> CheckResult {
    for (number, shape) in [
        Shape::Legacy,
        Shape::Helm37,
        Shape::Helm38,
        Shape::Helm312,
        Shape::Helm313,
    ]
    .into_iter()
    .enumerate()
    {
        let tag = format!("1.{number}.0");
        let chart = session
            .arrange_blobs_of(session.package(&tag), shape, None)
            .await?;
        session.arrange_manifest(&tag, &chart.manifest).await?;
        let reply = readable(session, &tag).await?;
        if !is_image_manifest(&reply) {
            return Err(obstacle("read the chart's own manifest", &reply));
        }
        expect::same_bytes(&reply, &chart.manifest)?;
    }
    Ok(())
}

requirement! {
    /// The type of a manifest is served without parameters.
    ///
    /// ## Why Helm needs it
    /// It does not: every Helm cuts off what follows the `;`. Strict clients beside Helm compare the whole header.
    ///
    /// ## How it is checked
    /// `Content-Type` of a manifest by tag is read.
    BARE_TYPE = "pull/bare-manifest-type" {
        level: May,
        title: "`Content-Type` of a manifest has no parameters",
        covers: ["C18"],
        sources: [observed("7.6", "`; charset=utf-8` on a manifest type: tolerated by every Helm")],
        breaks: [],
        faults: [AddsCharset],
        check: bare_type,
    }
}

async fn bare_type(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let reply = session.get_manifest("1.0.0").await?;
    let Some(served) = reply.header("content-type") else {
        return Err(obstacle("read the type of a manifest", &reply));
    };
    expect::holds(
        !served.contains(';'),
        "a type without parameters",
        format!("`{served}`"),
        &[&reply],
    )
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &HEAD_TAG,
    &HEAD_TYPE,
    &HEAD_LENGTH,
    &HEAD_DIGEST,
    &HEAD_TRUE_DIGEST,
    &GET_TAG,
    &GET_DIGEST,
    &GET_TRUE_DIGEST,
    &AGREE,
    &TYPE,
    &NOT_CONVERTED,
    &BYTES,
    &ODD_SHAPE,
    &SHAPES,
    &BY_DIGEST,
    &UNTAGGED,
    &ABSENT,
    &BLOB_BYTES,
    &BLOB_WHOLE,
    &BLOB_LENGTH,
    &BLOB_DIGEST,
    &CONFIG,
    &REDIRECT_ENDS,
    &REDIRECT_OPEN,
    &RANGE,
    &CLAIMED_RANGES,
    &MOVED,
    &NO_INDEX_WRAPPED,
    &INDEX,
    &PARALLEL,
    &BARE_TYPE,
];
