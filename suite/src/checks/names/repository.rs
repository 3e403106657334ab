//! Repository names.

use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Shape, chart_manifest};

use super::first_write;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, BEFORE_3_7, CONTAINERD, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::verdict::{CheckResult, Stop};

/// The name of the check's repository with `suffix` appended to its last segment.
fn with_suffix(session: &Session, suffix: &str) -> String {
    format!("{}{suffix}", session.repository())
}

requirement! {
    /// The registry accepts every repository name of the OCI grammar: `.`, `_`, `__` and `--` between letters or
    /// digits.
    ///
    /// ## Why Helm needs it
    /// Helm validates a name against the same grammar before it sends anything, so the registry must accept
    /// every name that passes.
    ///
    /// ## How it is checked
    /// The check starts an upload under a plain name, then under one name for each separator. Each POST must succeed
    /// if the one under the plain name does.
    GRAMMAR = "names/grammar-accepted" {
        level: Must,
        title: "the registry accepts every repository name of the OCI grammar",
        fix: "Accept `.`, `_`, `__` and `--` between letters or digits of a name: `[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*` for each segment. Check the router and the validation.",
        covers: ["REG-NAM-01"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression: `[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(\\/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*`",
        )],
        breaks: [
            Break::when("for charts with such names", ALL, Flow::PUSHES, Symptom::PushStart),
        ],
        faults: [RefusesNamePunctuation],
        check: grammar,
    }
}

async fn grammar(session: &Session) -> CheckResult {
    let plain = first_write(session, &with_suffix(session, "0")).await?;
    if !plain.status.is_success() {
        return Err(obstacle("start an upload under a plain name", &plain));
    }
    for suffix in [".dot", "_low", "__two", "--dash", "-0.1_2"] {
        let reply = first_write(session, &with_suffix(session, suffix)).await?;
        expect::success(&reply)?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts a push to a repository name of two segments, a namespace and a chart.
    ///
    /// ## Why Helm needs it
    /// `helm push FILE oci://host/namespace` appends the chart's name: two segments are the documented form.
    ///
    /// ## How it is checked
    /// The check starts an upload under a name of two segments and, if that fails, under one of three. The first must
    /// succeed if the second does. The requirement does not apply to runs in a namespace of two or more segments.
    TWO_SEGMENTS = "names/two-segments" {
        level: Must,
        title: "the registry accepts repository names of two segments",
        fix: "Accept a name of two segments, such as `namespace/chart`. Split a path at the last `/manifests/`, `/blobs/` or `/tags/`, and not by the number of its segments.",
        covers: ["REG-NAM-02", "A26"],
        sources: [
            HELM_DOCS.states(
                "the-push-subcommand",
                "When using `helm push` to upload a chart an OCI registry, the reference must be prefixed with `oci://` and must not contain the basename or tag.",
            ),
            helm("v3.8.0", "pkg/pusher/ocipusher.go:78", "appends the chart name to the remote path"),
        ],
        breaks: [
            Break::new(ALL, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
        ],
        faults: [RefusesTwoSegments],
        shares: "upload",
        check: two_segments,
    }
}

async fn two_segments(session: &Session) -> CheckResult {
    if session.repository().split('/').count() != 2 {
        return Err(Stop::condition_not_met(
            "the namespace of the run has more than one segment",
        ));
    }
    let reply = first_write(session, session.repository()).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    // Control: if a name of three segments fails as well, the number of segments is not the cause.
    let deeper = first_write(session, &format!("{}/deeper", session.repository())).await?;
    if !deeper.status.is_success() {
        return Err(obstacle(
            "start an upload under a name of two or three segments",
            &deeper,
        ));
    }
    Err(expect::violated(
        "a 2xx status, as for three segments",
        format!("status {}", reply.status),
        &[&reply, &deeper],
    ))
}

requirement! {
    /// The registry accepts a push of a chart to its root, under a repository name of one segment.
    ///
    /// ## Why Helm needs it
    /// `helm push FILE oci://host` does this. Many hosted registries reserve the first segment, so it is only
    /// observed.
    ///
    /// ## How it is checked
    /// The check starts an upload under a name of two segments, then under one of one segment. The second must
    /// succeed. The requirement does not apply to runs in a namespace.
    ROOT = "names/single-segment" {
        level: May,
        title: "the registry accepts repository names of one segment",
        fix: "Accept a push to a name of one segment, such as `chart`, for example as part of a default namespace.",
        covers: ["REG-NAM-04"],
        sources: [observed("2.1", "a remote that is only a host is accepted; the repository is the chart name")],
        breaks: [],
        faults: [RefusesRootNames],
        check: root,
    }
}

async fn root(session: &Session) -> CheckResult {
    if session.target().namespace.is_some() {
        return Err(Stop::condition_not_met(
            "the run is confined to a namespace",
        ));
    }
    let plain = first_write(session, session.repository()).await?;
    if !plain.status.is_success() {
        return Err(obstacle(
            "start an upload under a name of two segments",
            &plain,
        ));
    }
    let reply = first_write(session, &session.repository().replace('/', "-")).await?;
    expect::success(&reply)
}

requirement! {
    /// The registry does not require that a repository is named after its chart.
    ///
    /// ## Why Helm needs it
    /// Helm uses the chart's name as the last segment of the repository when it pushes, and compares nothing when it
    /// pulls. A mirror under another name must remain pullable.
    ///
    /// ## How it is checked
    /// The check pushes a chart whose manifest has its name in the annotations to a repository with another basename.
    /// The PUT must succeed if one with the matching name does.
    BASENAME = "names/basename-free" {
        level: Should,
        title: "the repository basename may differ from the chart name",
        fix: "Accept a chart in a repository of any name. Do not compare `org.opencontainers.image.title` or the name in the config with the last segment.",
        covers: ["REG-NAM-12"],
        sources: [
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v370",
                "The basename of the registry reference must *always* match the chart's name.",
            ),
            observed("1.3", "only push compares names, in the client; pull never does, in any version"),
        ],
        breaks: [
            Break::when("for a reference with another name, where the registry reads the config", BEFORE_3_7, &[Flow::ChartPush], Symptom::ManifestPush),
        ],
        faults: [InsistsOnChartName],
        shares: "additions" as Blobs,
        check: basename,
    }
}

async fn basename(session: &Session) -> CheckResult {
    session.arrange_chart("0.9.0").await?;
    let package = ChartPackage::build(
        &ChartMetadata::new("some-other-name", "1.0.0"),
        session.seed(),
    );
    session.arrange_blob(&package.config).await?;
    session.arrange_blob(&package.archive).await?;
    let manifest = chart_manifest(Shape::Helm312, &package, None, None);
    let manifest = if session.target().typed_manifests {
        with_media_type(&manifest)
    } else {
        manifest
    };
    let reply = session.put_manifest("1.0.0-other-name", &manifest).await?;
    if reply.status.is_client_error() {
        // Control: if the same annotations with the matching name are refused as well, the name is not the cause.
        let own = session
            .arrange_blobs_of(session.package("1.0.1"), Shape::Helm312, None)
            .await?;
        session
            .arrange_manifest("1.0.1-own-name", &own.manifest)
            .await?;
    }
    expect::success(&reply)
}
