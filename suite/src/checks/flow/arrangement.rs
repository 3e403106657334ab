//! The arrangement of the replays: what a flow reads is pushed before, as this Helm version would have pushed it.

use futures_util::FutureExt;

use crate::client::ClientModel;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// A chart as this Helm version would have pushed it, arranged once for all models that only read it.
pub(super) async fn share_chart(
    session: &Session,
    client: &'static ClientModel,
    version: &'static str,
) -> Result<Chart, Stop> {
    let adopted = session.existing_chart().map(|adopted| &adopted.chart);
    if let Some(chart) = adopted.filter(|chart| version == "1.0.0" && client.uses_shape_of(chart)) {
        return Ok(chart.clone());
    }
    let what = format!("{}-{}", client.reading_name(), version.replace('+', "-"));
    session
        .share(&what, |session| {
            push_and_read(session, client.chart(session, version), version).boxed()
        })
        .await
}

/// The same for a signed chart.
pub(super) async fn share_signed_chart(
    session: &Session,
    client: &'static ClientModel,
) -> Result<Chart, Stop> {
    let what = format!("{}-signed", client.reading_name());
    session
        .share(&what, |session| {
            let chart = client.signed_chart(session, "1.0.0", false);
            push_and_read(session, chart, "1.0.0").boxed()
        })
        .await
}

/// A chart of which no tag has been read: a cache may hide a digest until then.
pub(super) async fn share_unread_chart(
    session: &Session,
    client: &'static ClientModel,
) -> Result<Chart, Stop> {
    let what = format!("{}-unread", client.reading_name());
    session
        .share(&what, |session| push_unread(session, client).boxed())
        .await
}

async fn push_unread(session: &Session, client: &'static ClientModel) -> Result<Chart, Stop> {
    let arranging = session.arranging();
    let chart = session.as_arranged(client.chart(session, "1.0.0"));
    for blob in chart.blobs() {
        arranging.arrange_blob(&blob).await?;
        arranging.head_blob(&digest_of(&blob)).await?;
    }
    let put = arranging.put_manifest("1.0.0", &chart.manifest).await?;
    let digest = put.header("docker-content-digest");
    if !put.status.is_success() || digest.is_some_and(|digest| digest != chart.digest) {
        return Err(obstacle("push a manifest that keeps its digest", &put));
    }
    Ok(chart)
}

/// Pushes a chart, as the registry accepts it, and requests it once: other requirements judge the first responses after
/// a push.
pub(super) async fn push_and_read(
    session: &Session,
    chart: Chart,
    version: &str,
) -> Result<Chart, Stop> {
    let session = &*session.arranging();
    let chart = session.as_arranged(chart);
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
        session.head_blob(&digest_of(&blob)).await?;
    }
    let tag = version.replace('+', "_");
    session.arrange_manifest(&tag, &chart.manifest).await?;
    find_tag(session, &tag).await?;
    Ok(chart)
}

/// Requests a pushed tag once; that it cannot be found is an obstacle.
async fn find_tag(session: &Session, tag: &str) -> CheckResult {
    let tagged = session.head_manifest(tag).await?;
    match tagged.status.as_u16() {
        404 => Err(obstacle("find a pushed tag", &tagged)),
        _ => Ok(()),
    }
}

/// The tag of the highest release that [`arrange_versions`] pushes.
pub(super) const RELEASE: &str = "1.2.0";
/// The only tag with build metadata that [`arrange_versions`] pushes.
pub(super) const BUILD: &str = "0.2.0_build.5";

/// A chart under the tags of a typical repository, arranged once for all models that resolve one of them.
pub(super) async fn share_versions(
    session: &Session,
    client: &'static ClientModel,
) -> Result<Chart, Stop> {
    let what = format!("{}-versions", client.reading_name());
    session
        .share(&what, |session| arrange_versions(session, client).boxed())
        .await
}

/// Pushes one chart under the tags of a typical repository, the two that are resolved last, and returns it.
///
/// The tags are listed in between: a list from before a push must not be returned after it. They are listed once after the
/// last push, as other requirements judge the first response.
async fn arrange_versions(session: &Session, client: &'static ClientModel) -> Result<Chart, Stop> {
    let chart = push_and_read(session, client.chart(session, "1.2.0"), "0.1.0").await?;
    let session = &*session.arranging();
    let older = ["1.0.0", "1.3.0-rc.1", "latest", "stable"];
    for tags in [&older[..], &[BUILD, RELEASE]] {
        for tag in tags {
            session.arrange_manifest(tag, &chart.manifest).await?;
        }
        session.list_tags().await?;
    }
    for tag in [BUILD, RELEASE] {
        find_tag(session, tag).await?;
    }
    Ok(chart)
}
