//! Probes of what no requirement asks for, and a reader of the report wants to know.

use bytes::Bytes;
use helm_oci_suite::session::steps::{ACCEPT_ORAS, Chart};
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::{Reply, Session};
use http::{Method, StatusCode};

use super::Found;

/// The deepest name that is tried: as many segments as a project with folders has.
const DEEPEST: usize = 5;

/// An upload is opened under one segment more each time, and given up again.
pub(super) async fn deep_names(session: &Session) -> Found {
    let mut name = session.repository().to_owned();
    let mut depth = name.split('/').count();
    let mut taken = vec![depth.to_string()];
    while depth < DEEPEST {
        depth += 1;
        name = format!("{name}/c{depth}");
        let reply = session.start_upload_in(&name).await?;
        if !reply.status.is_success() {
            let taken = taken.join(", ");
            let evidence = format!(
                "names of {taken} segments are taken, {depth} segments are refused: {}",
                reply.status
            );
            return Ok((false, evidence));
        }
        give_up(session, &reply).await;
        taken.push(depth.to_string());
    }
    Ok((
        true,
        format!("names of {} segments are taken", taken.join(", ")),
    ))
}

/// Ends an upload that was begun for nothing; a registry that cannot end one forgets it in time.
async fn give_up(session: &Session, begun: &Reply) {
    let Some(location) = begun.header("location") else {
        return;
    };
    let uri = session.resolve(&begun.uri, location);
    // It says nothing about what is probed.
    let _ = session.call_uri(Method::DELETE, uri).send().await;
}

/// The chart just pushed is read by somebody without credentials, who may get a token for that.
pub(super) async fn anonymous_pull(session: &Session) -> Found {
    let stranger = Target {
        credentials: None,
        ..session.target().clone()
    };
    let anonymous = Session::new(stranger, "capabilities");
    let reply = anonymous
        .call(Method::GET, &session.manifest_path("1.0.0"))
        .accept(ACCEPT_ORAS)
        .send()
        .await?;
    let evidence = format!(
        "GET of a manifest without credentials answers {}",
        reply.status
    );
    Ok((reply.status.is_success(), evidence))
}

/// Four bytes out of the midst of a blob.
pub(super) async fn range_requests(session: &Session, chart: &Chart) -> Found {
    let path = session.blob_path(&chart.layer_digest());
    let ranged = |uri| {
        session
            .call_uri(Method::GET, uri)
            .header("range", "bytes=4-7")
    };
    let mut reply = ranged(session.uri(&path)).send().await?;
    if let Some(location) = reply
        .header("location")
        .filter(|_| reply.status.is_redirection())
    {
        let uri = session.resolve(&reply.uri, location);
        reply = ranged(uri).anonymous().send().await?;
    }
    let (status, length) = (reply.status, reply.body.len());
    let claims = reply
        .header("accept-ranges")
        .is_some_and(|units| units.contains("bytes"));
    let right = chart.package.archive.get(4..8) == Some(&reply.body[..]);
    Ok(if status == StatusCode::PARTIAL_CONTENT && right {
        (
            true,
            "GET of 4 bytes of a blob answers 206 with them".to_owned(),
        )
    } else {
        let claimed = if claims {
            ", though it says `Accept-Ranges: bytes`"
        } else {
            ""
        };
        (
            false,
            format!("GET of 4 bytes of a blob answers {status} with {length}{claimed}"),
        )
    })
}

/// A blob is asked for in a repository that does not hold it.
pub(super) async fn cross_repository_head(session: &Session, chart: &Chart) -> Found {
    let digest = chart.config_digest();
    let path = format!("/v2/{}/blobs/{digest}", session.sibling("other"));
    let reply = session.call(Method::HEAD, &path).send().await?;
    let evidence = format!(
        "HEAD of a blob of another repository answers {}",
        reply.status
    );
    Ok((reply.status.is_success(), evidence))
}

/// The list of all repositories.
pub(super) async fn catalog(session: &Session) -> Found {
    let reply = session.call(Method::GET, "/v2/_catalog?n=1").send().await?;
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let listed = body
        .as_ref()
        .and_then(|body| body.get("repositories")?.as_array());
    let is_list = reply.status.is_success() && listed.is_some();
    let without = if is_list { "" } else { " without a list" };
    Ok((
        is_list,
        format!("GET /v2/_catalog answers {}{without}", reply.status),
    ))
}

/// Another manifest is put under a tag that is there.
pub(super) async fn immutable_tags(session: &Session, chart: &Chart) -> Found {
    let other = Bytes::from([&chart.manifest[..], b" "].concat());
    let reply = session.put_manifest("1.0.1", &other).await?;
    let evidence = format!(
        "PUT of another manifest under the same tag answers {}",
        reply.status
    );
    Ok((reply.status.is_client_error(), evidence))
}
