//! Manifests and tags after their push.

use crate::checks::tags::tags_of;
use helm_oci_fixtures::manifest::Shape;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS, SINCE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// A manifest can be read by digest immediately after its PUT by digest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later read the manifest back before they tag it. A replication delay, or a cached 404 from the
    /// HEAD at the start of the push, ends the push.
    ///
    /// ## How it is checked
    /// The check sends five times: HEAD of an absent digest, PUT by digest, and immediately GET by digest. GET must
    /// return a 2xx.
    MANIFEST_AT_ONCE = "consistency/manifest-readable-at-once" {
        level: Must,
        title: "a manifest can be read by digest immediately after its push",
        fix: "Send the 201 for a manifest only when GET by digest finds it on every node. Check the delay of replicas, and a cached 404 of the HEAD before the push.",
        covers: ["REG-MAN-13", "A18"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::TagReadNotFound),
        ],
        faults: [ManifestsLag],
        shares: "additions" as Blobs,
        check: manifest_at_once,
    }
}

async fn manifest_at_once(session: &Session) -> CheckResult {
    let package = session.arrange_chart_blobs("1.0.0").await?.package;
    for round in 0..5 {
        let mut package = package.clone();
        package.metadata = package.metadata.annotation("round", &round.to_string());
        let chart = session.chart_of(package, Shape::Helm313, None);
        session.head_manifest(&chart.digest).await?;
        session
            .arrange_manifest(&chart.digest, &chart.manifest)
            .await?;
        let first = session.get_manifest(&chart.digest).await?;
        if first.status.is_success() {
            continue;
        }
        let second = session.get_manifest(&chart.digest).await?;
        if !second.status.is_success() {
            return Err(obstacle("read a manifest by digest", &second));
        }
        return Err(expect::violated(
            "the manifest, immediately after its push",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}

requirement! {
    /// The registry accepts the same manifest again with the same tag, even if tags are immutable.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later push the tag again in every repeated push, and CI jobs that run twice depend on it.
    /// Earlier versions send nothing.
    ///
    /// ## How it is checked
    /// The check pushes the same manifest twice with one tag. The second PUT must return a 2xx.
    SAME_MANIFEST = "consistency/same-manifest-twice" {
        level: Must,
        title: "the registry accepts the same manifest again with the same tag",
        fix: "Return 201 to a PUT of the bytes that the tag already refers to. Compare the digests before a rule for immutable tags rejects the push.",
        covers: ["REG-MAN-16", "B02"],
        sources: [observed("7.4", "T12: the repeated push of Helm 4.2.3 ends with PUT of the tag")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::TagPut),
        ],
        faults: [RefusesIdenticalRePut],
        shares: "additions" as Blobs,
        check: same_manifest,
    }
}

async fn same_manifest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    expect::success(&session.put_manifest("1.0.0", &chart.manifest).await?)
}

requirement! {
    /// Several manifests can reference the same config, and several tags the same manifest.
    ///
    /// ## Why Helm needs it
    /// The config depends on `Chart.yaml` alone: a chart that is packaged again has the same config.
    ///
    /// ## How it is checked
    /// The check pushes two archives with equal metadata with two tags, and the first manifest with a third tag. Each
    /// PUT must return a 2xx.
    SHARED_CONFIG = "consistency/shared-config" {
        level: Must,
        title: "manifests can share a config, and tags a manifest",
        fix: "Accept any number of manifests with one config, and any number of tags for one manifest. Check for a unique key on the config digest or on the manifest of a tag.",
        covers: ["REG-MAN-24"],
        sources: [observed("2.3", "the config blob depends on the metadata only")],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PushChanged], Symptom::ManifestPush),
        ],
        faults: [RefusesSharedConfigs],
        shares: "additions" as Blobs,
        check: shared_config,
    }
}

async fn shared_config(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    expect::success(
        &session
            .put_manifest("1.0.1-config", &second.manifest)
            .await?,
    )?;
    expect::success(
        &session
            .put_manifest("1.0.2-config", &first.manifest)
            .await?,
    )
}

requirement! {
    /// The registry lists a tag immediately after its push.
    ///
    /// ## Why Helm needs it
    /// A job that pushes a chart and then updates dependencies with a range expects the new version. Helm 3.8 and
    /// later compute it from one list.
    ///
    /// ## How it is checked
    /// The check pushes three tags and requests the list immediately after each push. Each list must contain the new
    /// tag.
    TAG_AT_ONCE = "consistency/tag-listed-at-once" {
        level: Must,
        title: "a tag is listed immediately after its push",
        fix: "Add the tag to the list before the 201 for its manifest is sent. Check for an index that is updated later, and for a cached list.",
        covers: ["REG-TAG-10", "C15", "B05"],
        sources: [observed("3.1", "Helm computes the version from one list and does not retry")],
        breaks: [
            Break::when("right after a push", ALL, Flow::LISTINGS, Symptom::NoTags),
        ],
        faults: [TagListLags],
        check: at_once,
    }
}

async fn at_once(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    for tag in ["0.1.0", "0.2.0", "0.3.0"] {
        session.arrange_manifest(tag, &chart.manifest).await?;
        let reply = session.list_tags().await?;
        let list = tags_of(&reply)?;
        if list.iter().any(|listed| listed == tag) {
            continue;
        }
        let again = session.list_tags().await?;
        // A tag that is never listed is lost, not delayed; other requirements judge that.
        if tags_of(&again)?.iter().any(|listed| listed == tag) {
            return Err(expect::violated(
                format!("`{tag}` in the list, immediately after its push"),
                format!("a list of {list:?}"),
                &[&reply, &again],
            ));
        }
    }
    Ok(())
}
