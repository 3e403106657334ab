//! Whole flows: the requests of one Helm version in their order, headers and `Accept` included.
//!
//! A registry learns here, from the wire alone, at which answer a Helm gives up. These requirements have no
//! faults of their own: a fault turns one red exactly when another requirement says that it breaks the flow.

use crate::client::{self, Client};
use crate::era::Flow;
use crate::requirement::{Requirement, requirement};
use crate::session::Session;
use crate::source::observed;
use crate::verdict::{CheckResult, Stop};

/// The push of a new chart.
async fn push(session: &Session, client: &Client) -> CheckResult {
    let chart = client.chart(session, "1.0.0");
    client.push(session, &chart, "1.0.0").await
}

/// Arranges the chart that this Helm would have pushed.
async fn arranged(
    session: &Session,
    client: &Client,
    version: &str,
) -> Result<crate::api::Chart, Stop> {
    let adopted = session.adopted().map(|adopted| &adopted.chart);
    if let Some(chart) = adopted.filter(|chart| version == "1.0.0" && client.knows(chart)) {
        return Ok(chart.clone());
    }
    let chart = client.chart(session, version);
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
        // The first answer after an upload is judged by `consistency/blob-readable-at-once`.
        session.head_blob(&crate::session::digest_of(&blob)).await?;
    }
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    // A push of Helm 3.18 and later reads it back; the first answer is judged by `consistency/manifest-readable-at-once`.
    session.get_manifest(&chart.digest).await?;
    session.arrange_manifest(version, &chart.manifest).await?;
    Ok(chart)
}

/// The push of a chart that is there.
async fn re_push(session: &Session, client: &Client) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    client.push(session, &chart, "1.0.0").await
}

/// The pull of an exact version.
async fn pull(session: &Session, client: &Client) -> CheckResult {
    let chart = arranged(session, client, "1.0.0").await?;
    client.pull(session, &chart, "1.0.0").await
}

/// The pull of the highest release.
async fn list(session: &Session, client: &Client) -> CheckResult {
    arranged(session, client, "0.9.0").await?;
    let chart = arranged(session, client, "1.0.0").await?;
    // The first list after a push is judged by `consistency/tag-listed-at-once`.
    session.list_tags().await?;
    client.pull_unversioned(session, &chart).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.2.4 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_3_2 = "flow/push-3.0" {
        level: Must,
        title: "the whole `helm chart push` of Helm 3.0 to 3.6",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T1: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::ChartPush, client::HELM_3_2.version),
        check: push_3_2,
    }
}

async fn push_3_2(session: &Session) -> CheckResult {
    push(session, &client::HELM_3_2).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.7.2 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_3_7 = "flow/push-3.7" {
        level: Must,
        title: "the whole push of Helm 3.7",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T4: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Push, client::HELM_3_7.version),
        check: push_3_7,
    }
}

async fn push_3_7(session: &Session) -> CheckResult {
    push(session, &client::HELM_3_7).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.10.1 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_3_10 = "flow/push-3.8" {
        level: Must,
        title: "the whole push of Helm 3.8 to 3.10",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T4: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Push, client::HELM_3_10.version),
        check: push_3_10,
    }
}

async fn push_3_10(session: &Session) -> CheckResult {
    push(session, &client::HELM_3_10).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.17.3 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_3_17 = "flow/push-3.12" {
        level: Must,
        title: "the whole push of Helm 3.11 to 3.17",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T4: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Push, client::HELM_3_17.version),
        check: push_3_17,
    }
}

async fn push_3_17(session: &Session) -> CheckResult {
    push(session, &client::HELM_3_17).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.18.6 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_3_18 = "flow/push-3.18" {
        level: Must,
        title: "the whole push of Helm 3.18 to 4.2.0",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T11: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Push, client::HELM_3_18.version),
        check: push_3_18,
    }
}

async fn push_3_18(session: &Session) -> CheckResult {
    push(session, &client::HELM_3_18).await
}

