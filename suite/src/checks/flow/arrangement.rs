//! The arrangement of the replays: what a flow reads is pushed before, as this Helm version would have pushed it.

use helm_oci_fixtures::manifest::Shape;

use crate::client::ClientModel;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// A version with build metadata.
pub(super) const PLUS: &str = "1.0.0+build.5";

/// The content that a replay only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A chart under an exact version.
    Chart,
    /// A chart under a version with build metadata.
    Build,
    /// A signed chart.
    SignedChart,
    /// A chart of which no tag has been read: a cache may hide a digest until then.
    UnreadChart,
    /// A chart under the tags of a typical repository.
    Versions,
}

/// Arranges content for this Helm version, and returns the chart and the tag to read.
pub(super) async fn arrange(
    session: &Session,
    client: &'static ClientModel,
    content: Content,
) -> Result<(Chart, &'static str), Stop> {
    let adopted = session.existing_chart().map(|adopted| &adopted.chart);
    let is_adopted = |chart: &&Chart| content == Content::Chart && client.uses_shape_of(chart);
    if let Some(chart) = adopted.filter(is_adopted) {
        return Ok((chart.clone(), "1.0.0"));
    }
    if session.is_shared() && client.read_shape() != Shape::Legacy {
        return arrange_all(session, client, content).await;
    }
    let tag = match content {
        Content::Build => "1.0.0_build.5",
        Content::Versions => RELEASE,
        Content::Chart | Content::SignedChart | Content::UnreadChart => "1.0.0",
    };
    let chart = match content {
        Content::Chart => push_and_read(session, read_chart(session, client, tag), tag).await?,
        Content::Build => push_and_read(session, read_chart(session, client, PLUS), PLUS).await?,
        Content::SignedChart => {
            let chart = client.read_signed_chart(session, tag);
            push_and_read(session, chart, tag).await?
        }
        Content::UnreadChart => {
            let session = &*session.arranging();
            let chart = push_blobs(session, read_chart(session, client, tag)).await?;
            put_unread(session, &chart, tag).await?;
            chart
        }
        Content::Versions => {
            let chart = push_and_read(session, read_chart(session, client, tag), FIRST).await?;
            push_versions(session, &chart).await?;
            chart
        }
    };
    Ok((chart, tag))
}

/// Arranges the content of all replays that read this shape, in one repository, with as few blobs as possible.
async fn arrange_all(
    session: &Session,
    client: &'static ClientModel,
    content: Content,
) -> Result<(Chart, &'static str), Stop> {
    let chart = push_and_read(session, read_chart(session, client, RELEASE), FIRST).await?;
    let signed = session.as_arranged(client.read_signed_chart(session, RELEASE));
    if let Some(provenance) = &signed.provenance {
        session.arrange_blob(provenance).await?;
        session.head_blob(&digest_of(provenance)).await?;
    }
    session.arrange_manifest(SIGNED, &signed.manifest).await?;
    // The manifest of another chart with the same blobs; only annotations could distinguish it.
    let mut package = chart.package.clone();
    package.metadata = package.metadata.annotation("unread", "true");
    let unread = Session::chart_as_sent(package, client.read_shape(), None);
    let unread = session.as_arranged(unread);
    if unread.digest != chart.digest {
        put_unread(session, &unread, UNREAD).await?;
    }
    push_versions(session, &chart).await?;
    for tag in [SIGNED, EXACT] {
        find_tag(session, tag).await?;
    }
    Ok(match content {
        Content::Chart => (chart, EXACT),
        Content::Build => (chart, BUILD),
        Content::SignedChart => (signed, SIGNED),
        Content::UnreadChart => (unread, UNREAD),
        Content::Versions => (chart, RELEASE),
    })
}

/// A chart as this Helm version would push it, but for details that no Helm version reads.
fn read_chart(session: &Session, client: &ClientModel, version: &str) -> Chart {
    Session::chart_as_sent(session.ordinary_package(version), client.read_shape(), None)
}

/// Pushes a manifest that keeps its digest, and does not read it.
async fn put_unread(session: &Session, chart: &Chart, tag: &str) -> CheckResult {
    let put = session.put_manifest(tag, &chart.manifest).await?;
    let digest = put.header("docker-content-digest");
    if !put.status.is_success() || digest.is_some_and(|digest| digest != chart.digest) {
        return Err(obstacle("push a manifest that keeps its digest", &put));
    }
    Ok(())
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

/// The tag of the highest release of a typical repository.
pub(super) const RELEASE: &str = "1.2.0";
/// Its only tag with build metadata.
pub(super) const BUILD: &str = "0.2.0_build.5";
/// Its tag of an exact version.
const EXACT: &str = "1.0.0";
/// Its first tag, under which its chart is pushed.
const FIRST: &str = "0.1.0";
/// The tag of its signed chart.
const SIGNED: &str = "1.1.0";
/// The tag of a chart that is read by digest only.
const UNREAD: &str = "0.1.1";

/// Pushes a chart under the other tags of a typical repository, the two that are resolved last.
///
/// The tags are listed in between: a list from before a push must not be returned after it. They are listed once after the
/// last push, as other requirements judge the first response.
async fn push_versions(session: &Session, chart: &Chart) -> CheckResult {
    let session = &*session.arranging();
    let older = [EXACT, "1.3.0-rc.1", "latest", "stable"];
    for tags in [&older[..], &[BUILD, RELEASE]] {
        for tag in tags {
            session.arrange_manifest(tag, &chart.manifest).await?;
        }
        session.list_tags().await?;
    }
    for tag in [BUILD, RELEASE] {
        find_tag(session, tag).await?;
    }
    Ok(())
}
