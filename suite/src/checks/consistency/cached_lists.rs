//! A tag list that a cache must not repeat after a push.

use http::Method;

use crate::checks::tags::tags_of;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::SINCE_3_8;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// A tag is listed after its push, also if the tags were listed before.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later compute the version from one list. If a cache repeats a list from before the push, they silently
    /// install the old chart.
    ///
    /// ## How it is checked
    /// The check pushes a chart and lists the tags, pushes a second version and lists the tags twice. The second of these
    /// lists must contain the new version if GET of it returns a manifest, and if it is listed in a repository whose tags were
    /// not listed before.
    LISTS = "consistency/tag-list-not-remembered" {
        level: Must,
        title: "a tag list from before a push is not returned after it",
        fix: "Remove a cached tag list at every push to its repository, or do not cache `tags/list`. Check the registry's own cache and a CDN in front of it.",
        covers: ["REG-TAG-10", "C15"],
        sources: [observed("3.1", "Helm computes the version from one list and does not retry")],
        breaks: [
            Break::new(SINCE_3_8, &[Flow::PullRange], Symptom::NoMatchingVersion),
            Break::new(SINCE_3_8, &[Flow::PullUnversioned], Symptom::AnotherChartPulled),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::AnotherChartPulled),
        ],
        faults: [RepeatsFirstTagList, RepeatsFirstTagListForEver],
        check: lists,
    }
}

async fn lists(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    session.arrange_manifest("1.0.0", &chart.manifest).await?;
    // `consistency/tag-listed-at-once` judges the first list after a push.
    session.list_tags().await?;
    let before = session.list_tags().await?;
    if !tags_of(&before)?.iter().any(|tag| tag == "1.0.0") {
        return Err(obstacle("find the only tag in the list", &before));
    }
    session.arrange_manifest("1.1.0", &chart.manifest).await?;
    session.list_tags().await?;
    let after = session.list_tags().await?;
    let list = tags_of(&after)?;
    if list.iter().any(|tag| tag == "1.1.0") {
        return Ok(());
    }
    let read = session.get_manifest("1.1.0").await?;
    if !read.status.is_success() {
        return Err(obstacle("read the second tag", &read));
    }
    // Control: two tags in a repository whose tags were not listed in between.
    let control = session.sibling("control");
    for blob in chart.blobs() {
        session.arrange_blob_in(&control, &blob).await?;
    }
    for tag in ["1.0.0", "1.1.0"] {
        session
            .arrange_manifest_in(&control, tag, &chart.manifest)
            .await?;
    }
    let path = format!("/v2/{control}/tags/list");
    session.call(Method::GET, &path).send().await?;
    let control = session.call(Method::GET, &path).send().await?;
    if !tags_of(&control)?.iter().any(|tag| tag == "1.1.0") {
        let what = "find the second of two tags in a list that was not read before";
        return Err(obstacle(what, &control));
    }
    expect::holds(
        after.body != before.body,
        "`1.1.0` in the list after its push",
        format!("the list from before the push: {list:?}"),
        &[&before, &after, &read, &control],
    )
}
