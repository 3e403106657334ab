//! Manifests on their way into the registry.

use bytes::Bytes;
use futures_util::future::join_all;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Parts, Shape, chart_manifest};
use helm_oci_fixtures::media_type;
use http::Method;

use crate::api::{obstacle, with_media_type};
use crate::era::{
    ALL, BEFORE_3_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, CONTAINERD_SINCE_3_7, Flow,
    ORAS, REFUSES_202, Span, Versions,
};
use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::session::{Session, digest_of};
use crate::source::{DISTRIBUTION, helm, observed, oras_go};
use crate::verdict::CheckResult;

/// Helm that copies annotations into the manifest, and pushes and pulls with containerd.
const ANNOTATES_OVER_CONTAINERD: Versions = Versions(&[Span::new((3, 12, 0), (3, 18, 0))]);

requirement! {
    /// A manifest pushed under a tag is answered with 201.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take nothing else.
    ///
    /// ## How it is checked
    /// The status of the PUT is read; one that is refused is another requirement's business.
    PUT_201 = "manifests/put-answers-201" {
        level: Must,
        title: "a manifest PUT answers 201",
        covers: ["REG-MAN-01", "B13"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "Upon a successful upload, the registry MUST return response code `201 Created`, and MUST have the following header:",
        )],
        breaks: [
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": response status code 200: OK"),
        ],
        faults: [ManifestPutAnswers200, ManifestPutAnswers202],
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
    /// A manifest PUT does not answer 202: the manifest is there when it returns.
    ///
    /// ## Why Helm needs it
    /// Most Helms of the containerd line refuse a 202 outright.
    ///
    /// ## How it is checked
    /// The status of the PUT is read.
    PUT_NOT_202 = "manifests/put-is-final" {
        level: Must,
        title: "a manifest PUT does not answer 202",
        covers: ["REG-MAN-01"],
        sources: [observed("7.6", "manifest PUT 202: 3.2.4 fails, 3.6.2 to 3.10.1 accept, 3.12.0 to 3.17.4 fail")],
        breaks: [
            Break::new(REFUSES_202, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 202 Accepted"),
        ],
        faults: [ManifestPutAnswers202],
        check: put_not_202,
    }
}

async fn put_not_202(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    expect::holds(
        reply.status.as_u16() != 202,
        "any status but 202",
        "status 202 Accepted",
        &[&reply],
    )
}

requirement! {
    /// A manifest can be pushed under its digest, before it has any tag.
    ///
    /// ## Why Helm needs it
    /// Since 3.18 every push sends the manifest by digest first and tags it afterwards.
    ///
    /// ## How it is checked
    /// A manifest is pushed by digest in a repository without tags.
    BY_DIGEST = "manifests/put-by-digest" {
        level: Must,
        title: "a manifest can be pushed by digest",
        covers: ["REG-MAN-02", "A17"],
        sources: [
            DISTRIBUTION.says(
                "pushing-manifests",
                "`<name>` is the namespace of the repository, and the `<reference>` MUST be either a) a digest or b) a tag.",
            ),
            observed("2.2", "step 4 of a push since 3.18: PUT of the manifest by digest"),
        ],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 400"),
        ],
        faults: [RefusesPutByDigest],
        check: by_digest,
    }
}

async fn by_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest(&chart.digest, &chart.manifest).await?;
    if !reply.status.is_success() {
        // If it is refused under a tag as well, the digest is not to blame.
        session.arrange_manifest("1.0.0", &chart.manifest).await?;
    }
    expect::success(&reply)
}

requirement! {
    /// A manifest pushed by digest does not become a tag.
    ///
    /// ## Why Helm needs it
    /// Every push since 3.18 would leave a tag named after a digest; a listing grows by one useless entry for
    /// each push.
    ///
    /// ## How it is checked
    /// A manifest is pushed by digest and under a tag; the tag list must hold the tag alone.
    NO_TAG = "manifests/digest-makes-no-tag" {
        level: Must,
        title: "a manifest pushed by digest does not show up as a tag",
        covers: ["REG-MAN-02", "A17"],
        sources: [DISTRIBUTION.says("listing-tags", "`<tagname>` MUST NOT be a numerical index, but rather it MUST be a proper tag.")],
        breaks: [],
        faults: [ListsDigestsAsTags],
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
        "no tag made of a digest",
        format!("the tags {stray:?}"),
        &[&reply],
    )
}

