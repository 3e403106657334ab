//! The checks of the flows: each prepares the registry, then replays the requests of one Helm version.

use futures_util::future::BoxFuture;
use semver::VersionReq;

use super::arrangement::{BUILD, Content, PLUS, RELEASE, arrange, push_and_read};
use super::kinds::Kind;
use crate::client::ClientModel;
use crate::session::expect;
use crate::session::steps::Chart;
use crate::session::{Alike, Session, digest_of};
use crate::verdict::{CheckResult, Obstacle, ObstacleKind, Restriction, Stop};

/// Replays a flow, once for all Helm versions that send the same requests.
pub(super) async fn replay(
    session: &Session,
    kind: &Kind,
    client: &'static ClientModel,
    flow: impl for<'s> Fn(&'s Session) -> BoxFuture<'s, CheckResult>,
) -> CheckResult {
    let alike = match kind.shares {
        word if !kind.pushes => format!("{word}-{}", client.reads()),
        "re-push" if client.repeats_without_writes() => format!("push-plus-{}", client.writes()),
        word => format!("{word}-{}", client.writes()),
    };
    session.share(&alike, Alike::ButForTheAgent, flow).await
}

/// The push of a new chart.
pub(super) async fn push(session: &Session, client: &'static ClientModel) -> CheckResult {
    pushed(session, client).await.map(|_| ())
}

/// The push of a new chart with credentials; without them it is the same as [`push`].
pub(super) async fn first_push(session: &Session, client: &'static ClientModel) -> CheckResult {
    if session.target().credentials.is_none() {
        return Err(Stop::condition_not_met("the run has no credentials"));
    }
    push(session, client).await
}

async fn pushed(session: &Session, client: &'static ClientModel) -> Result<Chart, Stop> {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await?;
    Ok(chart)
}

/// The push of a new chart whose version has build metadata.
pub(super) async fn push_plus(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, PLUS);
    let tag = PLUS.replace('+', "_");
    client.run(session).push(&chart, &tag).await?;
    let session = &*session.arranging();
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
    let chart = pushed(session, client).await?;
    client.run(session).pull(&chart, "1.0.0").await
}

/// The push of two signed charts; Helm versions that sort layers put them in different order. In a run one suffices for
/// those that do not sort.
pub(super) async fn push_prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    let charts = [("1.0.0", false), ("1.0.1", true)];
    let is_one = session.is_shared() && !client.sorts_layers();
    for (version, is_first) in charts.into_iter().take(if is_one { 1 } else { 2 }) {
        let chart = client.signed_chart(session, version, is_first);
        client.run(session).push(&chart, version).await?;
        session.continue_in_sibling("second");
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
    if session.is_shared() && client.repeats_without_writes() {
        push_plus(session, client).await?;
        let chart = client.chart(session, PLUS);
        let tag = PLUS.replace('+', "_");
        return client.run(session).push(&chart, &tag).await;
    }
    let chart = push_and_read(session, client.chart(session, "1.0.0"), "1.0.0").await?;
    // Helm 3.18 and later also push the manifest by its digest.
    let arranging = session.arranging();
    let by_digest = arranging.arrange_manifest(&chart.digest, &chart.manifest);
    by_digest.await?;
    client.run(session).push(&chart, "1.0.0").await
}

