//! Repository names and tags.

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Shape, chart_manifest};
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, BEFORE_3_7, CONTAINERD, OLD_LISTING, ORAS};
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Starts an upload in `repository`: the first write of every Helm version.
pub(super) async fn first_write(session: &Session, repository: &str) -> Result<Reply, Stop> {
    session.start_upload_in(repository).await
}

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
        title: "every repository name of the OCI grammar is accepted",
        covers: ["REG-NAM-01"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression:",
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
        title: "repository names of two segments are accepted",
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
        check: two_segments,
    }
}

async fn two_segments(session: &Session) -> CheckResult {
    if session.repository().split('/').count() != 2 {
        return Err(Stop::NotApplicable(
            "the namespace of the run has more than one segment".to_owned(),
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
        title: "repository names of one segment are accepted",
        covers: ["REG-NAM-04"],
        sources: [observed("2.1", "a remote that is only a host is accepted; the repository is the chart name")],
        breaks: [],
        faults: [RefusesRootNames],
        check: root,
    }
}

async fn root(session: &Session) -> CheckResult {
    if session.target().namespace.is_some() {
        return Err(Stop::NotApplicable(
            "the run is confined to a namespace".to_owned(),
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
    /// The registry stores a tag with `_` unchanged.
    ///
    /// ## Why Helm needs it
    /// A tag cannot contain `+`, so Helm 3.8 and later push version `0.2.0+build.5` under the tag `0.2.0_build.5` and
    /// pull it from there.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a plain tag, then under `0.2.0_build.5`. The second PUT must succeed, and
    /// GET of `0.2.0-build.5` must not return the manifest.
    UNDERSCORE = "names/underscore-tags" {
        level: Must,
        title: "a tag with `_`, which Helm writes for `+`, is stored unchanged",
        covers: ["REG-NAM-06", "A27"],
        sources: [
            helm("v3.8.0", "pkg/registry/util.go:125", "replaces `+` with `_` in the tag"),
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
        ],
        breaks: [
            Break::new(ALL, &[Flow::PushPlus], Symptom::TagPut),
            Break::new(ALL, &[Flow::PushPlus], Symptom::TagLost),
        ],
        faults: [RefusesUnderscoreTags, RewritesUnderscoreTags],
        check: underscore,
    }
}

async fn underscore(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let reply = session
        .put_manifest("0.2.0_build.5", &chart.manifest)
        .await?;
    expect::success(&reply)?;
    let rewritten = session.get_manifest("0.2.0-build.5").await?;
    expect::holds(
        rewritten.body != chart.manifest,
        "404 or another manifest under `0.2.0-build.5`",
        "the manifest that was pushed under `0.2.0_build.5`",
        &[&reply, &rewritten],
    )
}

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
        covers: ["REG-NAM-07"],
        sources: [helm("v3.8.0", "pkg/pusher/ocipusher.go:78", "the tag is the chart version verbatim, except for `+`")],
        breaks: [
            Break::when("where two versions differ in case only", ALL, Flow::PULLS, Symptom::OtherVersionPulled),
        ],
        faults: [FoldsTagCase],
        check: case,
    }
}

async fn case(session: &Session) -> CheckResult {
    let upper = session.arrange_chart_blobs("1.0.0-RC1").await?;
    let lower = session.arrange_other_chart_blobs("1.0.0-rc1").await?;
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
    /// The registry responds to the first write to a repository that does not exist, and does not just close the
    /// connection.
    ///
    /// ## Why Helm needs it
    /// No Helm version has a command that creates a repository. If the registry requires that it is created
    /// beforehand, its response is all that the user sees; a closed connection reads `EOF`.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository. The connection must not close three times in a row while `GET
    /// /v2/` succeeds in between.
    FIRST_WRITE_RESPONSE = "names/first-write-answered" {
        level: Must,
        title: "the first write to a new repository gets a response",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.states(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::UploadPostClosed),
        ],
        faults: [ClosesOnFirstWrite],
        check: first_write_response,
    }
}

async fn first_write_response(session: &Session) -> CheckResult {
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    match session
        .answered(|| session.call(Method::POST, &path).send())
        .await?
    {
        Some(_) => Ok(()),
        None => Err(expect::unanswered(session, "a response")),
    }
}

requirement! {
    /// The first write to a repository that does not exist creates it or returns a 4xx status with a reason.
    ///
    /// ## Why Helm needs it
    /// A 5xx status ends the push of Helm 3.0 to 3.17; later versions retry a few times, then report a broken server
    /// instead of a missing repository.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository. The response must not be a 5xx.
    NO_SERVER_ERROR = "names/first-write-no-server-error" {
        level: Should,
        title: "the first write to a new repository does not return a 5xx status",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.states(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::UploadPost),
        ],
        faults: [FailsFirstWrite],
        check: no_server_error,
    }
}

async fn no_server_error(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        !reply.status.is_server_error(),
        "202, or a 4xx status with a reason",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The registry creates a repository on the first push to it.
    ///
    /// ## Why Helm needs it
    /// Otherwise the first push of every chart needs an administrator. Several hosted registries work that way, so it
    /// is only observed.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository. The response must not be 404.
    CREATED_ON_PUSH = "names/created-on-push" {
        level: May,
        title: "a push creates its repository",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.states(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [],
        faults: [RequiresExistingRepositories],
        check: created_on_push,
    }
}

async fn created_on_push(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "any status except 404",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The registry returns 404 to HEAD of a manifest or blob in a repository that does not exist yet, if the client
    /// may push.
    ///
    /// ## Why Helm needs it
    /// HEAD of the manifest by digest is the very first request of a push since Helm 3.18. Any status other than 404
    /// ends the push before it starts; this broke several large registries for more than a year.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a random manifest and blob digest before the first write to a repository, and again
    /// after it. The first responses must be 404 if the second are.
    NEW_REPOSITORY = "names/new-repository-is-empty" {
        level: Must,
        title: "HEAD in a repository that does not exist yet returns 404",
        covers: ["REG-NAM-09", "A01"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
            ),
            observed("2.2", "a push since 3.18 begins with HEAD of the manifest by digest"),
        ],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::PushStart),
        ],
        faults: [HeadForbiddenInNewRepository],
        check: new_repository,
    }
}