requirement! {
    /// A manifest without a top-level `mediaType` is taken for what `Content-Type` says it is.
    ///
    /// ## Why Helm needs it
    /// No Helm has ever written the field.
    ///
    /// ## How it is checked
    /// The exact bytes Helm writes are pushed; if they are refused, the same with the field are tried, to name
    /// the cause.
    NO_MEDIA_TYPE = "manifests/media-type-field-optional" {
        level: Must,
        title: "a manifest without a `mediaType` field is accepted",
        covers: ["REG-MAN-03", "A16"],
        sources: [
            DISTRIBUTION.says(
                "pushing-manifests",
                "All manifests SHOULD include a `mediaType` field declaring the type of the manifest being pushed.",
            ),
            helm("v4.2.4", "pkg/registry/client.go:919", "writes no `mediaType` into the manifest"),
        ],
        specification: Silent,
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": response status code 400: manifest invalid"),
        ],
        faults: [RequiresTopLevelMediaType],
        check: no_media_type,
    }
}

async fn no_media_type(session: &Session) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    let manifest = chart_manifest(Shape::Helm38, &package, None, None);
    let plain = session.put_manifest("1.0.0", &manifest).await?;
    if plain.status.is_success() {
        return Ok(());
    }
    let typed = session
        .put_manifest("1.0.1", &with_media_type(&manifest))
        .await?;
    if !typed.status.is_success() {
        return Err(obstacle("push a manifest in either form", &typed));
    }
    Err(expect::violated(
        "201 for a manifest without a `mediaType` field, as for one with it",
        format!("status {}", plain.status),
        &[&plain, &typed],
    ))
}

requirement! {
    /// Helm's config type is accepted, and its blob is not read as an image's config.
    ///
    /// ## Why Helm needs it
    /// Every chart has it, since 3.0. It is the JSON of `Chart.yaml`: no `rootfs`, no `diff_ids`.
    ///
    /// ## How it is checked
    /// A chart's manifest is pushed. If it is refused, the same manifest with an image's config type is tried,
    /// to tell a policy on types from anything else.
    CONFIG_TYPE = "manifests/helm-config-accepted" {
        level: Must,
        title: "the config type `application/vnd.cncf.helm.config.v1+json` is accepted",
        covers: ["REG-MAN-04", "A14"],
        sources: [helm("v3.0.0", "internal/experimental/registry/constants.go:21", "names the config type")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": response status code 400: manifest invalid"),
        ],
        faults: [RefusesHelmConfig],
        check: config_type,
    }
}

async fn config_type(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    let image = replaced(
        &chart.manifest,
        media_type::HELM_CONFIG,
        "application/vnd.oci.image.config.v1+json",
    );
    blame_type(session, &reply, media_type::HELM_CONFIG, &image).await
}

requirement! {
    /// The layer type that Helm writes since 3.7 is accepted.
    ///
    /// ## Why Helm needs it
    /// Every chart pushed since 3.7 has it.
    ///
    /// ## How it is checked
    /// A chart's manifest is pushed. If it is refused, the same manifest with an image's layer type is tried.
    LAYER_TYPE = "manifests/chart-layer-accepted" {
        level: Must,
        title: "the layer type `application/vnd.cncf.helm.chart.content.v1.tar+gzip` is accepted",
        covers: ["REG-MAN-05", "A14"],
        sources: [helm("v3.7.0", "internal/experimental/registry/constants.go:30", "names the chart layer type")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": response status code 400: manifest invalid"),
        ],
        faults: [RefusesChartLayer],
        check: layer_type,
    }
}

async fn layer_type(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let reply = session.put_manifest("1.0.0", &chart.manifest).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    let image = replaced(
        &chart.manifest,
        media_type::HELM_CHART,
        "application/vnd.oci.image.layer.v1.tar+gzip",
    );
    blame_type(session, &reply, media_type::HELM_CHART, &image).await
}

/// The same manifest with one media type in place of another.
fn replaced(manifest: &Bytes, own: &str, other: &str) -> Bytes {
    Bytes::from(String::from_utf8_lossy(manifest).replace(own, other))
}

/// Pushes the same manifest with an image's type: if that is refused too, the type is not to blame.
async fn blame_type(
    session: &Session,
    refused: &crate::session::Reply,
    own: &str,
    image: &Bytes,
) -> CheckResult {
    let other = session.put_manifest("1.0.1", image).await?;
    if !other.status.is_success() {
        return Err(obstacle("push a manifest with either type", &other));
    }
    Err(expect::violated(
        format!("201 for a manifest with `{own}`, as for one with an image's type"),
        format!("status {}", refused.status),
        &[refused, &other],
    ))
}

