//! Probes of lists: repositories, tags, referrers.

use helm_oci_suite::oci::TagList;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::steps::Chart;
use http::{Method, StatusCode};

use super::Found;

/// Requests the list of all repositories.
pub(super) async fn catalog(session: &Session) -> Found {
    let reply = session.call(Method::GET, "/v2/_catalog?n=1").send().await?;
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let listed = body
        .as_ref()
        .and_then(|body| body.get("repositories")?.as_array());
    let is_list = reply.status.is_success() && listed.is_some();
    let without = if is_list { "" } else { " without a list" };
    let evidence = format!("GET /v2/_catalog returned {}{without}", reply.status);
    Ok((is_list, evidence))
}

/// Requests two of three tags.
pub(super) async fn tag_paging(session: &Session, chart: &Chart) -> Found {
    session.arrange_manifest("1.0.1", &chart.manifest).await?;
    session.arrange_manifest("1.0.2", &chart.manifest).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let list = serde_json::from_slice::<TagList>(&reply.body).ok();
    let Some(tags) = list.and_then(|list| list.tags) else {
        let evidence = format!("n=2 with 3 tags returned {} without a list", reply.status);
        return Ok((false, evidence));
    };
    let evidence = format!("n=2 with 3 tags returned {} tags", tags.len());
    Ok((tags.len() == 2, evidence))
}

/// Requests the referrers of the chart.
pub(super) async fn referrers_api(session: &Session, chart: &Chart) -> Found {
    let path = format!("/v2/{}/referrers/{}", session.repository(), chart.digest);
    let reply = session.call(Method::GET, &path).send().await?;
    let is_index = reply.status == StatusCode::OK
        && reply.media_type() == Some("application/vnd.oci.image.index.v1+json");
    let of_type = reply
        .media_type()
        .map(|media_type| format!(" with {media_type}"))
        .unwrap_or_default();
    let evidence = format!("GET returned {}{of_type}", reply.status);
    Ok((is_index, evidence))
}