async fn new_repository(session: &Session) -> CheckResult {
    let absent = digest_of(session.repository().as_bytes());
    let manifest = session.head_manifest(&absent).await?;
    let blob = session.head_blob(&absent).await?;
    session
        .arrange_blob(&Bytes::from(format!("first {}", session.seed())))
        .await?;
    for (before, after) in [
        (&manifest, session.head_manifest(&absent).await?),
        (&blob, session.head_blob(&absent).await?),
    ] {
        if after.status.as_u16() == 404 {
            expect::holds(
                before.status.as_u16() == 404,
                "status 404, as after the first write",
                format!("status {}", before.status),
                &[before, &after],
            )?;
        }
    }
    Ok(())
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
        title: "a tag with `+` is refused, not reinterpreted",
        covers: ["REG-NAM-10"],
        sources: [
            DISTRIBUTION.states(
                "pulling-manifests",
                "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression:",
            ),
            observed("7.4", "T3: Helm 3.2.4 and 3.6.2 send `/manifests/0.2.0+build.5`"),
        ],
        breaks: [],
        faults: [FailsOnPlusTags, StoresPlusTags],
        check: plus,
    }
}

async fn plus(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("0.2.0").await?;
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
        title: "tags that are not SemVer are accepted",
        covers: ["REG-NAM-11", "REG-TAG-14", "C16"],
        sources: [observed("2.1", "chart versions `1.0` and `v1.2.3` are accepted and used verbatim as tags")],
        breaks: [
            Break::when("for versions such as v1.2.3", ALL, Flow::PUSHES, Symptom::TagPut),
        ],
        faults: [RefusesNonSemverTags],
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
        title: "the tag `latest` is accepted alongside chart tags",
        covers: ["REG-NAM-11"],
        sources: [
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v370",
                "The tag of the registry reference must *always* match the chart's semantic version (i.e. no `latest` tags).",
            ),
            observed("1.3", "`--version latest` pulls the tag in 3.7; since 3.8 it is an improper constraint"),
        ],
        breaks: [
            Break::when("for the tag `latest`", BEFORE_3_7, &[Flow::ChartPush], Symptom::ManifestPush),
        ],
        faults: [RefusesLatestTag],
        consequences: [RefusesNonSemverTags],
        check: latest,
    }
}

async fn latest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    expect::success(&session.put_manifest("latest", &chart.manifest).await?)
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
        check: basename,
    }
}

async fn basename(session: &Session) -> CheckResult {
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
    let reply = session.put_manifest("1.0.0", &manifest).await?;
    if reply.status.is_client_error() {
        // Control: if the same annotations with the matching name are refused as well, the name is not the cause.
        let own = session
            .arrange_blobs_of(session.package("1.0.1"), Shape::Helm312, None)
            .await?;
        session.arrange_manifest("1.0.1", &own.manifest).await?;
    }
    expect::success(&reply)
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &GRAMMAR,
    &TWO_SEGMENTS,
    &ROOT,
    &UNDERSCORE,
    &CASE,
    &FIRST_WRITE_RESPONSE,
    &NO_SERVER_ERROR,
    &CREATED_ON_PUSH,
    &NEW_REPOSITORY,
    &PLUS,
    &NOT_SEMVER,
    &LATEST,
    &BASENAME,
];