requirement! {
    /// The layer type of Helm 3.0 to 3.6 is accepted and served.
    ///
    /// ## Why Helm needs it
    /// `helm chart push` wrote it, and every Helm since 3.7.1 still pulls such charts, with a warning.
    ///
    /// ## How it is checked
    /// A manifest in the shape of Helm 3.6 is pushed, beside one of today's shape.
    LEGACY = "manifests/legacy-layer-accepted" {
        level: Should,
        title: "the layer type `application/tar+gzip` of Helm 3.0 to 3.6 is accepted",
        covers: ["REG-MAN-07", "REG-PUL-24"],
        sources: [
            helm("v3.6.3", "internal/experimental/registry/constants.go:24", "names the layer type before 3.7"),
            helm("v3.7.1", "internal/experimental/registry/constants.go:36", "reads it again as a legacy type"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "failed commit on ref \"manifest-{d}\": unexpected status: 400 Bad Request"),
        ],
        faults: [RefusesLegacyLayer],
        check: legacy,
    }
}

async fn legacy(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let old = session
        .arrange_blobs_of(session.package("0.9.0"), Shape::Legacy, None)
        .await?;
    expect::success(&session.put_manifest("0.9.0", &old.manifest).await?)
}

/// A chart with annotations that come through `Chart.yaml`, among them text outside ASCII.
fn annotated(session: &Session) -> ChartPackage {
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0")
        .annotation("category", "démo <of> & annotations")
        .annotation("example.test/long", &"x".repeat(500));
    ChartPackage::build(&metadata, session.seed())
}

requirement! {
    /// A manifest with annotations is accepted, whatever their keys and values.
    ///
    /// ## Why Helm needs it
    /// Since 3.12 Helm writes title, version and more, and copies every annotation of `Chart.yaml`.
    ///
    /// ## How it is checked
    /// A manifest of today's shape is pushed, with annotations outside ASCII and long ones; beside it one
    /// without annotations.
    ANNOTATIONS = "manifests/annotations-accepted" {
        level: Must,
        title: "a manifest with annotations is accepted",
        covers: ["REG-MAN-09", "REG-PUL-24"],
        sources: [helm("v3.12.0", "pkg/registry/util.go:165", "copies chart annotations into the manifest")],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": response status code 400: manifest invalid"),
        ],
        faults: [RefusesAnnotations],
        check: annotations,
    }
}

async fn annotations(session: &Session) -> CheckResult {
    session.arrange_chart("0.9.0").await?;
    let chart = session
        .arrange_blobs_of(annotated(session), Shape::Helm313, None)
        .await?;
    expect::success(&session.put_manifest("1.0.0", &chart.manifest).await?)
}

requirement! {
    /// Annotations are kept.
    ///
    /// ## Why Helm needs it
    /// A manifest without them has another digest, and user interfaces lose title and version.
    ///
    /// ## How it is checked
    /// A manifest with annotations is pushed and read back; the annotations are compared.
    ANNOTATIONS_KEPT = "manifests/annotations-kept" {
        level: Must,
        title: "annotations come back as they were pushed",
        covers: ["REG-MAN-09"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PULLS, "failed to read expected number of bytes: unexpected EOF"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Successors\" on source: mismatched digest"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Tag\" on destination: GET \"{url}/manifests/{d}\": mismatch Content-Length"),
        ],
        faults: [DropsAnnotations],
        check: annotations_kept,
    }
}

async fn annotations_kept(session: &Session) -> CheckResult {
    let chart = session
        .arrange_blobs_of(annotated(session), Shape::Helm313, None)
        .await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let reply = session.get_manifest("1.0.0").await?;
    let read = |bytes: &[u8]| {
        let value: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
        value.and_then(|value| value.get("annotations").cloned())
    };
    let (Some(pushed), true) = (read(&chart.manifest), reply.status.is_success()) else {
        return Err(obstacle("read the manifest", &reply));
    };
    if serde_json::from_slice::<serde_json::Value>(&reply.body).is_err() {
        return Err(obstacle("read the manifest as JSON", &reply));
    }
    match read(&reply.body) {
        Some(kept) if kept == pushed => Ok(()),
        // An index over the chart is another requirement's business.
        None if !String::from_utf8_lossy(&reply.body).contains("\"layers\"") => {
            Err(obstacle("read the chart's own manifest", &reply))
        }
        Some(_) => Err(expect::violated(
            "the annotations as pushed",
            "other annotations",
            &[&reply],
        )),
        None => Err(expect::violated(
            "the annotations as pushed",
            "no annotations",
            &[&reply],
        )),
    }
}

