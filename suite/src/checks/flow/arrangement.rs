//! The arrangement of the replays: what a flow reads is pushed before, as this Helm version would have pushed it.

use crate::client::ClientModel;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The content that a replay only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A chart of this version.
    Chart(&'static str),
    /// A signed chart.
    SignedChart,
    /// A chart of which no tag has been read: a cache may hide a digest until then.
    UnreadChart,
    /// A chart under the tags of a typical repository.
    Versions,
}

/// Arranges content for this Helm version.
pub(super) async fn arrange(
    session: &Session,
    client: &'static ClientModel,
    content: Content,
) -> Result<Chart, Stop> {
    let adopted = session.existing_chart().map(|adopted| &adopted.chart);
    let is_adopted =
        |chart: &&Chart| content == Content::Chart("1.0.0") && client.uses_shape_of(chart);
    if let Some(chart) = adopted.filter(is_adopted) {
        return Ok(chart.clone());
    }
    match content {
        Content::Chart(version) => {
            push_and_read(session, read_chart(session, client, version), version).await
        }
        Content::SignedChart => {
            let chart = client.read_signed_chart(session, "1.0.0");
            push_and_read(session, chart, "1.0.0").await
        }
        Content::UnreadChart => push_unread(session, read_chart(session, client, "1.0.0")).await,
        Content::Versions => arrange_versions(session, client).await,
    }
}

/// A chart as this Helm version would push it, but for details that no Helm version reads.
fn read_chart(session: &Session, client: &ClientModel, version: &str) -> Chart {
    Session::chart_as_sent(session.ordinary_package(version), client.read_shape(), None)
}

async fn push_unread(session: &Session, chart: Chart) -> Result<Chart, Stop> {
    let session = &*session.arranging();
    let chart = push_blobs(session, chart).await?;
    let put = session.put_manifest("1.0.0", &chart.manifest).await?;
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
    let chart = push_blobs(session, chart).await?;
    let tag = version.replace('+', "_");
    session.arrange_manifest(&tag, &chart.manifest).await?;
    find_tag(session, &tag).await?;
    Ok(chart)
}

/// Pushes the blobs of a chart, requests each once, and returns the chart as the registry accepts it.
async fn push_blobs(session: &Session, chart: Chart) -> Result<Chart, Stop> {
    let chart = session.as_arranged(chart);
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
        session.head_blob(&digest_of(&blob)).await?;
    }
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

/// Pushes one chart under the tags of a typical repository, the two that are resolved last, and returns it.
///
/// The tags are listed in between: a list from before a push must not be returned after it. They are listed once after the
/// last push, as other requirements judge the first response.
async fn arrange_versions(session: &Session, client: &'static ClientModel) -> Result<Chart, Stop> {
    let chart = push_and_read(session, read_chart(session, client, "1.2.0"), "0.1.0").await?;
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
