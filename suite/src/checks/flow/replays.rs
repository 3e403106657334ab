//! The checks of the flows: each prepares the registry, then replays the requests of one Helm version.

use semver::VersionReq;

use crate::client::ClientModel;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Restriction, Stop};

/// The push of a new chart.
pub(super) async fn push(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await
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
    arrange_chart(session, client, "0.9.0").await?;
    // A list from before the push must not be returned after it.
    list_tags_once(session).await?;
    let chart = arrange_chart(session, client, "1.0.0").await?;
    list_tags_once(session).await?;
    client.run(session).pull_resolved(&chart, None).await
}

/// The pull of the highest version in a range, which has build metadata.
pub(super) async fn resolve(session: &Session, client: &'static ClientModel) -> CheckResult {
    arrange_chart(session, client, "1.0.0").await?;
    list_tags_once(session).await?;
    let chart = arrange_chart(session, client, "0.2.0+build.5").await?;
    list_tags_once(session).await?;
    let range = VersionReq::parse(">0.1.0, <0.3.0").expect("it is a range");
    let run = client.run(session);
    run.pull_resolved(&chart, Some(&range)).await
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
    let tagged = session.head_manifest(&tag).await?;
    match tagged.status.as_u16() {
        404 => Err(obstacle("find a pushed tag", &tagged)),
        _ => Ok(chart),
    }
}

/// Lists the tags once, for the same reason.
async fn list_tags_once(session: &Session) -> CheckResult {
    session.list_tags().await.map(|_| ())
}