requirement! {
    /// The 201 of a manifest carries `Docker-Content-Digest`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 parse it without looking whether it is there.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_DIGEST = "manifests/put-carries-digest" {
        level: Must,
        title: "the 201 of a manifest carries `Docker-Content-Digest`",
        covers: ["REG-MAN-11", "A22"],
        sources: [observed("7.6", "manifest PUT without the header: 3.2.4 to 3.17.4 fail")],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": invalid content digest in response: invalid checksum digest format"),
        ],
        faults: [ManifestPutWithoutDigest],
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
    /// The digest in the answer to a manifest PUT is the digest of the bytes sent.
    ///
    /// ## Why Helm needs it
    /// Every Helm compares it where it is sent.
    ///
    /// ## How it is checked
    /// The header, where it is sent, is compared.
    PUT_TRUE_DIGEST = "manifests/put-digest-is-true" {
        level: Must,
        title: "`Docker-Content-Digest` of a manifest PUT is the digest of its bytes",
        covers: ["REG-MAN-12", "A28", "C11"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The Docker-Content-Digest header returns the canonical digest of the uploaded blob, and MUST be equal to the client provided digest.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": got digest {d}, expected {d}"),
            Break::new(ORAS, Flow::WRITES, "PUT \"{url}/manifests/…\": invalid response; digest mismatch in Docker-Content-Digest: received \"{d}\" when expecting \"{d}\""),
        ],
        faults: [ManifestPutWrongDigest],
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
    /// A manifest can be read by digest as soon as its PUT by digest was answered.
    ///
    /// ## Why Helm needs it
    /// Since 3.18 Helm reads it back before it tags it. Replication lag, or a cached 404 of the HEAD at the
    /// beginning of the push, ends the push.
    ///
    /// ## How it is checked
    /// Five times: HEAD of a digest that is not there, PUT by digest, at once GET by digest.
    AT_ONCE = "manifests/readable-at-once" {
        level: Must,
        title: "a manifest can be read by digest as soon as it is pushed",
        covers: ["REG-MAN-13", "A18"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Tag\" on destination: {d}: not found"),
        ],
        faults: [ManifestsLag],
        check: at_once,
    }
}

async fn at_once(session: &Session) -> CheckResult {
    for round in 0..5 {
        let chart = session.arrange_chart_blobs(&format!("1.0.{round}")).await?;
        session.head_manifest(&chart.digest).await?;
        session
            .arrange_manifest(&chart.digest, &chart.manifest)
            .await?;
        let first = session.get_manifest(&chart.digest).await?;
        if first.status.is_success() {
            continue;
        }
        let second = session.get_manifest(&chart.digest).await?;
        if !second.status.is_success() {
            return Err(obstacle("read a manifest by digest at all", &second));
        }
        return Err(expect::violated(
            "the manifest, at once",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}

requirement! {
    /// A manifest is served to a client that accepts the OCI manifest type and nothing else.
    ///
    /// ## Why Helm needs it
    /// The read-back of a push since 3.18 sends exactly that `Accept`.
    ///
    /// ## How it is checked
    /// GET by digest with that header; the same with a list, so that only the header is blamed.
    SINGLE_ACCEPT = "manifests/single-accept" {
        level: Must,
        title: "`Accept: application/vnd.oci.image.manifest.v1+json` alone is enough",
        covers: ["REG-MAN-14", "A24"],
        sources: [observed("7.4", "T11: GET of the manifest by digest with `Accept: OM`")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Tag\" on destination: {d}: not found"),
        ],
        faults: [RefusesOciManifestAccept],
        check: single_accept,
    }
}

async fn single_accept(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let single = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if single.status.is_success() {
        return Ok(());
    }
    let list = session.get_manifest(&chart.digest).await?;
    if !list.status.is_success() {
        return Err(obstacle("read the manifest with any `Accept`", &list));
    }
    Err(expect::violated(
        "200, as with a list of types",
        format!("status {}", single.status),
        &[&single, &list],
    ))
}

requirement! {
    /// What was pushed by digest is read back exactly: its bytes, its type, and its digest where one is named.
    ///
    /// ## Why Helm needs it
    /// A push since 3.18 reads the manifest back before it tags it, and compares all three.
    ///
    /// ## How it is checked
    /// PUT by digest, GET by digest with the `Accept` of that step.
    READ_BACK = "manifests/read-back-exact" {
        level: Must,
        title: "a manifest pushed by digest is read back exactly",
        covers: ["REG-MAN-13", "REG-MAN-14", "A18", "A24", "A28"],
        sources: [observed("7.4", "T11: GET of the manifest by digest, then PUT of the bytes just read")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Tag\" on destination: GET \"{url}/manifests/{d}\": mismatch Content-Length"),
        ],
        faults: [ReformatsManifests, ReformatsAndRehashesManifests, ManifestGetWrongDigest],
        consequences: [ServesManifestsAsJson, ServesManifestsAsOctetStream, ServesManifestsAsDocker, ServesManifestsWithoutType],
        check: read_back,
    }
}

async fn read_back(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    // The first answer by digest is judged by `manifests/readable-at-once`.
    session.head_manifest(&chart.digest).await?;
    let path = session.manifest_path(&chart.digest);
    let reply = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("read the manifest back", &reply));
    }
    expect::same_bytes(&reply, &chart.manifest)?;
    expect::media_type(&reply, media_type::OCI_MANIFEST)?;
    expect::header_absent_or(&reply, "docker-content-digest", &chart.digest)
}