requirement! {
    /// Every request of the push goes out as Helm sends it, to an empty repository, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 4.2.4 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is pushed step by step: order, headers and `Accept` as recorded, parallel where Helm is.
    PUSH_4_2 = "flow/push-4.2" {
        level: Must,
        title: "the whole push of Helm 3.21.1, 4.2.1 and later",
        covers: ["REG-API-07", "A19"],
        sources: [observed("7.4", "T11: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Push, client::HELM_4_2.version),
        check: push_4_2,
    }
}

async fn push_4_2(session: &Session) -> CheckResult {
    push(session, &client::HELM_4_2).await
}

requirement! {
    /// Every request of a repeated push goes out as Helm sends it, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.10.1 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged, then pushed again step by step.
    RE_PUSH_3_10 = "flow/re-push-3.8" {
        level: Must,
        title: "the repeated push of Helm 3.8 to 3.10",
        covers: ["REG-MAN-16"],
        sources: [observed("7.4", "T5: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::RePush, client::HELM_3_10.version),
        check: re_push_3_10,
    }
}

async fn re_push_3_10(session: &Session) -> CheckResult {
    re_push(session, &client::HELM_3_10).await
}

requirement! {
    /// Every request of a repeated push goes out as Helm sends it, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 4.2.4 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged, then pushed again step by step.
    RE_PUSH_4_2 = "flow/re-push-4.2" {
        level: Must,
        title: "the repeated push of Helm 4.2",
        covers: ["REG-MAN-16"],
        sources: [observed("7.4", "T12: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::RePush, client::HELM_4_2.version),
        check: re_push_4_2,
    }
}

async fn re_push_4_2(session: &Session) -> CheckResult {
    re_push(session, &client::HELM_4_2).await
}

requirement! {
    /// Every request of the pull goes out as Helm sends it, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.10.1 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged, then pulled step by step.
    PULL_3_10 = "flow/pull-3.8" {
        level: Must,
        title: "the whole pull of Helm 3.8 to 3.17",
        covers: ["REG-PUL-24"],
        sources: [observed("7.4", "T8: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Pull, client::HELM_3_10.version),
        check: pull_3_10,
    }
}

async fn pull_3_10(session: &Session) -> CheckResult {
    pull(session, &client::HELM_3_10).await
}

requirement! {
    /// Every request of the pull goes out as Helm sends it, and every answer is taken as Helm takes it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 4.2.4 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged, then pulled step by step.
    PULL_4_2 = "flow/pull-4.2" {
        level: Must,
        title: "the whole pull of Helm 3.18 and later",
        covers: ["REG-PUL-24"],
        sources: [observed("7.4", "T13: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::Pull, client::HELM_4_2.version),
        check: pull_4_2,
    }
}

async fn pull_4_2(session: &Session) -> CheckResult {
    pull(session, &client::HELM_4_2).await
}

requirement! {
    /// Tags are listed, the highest release is picked and pulled, every request as Helm sends it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 3.10.1 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged beside an older one, then the newest is pulled step by step.
    LIST_3_10 = "flow/list-3.8" {
        level: Must,
        title: "the whole pull without a version of Helm 3.8 to 3.17",
        covers: ["REG-TAG-02"],
        sources: [observed("7.4", "T9: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::PullUnversioned, client::HELM_3_10.version),
        check: list_3_10,
    }
}

async fn list_3_10(session: &Session) -> CheckResult {
    list(session, &client::HELM_3_10).await
}

requirement! {
    /// Tags are listed, the highest release is picked and pulled, every request as Helm sends it.
    ///
    /// ## Why Helm needs it
    /// It is what Helm 4.2.4 does. A finding names the answer at which it gives up.
    ///
    /// ## How it is checked
    /// A chart is arranged beside an older one, then the newest is pulled step by step.
    LIST_4_2 = "flow/list-4.2" {
        level: Must,
        title: "the whole pull without a version of Helm 3.18 and later",
        covers: ["REG-TAG-02"],
        sources: [observed("7.4", "T13: the requests as recorded")],
        breaks: [],
        faults: [],
        replays: (Flow::PullUnversioned, client::HELM_4_2.version),
        check: list_4_2,
    }
}

async fn list_4_2(session: &Session) -> CheckResult {
    list(session, &client::HELM_4_2).await
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &PUSH_3_2,
    &PUSH_3_7,
    &PUSH_3_10,
    &PUSH_3_17,
    &PUSH_3_18,
    &PUSH_4_2,
    &RE_PUSH_3_10,
    &RE_PUSH_4_2,
    &PULL_3_10,
    &PULL_4_2,
    &LIST_3_10,
    &LIST_4_2,
];
