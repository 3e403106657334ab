//! Whole flows: the requests of one Helm version in their order, with its headers and its `Accept`.
//!
//! From the wire alone, these checks find the response at which a Helm version aborts. They have no faults of their own:
//! a fault must turn one red exactly if another requirement states that it breaks the flow.
//!
//! Each row of the table at the end is a requirement. What the requirements of one kind share is in its [`Kind`].

use semver::VersionReq;

use crate::client::{
    ClientModel, HELM_3_2, HELM_3_6, HELM_3_7, HELM_3_10, HELM_3_12, HELM_3_17, HELM_3_18,
    HELM_3_21, HELM_4_2,
};
use crate::helm::flow::Flow;
use crate::requirement::source::observed;
use crate::requirement::{Level, Requirement, Setup};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Restriction, Stop};

/// The page and the coverage that all flows of one kind share.
struct Kind {
    doc: &'static str,
    covers: &'static [&'static str],
}

const PUSH: Kind = Kind {
    doc: " A push into an empty repository succeeds, with every request as Helm sends it and every response judged as Helm judges
 it.

 ## Why Helm needs it
 These are the requests of `helm push`, or of `helm chart push` before Helm 3.7. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart step by step: with order, headers and `Accept` as recorded, and concurrently where Helm sends
 requests concurrently.
",
    covers: &["REG-API-07", "A19"],
};

const FIRST_PUSH: Kind = Kind {
    doc: " The first push into a repository that does not exist succeeds with the tokens that Helm requests, in Helm's order.

 ## Why Helm needs it
 Helm begins without a token and requests one when it is challenged. Up to 3.17 it requests both scopes at once. From
 3.18 to 4.2.3 it requests `pull` for every read, and `pull,push` after the challenge to an upload. Since 4.2.4 it requests
 `pull,push` from the first request on. A registry that creates repositories on the first push must accept each order.

 ## How it is checked
 The check pushes a chart step by step. It responds to each challenge as Helm does: with the same request to the token
 endpoint and the same scopes. Without a challenge this is an ordinary push.
",
    covers: &["REG-AUT-07", "REG-AUT-14", "REG-NAM-09", "A01", "A03"],
};

const RE_PUSH: Kind = Kind {
    doc: " A repeated push of the same chart succeeds, with every request as Helm sends it and every response judged as Helm judges
 it.

 ## Why Helm needs it
 These are the requests of a push of an existing chart. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pushes it again step by step.
",
    covers: &["REG-MAN-16"],
};

const PUSH_PROV: Kind = Kind {
    doc: " The push of a chart with its provenance succeeds, with every request as Helm sends it and every response judged as Helm
 judges it.

 ## Why Helm needs it
 These are the requests of a push if a `.prov` file is next to the archive. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes two signed charts step by step: three blobs concurrently, then the manifest. Helm versions that sort
 layers by digest put the provenance first in one of them, and last in the other.
",
    covers: &["REG-MAN-08"],
};

const PULL: Kind = Kind {
    doc: " A pull of an exact version succeeds, with every request as Helm sends it and every response judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm pull`, or of `helm chart pull` before Helm 3.7. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pulls it step by step.
",
    covers: &["REG-PUL-24"],
};

const PROV: Kind = Kind {
    doc: " A pull with provenance succeeds: the tag is resolved and the chart read a second time for its provenance, with every
 request as Helm sends it.

 ## Why Helm needs it
 These are the requests of `--prov` and `--verify`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a signed chart, then pulls it step by step, twice: the archive, and the provenance.
",
    covers: &["REG-PUL-24"],
};

const LIST: Kind = Kind {
    doc: " A pull without a version succeeds: the tags are listed, and the highest release is pulled, with every request as Helm
 sends it.

 ## Why Helm needs it
 These are the requests of `helm pull` without `--version`. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart and an older version of it, then pulls the newest step by step.
",
    covers: &["REG-TAG-02"],
};

