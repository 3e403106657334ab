//! Tags with `_`, which Helm writes for `+`.

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, SINCE_3_8};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::CheckResult;

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
        title: "the registry stores a tag with `_`, which Helm writes for `+`, unchanged",
        fix: "Store a tag with `_` as it was sent, and return 201. Do not convert `_` to `-` or `+`: that conversion belongs to Helm.",
        covers: ["REG-NAM-06", "A27"],
        sources: [
            helm("v3.8.0", "pkg/registry/util.go:125", "replaces `+` with `_` in the tag"),
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
            DISTRIBUTION.states("pulling-manifests", "Throughout this document, `<reference>` as a tag MUST be at most 128 characters in length and MUST match the following regular expression: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`"),
        ],
        breaks: [
            Break::new(ALL, &[Flow::PushPlus], Symptom::TagPut),
            Break::new(ALL, &[Flow::PushPlus], Symptom::TagLost),
        ],
        faults: [RefusesUnderscoreTags, RewritesUnderscoreTags],
        shares: "additions" as Blobs,
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
    /// The registry serves a tag with `_` that it accepted.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later pull version `0.2.0+build.5` from the tag `0.2.0_build.5`. If the push succeeds and the tag
    /// cannot be read, the chart is lost.
    ///
    /// ## How it is checked
    /// The check pushes a manifest under a plain tag and under `0.2.0_build.5`. If the second PUT succeeds, HEAD and GET of
    /// the tag must not return 404 while the plain tag can be read. `names/underscore-tags` judges a registry that
    /// stores another tag.
    UNDERSCORE_READ = "names/underscore-tag-readable" {
        level: Must,
        title: "the registry serves the tags with `_` that it accepted",
        fix: "Look up the tag of the URL unchanged in HEAD and GET, as in PUT. Check for a conversion of `_` that is applied to reads only.",
        covers: ["REG-NAM-06", "REG-PUL-02", "A27"],
        sources: [
            DISTRIBUTION.states(
                "pulling-manifests",
                "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
            ),
            helm("v3.8.0", "pkg/registry/util.go:125", "replaces `+` with `_` in the tag"),
        ],
        breaks: [
            Break::new(ALL, &[Flow::PullPlus, Flow::PullRange], Symptom::ManifestNotFound),
            Break::when("where the highest version has build metadata", SINCE_3_8, &[Flow::PullUnversioned], Symptom::ManifestNotFound),
        ],
        faults: [HidesUnderscoreTagsFromReads],
        shares: "additions" as Blobs,
        check: underscore_read,
    }
}

async fn underscore_read(session: &Session) -> CheckResult {
    let tag = "0.2.0_build.5";
    let chart = session.arrange_chart("1.0.0").await?;
    let put = session.put_manifest(tag, &chart.manifest).await?;
    if !put.status.is_success() {
        return Err(obstacle("push a tag with `_`", &put));
    }
    let head = session.head_manifest(tag).await?;
    let get = session.get_manifest(tag).await?;
    let is_absent = |reply: &Reply| reply.status.as_u16() == 404;
    let Some(absent) = [&head, &get].into_iter().find(|reply| is_absent(reply)) else {
        return Ok(());
    };
    let rewritten = session.get_manifest("0.2.0-build.5").await?;
    if rewritten.body == chart.manifest {
        return Err(obstacle("find the tag under its own name", &rewritten));
    }
    for plain in [
        session.head_manifest("1.0.0").await?,
        session.get_manifest("1.0.0").await?,
    ] {
        if is_absent(&plain) {
            return Err(obstacle("read the plain tag", &plain));
        }
    }
    Err(expect::violated(
        "the manifest under the tag, as under a plain tag",
        format!("status {}", absent.status),
        &[&put, absent],
    ))
}
