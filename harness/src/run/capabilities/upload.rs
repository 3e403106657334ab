//! Probes of uploads.

use bytes::Bytes;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::session::{Reply, Session, digest_of};
use http::{Method, StatusCode};

use super::Found;

/// The deepest repository name that is tried: as many segments as a project with folders has.
const DEEPEST: usize = 5;

/// Opens and cancels an upload in repositories with one more segment each.
pub(super) async fn deep_names(session: &Session) -> Found {
    let mut name = session.repository().to_string();
    let mut depth = name.split('/').count();
    let mut accepted = vec![depth.to_string()];
    while depth < DEEPEST {
        depth += 1;
        name = format!("{name}/c{depth}");
        let reply = session.start_upload_in(&name).await?;
        if !reply.status.is_success() {
            let evidence = format!(
                "names of {} segments are accepted, {depth} segments are rejected with {}",
                accepted.join(", "),
                reply.status
            );
            return Ok((false, evidence));
        }
        cancel(session, &reply).await;
        accepted.push(depth.to_string());
    }
    let accepted = accepted.join(", ");
    Ok((true, format!("names of {accepted} segments are accepted")))
}

/// Cancels an upload. A registry that cannot cancel one expires it.
async fn cancel(session: &Session, begun: &Reply) {
    let Some(location) = begun.header("location") else {
        return;
    };
    let uri = session.resolve(&begun.uri, location);
    // The response does not concern the probe.
    let _ = session.call_uri(Method::DELETE, uri).send().await;
}

/// Mounts a blob from one repository into another.
pub(super) async fn mount(session: &Session, chart: &Chart) -> Found {
    let (digest, into) = (chart.layer_digest(), session.sibling("mounted"));
    let path = format!(
        "/v2/{into}/blobs/uploads/?mount={digest}&from={}",
        session.repository()
    );
    let call = session.call(Method::POST, &path);
    let reply = call.with_pull_scope(session.repository()).send().await?;
    let evidence = format!("POST with mount and from returned {}", reply.status);
    if reply.status != StatusCode::CREATED {
        return Ok((false, evidence));
    }
    let path = format!("/v2/{into}/blobs/{digest}");
    let head = session.call(Method::HEAD, &path).send().await?;
    if head.status.is_success() || head.status.is_redirection() {
        return Ok((true, evidence));
    }
    let evidence = format!("{evidence}, but HEAD of the mounted blob {}", head.status);
    Ok((false, evidence))
}

/// Uploads a blob in two chunks.
pub(super) async fn chunked(session: &Session) -> Found {
    let chunks = [
        Bytes::from_static(b"the first half, "),
        Bytes::from_static(b"and the second"),
    ];
    let mut location = session.arrange_upload().await?;
    let mut sent = 0;
    for chunk in &chunks {
        let range = format!("{sent}-{}", sent + chunk.len() - 1);
        let reply = session
            .call_uri(Method::PATCH, Ok(location.clone()))
            .body(Some("application/octet-stream"), chunk)
            .header("content-range", &range)
            .send()
            .await?;
        if !reply.status.is_success() {
            let status = reply.status;
            let evidence = format!("PATCH with `Content-Range: {range}` returned {status}");
            return Ok((false, evidence));
        }
        sent += chunk.len();
        location = session.upload_location(&reply).unwrap_or(location);
    }
    let digest = digest_of(&chunks.concat());
    let reply = session
        .complete_upload(&location, &digest, Bytes::new())
        .send()
        .await?;
    let evidence = format!("two PATCH chunks accepted; PUT returned {}", reply.status);
    Ok((reply.status.is_success(), evidence))
}
