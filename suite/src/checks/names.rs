//! Repository names and tags.

use bytes::Bytes;
use helm_oci_fixtures::chart::{ChartMetadata, ChartPackage};
use helm_oci_fixtures::manifest::{Shape, chart_manifest};
use http::Method;

use crate::helm::era::{
    ALL, BEFORE_3_7, BEFORE_CONTAINERD_1_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7,
    Flow, OLD_LISTING, ORAS,
};
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::{obstacle, with_media_type};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// Opens an upload in `repository`: the first thing any Helm writes there.
pub(super) async fn first_write(session: &Session, repository: &str) -> Result<Reply, Stop> {
    session.start_upload_in(repository).await
}

/// `repository` with every segment before the last kept, and the last made of `tail`.
fn beside(session: &Session, tail: &str) -> String {
    match session.repository().rsplit_once('/') {
        Some((head, _)) => format!("{head}/{}{tail}", session.chart_name()),
        None => format!("{}{tail}", session.repository()),
    }
}

requirement! {
    /// The whole grammar of repository names is accepted: `.`, `_`, `__` and `--` between letters and digits,
    /// and digits first.
    ///
    /// ## Why Helm needs it
    /// Helm checks a name with the same grammar before it sends anything, so whatever it sends must be taken.
    ///
    /// ## How it is checked
    /// An upload is opened under a name with each separator; a plain name is tried beside it, so that only the
    /// separator is blamed.
    GRAMMAR = "names/grammar-accepted" {
        level: Must,
        title: "the whole grammar of repository names is accepted",
        covers: ["REG-NAM-01"],
        sources: [DISTRIBUTION.says(
            "pulling-manifests",
            "Throughout this document, `<name>` MUST match the following regular expression:",
        )],
        breaks: [
            Break::when("for charts with such names", CONTAINERD, Flow::PUSHES, "unexpected …: 400 Bad Request"),
            Break::when("for charts with such names", ORAS, Flow::PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 400: Bad Request"),
        ],
        faults: [RefusesNamePunctuation],
        check: grammar,
    }
}

async fn grammar(session: &Session) -> CheckResult {
    let plain = first_write(session, &beside(session, "0")).await?;
    if !plain.status.is_success() {
        return Err(obstacle("open an upload under a plain name", &plain));
    }
    for tail in [".dot", "_low", "__two", "--dash", "-0.1_2"] {
        let reply = first_write(session, &beside(session, tail)).await?;
        expect::success(&reply)?;
    }
    Ok(())
}

requirement! {
    /// Names of two segments, a namespace and a chart, can be written to.
    ///
    /// ## Why Helm needs it
    /// `helm push FILE oci://host/namespace` adds the chart's name: two segments are the documented form.
    ///
    /// ## How it is checked
    /// An upload is opened under a name of two segments. Below a namespace of two or more segments the
    /// requirement does not apply.
    TWO_SEGMENTS = "names/two-segments" {
        level: Must,
        title: "names of two segments work",
        covers: ["REG-NAM-02", "A26"],
        sources: [
            HELM_DOCS.says(
                "the-push-subcommand",
                "When using `helm push` to upload a chart an OCI registry, the reference must be prefixed with `oci://` and must not contain the basename or tag.",
            ),
            helm("v3.8.0", "pkg/pusher/ocipusher.go:78", "appends the chart name to the remote path"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 400 Bad Request"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 400 Bad Request"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 400 Bad Request"),
            Break::new(BEFORE_CONTAINERD_1_7, Flow::EXACT_PULLS, "status code [manifests {tag}]: 400 Bad Request"),
            Break::new(CONTAINERD_1_7, Flow::EXACT_PULLS, "unexpected status from HEAD request to {url}/manifests/{tag}: 400 Bad Request"),
            Break::new(CONTAINERD_1_7, &[Flow::PullDigest], "unexpected status from HEAD request to {url}/manifests/{d}: 400 Bad Request"),
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 400: name invalid"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 400: Bad Request"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 400: name invalid"),
        ],
        faults: [RefusesTwoSegments],
        check: two_segments,
    }
}

async fn two_segments(session: &Session) -> CheckResult {
    if session.repository().split('/').count() != 2 {
        return Err(Stop::NotApplicable(
            "the namespace given has more than one segment".to_owned(),
        ));
    }
    let reply = first_write(session, session.repository()).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    // What refuses a name of another depth as well has nothing to do with the depth.
    let deeper = first_write(session, &format!("{}/deeper", session.repository())).await?;
    if !deeper.status.is_success() {
        return Err(obstacle(
            "open an upload under a name of any depth",
            &deeper,
        ));
    }
    Err(expect::violated(
        "an open upload, as under three segments",
        format!("status {}", reply.status),
        &[&reply, &deeper],
    ))
}

requirement! {
    /// A chart can be pushed to the root of the registry, under one segment.
    ///
    /// ## Why Helm needs it
    /// `helm push FILE oci://host` does it. Many hosted registries reserve the first segment, so it is only
    /// observed.
    ///
    /// ## How it is checked
    /// An upload is opened under a name of one segment. Where a namespace was given, it is not tried.
    ROOT = "names/single-segment" {
        level: May,
        title: "names of one segment work",
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
        return Err(obstacle("open an upload under two segments", &plain));
    }
    let reply = first_write(session, &session.repository().replace('/', "-")).await?;
    expect::success(&reply)
}

requirement! {
    /// `_` in a tag is stored and served unchanged.
    ///
    /// ## Why Helm needs it
    /// A tag cannot hold `+`, so Helm 3.8 and later push version `0.2.0+build.5` under the tag `0.2.0_build.5`
    /// and pull it from there.
    ///
    /// ## How it is checked
    /// A manifest is pushed under such a tag and read from it; a plain tag first.
    UNDERSCORE = "names/underscore-tags" {
        level: Must,
        title: "a tag with `_`, which stands for `+`, works",
        covers: ["REG-NAM-06", "A27"],
        sources: [
            helm("v3.8.0", "pkg/registry/util.go:125", "replaces `+` by `_` in the tag"),
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
        ],
        breaks: [
            Break::new(CONTAINERD, &[Flow::PushPlus], "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::new(ORAS, &[Flow::PushPlus], "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 400: tag invalid"),
            Break::new(ALL, &[Flow::PushPlus], "(it succeeds and no manifest under the tag)"),
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
        "no manifest under `0.2.0-build.5`",
        "what was pushed under `0.2.0_build.5` stands under `0.2.0-build.5`",
        &[&reply, &rewritten],
    )
}

requirement! {
    /// Tags that differ in case only are different tags.
    ///
    /// ## Why Helm needs it
    /// Prereleases are case-sensitive in SemVer, and the tag is the version verbatim.
    ///
    /// ## How it is checked
    /// Two manifests are pushed under `1.0.0-RC1` and `1.0.0-rc1`; the first is read back and must be the first.
    CASE = "names/tag-case" {
        level: Must,
        title: "tags are compared case-sensitively",
        covers: ["REG-NAM-07"],
        sources: [helm("v3.8.0", "pkg/pusher/ocipusher.go:78", "the tag is the chart version verbatim, but for `+`")],
        breaks: [
            Break::when("where two versions differ in case only", ALL, Flow::PULLS, "(the chart of another version is pulled)"),
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
        "the manifest pushed under `1.0.0-RC1`, or none",
        "the manifest pushed under `1.0.0-rc1`",
        &[&reply],
    )
}

requirement! {
    /// The first write to a repository that does not exist is answered: the connection is not just closed.
    ///
    /// ## Why Helm needs it
    /// No Helm has a command that creates a repository. Where the registry wants it created beforehand, its
    /// answer is all the user gets to see; a closed connection reads `EOF`.
    ///
    /// ## How it is checked
    /// An upload is opened in a new repository. A connection that closes three times in a row, while `/v2/` is
    /// answered in between, is a violation.
    ANSWERED = "names/first-write-answered" {
        level: Must,
        title: "a first write is answered, whatever the answer",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.says(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, "Post …{url}/blobs/uploads/…: EOF"),
        ],
        faults: [ClosesOnFirstWrite],
        check: answered,
    }
}

async fn answered(session: &Session) -> CheckResult {
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    match session
        .answered(|| session.call(Method::POST, &path).send())
        .await?
    {
        Some(_) => Ok(()),
        None => Err(expect::unanswered(session, "an answer")),
    }
}

requirement! {
    /// The first write to a repository that does not exist creates it, or is refused with a 4xx that says so.
    ///
    /// ## Why Helm needs it
    /// A 5xx ends the push of Helm 3.0 to 3.17; later ones try again a few times, and then report a broken
    /// server instead of a missing repository.
    ///
    /// ## How it is checked
    /// An upload is opened in a new repository.
    CREATED = "names/first-write-no-server-error" {
        level: Should,
        title: "a first write creates the repository or is refused with a reason",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.says(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 500 Internal Server Error"),
            Break::new(CONTAINERD_1_5, Flow::FIRST_PUSHES, "unexpected status: 500 Internal Server Error"),
            Break::new(CONTAINERD_1_7, Flow::FIRST_PUSHES, "unexpected status from POST request to {url}/blobs/uploads/: 500 Internal Server Error"),
        ],
        faults: [FailsFirstWrite],
        check: created,
    }
}

async fn created(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        !reply.status.is_server_error(),
        "202, or 404 or 403 with a reason",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// A push creates the repository.
    ///
    /// ## Why Helm needs it
    /// Where it does not, every first push of a chart needs an administrator. Several hosted registries want
    /// it that way, so it is only observed.
    ///
    /// ## How it is checked
    /// An upload is opened in a new repository.
    CREATES = "names/created-on-push" {
        level: May,
        title: "a push creates its repository",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.says(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [],
        faults: [RequiresExistingRepositories],
        check: creates,
    }
}

async fn creates(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "an open upload",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// A new repository looks empty to a caller who may push: HEAD of a manifest by digest answers 404.
    ///
    /// ## Why Helm needs it
    /// It is the very first request of a push since Helm 3.18. Anything but 404 ends the push before it began;
    /// this broke several large registries for more than a year.
    ///
    /// ## How it is checked
    /// HEAD of a random manifest digest in a repository that was never written to; the same after the
    /// repository exists, so that only newness is blamed.
    EMPTY = "names/new-repository-is-empty" {
        level: Must,
        title: "HEAD in a repository that does not exist yet answers 404",
        covers: ["REG-NAM-09", "A01"],
        sources: [
            DISTRIBUTION.says(
                "checking-if-content-exists-in-the-registry",
                "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
            ),
            observed("2.2", "push since 3.18 begins with HEAD of the manifest by digest"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 403 Forbidden"),
            Break::new(CONTAINERD_1_5, Flow::FIRST_PUSHES, "unexpected status: 403 Forbidden"),
            Break::new(CONTAINERD_1_7, Flow::FIRST_PUSHES, "unexpected status from HEAD request to {url}/blobs/{d}: 403 Forbidden"),
            Break::new(ORAS, Flow::FIRST_PUSHES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 403: Forbidden"),
        ],
        faults: [HeadForbiddenInNewRepository],
        check: empty,
    }
}

async fn empty(session: &Session) -> CheckResult {
    let absent = digest_of(session.repository().as_bytes());
    let manifest = session.head_manifest(&absent).await?;
    let blob = session.head_blob(&absent).await?;
    session
        .arrange_blob(&Bytes::from(format!("first {}", session.seed())))
        .await?;
    for (fresh, again) in [
        (&manifest, session.head_manifest(&absent).await?),
        (&blob, session.head_blob(&absent).await?),
    ] {
        if again.status.as_u16() == 404 {
            expect::holds(
                fresh.status.as_u16() == 404,
                "404, as in a repository that exists",
                format!("status {}", fresh.status),
                &[fresh, &again],
            )?;
        }
    }
    Ok(())
}

requirement! {
    /// A tag with a character outside the grammar is refused with a 4xx and is not taken for another tag.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.7 send a version with build metadata as it is, `+` included. A registry that guesses,
    /// stores a chart where nobody finds it; one that fails with 500 leaves no hint.
    ///
    /// ## How it is checked
    /// GET and PUT of the tag `0.2.0+build.5`.
    PLUS = "names/plus-in-a-tag-refused" {
        level: Should,
        title: "a tag with `+` is refused, not reinterpreted",
        covers: ["REG-NAM-10"],
        sources: [
            DISTRIBUTION.says(
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
    /// Tags that are no SemVer can live beside chart tags: `v1.2.3`, `1.0`, signatures.
    ///
    /// ## Why Helm needs it
    /// Chart versions like `v1.2.3` and `1.0` are valid for Helm and become tags verbatim; signing tools store
    /// tags such as `sha256-<hex>.sig`. Helm drops from a listing what is no strict SemVer.
    ///
    /// ## How it is checked
    /// One manifest is pushed under each of these tags, beside a plain one.
    FOREIGN = "names/foreign-tags-coexist" {
        level: Must,
        title: "tags that are no SemVer are accepted",
        covers: ["REG-NAM-11", "REG-TAG-14", "C16"],
        sources: [observed("2.1", "chart versions `1.0` and `v1.2.3` are accepted and used verbatim as tags")],
        breaks: [
            Break::when("for versions such as v1.2.3", CONTAINERD, Flow::PUSHES, "failed commit on ref \"manifest-{d}\": unexpected status…: 400 Bad Request"),
            Break::when("for versions such as v1.2.3", ORAS, Flow::PUSHES, "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 400: tag invalid"),
        ],
        faults: [RefusesNonSemverTags],
        check: foreign,
    }
}

async fn foreign(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    for tag in ["v1.2.3", "1.0", "sha256-0123abcd.sig"] {
        expect::success(&session.put_manifest(tag, &chart.manifest).await?)?;
    }
    Ok(())
}

requirement! {
    /// The tag `latest` is nothing special to the registry.
    ///
    /// ## Why Helm needs it
    /// It is Helm that refuses `latest`: since 3.7 the tag must be the chart's version, and `latest` is none.
    /// Helm 3.0 to 3.6 write it on request, 3.7 pulls it, and from 3.8 on it is dropped from every listing. A
    /// registry that refuses or rewrites it does the client's work, and breaks images and old charts.
    ///
    /// ## How it is checked
    /// A chart's manifest is pushed under `latest` beside its version.
    LATEST = "names/latest-is-a-tag" {
        level: Must,
        title: "the tag `latest` is accepted beside chart tags",
        covers: ["REG-NAM-11"],
        sources: [
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v370",
                "The tag of the registry reference must *always* match the chart's semantic version (i.e. no `latest` tags).",
            ),
            observed("1.3", "`--version latest` pulls the tag in 3.7 and is an improper constraint from 3.8 on"),
        ],
        breaks: [
            Break::when("for the tag `latest`", BEFORE_3_7, &[Flow::ChartPush], "failed commit on ref \"manifest-{d}\": unexpected status: 400 Bad Request"),
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
    /// The registry does not insist that a repository is named after the chart in it.
    ///
    /// ## Why Helm needs it
    /// Helm makes the last segment of the repository the chart's name when it pushes, and compares nothing when
    /// it pulls. A mirror under another name must stay pullable.
    ///
    /// ## How it is checked
    /// A chart whose manifest names it in its annotations is pushed to a repository with another basename.
    BASENAME = "names/basename-free" {
        level: Should,
        title: "chart name and repository basename need not agree",
        covers: ["REG-NAM-12"],
        sources: [
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v370",
                "The basename of the registry reference must *always* match the chart's name.",
            ),
            observed("1.3", "push only, and by the client: pull never compares names, in any version"),
        ],
        breaks: [
            Break::when("for a reference with another name, where the registry reads the config", BEFORE_3_7, &[Flow::ChartPush], "failed commit on ref \"manifest-{d}\": unexpected status: 400 Bad Request"),
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
        // The same annotations under the right name: if they are refused as well, the name is not to blame.
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
    &ANSWERED,
    &CREATED,
    &CREATES,
    &EMPTY,
    &PLUS,
    &FOREIGN,
    &LATEST,
    &BASENAME,
];
