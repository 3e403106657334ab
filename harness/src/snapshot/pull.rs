//! Pulls of charts with the requests of every Helm version.

use bytes::Bytes;
use helm_oci_fixtures::golden::Push;
use helm_oci_fixtures::media_type::{HELM_CHART, HELM_CONFIG, HELM_PROVENANCE, LEGACY_CHART};
use helm_oci_reports::snapshot::{ChartPart, chart};
use helm_oci_suite::session::digest_of;
use helm_oci_suite::session::steps::{ACCEPT_CONTAINERD, ACCEPT_MANIFEST, ACCEPT_ORAS};
use helm_oci_suite::verdict::Stop;
use http::Method;
use serde::Deserialize;

use super::recorder::{StepContext, StepRecorder, content};
use super::{push, steps};

/// Reads a chart by its tag alone; otherwise returns the reason why it cannot be read.
pub(super) async fn found(
    recorder: &mut StepRecorder,
    context: &StepContext<'_>,
    tag: &str,
) -> Result<String, String> {
    let path = context.session.manifest_path(tag);
    // The first request is not recorded: only its response identifies the chart.
    let get = context.session.call(Method::GET, &path).accept(ACCEPT_ORAS);
    let manifest = match get.send().await {
        Ok(reply) if reply.status == 200 => reply.body,
        Ok(reply) => {
            return Err(format!(
                "GET {path} returned {}; check the name, and pass --username if the registry requires a login",
                reply.status
            ));
        }
        Err(Stop::Inconclusive(obstacle)) => {
            return Err(format!("{}; check host and port", obstacle.what));
        }
        Err(_) => return Err(format!("GET {path} cannot be sent")),
    };
    let own = context.part("", &digest_of(&manifest), Some(manifest.len()));
    let (media_type, got) = self::manifest(recorder, &own, tag).await;
    let listed: Manifest = serde_json::from_slice(&manifest).unwrap_or_default();
    let mut blobs = Vec::new();
    for entry in listed.config.iter().chain(&listed.layers) {
        let role = role(&entry.media_type);
        let context = context.part(role, &entry.digest, entry.size);
        blobs.push((role, blob(recorder, &context, &entry.digest).await));
    }
    let mut parts = vec![part("manifest", media_type, &got, None)];
    parts.extend(blobs.iter().map(|(role, got)| part(role, None, got, None)));
    Ok(chart(context.session.chart_name(), tag, &parts))
}

/// Reads back a chart that was pushed.
pub(super) async fn pushed(
    recorder: &mut StepRecorder,
    context: &StepContext<'_>,
    push: &Push,
) -> String {
    let size = Some(push.manifest.bytes.len());
    let own = context.part("", push.manifest.digest, size);
    let (media_type, got) = manifest(recorder, &own, push.tag).await;
    let mut blobs = Vec::new();
    for pushed in push.blobs() {
        let role = push::role(push, pushed);
        let context = context.part(role, pushed.digest, Some(pushed.bytes.len()));
        blobs.push((role, pushed, blob(recorder, &context, pushed.digest).await));
    }
    let pushed = Some(push.manifest.bytes);
    let mut parts = vec![part("manifest", media_type, &got, pushed)];
    for (role, pushed, got) in &blobs {
        parts.push(part(role, None, got, Some(pushed.bytes)));
    }
    let versions = push.manifest.helm_versions.join(", ");
    let title = format!(
        "{} {} as pushed by Helm {versions}",
        push.chart_name, push.chart_version
    );
    chart(&title, push.tag, &parts)
}

/// Requests a manifest in every way that a Helm version does. Returns its media type and bytes as received by tag.
async fn manifest(
    recorder: &mut StepRecorder,
    context: &StepContext<'_>,
    tag: &str,
) -> (Option<String>, Result<Bytes, String>) {
    let session = context.session;
    let path = session.manifest_path(tag);
    let head = session.call(Method::HEAD, &path).accept(ACCEPT_CONTAINERD);
    recorder.record(&steps::RESOLVE, context, head).await;
    let digest = context.names.digest.as_deref().unwrap_or_default();
    let by_digest = session.call(Method::GET, &session.manifest_path(digest));
    let by_digest = by_digest.accept(ACCEPT_MANIFEST);
    recorder.record(&steps::BY_DIGEST, context, by_digest).await;
    let get = session.call(Method::GET, &path).accept(ACCEPT_ORAS);
    let reply = content(recorder.record(&steps::BY_TAG, context, get).await);
    let media_type = reply
        .as_ref()
        .ok()
        .and_then(|reply| reply.header("content-type"));
    (
        media_type.map(ToOwned::to_owned),
        reply.map(|reply| reply.body),
    )
}

async fn blob(
    recorder: &mut StepRecorder,
    context: &StepContext<'_>,
    digest: &str,
) -> Result<Bytes, String> {
    let path = context.session.blob_path(digest);
    let head = context.session.call(Method::HEAD, &path);
    recorder.record(&steps::BLOB_PRESENT, context, head).await;
    recorder.fetch(context, &path).await
}

fn part<'a>(
    role: &'a str,
    media_type: Option<String>,
    got: &'a Result<Bytes, String>,
    pushed: Option<&'a [u8]>,
) -> ChartPart<'a> {
    ChartPart {
        role,
        media_type,
        got: got.as_ref().map(AsRef::as_ref).map_err(Clone::clone),
        pushed,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    config: Option<Descriptor>,
    layers: Vec<Descriptor>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: Option<usize>,
}

fn role(media_type: &str) -> &'static str {
    match media_type {
        HELM_CONFIG => "config",
        HELM_CHART | LEGACY_CHART => "chart",
        HELM_PROVENANCE => "provenance",
        _ => "layer",
    }
}
