//! Tags.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, BEFORE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::session::Session;
use crate::session::expect;
use crate::verdict::CheckResult;

requirement! {
    /// Tags that differ only in case are different tags.
    ///
    /// ## Why Helm needs it
    /// Prereleases are case-sensitive in SemVer, and Helm uses the chart version verbatim as the tag, except for `+`.
    ///
    /// ## How it is checked
    /// The check pushes one manifest under `1.0.0-RC1`, then another under `1.0.0-rc1`. GET of the first tag must not
    /// return the second manifest.
    CASE = "names/tag-case" {
        level: Must,
        title: "tags are case-sensitive",
        fix: "Store and look up tags case-sensitively: use a case-sensitive collation for the column of tags, and do not convert a tag to lower case.",
        covers: ["REG-NAM-07"],
        sources: [helm("v3.8.0", "pkg/pusher/ocipusher.go:78", "the tag is the chart version verbatim, except for `+`")],
        breaks: [
            Break::when("where two versions differ in case only", ALL, Flow::PULLS, Symptom::OtherVersionPulled),
        ],
        faults: [FoldsTagCase],
        shares: "additions" as Blobs,
        check: case,
    }
}

async fn case(session: &Session) -> CheckResult {
    let upper = session.arrange_chart_blobs("1.0.0").await?;
    let lower = session.arrange_other_chart_blobs("1.0.0").await?;
    session
        .arrange_manifest("1.0.0-RC1", &upper.manifest)
        .await?;
    session
        .arrange_manifest("1.0.0-rc1", &lower.manifest)
        .await?;
    let reply = session.get_manifest("1.0.0-RC1").await?;
    expect::holds(
        reply.body != lower.manifest,
        "the manifest that was pushed under `1.0.0-RC1`, or none",
        "the manifest that was pushed under `1.0.0-rc1`",
        &[&reply],
    )
}

requirement! {
    /// The registry refuses a tag with a character outside the grammar with a 4xx status, and does not store it as
    /// another tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.7 send a version with build metadata unchanged, including `+`. A registry that reinterprets the
    /// tag stores the chart where nobody finds it; one that returns 500 gives no hint.
    ///
    /// ## How it is checked
    /// The check sends GET and PUT for a manifest under the tag `0.2.0+build.5`. Both responses must be a 4xx.
    PLUS = "names/plus-in-a-tag-refused" {
        level: Should,
        title: "the registry refuses a tag with `+` and does not reinterpret it",
        fix: "Validate a tag against `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, and return 400 with a reason to a tag with `+`. Do not replace the character, and do not return a 5xx.",
        covers: ["REG-NAM-10"],
        sources: [
            DISTRIBUTION.states("pulling-manifests", "`<reference>` MUST be either (a) the digest of the manifest or (b) a tag. The `<reference>` MUST NOT be in any other format."),
            DISTRIBUTION.states("pulling-manifests", "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`"),
            observed("7.4", "T3: Helm 3.2.4 and 3.6.2 send `/manifests/0.2.0+build.5`"),
        ],
        breaks: [],
        faults: [FailsOnPlusTags, StoresPlusTags],
        shares: "additions" as Blobs,
        check: plus,
    }
}

async fn plus(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("0.2.0+build.5");
    for reply in [
        session
            .call(Method::GET, &path)
            .accept(crate::session::steps::ACCEPT_CONTAINERD)
            .send()
            .await?,
        session
            .put_manifest("0.2.0+build.5", &chart.manifest)
            .await?,
    ] {
        expect::refused(&reply)?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts tags that are not SemVer alongside chart tags: `v1.2.3`, `1.0`, signature tags.
    ///
    /// ## Why Helm needs it
    /// Chart versions such as `v1.2.3` and `1.0` are valid for Helm and become tags verbatim; signing tools store
    /// tags such as `sha256-<hex>.sig`. Helm omits tags that are not strict SemVer from a listing.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a plain tag, then under `v1.2.3`, `1.0` and `sha256-0123abcd.sig`. Each PUT
    /// must succeed.
    NOT_SEMVER = "names/foreign-tags-coexist" {
        level: Must,
        title: "the registry accepts tags that are not SemVer",
        fix: "Accept every tag that matches `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. Do not require SemVer of the tags of a chart.",
        covers: ["REG-NAM-11", "REG-TAG-14", "C16"],
        sources: [
            observed("2.1", "chart versions `1.0` and `v1.2.3` are accepted and used verbatim as tags"),
            DISTRIBUTION.states("pulling-manifests", "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`"),
        ],
        breaks: [
            Break::when("for versions such as v1.2.3", ALL, Flow::PUSHES, Symptom::TagPut),
        ],
        faults: [RefusesNonSemverTags],
        shares: "additions" as Blobs,
        check: not_semver,
    }
}

async fn not_semver(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    for tag in ["v1.2.3", "1.0", "sha256-0123abcd.sig"] {
        expect::success(&session.put_manifest(tag, &chart.manifest).await?)?;
    }
    Ok(())
}

requirement! {
    /// The registry treats `latest` like any other tag.
    ///
    /// ## Why Helm needs it
    /// The restriction on `latest` is Helm's: since 3.7 the tag must be the chart's version, and `latest` is not a
    /// version. Helm 3.0 to 3.6 push the tag on request, 3.7 pulls it, and 3.8 and later omit it from every listing.
    /// A registry that refuses or rewrites it duplicates the client's rule, and breaks images and old charts.
    ///
    /// ## How it is checked
    /// The check pushes a chart's manifest under its version, then under `latest`. The second PUT must succeed.
    LATEST = "names/latest-is-a-tag" {
        level: Must,
        title: "the registry accepts the tag `latest` alongside chart tags",
        fix: "Store and serve `latest` like any other tag. Remove the rule that refuses or rewrites it.",
        covers: ["REG-NAM-11"],
        sources: [
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v370",
                "The tag of the registry reference must *always* match the chart's semantic version (i.e. no `latest` tags).",
            ),
            observed("1.3", "`--version latest` pulls the tag in 3.7; since 3.8 it is an improper constraint"),
            DISTRIBUTION.states("pulling-manifests", "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`"),
        ],
        breaks: [
            Break::when("for the tag `latest`", BEFORE_3_7, &[Flow::ChartPush], Symptom::ManifestPush),
        ],
        faults: [RefusesLatestTag],
        consequences: [RefusesNonSemverTags],
        shares: "additions" as Blobs,
        check: latest,
    }
}

async fn latest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    expect::success(&session.put_manifest("latest", &chart.manifest).await?)
}
