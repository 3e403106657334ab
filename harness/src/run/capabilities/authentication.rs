//! The probe of authentication.

use helm_oci_suite::session::Session;
use helm_oci_suite::session::challenge::Challenge;
use http::{Method, StatusCode};

use super::Found;

/// Sends GET of `/v2/`, then POST of an upload, both without credentials: some registries require them only for writes.
pub(super) async fn authentication(session: &Session) -> Found {
    let uploads = format!("/v2/{}/blobs/uploads/", session.repository());
    let mut accepted = Vec::new();
    for (method, path, shown) in [
        (Method::GET, "/v2/", "GET /v2/"),
        (Method::POST, uploads.as_str(), "POST of an upload"),
    ] {
        let reply = session.call(method, path).anonymous().send().await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            let schemes: Vec<String> = Challenge::all(&reply.headers)
                .into_iter()
                .map(|challenge| challenge.scheme)
                .collect();
            let scheme = if schemes.is_empty() {
                "no challenge".to_owned()
            } else {
                schemes.join(", ")
            };
            let evidence = format!("{scheme}: {shown} without credentials returned 401");
            return Ok((true, evidence));
        }
        accepted.push(format!("{shown} returned {}", reply.status.as_u16()));
    }
    let evidence = format!("none: without credentials {}", accepted.join(", "));
    Ok((false, evidence))
}
