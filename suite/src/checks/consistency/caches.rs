//! A 404 that a cache must not repeat after a push.

use helm_oci_fixtures::manifest::Shape;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::{ACCEPT_ORAS, Chart, obstacle};
use crate::session::{Reply, Session, expect};
use crate::verdict::CheckResult;

/// Reads a chart that was read before its push, and then one that was not.
///
/// The first read after a push may fail for other reasons, so each is read twice.
async fn remembered(
    session: &Session,
    read_before: &Reply,
    path: &str,
    control: &str,
) -> CheckResult {
    let get = |path: &str| session.call(Method::GET, path);
    let read = |path| get(path).accept(ACCEPT_ORAS).send();
    read(path).await?;
    let reply = read(path).await?;
    if reply.status.as_u16() != 404 {
        return Ok(());
    }
    read(control).await?;
    let control = read(control).await?;
    if !control.status.is_success() && !control.status.is_redirection() {
        return Err(obstacle(
            "read content that was not read before its push",
            &control,
        ));
    }
    Err(expect::violated(
        "the content that was pushed, as where nothing was read before the push",
        format!("status {}", reply.status),
        &[read_before, &reply, &control],
    ))
}

/// Two charts, of which the second is pushed without a read before.
fn two_charts(session: &Session) -> [Chart; 2] {
    ["1.0.0", "1.0.1"]
        .map(|version| session.chart_of(session.package(version), Shape::Helm38, None))
}

requirement! {
    /// A manifest can be read by digest after its push, also if the digest was read before and absent.
    ///
    /// ## Why Helm needs it
    /// A push since Helm 3.18 begins with HEAD of the manifest by digest, which returns 404, and reads the manifest by
    /// digest after its PUT. A cache that repeats the 404 ends every push.
    ///
    /// ## How it is checked
    /// The check sends HEAD of an absent digest, pushes the manifest, and reads it twice by digest. The second GET must not
    /// return 404 if a manifest can be read whose digest was not read before.
    DIGESTS = "consistency/absent-digest-not-remembered" {
        level: Must,
        title: "a digest that was absent can be read after its push",
        fix: "Do not cache a 404 for a manifest digest, or remove the entry when the manifest is pushed. Check the registry's own cache and a CDN in front of it.",
        covers: ["REG-MAN-13", "REG-NAM-09", "A18"],
        sources: [observed("2.2", "a push since 3.18: HEAD of the digest, PUT, GET of the digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::TagReadNotFound),
        ],
        faults: [RemembersAbsence, RemembersAbsenceForEver, RemembersAbsentDigests],
        shares: "additions" as Blobs,
        check: digests,
    }
}

async fn digests(session: &Session) -> CheckResult {
    let [chart, other] = ["1.0.0-digest", "1.0.1-digest"].map(|tag| session.chart_of_own(tag));
    let path = session.manifest_path(&chart.digest);
    let before = session.head_manifest(&chart.digest).await?;
    if before.status.as_u16() != 404 {
        return Err(obstacle("get a 404 to HEAD of an absent manifest", &before));
    }
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
    }
    for chart in [&chart, &other] {
        session
            .arrange_manifest(&chart.digest, &chart.manifest)
            .await?;
    }
    let control = session.manifest_path(&other.digest);
    remembered(session, &before, &path, &control).await
}

requirement! {
    /// A tag can be read after its push, also if it was read before and absent.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send HEAD of a tag before they push it, and jobs look whether a version exists before they publish
    /// it. A cache that repeats the 404 hides the chart from every pull.
    ///
    /// ## How it is checked
    /// The check sends HEAD and GET of an absent tag, pushes a chart under it, and reads the tag twice. The second GET must
    /// not return 404 if a tag can be read that was not read before.
    TAGS = "consistency/absent-tag-not-remembered" {
        level: Must,
        title: "a tag that was absent can be read after its push",
        fix: "Do not cache a 404 for a tag, or remove the entry when a manifest is pushed under the tag. Check the registry's own cache and a CDN in front of it.",
        covers: ["REG-MAN-18", "REG-PUL-05", "A18"],
        sources: [observed("2.2", "a push up to 3.17: HEAD of the tag, PUT of the tag")],
        breaks: [
            Break::when("after a push", ALL, Flow::TAG_PULLS, Symptom::ManifestNotFound),
        ],
        faults: [RemembersAbsence, RemembersAbsenceForEver, RemembersAbsentTags],
        shares: "additions" as Blobs,
        check: tags,
    }
}

async fn tags(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let head = session.head_manifest("1.0.0-absent").await?;
    let before = session.get_manifest("1.0.0-absent").await?;
    if before.status.as_u16() != 404 || head.status.as_u16() != 404 {
        return Err(obstacle(
            "get a 404 to HEAD and GET of an absent tag",
            &before,
        ));
    }
    for tag in ["1.0.0-absent", "1.0.1-absent"] {
        session.arrange_manifest(tag, &chart.manifest).await?;
    }
    let path = session.manifest_path("1.0.0-absent");
    let control = session.manifest_path("1.0.1-absent");
    remembered(session, &before, &path, &control).await
}

requirement! {
    /// A blob can be read after its upload, also if it was read before and absent.
    ///
    /// ## Why Helm needs it
    /// Every push begins with HEAD of each blob, which returns 404. A cache that repeats the 404 breaks every pull of the
    /// chart.
    ///
    /// ## How it is checked
    /// The check sends HEAD and GET of an absent blob, uploads it, and reads it twice. The second GET must not return 404 if
    /// a blob can be read that was not read before.
    BLOBS = "consistency/absent-blob-not-remembered" {
        level: Must,
        title: "a blob that was absent can be read after its upload",
        fix: "Do not cache a 404 for a blob, or remove the entry when its upload is completed. Check HEAD and GET, and a CDN in front of the registry.",
        covers: ["REG-BLB-25", "B45"],
        sources: [observed("2.2", "every push sends HEAD of each blob before it uploads it")],
        breaks: [
            Break::when("after a push", ALL, Flow::PULLS, Symptom::BlobNotFound),
        ],
        faults: [RemembersAbsence, RemembersAbsenceForEver, RemembersAbsentBlobs],
        check: blobs,
    }
}

async fn blobs(session: &Session) -> CheckResult {
    let [chart, other] = two_charts(session);
    let head = session.head_blob(&chart.layer_digest()).await?;
    let before = session.get_blob(&chart.layer_digest()).await?;
    if before.status.as_u16() != 404 || head.status.as_u16() != 404 {
        return Err(obstacle(
            "get a 404 to HEAD and GET of an absent blob",
            &before,
        ));
    }
    for chart in [&chart, &other] {
        session.arrange_blob(&chart.package.archive).await?;
    }
    let path = session.blob_path(&chart.layer_digest());
    let control = session.blob_path(&other.layer_digest());
    remembered(session, &before, &path, &control).await
}