requirement! {
    /// A manifest that was pushed by digest can be tagged by pushing it again under the tag.
    ///
    /// ## Why Helm needs it
    /// It is the last step of every push since 3.18.
    ///
    /// ## How it is checked
    /// PUT by digest, then PUT of the same bytes under a tag.
    TAGGED = "manifests/tagging-by-second-put" {
        level: Must,
        title: "a manifest pushed by digest can be pushed again under a tag",
        covers: ["REG-MAN-15"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "a tag is made by a PUT of the manifest under the tag")],
        breaks: [
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 409"),
        ],
        faults: [RefusesTaggingExisting],
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

requirement! {
    /// The same bytes may be pushed again under the same tag, also where tags are immutable.
    ///
    /// ## Why Helm needs it
    /// Since 3.18 a repeated push always sends the tag again; CI jobs that run twice depend on it. Earlier
    /// Helms send nothing.
    ///
    /// ## How it is checked
    /// The same manifest is pushed twice under one tag.
    RE_PUT = "manifests/same-bytes-again" {
        level: Should,
        title: "pushing the same manifest again under its tag succeeds",
        covers: ["REG-MAN-16", "B02"],
        sources: [observed("7.4", "T12: the repeated push of Helm 4.2.3 ends with PUT of the tag")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 409"),
        ],
        faults: [RefusesIdenticalRePut],
        check: re_put,
    }
}

async fn re_put(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    expect::success(&session.put_manifest("1.0.0", &chart.manifest).await?)
}

requirement! {
    /// Other bytes under an existing tag either move the tag or are refused with a 4xx.
    ///
    /// ## Why Helm needs it
    /// Helm warns nobody: it pushes a changed chart under the same version and reports its digest. A registry
    /// that answers 201 and keeps the old chart makes that report a lie.
    ///
    /// ## How it is checked
    /// Two manifests are pushed under one tag. After a 201 the tag must hold the second; a refusal must be a
    /// 4xx.
    OVERWRITE = "manifests/overwrite-is-honest" {
        level: Must,
        title: "an overwritten tag moves, or the overwrite is refused with a 4xx",
        covers: ["REG-MAN-17", "B01", "B03"],
        sources: [observed("7.6", "tag immutable, content changed (409): every Helm fails; Helm protects nothing itself")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::PushChanged], "failed commit on ref \"manifest-{d}\": unexpected status…: 500 Internal Server Error"),
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 500"),
            Break::new(ALL, &[Flow::PushChanged], "(it succeeds and the chart stored is another)"),
            Break::when("after a push of a changed chart under the same version", ALL, Flow::TAG_PULLS, "(an older chart is pulled than was pushed)"),
        ],
        faults: [IgnoresOverwrites, FailsOverwrites],
        check: overwrite,
    }
}

async fn overwrite(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &other.manifest).await?;
    if put.status.is_client_error() {
        return Ok(());
    }
    expect::success(&put)?;
    // Read twice: an answer that lags is judged elsewhere.
    session.get_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    if !get.status.is_success() {
        return Err(obstacle("read the tag", &get));
    }
    let moved =
        get.body == other.manifest || head.header("docker-content-digest") == Some(&other.digest);
    let still =
        String::from_utf8_lossy(&get.body).contains(&digest_of(&session.package("1.0.0").archive));
    expect::holds(
        moved || !still,
        "the manifest pushed last, or a 4xx for its PUT",
        "201, and the first manifest under the tag",
        &[&put, &get],
    )
}