/// The push of a changed chart under the version of another.
pub(super) async fn push_changed(session: &Session, client: &'static ClientModel) -> CheckResult {
    let first = push_and_read(session, client.chart(session, "1.0.0"), "1.0.0").await?;
    let chart = client.changed_chart(session, "1.0.0");
    match client.run(session).push(&chart, "1.0.0").await {
        Err(Stop::Violated(finding)) if session.shows_refused_tag(&finding) => {
            // A registry may refuse to replace a tag, each time; it then accepts the same manifest under another one.
            let again = session.put_manifest("1.0.0", &chart.manifest).await?;
            if again.status.is_success() {
                return Err(Stop::Violated(finding));
            }
            let other = session.put_manifest("1.0.1", &chart.manifest).await?;
            return Err(if other.status.is_success() {
                Stop::condition_not_met("the registry refuses to replace a tag")
            } else {
                Stop::Violated(finding)
            });
        }
        other => other?,
    }
    let session = &*session.arranging();
    // The tag is read twice, and in two ways: `consistency/moved-tag` judges a delayed response, and others a wrong one.
    session.get_manifest("1.0.0").await?;
    let tagged = session.get_manifest("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    let is_moved = head.header("docker-content-digest") == Some(&chart.digest);
    let names = |chart: &Chart| {
        let archive = digest_of(&chart.package.archive);
        String::from_utf8_lossy(&tagged.body).contains(&*archive)
    };
    let is_changed = is_moved || !names(&first) || names(&chart);
    expect::holds(
        is_changed,
        "the changed chart under its tag",
        "another chart",
        &[&tagged],
    )
}

/// The pull of an exact version.
pub(super) async fn pull(session: &Session, client: &'static ClientModel) -> CheckResult {
    let (chart, tag) = arrange(session, client, Content::Chart).await?;
    client.run(session).pull(&chart, tag).await
}

/// The commands that fetch dependencies: `update`, `build`, and `package` since 3.8.1.
pub(super) async fn dependency(session: &Session, client: &'static ClientModel) -> CheckResult {
    let commands = ["build", "package"];
    let is_packaged = client.version >= (3, 8, 1);
    pull_by_each(session, client, &commands[..=usize::from(is_packaged)]).await
}

/// The commands that read a chart to render it: `show`, `template`, and since Helm 4 a dry run of `install`.
pub(super) async fn show(session: &Session, client: &'static ClientModel) -> CheckResult {
    let commands = ["template", "install"];
    let is_installed = client.version >= (4, 0, 0);
    pull_by_each(session, client, &commands[..=usize::from(is_installed)]).await
}

/// The pull of an exact version by the first command of a flow, and by each of these.
async fn pull_by_each(
    session: &Session,
    client: &'static ClientModel,
    commands: &[&str],
) -> CheckResult {
    pull(session, client).await?;
    for session in session.further_processes(commands) {
        pull(&session, client).await?;
    }
    Ok(())
}

/// The pull of a version with build metadata.
pub(super) async fn pull_plus(session: &Session, client: &'static ClientModel) -> CheckResult {
    let (chart, tag) = arrange(session, client, Content::Build).await?;
    client.run(session).pull(&chart, tag).await
}

/// The pull by digest.
pub(super) async fn pull_digest(session: &Session, client: &'static ClientModel) -> CheckResult {
    let (chart, _) = arrange(session, client, Content::UnreadChart).await?;
    client.run(session).pull(&chart, &chart.digest).await
}

/// The pull of an exact version with its provenance, and that of another which is verified.
pub(super) async fn prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    pull_signed(session, client).await?;
    for session in session.further_processes(&["verify"]) {
        pull_signed(&session, client).await?;
    }
    Ok(())
}

async fn pull_signed(session: &Session, client: &'static ClientModel) -> CheckResult {
    let (chart, tag) = match session.existing_chart() {
        Some(adopted) if adopted.chart.provenance.is_none() => {
            return Err(Stop::not_allowed(Restriction::UnsignedChart));
        }
        Some(adopted) if client.uses_shape_of(&adopted.chart) => (adopted.chart.clone(), "1.0.0"),
        _ => arrange(session, client, Content::SignedChart).await?,
    };
    let run = client.run(session);
    run.pull_with_provenance(&chart, tag).await
}

/// The pull of the highest release.
pub(super) async fn list(session: &Session, client: &'static ClientModel) -> CheckResult {
    let (chart, tag) = arrange(session, client, Content::Versions).await?;
    let run = client.run(session);
    run.pull_resolved(&chart, &[(tag, None)]).await
}

/// Two ranges: one of releases, and one that only a version with build metadata satisfies. One process resolves both and
/// pulls by the second; two processes pull by one each.
pub(super) async fn resolve(session: &Session, client: &'static ClientModel) -> CheckResult {
    let range = |text| VersionReq::parse(text).expect("it is a range");
    let (releases, builds) = (range("^1.0.0"), range(">0.1.0, <0.3.0"));
    let ranges = [(RELEASE, Some(&releases)), (BUILD, Some(&builds))];
    let others = session.further_processes(&["build"]);
    let (own, last) = ranges.split_at(if others.is_empty() { ranges.len() } else { 1 });
    pull_by_ranges(session, client, own).await?;
    for session in others {
        pull_by_ranges(&session, client, last).await?;
    }
    Ok(())
}

async fn pull_by_ranges(
    session: &Session,
    client: &'static ClientModel,
    ranges: &[(&str, Option<&VersionReq>)],
) -> CheckResult {
    let (chart, _) = arrange(session, client, Content::Versions).await?;
    client.run(session).pull_resolved(&chart, ranges).await
}

/// The login with the credentials of the run.
pub(super) async fn login(session: &Session, client: &'static ClientModel) -> CheckResult {
    client.run(session).log_in().await
}