const RESOLVE: Kind = Kind {
    doc: " A pull of a version range succeeds: the tags are listed, `_` is read as `+`, and the highest match is pulled, with every
 request as Helm sends it.

 ## Why Helm needs it
 These are the requests of `helm pull` with a range as the version. A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes charts, one of them with build metadata, and pulls step by step the range that only this one satisfies.
",
    covers: &["REG-TAG-02", "REG-NAM-05"],
};

const DEPENDENCY: Kind = Kind {
    doc: " The dependencies of a chart are pulled, with every request as Helm sends it and every response judged as Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm dependency update` for an exact version in an `oci://` repository: no tags are listed.
 A finding names the response at which Helm aborts.

 ## How it is checked
 The check pushes a chart, then pulls it step by step.
",
    covers: &["REG-PUL-24"],
};

const LOGIN: Kind = Kind {
    doc: " A login succeeds, with the requests to `/v2/` and to the token endpoint as Helm sends them, and every response judged as
 Helm judges it.

 ## Why Helm needs it
 These are the requests of `helm registry login`: the challenge of `/v2/` determines how Helm authenticates, and a 200
 there ends the login. A finding names the response at which Helm aborts.

 ## How it is checked
 The check logs in with the credentials of the run, step by step. Without a challenge no credentials are needed.
",
    covers: &["REG-AUT-12"],
};

/// The push of a new chart.
async fn push(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await
}

/// The push of two signed charts; Helm versions that sort layers put them in different order.
async fn push_prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    for (version, is_first) in [("1.0.0", false), ("1.0.1", true)] {
        let chart = client.signed_chart(session, version, is_first);
        client.run(session).push(&chart, version).await?;
    }
    Ok(())
}

/// The push of an existing chart.
async fn re_push(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    // Helm 3.18 and later also push the manifest by its digest.
    let by_digest = session.arrange_manifest(&chart.digest, &chart.manifest);
    by_digest.await?;
    client.run(session).push(&chart, "1.0.0").await
}

/// The pull of an exact version.
async fn pull(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    client.run(session).pull(&chart, "1.0.0").await
}

