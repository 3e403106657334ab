//! Charts to which artifacts are attached, and charts that are subjects.

use super::{SIGNATURE, artifact, attach};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{NO_INDEX, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// If a client attaches an artifact to a chart, the chart's tag, digest and manifest stay the same.
    ///
    /// ## Why Helm needs it
    /// A registry that replaces the tag with an index of chart and signature hides the chart from Helm 3.18.0 to
    /// 3.20.0 and 4.0.0 to 4.1.1, and breaks every pinned digest.
    ///
    /// ## How it is checked
    /// The check attaches an artifact to a chart. GET of the tag must return the same manifest before and after.
    CHART_UNCHANGED = "referrers/chart-untouched" {
        level: Must,
        title: "attaching a signature does not change the chart",
        fix: "Leave the tag of a chart unchanged when a manifest with the chart as `subject` is pushed. List that manifest in the referrers API, and generate no index under the tag.",
        covers: ["REG-REF-02"],
        sources: [observed("1.2", "Helm 3.18.0 to 3.20.0 and 4.0.0 to 4.1.1 reject an index under the tag")],
        breaks: [
            Break::when("for signed charts", NO_INDEX, Flow::PULLS, Symptom::IndexPulled),
        ],
        faults: [AttachingReplacesTags],
        shares: "additions" as Blobs,
        check: chart_unchanged,
    }
}

async fn chart_unchanged(session: &Session) -> CheckResult {
    let chart = session.arrange_own_manifest("1.0.0-untouched").await?;
    let before = session.get_manifest("1.0.0-untouched").await?;
    attach(session, &chart, SIGNATURE).await?;
    let after = session.get_manifest("1.0.0-untouched").await?;
    expect::holds(
        before.body == after.body && before.status == after.status,
        "the same manifest as before",
        format!(
            "status {} and {} bytes, instead of {} bytes",
            after.status,
            after.body.len(),
            before.body.len()
        ),
        &[&before, &after],
    )
}

requirement! {
    /// If the registry serves a manifest with a `subject`, it serves the subject as well.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later follow `subject` during a pull, and fail if the manifest does not exist.
    ///
    /// ## How it is checked
    /// The check pushes a chart by digest only, and under a tag another manifest with the chart as its subject. If
    /// GET of the tag succeeds, GET of the subject must succeed as well. If the registry rejects manifests with a
    /// subject, the result is inconclusive.
    SUBJECT_SERVED = "referrers/subject-served" {
        level: Should,
        title: "the registry serves a manifest together with its subject",
        fix: "Return a manifest to GET by digest although it has no tag, and exempt the subject of another manifest from garbage collection.",
        covers: ["REG-REF-03"],
        sources: [observed("5", "Helm 3.18 and later follow `subject` during the copy and fail if it is absent")],
        breaks: [
            Break::when("for charts that name a subject", ORAS, Flow::PULLS, Symptom::SubjectNotFound),
        ],
        faults: [HidesUntaggedManifests],
        consequences: [FailsToReadUntypedManifests, FailsToReadUntypedManifestsByDigest],
        shares: "additions" as Blobs,
        check: subject_served,
    }
}

async fn subject_served(session: &Session) -> CheckResult {
    let chart = session.chart_of_own("1.0.0-subject-served");
    for blob in chart.blobs() {
        session.arrange_blob(&blob).await?;
    }
    session
        .arrange_manifest(&chart.digest, &chart.manifest)
        .await?;
    // `consistency/manifest-readable-at-once` judges the first read after a push by digest.
    session.get_manifest(&chart.digest).await?;
    let attached = artifact(session, &chart, SIGNATURE).await?;
    session.arrange_manifest("signed", &attached).await?;
    let tagged = session.get_manifest("signed").await?;
    if !tagged.status.is_success() {
        return Err(obstacle("read the manifest with a subject", &tagged));
    }
    let subject = session.get_manifest(&chart.digest).await?;
    expect::holds(
        subject.status.is_success(),
        "status 200 for the subject, as for the manifest that names it",
        format!("status {}", subject.status),
        &[&tagged, &subject],
    )
}