requirement! {
    /// A manifest that lost its tag to another stays readable by digest.
    ///
    /// ## Why Helm needs it
    /// Users pin digests; Helm 3.17 and later pull by them. No ordinary flow depends on it: zot removes such a
    /// manifest at once, and every Helm works with it.
    ///
    /// ## How it is checked
    /// Two manifests are pushed under one tag; the first is read by digest. Where the overwrite is refused,
    /// there is nothing to check.
    OLD_DIGEST = "manifests/old-digest-stays" {
        level: Should,
        title: "a manifest whose tag moved stays readable by digest",
        covers: ["REG-MAN-17", "REG-PUL-04"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        breaks: [],
        faults: [ForgetsOverwrittenManifests],
        consequences: [HidesUntaggedManifests],
        check: old_digest,
    }
}

async fn old_digest(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let before = session.get_manifest(&first.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read a tagged manifest by digest", &before));
    }
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &other.manifest).await?;
    if !put.status.is_success() {
        return Err(crate::verdict::Stop::NotApplicable(
            "the registry refuses to overwrite a tag".to_owned(),
        ));
    }
    let after = session.get_manifest(&first.digest).await?;
    expect::holds(
        after.status.is_success(),
        "200 for the digest, as before",
        format!("status {}", after.status),
        &[&before, &put, &after],
    )
}

requirement! {
    /// HEAD of a tag that is not there is not refused: 404, or 405 from which Helm recovers.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 ask for the tag before they push it; anything else ends the push.
    ///
    /// ## How it is checked
    /// HEAD of an absent tag in a repository that exists.
    ABSENT_TAG = "manifests/absent-tag-is-404" {
        level: Must,
        title: "HEAD of an absent tag is not refused",
        covers: ["REG-MAN-18", "A20"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::FIRST_PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::FIRST_PUSHES, "unexpected status from HEAD request to {url}/manifests/{tag}: 403 Forbidden"),
        ],
        faults: [HeadAbsentTagForbidden],
        consequences: [AbsentManifestFails],
        check: absent_tag,
    }
}

async fn absent_tag(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("9.9.9");
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    let reply = session
        .call(Method::HEAD, &path)
        .accept(accept)
        .send()
        .await?;
    // 200 is judged by `pull/absent-tag-is-404`: Helm pushes all the same.
    expect::status(&reply, &[404, 405, 200])
}

requirement! {
    /// HEAD of a manifest digest that is not there answers 404, and nothing else.
    ///
    /// ## Why Helm needs it
    /// It is the first request of every push since 3.18.
    ///
    /// ## How it is checked
    /// HEAD of a random digest in a repository that exists.
    ABSENT_DIGEST = "manifests/absent-digest-is-404" {
        level: Must,
        title: "HEAD of an absent manifest digest answers 404",
        covers: ["REG-MAN-19", "A01", "A20"],
        sources: [DISTRIBUTION.says(
            "checking-if-content-exists-in-the-registry",
            "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 405: Method Not Allowed"),
        ],
        faults: [HeadAbsentDigestNotAllowed, HeadAbsentDigestUnauthorized],
        consequences: [AbsentManifestIsHtml, AbsentManifestFails],
        check: absent_digest,
    }
}

async fn absent_digest(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&digest_of(b"no such manifest"));
    let reply = session
        .call(Method::HEAD, &path)
        .accept(crate::api::ACCEPT_ORAS)
        .send()
        .await?;
    expect::status(&reply, &[404])
}

requirement! {
    /// A manifest of 1 MiB is accepted.
    ///
    /// ## Why Helm needs it
    /// Annotations of `Chart.yaml` go into the manifest; some charts carry a changelog there. The specification
    /// asks for 4 megabytes.
    ///
    /// ## How it is checked
    /// A manifest with annotations of one mebibyte is pushed, beside a small one.
    LARGE = "manifests/one-mebibyte" {
        level: Should,
        title: "a manifest of 1 MiB is accepted",
        covers: ["REG-MAN-21", "B17"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "Client and registry implementations SHOULD expect to be able to support manifest pushes of at least 4 megabytes.",
        )],
        breaks: [],
        faults: [LimitsManifests],
        check: large,
    }
}

