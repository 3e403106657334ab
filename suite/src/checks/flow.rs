//! Whole flows: the requests of one Helm version in their order, headers and `Accept` included.
//!
//! A registry learns here, from the wire alone, at which answer a Helm gives up. These requirements have no
//! faults of their own: a fault turns one red exactly when another requirement says that it breaks the flow.
//!
//! A row of the table is a requirement; what those of one kind have in common is told once, by its [`Kind`].

use semver::VersionReq;

use crate::client::{
    Client, HELM_3_2, HELM_3_6, HELM_3_7, HELM_3_10, HELM_3_12, HELM_3_17, HELM_3_18, HELM_3_21,
    HELM_4_2,
};
use crate::helm::era::Flow;
use crate::requirement::source::observed;
use crate::requirement::{Level, Requirement, Setup};
use crate::session::steps::{Chart, obstacle};
use crate::session::write_mode::NOT_SIGNED;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// What the flows of one kind have in common.
struct Kind {
    doc: &'static str,
    covers: &'static [&'static str],
}

const PUSH: Kind = Kind {
    doc: " Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.

 ## Why Helm needs it
 It is what Helm does. A finding names the answer at which it gives up.

 ## How it is checked
 A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
",
    covers: &["REG-API-07", "A19"],
};

const FIRST_PUSH: Kind = Kind {
    doc: " The first push into a repository that is not there gets by with the tokens that Helm asks for, in its order.

 ## Why Helm needs it
 Helm begins without a token and asks for one when it is challenged: up to 3.17 for both scopes at once, from 3.18 to
 4.2.3 to pull for everything it only looks at and to push when an upload is challenged, and since 4.2.4 to push from the
 first request on. A registry that makes repositories by the first push has to take each order.

 ## How it is checked
 A chart is pushed step by step. Each challenge is answered as Helm answers it: the same request to the token
 endpoint, with the same scopes. Without a challenge it is an ordinary push.
",
    covers: &["REG-AUT-07", "REG-AUT-14", "REG-NAM-09", "A01", "A03"],
};

const RE_PUSH: Kind = Kind {
    doc: " Every request of a repeated push goes out as Helm sends it, and every answer is taken as Helm takes it.

 ## Why Helm needs it
 It is what Helm does. A finding names the answer at which it gives up.

 ## How it is checked
 A chart is arranged, then pushed again step by step.
",
    covers: &["REG-MAN-16"],
};

const PUSH_PROV: Kind = Kind {
    doc: " A chart and its provenance are pushed with every request as Helm sends it, and every answer is taken as Helm takes it.

 ## Why Helm needs it
 It is what Helm does where a `.prov` lies beside the archive. A finding names the answer at which it gives up.

 ## How it is checked
 Two signed charts are pushed step by step: three blobs side by side, then the manifest. Where Helm sorts layers by
 their digests the provenance of one is the first of them, and that of the other the last.
",
    covers: &["REG-MAN-08"],
};

const PULL: Kind = Kind {
    doc: " Every request of the pull goes out as Helm sends it, and every answer is taken as Helm takes it.

 ## Why Helm needs it
 It is what Helm does. A finding names the answer at which it gives up.

 ## How it is checked
 A chart is arranged, then pulled step by step.
",
    covers: &["REG-PUL-24"],
};

const PROV: Kind = Kind {
    doc: " A chart is pulled, and resolved and read once more for its provenance, every request as Helm sends it.

 ## Why Helm needs it
 It is what Helm does for `--prov` and `--verify`. A finding names the answer at which it gives up.

 ## How it is checked
 A signed chart is arranged, then pulled step by step, twice: with its archive, and with its provenance.
",
    covers: &["REG-PUL-24"],
};

const LIST: Kind = Kind {
    doc:
        " Tags are listed, the highest release is picked and pulled, every request as Helm sends it.

 ## Why Helm needs it
 It is what Helm does without `--version`. A finding names the answer at which it gives up.

 ## How it is checked
 A chart is arranged beside an older one, then the newest is pulled step by step.
",
    covers: &["REG-TAG-02"],
};

