//! The checks of the flows: each prepares the registry, then replays the requests of one Helm version.

use semver::VersionReq;

use crate::client::ClientModel;
use crate::session::expect;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Obstacle, ObstacleKind, Restriction, Stop};

/// A version with build metadata.
const PLUS: &str = "1.0.0+build.5";

/// The push of a new chart.
pub(super) async fn push(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await
}

/// The push of a new chart with credentials; without them it is the same as [`push`].
pub(super) async fn first_push(session: &Session, client: &'static ClientModel) -> CheckResult {
    if session.target().credentials.is_none() {
        return Err(Stop::condition_not_met("the run has no credentials"));
    }
    push(session, client).await
}

/// The push of a new chart whose version has build metadata.
pub(super) async fn push_plus(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, PLUS);
    let tag = PLUS.replace('+', "_");
    client.run(session).push(&chart, &tag).await?;
    let tagged = session.get_manifest(&tag).await?;
    if tagged.status.as_u16() != 404 {
        return Ok(());
    }
    // A tag that is hidden from reads is listed; one that was rewritten is not.
    let (listed, tags) = session.arranged_tags().await?;
    if tags.contains(&tag) {
        return Ok(());
    }
    Err(expect::violated(
        "the pushed chart under its tag",
        "status 404",
        &[&tagged, &listed],
    ))
}

/// The push of a new chart, and at once its pull by another process.
pub(super) async fn push_pull(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await?;
    client.run(session).pull(&chart, "1.0.0").await
}

/// The push of two signed charts; Helm versions that sort layers put them in different order.
pub(super) async fn push_prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    for (version, is_first) in [("1.0.0", false), ("1.0.1", true)] {
        let chart = client.signed_chart(session, version, is_first);
        client.run(session).push(&chart, version).await?;
    }
    Ok(())
}

/// The push of an existing chart.
pub(super) async fn re_push(session: &Session, client: &'static ClientModel) -> CheckResult {
    if session.target().typed_manifests {
        return Err(Stop::from(Obstacle::new(
            ObstacleKind::Arrangement,
            "the registry rejects manifests as Helm writes them, so none can be pushed again",
        )));
    }
    let chart = arrange_chart(session, client, "1.0.0").await?;
    // Helm 3.18 and later also push the manifest by its digest.
    let by_digest = session.arrange_manifest(&chart.digest, &chart.manifest);
    by_digest.await?;
    client.run(session).push(&chart, "1.0.0").await
}

/// The pull of an exact version.
pub(super) async fn pull(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arrange_chart(session, client, "1.0.0").await?;
    client.run(session).pull(&chart, "1.0.0").await
}

/// The pull of a version with build metadata.
pub(super) async fn pull_plus(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arrange_chart(session, client, PLUS).await?;
    client
        .run(session)
        .pull(&chart, &PLUS.replace('+', "_"))
        .await
}

/// The pull by digest.
pub(super) async fn pull_digest(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = session.as_arranged(client.chart(session, "1.0.0"));
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
        session.head_blob(&digest_of(&blob)).await?;
    }
    // No tag is read before: a cache may hide a digest until then.
    let put = session.put_manifest("1.0.0", &chart.manifest).await?;
    let digest = put.header("docker-content-digest");
    if !put.status.is_success() || digest.is_some_and(|digest| digest != chart.digest) {
        return Err(obstacle("push a manifest that keeps its digest", &put));
    }
    client.run(session).pull(&chart, &chart.digest).await
}

/// The pull of an exact version with its provenance.
pub(super) async fn prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = match session.existing_chart() {
        Some(adopted) if adopted.chart.provenance.is_none() => {
            return Err(Stop::not_allowed(Restriction::UnsignedChart));
        }
        Some(adopted) if client.uses_shape_of(&adopted.chart) => adopted.chart.clone(),
        _ => {
            push_and_read(
                session,
                client.signed_chart(session, "1.0.0", false),
                "1.0.0",
            )
            .await?
        }
    };
    let run = client.run(session);
    run.pull_with_provenance(&chart, "1.0.0").await
}

/// The pull of the highest release.
pub(super) async fn list(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arrange_versions(session, client).await?;
    let run = client.run(session);
    run.pull_resolved(&chart, &[(RELEASE, None)]).await
}

/// Two ranges: one of releases, which is resolved, and one that only a version with build metadata satisfies, which is also
/// pulled.
pub(super) async fn resolve(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arrange_versions(session, client).await?;
    let range = |text| VersionReq::parse(text).expect("it is a range");
    let (releases, builds) = (range("^1.0.0"), range(">0.1.0, <0.3.0"));
    let ranges = [(RELEASE, Some(&releases)), (BUILD, Some(&builds))];
    client.run(session).pull_resolved(&chart, &ranges).await
}

/// The login with the credentials of the run.
pub(super) async fn login(session: &Session, client: &'static ClientModel) -> CheckResult {
    client.run(session).log_in().await
}

/// Pushes the chart as this Helm version would have, and returns it.
async fn arrange_chart(
    session: &Session,
    client: &'static ClientModel,
    version: &str,
) -> Result<Chart, Stop> {
    let adopted = session.existing_chart().map(|adopted| &adopted.chart);
    if let Some(chart) = adopted.filter(|chart| version == "1.0.0" && client.uses_shape_of(chart)) {
        return Ok(chart.clone());
    }
    push_and_read(session, client.chart(session, version), version).await
}

/// Pushes a chart, as the registry accepts it, and requests it once: other requirements judge the first responses after
/// a push.
async fn push_and_read(session: &Session, chart: Chart, version: &str) -> Result<Chart, Stop> {
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
const RELEASE: &str = "1.2.0";
/// The only tag with build metadata that [`arrange_versions`] pushes.
const BUILD: &str = "0.2.0_build.5";

/// Pushes one chart under the tags of a typical repository, the two that are resolved last, and returns it.
///
/// The tags are listed in between: a list from before a push must not be returned after it. They are listed once after the
/// last push, as other requirements judge the first response.
async fn arrange_versions(session: &Session, client: &'static ClientModel) -> Result<Chart, Stop> {
    let chart = push_and_read(session, client.chart(session, "1.2.0"), "0.1.0").await?;
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