async fn large(session: &Session) -> CheckResult {
    let small = ChartMetadata::new(session.chart_name(), "0.9.0")
        .annotation("example.test/changelog", "short");
    let small = ChartPackage::build(&small, session.seed());
    let small = session
        .arrange_blobs_of(small, Shape::Helm312, None)
        .await?;
    session.arrange_manifest("0.9.0", &small.manifest).await?;
    let metadata = ChartMetadata::new(session.chart_name(), "1.0.0");
    let package = ChartPackage::build(&metadata, session.seed());
    session.arrange_blob(&package.config).await?;
    session.arrange_blob(&package.archive).await?;
    let annotated = metadata.annotation(
        "example.test/changelog",
        &"a line of changes ".repeat(60_000),
    );
    let parts = Parts {
        metadata: &annotated,
        config: &package.config,
        archive: &package.archive,
    };
    let manifest = chart_manifest(Shape::Helm312, parts, None, None);
    let manifest = if session.target().typed_manifests {
        with_media_type(&manifest)
    } else {
        manifest
    };
    expect::success(&session.put_manifest("1.0.0", &manifest).await?)
}

requirement! {
    /// A manifest whose blobs are missing is refused.
    ///
    /// ## Why Helm needs it
    /// Helm would not notice: the push reports success, and every pull fails.
    ///
    /// ## How it is checked
    /// A manifest with a layer that was never uploaded is pushed.
    MISSING_BLOBS = "manifests/missing-blobs-refused" {
        level: Should,
        title: "a manifest whose blobs are missing is refused",
        covers: ["REG-MAN-22", "C08"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The uploaded manifest MUST reference any blobs that make up the object.",
        )],
        specification: Silent,
        breaks: [],
        faults: [AcceptsMissingBlobs],
        check: missing_blobs,
    }
}

async fn missing_blobs(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    let absent = digest_of(b"a layer that was never uploaded");
    let manifest = replaced(&chart.manifest, &chart.layer_digest(), &absent);
    expect::refused(&session.put_manifest("1.0.1", &manifest).await?)
}

requirement! {
    /// A manifest pushed under the digest of other bytes is refused.
    ///
    /// ## Why Helm needs it
    /// Users pin digests. A registry that stores anything under any digest makes the pin worthless.
    ///
    /// ## How it is checked
    /// A manifest is pushed under the digest of another.
    FOREIGN_DIGEST = "manifests/wrong-digest-refused" {
        level: Must,
        title: "a manifest under a digest that is not its own is refused",
        covers: ["C09"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "The Docker-Content-Digest header returns the canonical digest of the uploaded blob, and MUST be equal to the client provided digest.",
        )],
        breaks: [],
        faults: [AcceptsForeignDigests],
        check: foreign_digest,
    }
}

async fn foreign_digest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session
        .put_manifest(&digest_of(b"other bytes"), &chart.manifest)
        .await?;
    expect::holds(
        !reply.status.is_success(),
        "a 4xx status",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// One config may serve many manifests, and one manifest may have many tags.
    ///
    /// ## Why Helm needs it
    /// The config depends on `Chart.yaml` alone: a chart that is packaged again has the same one.
    ///
    /// ## How it is checked
    /// Two archives with equal metadata are pushed under two tags, and the first manifest under a third.
    SHARED_CONFIG = "manifests/shared-config" {
        level: Should,
        title: "manifests may share a config, and tags a manifest",
        covers: ["REG-MAN-24"],
        sources: [observed("2.3", "the config blob depends on metadata only")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::PushChanged], "failed commit on ref \"manifest-{d}\": unexpected status…: 409 Conflict"),
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 409"),
        ],
        faults: [RefusesSharedConfigs],
        check: shared_config,
    }
}

async fn shared_config(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    expect::success(&session.put_manifest("1.0.1", &second.manifest).await?)?;
    expect::success(&session.put_manifest("1.0.2", &first.manifest).await?)
}