const RESOLVE: Kind = Kind {
    doc: " Tags are listed, `_` is read as `+`, the highest version of a range is picked and pulled, every request as Helm sends it.

 ## Why Helm needs it
 It is what Helm does with a range for a version. A finding names the answer at which it gives up.

 ## How it is checked
 Charts are arranged, one with build metadata among them. The range that only this one satisfies is pulled step by step.
",
    covers: &["REG-TAG-02", "REG-NAM-05"],
};

const DEPENDENCY: Kind = Kind {
    doc: " What a chart depends on is pulled with every request as Helm sends it, and every answer is taken as Helm takes it.

 ## Why Helm needs it
 It is what `helm dependency update` does for an exact version in an `oci://` repository: no tags are listed. A finding
 names the answer at which it gives up.

 ## How it is checked
 A chart is arranged, then fetched step by step.
",
    covers: &["REG-PUL-24"],
};

const LOGIN: Kind = Kind {
    doc: " `/v2/`, and the token endpoint if there is one, are asked as Helm asks them to log in, and the answers are taken as Helm takes them.

 ## Why Helm needs it
 It is what `helm registry login` does: the challenge of `/v2/` decides how the user is made known, and a 200 there ends
 it. A finding names the answer at which it gives up.

 ## How it is checked
 The run's user logs in step by step. Where no challenge comes there is nobody to make known.
",
    covers: &["REG-AUT-12"],
};

/// The push of a new chart.
async fn push(session: &Session, client: &'static Client) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.run(session).push(&chart, "1.0.0").await
}

/// The push of two signed charts, whose layers are in different order where Helm sorts them.
async fn push_prov(session: &Session, client: &'static Client) -> CheckResult {
    for (version, is_first) in [("1.0.0", false), ("1.0.1", true)] {
        let chart = client.signed_chart(session, version, is_first);
        client.run(session).push(&chart, version).await?;
    }
    Ok(())
}

/// The push of a chart that is there.
async fn re_push(session: &Session, client: &'static Client) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    // Since 3.18 a push leaves it under its digest, too.
    let by_digest = session.arrange_manifest(&chart.digest, &chart.manifest);
    by_digest.await?;
    client.run(session).push(&chart, "1.0.0").await
}

/// The pull of an exact version.
async fn pull(session: &Session, client: &'static Client) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    client.run(session).pull(&chart, "1.0.0").await
}