/// The pull of an exact version with its provenance.
async fn prov(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = match session.adopted() {
        Some(adopted) if adopted.chart.provenance.is_none() => {
            return Err(Stop::not_allowed(Restriction::UnsignedChart));
        }
        Some(adopted) if client.uses_shape_of(&adopted.chart) => adopted.chart.clone(),
        _ => {
            settled(
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
async fn list(session: &Session, client: &'static ClientModel) -> CheckResult {
    arranged(session, client, "0.9.0").await?;
    let chart = arranged(session, client, "1.0.0").await?;
    listed(session).await?;
    client.run(session).pull_resolved(&chart, None).await
}

/// The pull of the highest version in a range, which has build metadata.
async fn resolve(session: &Session, client: &'static ClientModel) -> CheckResult {
    let chart = arranged(session, client, "0.2.0+build.5").await?;
    arranged(session, client, "1.0.0").await?;
    listed(session).await?;
    let range = VersionReq::parse(">0.1.0, <0.3.0").expect("it is a range");
    let run = client.run(session);
    run.pull_resolved(&chart, Some(&range)).await
}

/// The login with the credentials of the run.
async fn login(session: &Session, client: &'static ClientModel) -> CheckResult {
    client.run(session).log_in().await
}

/// Pushes the chart as this Helm version would have, and returns it.
async fn arranged(
    session: &Session,
    client: &'static ClientModel,
    version: &str,
) -> Result<Chart, Stop> {
    let adopted = session.adopted().map(|adopted| &adopted.chart);
    if let Some(chart) = adopted.filter(|chart| version == "1.0.0" && client.uses_shape_of(chart)) {
        return Ok(chart.clone());
    }
    settled(session, client.chart(session, version), version).await
}

/// Pushes a chart and requests it once: other requirements judge the first responses after a push.
async fn settled(session: &Session, chart: Chart, version: &str) -> Result<Chart, Stop> {
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
async fn listed(session: &Session) -> CheckResult {
    session.list_tags().await.map(|_| ())
}

/// One row: the kind with its check, the flow and the Helm version that are replayed, the set-up on which it is proven,
/// the id and the title, and the place of the recording.
macro_rules! replay {
    ($kind:ident by $check:ident, $flow:ident, $client:ident, $setup:ident, $id:literal, $title:literal, $section:literal, $recorded:literal) => {
        &Requirement {
            id: $id,
            title: $title,
            doc: $kind.doc,
            level: Level::Must,
            covers: $kind.covers,
            sources: &[observed(
                $section,
                concat!($recorded, ": the recorded requests"),
            )],
            stated: None,
            breaks: &[],
            faults: &[],
            consequences: &[],
            replays: Some((Flow::$flow, $client.version)),
            moves: 0,
            proven_on: Setup::$setup,
            check: |session| Box::pin($check(session, &$client)),
            file: file!(),
            line: line!(),
        }
    };
}

/// The requirements of this area, in reading order.
#[rustfmt::skip]
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    replay!(PUSH by push, ChartPush, HELM_3_2, Open, "flow/push-3.0", "`helm chart push` succeeds with Helm 3.0 to 3.2", "7.4", "T1"),
    replay!(PUSH by push, ChartPush, HELM_3_6, Open, "flow/push-3.3", "`helm chart push` succeeds with Helm 3.3 to 3.6", "7.4", "T3"),
    replay!(PUSH by push, Push, HELM_3_7, Open, "flow/push-3.7", "a push succeeds with Helm 3.7", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_10, Open, "flow/push-3.8", "a push succeeds with Helm 3.8 to 3.10", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_17, Open, "flow/push-3.12", "a push succeeds with Helm 3.11 to 3.17", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_18, Open, "flow/push-3.18", "a push succeeds with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH by push, Push, HELM_4_2, Open, "flow/push-4.2", "a push succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T11"),
    replay!(FIRST_PUSH by push, ChartPush, HELM_3_2, Bearer, "flow/first-push-3.0", "a first push succeeds with Helm 3.0 to 3.2 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, ChartPush, HELM_3_6, Bearer, "flow/first-push-3.3", "a first push succeeds with Helm 3.3 to 3.6 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_7, Bearer, "flow/first-push-3.7", "a first push succeeds with Helm 3.7 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_10, Bearer, "flow/first-push-3.8", "a first push succeeds with Helm 3.8 to 3.10 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_12, Bearer, "flow/first-push-3.12", "a first push succeeds with Helm 3.11 and 3.12 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_17, Bearer, "flow/first-push-3.13", "a first push succeeds with Helm 3.13 to 3.17 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_18, Bearer, "flow/first-push-3.18", "a first push succeeds with Helm 3.18 to 4.2.0 (pull token first)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_21, Bearer, "flow/first-push-3.21", "a first push succeeds with Helm 3.21.1 to 3.21.4 (pull token first)", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_4_2, Bearer, "flow/first-push-4.2", "a first push succeeds with Helm 4.2.4 and later (push token from the start)", "7.5", "push"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_7, Open, "flow/re-push-3.7", "a repeated push succeeds with Helm 3.7", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_10, Open, "flow/re-push-3.8", "a repeated push succeeds with Helm 3.8 to 3.10", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_17, Open, "flow/re-push-3.12", "a repeated push succeeds with Helm 3.11 to 3.17", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_18, Open, "flow/re-push-3.18", "a repeated push succeeds with Helm 3.18 to 4.2.0", "7.4", "T12"),
    replay!(RE_PUSH by re_push, RePush, HELM_4_2, Open, "flow/re-push-4.2", "a repeated push succeeds with Helm 4.2", "7.4", "T12"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_7, Open, "flow/push-prov-3.7", "a push of a signed chart succeeds with Helm 3.7", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_10, Open, "flow/push-prov-3.8", "a push of a signed chart succeeds with Helm 3.8 to 3.10", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_17, Open, "flow/push-prov-3.12", "a push of a signed chart succeeds with Helm 3.11 to 3.17", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_18, Open, "flow/push-prov-3.18", "a push of a signed chart succeeds with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_4_2, Open, "flow/push-prov-4.2", "a push of a signed chart succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T11"),
    replay!(PULL by pull, ChartPull, HELM_3_2, Open, "flow/pull-3.0", "`helm chart pull` succeeds with Helm 3.0 to 3.6", "7.4", "T2"),
    replay!(PULL by pull, Pull, HELM_3_6, Open, "flow/pull-3.5", "a pull succeeds with Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(PULL by pull, Pull, HELM_3_7, Open, "flow/pull-3.7", "a pull succeeds with Helm 3.7", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_10, Open, "flow/pull-3.8", "a pull succeeds with Helm 3.8 to 3.11", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_17, Open, "flow/pull-3.12", "a pull succeeds with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_18, Open, "flow/pull-3.18", "a pull succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PULL by pull, Pull, HELM_4_2, Open, "flow/pull-4.2", "a pull succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_3_7, Open, "flow/prov-3.7", "a pull with provenance succeeds with Helm 3.7", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_10, Open, "flow/prov-3.8", "a pull with provenance succeeds with Helm 3.8 to 3.11", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_12, Open, "flow/prov-3.12", "a pull with provenance succeeds with Helm 3.12", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_17, Open, "flow/prov-3.13", "a pull with provenance succeeds with Helm 3.13 to 3.17", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_18, Open, "flow/prov-3.18", "a pull with provenance succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_4_2, Open, "flow/prov-4.2", "a pull with provenance succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_3_10, Open, "flow/list-3.8", "a pull without a version succeeds with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_17, Open, "flow/list-3.12", "a pull without a version succeeds with Helm 3.12 to 3.17", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_18, Open, "flow/list-3.18", "a pull without a version succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_4_2, Open, "flow/list-4.2", "a pull without a version succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_10, Open, "flow/resolve-3.8", "a pull of a version range succeeds with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_17, Open, "flow/resolve-3.12", "a pull of a version range succeeds with Helm 3.12 to 3.17", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_18, Open, "flow/resolve-3.18", "a pull of a version range succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_4_2, Open, "flow/resolve-4.2", "a pull of a version range succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_6, Open, "flow/dependency-3.5", "`helm dependency update` succeeds with Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_7, Open, "flow/dependency-3.7", "`helm dependency update` succeeds with Helm 3.7", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_10, Open, "flow/dependency-3.8", "`helm dependency update` succeeds with Helm 3.8.1 to 3.11", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_17, Open, "flow/dependency-3.12", "`helm dependency update` succeeds with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_18, Open, "flow/dependency-3.18", "`helm dependency update` succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_4_2, Open, "flow/dependency-4.2", "`helm dependency update` succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(LOGIN by login, Login, HELM_3_2, Bearer, "flow/login-3.0", "a login succeeds with Helm 3.0 to 3.6", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10, Bearer, "flow/login-3.7", "a login succeeds with Helm 3.7 to 3.17", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18, Bearer, "flow/login-3.18", "a login succeeds with Helm 3.18.3 to 4.2.0", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2, Bearer, "flow/login-4.2", "a login succeeds with Helm 3.21.1, 4.2.1 and later", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_2, Basic, "flow/basic-login-3.0", "a login without a token endpoint succeeds with Helm 3.0 to 3.6", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10, Basic, "flow/basic-login-3.7", "a login without a token endpoint succeeds with Helm 3.7 to 3.17", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18, Basic, "flow/basic-login-3.18", "a login without a token endpoint succeeds with Helm 3.18.3 to 4.2.0", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2, Basic, "flow/basic-login-4.2", "a login without a token endpoint succeeds with Helm 3.21.1, 4.2.1 and later", "7.5", "login"),
];