requirement! {
    /// The 201 of a manifest carries `Location`.
    ///
    /// ## Why Helm needs it
    /// It does not read it; the specification requires it.
    ///
    /// ## How it is checked
    /// The header of the PUT's answer is read.
    PUT_LOCATION = "manifests/put-carries-location" {
        level: May,
        title: "the 201 of a manifest carries `Location`",
        covers: ["REG-MAN-26"],
        sources: [DISTRIBUTION.says(
            "pushing-manifests",
            "Upon a successful upload, the registry MUST return response code `201 Created`, and MUST have the following header:",
        )],
        breaks: [],
        faults: [ManifestPutWithoutLocation],
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
    /// The `Location` of a stored manifest leads to the manifest.
    ///
    /// ## Why Helm needs it
    /// It does not. Other clients read what they pushed at the place they were told.
    ///
    /// ## How it is checked
    /// A manifest is pushed. Where the 201 has a `Location` on the registry, GET of it must not be a 404.
    LOCATION_LEADS = "manifests/location-leads-to-manifest" {
        level: Should,
        title: "the `Location` of a stored manifest leads to it",
        covers: ["REG-MAN-26"],
        sources: [DISTRIBUTION.says("pushing-manifests", "The `<location>` is a pullable manifest URL.")],
        breaks: [],
        faults: [ManifestLocationLeadsNowhere],
        check: location_leads,
    }
}

async fn location_leads(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let stored = session.put_manifest("1.0.0", &chart.manifest).await?;
    if stored.status.as_u16() != 201 {
        return Err(obstacle("push a manifest", &stored));
    }
    // Whether the manifest is there is not the question, under neither of its names.
    for reference in ["1.0.0", &chart.digest] {
        session.get_manifest(reference).await?;
        let known = session.get_manifest(reference).await?;
        if known.status.as_u16() == 404 {
            return Err(obstacle("read the manifest", &known));
        }
    }
    let found = session.look_at_location(&stored).await?;
    expect::holds(
        found.status.as_u16() != 404,
        "the manifest at its `Location`",
        format!("status {}", found.status),
        &[&stored, &found],
    )
}

requirement! {
    /// Two pushes of one version at the same time end with one winner, the same for HEAD and GET.
    ///
    /// ## Why Helm needs it
    /// Jobs of one pipeline push the same version side by side, and Helm knows no lock.
    ///
    /// ## How it is checked
    /// Two charts are pushed under one tag side by side. A PUT may be refused with a 4xx, not fail; then HEAD
    /// and GET must not name different charts.
    SIDE_BY_SIDE = "manifests/side-by-side" {
        level: Should,
        title: "two pushes of one tag at the same time have one winner",
        covers: ["REG-MAN-25"],
        sources: [observed("5", "no locking in Helm; jobs of one pipeline push side by side")],
        breaks: [],
        faults: [FailsOverwrites, StaleTagHead, StaleTagGet],
        check: side_by_side,
    }
}

async fn side_by_side(session: &Session) -> CheckResult {
    let charts = [
        session.arrange_chart_blobs("1.0.0").await?,
        session.arrange_other_chart_blobs("1.0.0").await?,
    ];
    let puts = charts
        .iter()
        .map(|chart| session.put_manifest("1.0.0", &chart.manifest));
    let mut stored = Vec::new();
    for reply in join_all(puts).await {
        let reply = reply?;
        if reply.status.is_success() {
            stored.push(reply);
        } else {
            expect::refused(&reply)?;
        }
    }
    let Some(put) = stored.first() else {
        let reply = session.get_manifest("1.0.0").await?;
        return Err(obstacle("push either of two charts", &reply));
    };
    let head = session.head_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let named = head.header("docker-content-digest");
    let [one, other] = &charts;
    let loser = if get.body == one.manifest {
        other
    } else if get.body == other.manifest {
        one
    } else {
        return Err(obstacle("read either of two charts under its tag", &get));
    };
    expect::holds(
        named != Some(&loser.digest),
        "one winner for HEAD and GET",
        "HEAD names one of the two, and GET serves the other",
        &[put, &head, &get],
    )
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &PUT_201,
    &PUT_NOT_202,
    &BY_DIGEST,
    &NO_TAG,
    &NO_MEDIA_TYPE,
    &CONFIG_TYPE,
    &LAYER_TYPE,
    &LEGACY,
    &ANNOTATIONS,
    &ANNOTATIONS_KEPT,
    &PUT_DIGEST,
    &PUT_TRUE_DIGEST,
    &AT_ONCE,
    &SINGLE_ACCEPT,
    &READ_BACK,
    &TAGGED,
    &RE_PUT,
    &OVERWRITE,
    &OLD_DIGEST,
    &ABSENT_TAG,
    &ABSENT_DIGEST,
    &LARGE,
    &MISSING_BLOBS,
    &FOREIGN_DIGEST,
    &SHARED_CONFIG,
    &PUT_LOCATION,
    &LOCATION_LEADS,
    &SIDE_BY_SIDE,
];