/// The pull of an exact version with its provenance.
async fn prov(session: &Session, client: &'static Client) -> CheckResult {
    let chart = match session.adopted() {
        Some(adopted) if adopted.chart.provenance.is_none() => {
            return Err(Stop::NotApplicable(NOT_SIGNED.to_owned()));
        }
        Some(adopted) if client.knows(&adopted.chart) => adopted.chart.clone(),
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
async fn list(session: &Session, client: &'static Client) -> CheckResult {
    arranged(session, client, "0.9.0").await?;
    let chart = arranged(session, client, "1.0.0").await?;
    listed(session).await?;
    client.run(session).pull_resolved(&chart, None).await
}

/// The pull of the highest version in a range, which is a build.
async fn resolve(session: &Session, client: &'static Client) -> CheckResult {
    let chart = arranged(session, client, "0.2.0+build.5").await?;
    arranged(session, client, "1.0.0").await?;
    listed(session).await?;
    let range = VersionReq::parse(">0.1.0, <0.3.0").expect("it is a range");
    let run = client.run(session);
    run.pull_resolved(&chart, Some(&range)).await
}

/// The login of the run's user.
async fn login(session: &Session, client: &'static Client) -> CheckResult {
    client.run(session).log_in().await
}

/// Arranges the chart that this Helm would have pushed.
async fn arranged(
    session: &Session,
    client: &'static Client,
    version: &str,
) -> Result<Chart, Stop> {
    let adopted = session.adopted().map(|adopted| &adopted.chart);
    if let Some(chart) = adopted.filter(|chart| version == "1.0.0" && client.knows(chart)) {
        return Ok(chart.clone());
    }
    settled(session, client.chart(session, version), version).await
}

/// Pushes a chart, and looks at it once: the first answers after a push are judged by others.
async fn settled(session: &Session, chart: Chart, version: &str) -> Result<Chart, Stop> {
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
        session.head_blob(&digest_of(&blob)).await?;
    }
    let tag = version.replace('+', "_");
    session.arrange_manifest(&tag, &chart.manifest).await?;
    let tagged = session.head_manifest(&tag).await?;
    match tagged.status.as_u16() {
        404 => Err(obstacle("find a tag that was pushed", &tagged)),
        _ => Ok(chart),
    }
}

/// Lists tags once, for the same reason.
async fn listed(session: &Session) -> CheckResult {
    session.list_tags().await.map(|_| ())
}

/// One row: the kind with its check, the flow and the Helm that are replayed, the set-up on which it is proven, id and
/// title, and where the requests are recorded.
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
                concat!($recorded, ": the requests as recorded"),
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
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    replay!(PUSH by push, ChartPush, HELM_3_2, Open, "flow/push-3.0", "the whole `helm chart push` of Helm 3.0 to 3.2", "7.4", "T1"),
    replay!(PUSH by push, ChartPush, HELM_3_6, Open, "flow/push-3.3", "the whole `helm chart push` of Helm 3.3 to 3.6", "7.4", "T3"),
    replay!(PUSH by push, Push, HELM_3_7, Open, "flow/push-3.7", "the whole push of Helm 3.7", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_10, Open, "flow/push-3.8", "the whole push of Helm 3.8 to 3.10", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_17, Open, "flow/push-3.12", "the whole push of Helm 3.11 to 3.17", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_18, Open, "flow/push-3.18", "the whole push of Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH by push, Push, HELM_4_2, Open, "flow/push-4.2", "the whole push of Helm 3.21.1, 4.2.1 and later", "7.4", "T11"),
    replay!(FIRST_PUSH by push, ChartPush, HELM_3_2, Bearer, "flow/first-push-3.0", "the first push of Helm 3.0 to 3.2, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, ChartPush, HELM_3_6, Bearer, "flow/first-push-3.3", "the first push of Helm 3.3 to 3.6, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_7, Bearer, "flow/first-push-3.7", "the first push of Helm 3.7, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_10, Bearer, "flow/first-push-3.8", "the first push of Helm 3.8 to 3.10, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_12, Bearer, "flow/first-push-3.12", "the first push of Helm 3.11 and 3.12, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_17, Bearer, "flow/first-push-3.13", "the first push of Helm 3.13 to 3.17, both scopes in one token", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_18, Bearer, "flow/first-push-3.18", "the first push of Helm 3.18 to 4.2.0, with a token to pull first", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_3_21, Bearer, "flow/first-push-3.21", "the first push of Helm 3.21.1 to 3.21.4, with a token to pull first", "7.5", "push"),
    replay!(FIRST_PUSH by push, Push, HELM_4_2, Bearer, "flow/first-push-4.2", "the first push of Helm 4.2.4 and later, with a token to push first", "7.5", "push"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_7, Open, "flow/re-push-3.7", "the repeated push of Helm 3.7", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_10, Open, "flow/re-push-3.8", "the repeated push of Helm 3.8 to 3.10", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_17, Open, "flow/re-push-3.12", "the repeated push of Helm 3.11 to 3.17", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_18, Open, "flow/re-push-3.18", "the repeated push of Helm 3.18 to 4.2.0", "7.4", "T12"),
    replay!(RE_PUSH by re_push, RePush, HELM_4_2, Open, "flow/re-push-4.2", "the repeated push of Helm 4.2", "7.4", "T12"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_7, Open, "flow/push-prov-3.7", "the whole push of a signed chart with Helm 3.7", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_10, Open, "flow/push-prov-3.8", "the whole push of a signed chart with Helm 3.8 to 3.10", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_17, Open, "flow/push-prov-3.12", "the whole push of a signed chart with Helm 3.11 to 3.17", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_18, Open, "flow/push-prov-3.18", "the whole push of a signed chart with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_4_2, Open, "flow/push-prov-4.2", "the whole push of a signed chart with Helm 3.21.1, 4.2.1 and later", "7.4", "T11"),
    replay!(PULL by pull, ChartPull, HELM_3_2, Open, "flow/pull-3.0", "the whole `helm chart pull` of Helm 3.0 to 3.6", "7.4", "T2"),
    replay!(PULL by pull, Pull, HELM_3_6, Open, "flow/pull-3.5", "the whole pull of Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(PULL by pull, Pull, HELM_3_7, Open, "flow/pull-3.7", "the whole pull of Helm 3.7", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_10, Open, "flow/pull-3.8", "the whole pull of Helm 3.8 to 3.11", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_17, Open, "flow/pull-3.12", "the whole pull of Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_18, Open, "flow/pull-3.18", "the whole pull of Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PULL by pull, Pull, HELM_4_2, Open, "flow/pull-4.2", "the whole pull of Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_3_7, Open, "flow/prov-3.7", "the whole pull with provenance of Helm 3.7", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_10, Open, "flow/prov-3.8", "the whole pull with provenance of Helm 3.8 to 3.11", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_12, Open, "flow/prov-3.12", "the whole pull with provenance of Helm 3.12", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_17, Open, "flow/prov-3.13", "the whole pull with provenance of Helm 3.13 to 3.17", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_18, Open, "flow/prov-3.18", "the whole pull with provenance of Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_4_2, Open, "flow/prov-4.2", "the whole pull with provenance of Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_3_10, Open, "flow/list-3.8", "the whole pull without a version of Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_17, Open, "flow/list-3.12", "the whole pull without a version of Helm 3.12 to 3.17", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_18, Open, "flow/list-3.18", "the whole pull without a version of Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_4_2, Open, "flow/list-4.2", "the whole pull without a version of Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_10, Open, "flow/resolve-3.8", "the whole pull of a range with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_17, Open, "flow/resolve-3.12", "the whole pull of a range with Helm 3.12 to 3.17", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_18, Open, "flow/resolve-3.18", "the whole pull of a range with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_4_2, Open, "flow/resolve-4.2", "the whole pull of a range with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_6, Open, "flow/dependency-3.5", "the whole `dependency update` of Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_7, Open, "flow/dependency-3.7", "the whole `dependency update` of Helm 3.7", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_10, Open, "flow/dependency-3.8", "the whole `dependency update` of Helm 3.8.1 to 3.11", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_17, Open, "flow/dependency-3.12", "the whole `dependency update` of Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_3_18, Open, "flow/dependency-3.18", "the whole `dependency update` of Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(DEPENDENCY by pull, DependencyUpdate, HELM_4_2, Open, "flow/dependency-4.2", "the whole `dependency update` of Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(LOGIN by login, Login, HELM_3_2, Bearer, "flow/login-3.0", "the whole login of Helm 3.0 to 3.6", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10, Bearer, "flow/login-3.7", "the whole login of Helm 3.7 to 3.17", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18, Bearer, "flow/login-3.18", "the whole login of Helm 3.18.3 to 4.2.0", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2, Bearer, "flow/login-4.2", "the whole login of Helm 3.21.1, 4.2.1 and later", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_2, Basic, "flow/basic-login-3.0", "the whole login of Helm 3.0 to 3.6 without tokens", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10, Basic, "flow/basic-login-3.7", "the whole login of Helm 3.7 to 3.17 without tokens", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18, Basic, "flow/basic-login-3.18", "the whole login of Helm 3.18.3 to 4.2.0 without tokens", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2, Basic, "flow/basic-login-4.2", "the whole login of Helm 3.21.1, 4.2.1 and later without tokens", "7.5", "login"),
];
