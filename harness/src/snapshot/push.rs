//! Pushes of the golden charts with the requests of their era.
//!
//! The client models of the suite stop where Helm would. A snapshot continues, to record the responses after a wrong one as
//! well.

use bytes::Bytes;
use helm_oci_fixtures::golden::{Golden, Push};
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;
use helm_oci_suite::session::Reply;
use helm_oci_suite::session::steps::{ACCEPT_MANIFEST, ACCEPT_ORAS};
use http::{Method, Uri};

use super::recorder::{StepContext, StepRecorder};
use super::steps;

/// Pushes one chart.
pub(super) async fn push(recorder: &mut StepRecorder, chart: &StepContext<'_>, push: &Push) {
    let session = chart.session;
    let manifest = Bytes::from_static(push.manifest.bytes);
    let context = chart.part("", push.manifest.digest, Some(manifest.len()));
    let (by_tag, by_digest) = (
        session.manifest_path(push.tag),
        session.manifest_path(push.manifest.digest),
    );
    let put = |path: &str| {
        let call = session.call(Method::PUT, path);
        call.body(Some(media_type::OCI_MANIFEST), &manifest)
    };
    if push.shape < Shape::Helm313 {
        blobs(recorder, chart, push).await;
        let head = session.call(Method::HEAD, &by_tag).accept(ACCEPT_MANIFEST);
        recorder.record(&steps::ABSENT_BY_TAG, &context, head).await;
    } else {
        let head = session.call(Method::HEAD, &by_digest).accept(ACCEPT_ORAS);
        recorder
            .record(&steps::ABSENT_BY_DIGEST, &context, head)
            .await;
        blobs(recorder, chart, push).await;
        recorder
            .record(&steps::PUT_BY_DIGEST, &context, put(&by_digest))
            .await;
        let get = session.call(Method::GET, &by_digest);
        let get = get.accept(media_type::OCI_MANIFEST);
        recorder.record(&steps::READ_BACK, &context, get).await;
    }
    recorder
        .record(&steps::PUT_BY_TAG, &context, put(&by_tag))
        .await;
}

async fn blobs(recorder: &mut StepRecorder, chart: &StepContext<'_>, push: &Push) {
    for blob in push.blobs() {
        let role = role(push, blob);
        let context = chart.part(role, blob.digest, Some(blob.bytes.len()));
        self::blob(recorder, &context, push.shape, blob).await;
    }
}

/// The role of a blob in its chart.
pub(super) fn role(push: &Push, blob: &Golden) -> &'static str {
    if blob.digest == push.config.digest {
        "config"
    } else if blob.digest == push.chart.digest {
        "chart"
    } else {
        "provenance"
    }
}

async fn blob(recorder: &mut StepRecorder, context: &StepContext<'_>, shape: Shape, blob: &Golden) {
    let session = context.session;
    let head = session.call(Method::HEAD, &session.blob_path(blob.digest));
    let head = if shape < Shape::Helm313 {
        head.accept(&format!("{}, */*", blob.media_type))
    } else {
        head
    };
    let there = recorder.record(&steps::BLOB_ABSENT, context, head).await;
    if there.is_some_and(|head| head.status == 200) {
        return;
    }
    upload(
        recorder,
        context,
        shape,
        blob.digest,
        Bytes::from_static(blob.bytes),
    )
    .await;
}

/// Uploads a blob by POST and PUT.
pub(super) async fn upload(
    recorder: &mut StepRecorder,
    context: &StepContext<'_>,
    shape: Shape,
    digest: &str,
    bytes: Bytes,
) {
    let session = context.session;
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    let post = session.call(Method::POST, &path);
    let post = recorder.record(&steps::UPLOAD, context, post).await;
    let Some(location) = post.as_ref().and_then(|post| location(context, post)) else {
        return;
    };
    let put = session.complete_upload(&location, digest, &bytes);
    let put = match shape {
        // Before 3.3.
        Shape::Legacy => put.without("content-type"),
        _ => put,
    };
    recorder.record(&steps::BLOB, context, put).await;
}

/// The URL of an upload: path and query of `Location`, on the registry's own origin.
fn location(context: &StepContext<'_>, post: &Reply) -> Option<Uri> {
    let location = post.header("location")?;
    let resolved = context.session.resolve(&post.uri, location).ok()?;
    context
        .session
        .uri(resolved.path_and_query()?.as_str())
        .ok()
}
