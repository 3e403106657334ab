//! Punctuation in the segments of a repository name.

use super::first_write;
use crate::checks::upload::plain_name;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry accepts `-` in every segment of a repository name, and not only in the last.
    ///
    /// ## Why Helm needs it
    /// The namespace of a chart is the name of a user, a team or a project, which often has a `-`. No Helm version can
    /// push or pull a chart below such a name; charts below other names are not affected.
    ///
    /// ## How it is checked
    /// The check starts an upload under a name of two plain segments, then under the same with `-` in the first. The second
    /// POST must succeed if the first does. The requirement does not apply to runs in a namespace.
    DASHES = "names/dash-in-every-segment" {
        level: Must,
        title: "the registry accepts `-` in every segment of a repository name",
        fix: "Match each segment of a name against `[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*`, not only the last one. Check the patterns of the router and of the front end.",
        covers: ["REG-NAM-01"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression: `[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*`",
        )],
        breaks: [
            Break::when("below a name with `-` in a segment before the last", ALL, Flow::WRITES, Symptom::PushStart),
            Break::when("below a name with `-` in a segment before the last", ALL, Flow::WRITES, Symptom::UploadPost),
            Break::when("below a name with `-` in a segment before the last", CONTAINERD, Flow::DIRECT_PULLS, Symptom::ManifestGet),
            Break::when("below a name with `-` in a segment before the last", OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::when("below a name with `-` in a segment before the last", ORAS, Flow::EXACT_PULLS, Symptom::ManifestGet),
            Break::when("below a name with `-` in a segment before the last", ORAS, Flow::LISTINGS, Symptom::TagList),
            Break::when("below a name with `-` in a segment before the last", ORAS, &[Flow::PullDigest], Symptom::PullStart),
        ],
        faults: [RefusesDashesInParentSegments, RefusesDashesInParentSegmentsWith400],
        check: dashes,
    }
}

async fn dashes(session: &Session) -> CheckResult {
    if session.target().namespace.is_some() {
        return Err(Stop::condition_not_met(
            "the run is confined to a namespace",
        ));
    }
    let plain = first_write(session, &plain_name(session)).await?;
    if !plain.status.is_success() {
        return Err(obstacle("start an upload under a plain name", &plain));
    }
    let repository = session.repository();
    let dashed = match repository.split_once('/') {
        Some((run, name)) => format!("{run}-dashed/{name}"),
        None => repository.to_string(),
    };
    let reply = first_write(session, &dashed).await?;
    expect::holds(
        reply.status.is_success(),
        "a 2xx status, as for a name without `-`",
        format!("status {}", reply.status),
        &[&plain, &reply],
    )
}
