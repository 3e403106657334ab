//! The length of repository names and tags.

use crate::checks::names::first_write;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// Repository names with more than two segments can be pushed to.
    ///
    /// ## Why Helm needs it
    /// Helm sets no limit, and many registries keep charts below the path of a project.
    ///
    /// ## How it is checked
    /// The check opens uploads in repositories whose names are one, two and five segments longer than its own. Each
    /// POST must return a 2xx.
    DEEP_NAMES = "limits/deep-names" {
        level: Should,
        title: "repository names can have many segments",
        fix: "Accept names with any number of segments. Split a path at the last `/manifests/`, `/blobs/` or `/tags/`, and not by the number of its segments.",
        covers: ["REG-NAM-03", "A26"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression: `[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*`",
        )],
        breaks: [],
        faults: [RefusesDeepNames],
        consequences: [RefusesDashesInParentSegments, RefusesDashesInParentSegmentsWith400],
        check: deep,
    }
}

async fn deep(session: &Session) -> CheckResult {
    let base = session.repository();
    let plain = first_write(session, base).await?;
    if !plain.status.is_success() {
        return Err(obstacle(
            "open an upload under a name without additional segments",
            &plain,
        ));
    }
    for tail in ["c3", "c3/c4", "c3/c4/c5/c6/c7"] {
        expect::success(&first_write(session, &format!("{base}/{tail}")).await?)?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts tags of up to 128 characters.
    ///
    /// ## Why Helm needs it
    /// The tag is the version of the chart. A commit id and build metadata make it long; Helm itself rejects only
    /// tags of more than 128 characters.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with a short tag, then with tags of 64 and 128 characters. Each PUT must return a
    /// 2xx.
    LONG_TAGS = "limits/long-tags" {
        level: Must,
        title: "the registry accepts tags of 128 characters",
        fix: "Accept tags of up to 128 characters: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. Check the validation and the width of the database column.",
        covers: ["REG-NAM-05", "A27"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`",
        )],
        breaks: [
            Break::when("for long versions", ALL, &[Flow::PushPlus], Symptom::TagPut),
        ],
        faults: [LimitsTagLength],
        shares: "additions" as Blobs,
        check: long_tags,
    }
}

async fn long_tags(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    for length in [64, 128] {
        let tag = format!("1.0.0-{}", "a".repeat(length - 6));
        expect::success(&session.put_manifest(&tag, &chart.manifest).await?)?;
    }
    Ok(())
}
