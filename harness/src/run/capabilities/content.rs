//! Probes of manifests and blobs that are in the registry.

use bytes::Bytes;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::steps::{ACCEPT_ORAS, Chart};
use helm_oci_suite::session::target::Target;
use http::{Method, StatusCode};

use super::{Found, PushedChart};

/// States how the manifest of the chart was accepted; sends no request.
pub(super) fn untyped_manifests(pushed: &PushedChart) -> (bool, String) {
    let evidence = if pushed.is_typed {
        "the manifest of a chart was accepted only with a `mediaType` field"
    } else {
        "the manifest of a chart was accepted as Helm writes it"
    };
    (!pushed.is_typed, evidence.to_owned())
}

/// States that the repository of the chart did not exist; sends no request.
pub(super) fn created_repository() -> (bool, String) {
    let evidence = "a chart was pushed to a repository that did not exist";
    (true, evidence.to_owned())
}

/// Reads the manifest of the chart without credentials, with an anonymous token if the registry issues one.
pub(super) async fn anonymous_pull(session: &Session) -> Found {
    let anonymous = Target {
        credentials: None,
        ..session.target().clone()
    };
    let reply = Session::new(anonymous, "capabilities")
        .call(Method::GET, &session.manifest_path("1.0.0"))
        .accept(ACCEPT_ORAS)
        .send()
        .await?;
    let evidence = format!(
        "GET of a manifest without credentials returned {}",
        reply.status
    );
    Ok((reply.status.is_success(), evidence))
}

/// Reads four bytes from the middle of a blob.
pub(super) async fn range_requests(session: &Session, chart: &Chart) -> Found {
    let path = session.blob_path(&chart.layer_digest());
    let ranged = session.call(Method::GET, &path);
    let reply = ranged.header("range", "bytes=4-7").send().await?;
    let (status, length) = (reply.status, reply.body.len());
    let is_announced = reply
        .header("accept-ranges")
        .is_some_and(|units| units.contains("bytes"));
    let is_right = chart.package.archive.get(4..8) == Some(&reply.body[..]);
    if status == StatusCode::PARTIAL_CONTENT && is_right {
        let evidence = "GET of 4 bytes of a blob returned 206 and these bytes";
        return Ok((true, evidence.to_owned()));
    }
    let announced = if is_announced {
        ", although the response has `Accept-Ranges: bytes`"
    } else {
        ""
    };
    let evidence =
        format!("GET of 4 bytes of a blob returned {status} and {length} bytes{announced}");
    Ok((false, evidence))
}

/// Sends HEAD of a blob to a repository that does not contain it.
pub(super) async fn cross_repository_head(session: &Session, chart: &Chart) -> Found {
    let digest = chart.config_digest();
    let path = format!("/v2/{}/blobs/{digest}", session.sibling("other"));
    let reply = session.call(Method::HEAD, &path).send().await?;
    let evidence = format!(
        "HEAD of a blob of another repository returned {}",
        reply.status
    );
    Ok((reply.status.is_success(), evidence))
}

/// Pushes another manifest to an existing tag.
pub(super) async fn immutable_tags(session: &Session, chart: &Chart) -> Found {
    let other = Bytes::from([&chart.manifest[..], b" "].concat());
    let reply = session.put_manifest("1.0.1", &other).await?;
    let evidence = format!(
        "PUT of another manifest to an existing tag returned {}",
        reply.status
    );
    Ok((reply.status.is_client_error(), evidence))
}
