//! Manifests and tags: immediately after a push, in repeated pushes, and under concurrent pushes.

use futures_util::future::join_all;

use super::super::tags::listed;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, ORAS, SINCE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
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
        covers: ["REG-MAN-13", "A18"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, Symptom::TagReadNotFound),
        ],
        faults: [ManifestsLag],
        check: manifest_at_once,
    }
}

async fn manifest_at_once(session: &Session) -> CheckResult {
    for round in 0..5 {
        let chart = session.arrange_chart_blobs(&format!("1.0.{round}")).await?;
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
        level: Should,
        title: "the registry accepts the same manifest again with the same tag",
        covers: ["REG-MAN-16", "B02"],
        sources: [observed("7.4", "T12: the repeated push of Helm 4.2.3 ends with PUT of the tag")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::TagPut),
        ],
        faults: [RefusesIdenticalRePut],
        check: re_put,
    }
}

async fn re_put(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    expect::success(&session.put_manifest("1.0.0", &chart.manifest).await?)
}

requirement! {
    /// If another manifest is pushed with an existing tag, the registry moves the tag or returns a 4xx.
    ///
    /// ## Why Helm needs it
    /// Helm gives no warning: it pushes a changed chart with the same version and prints its digest. If the registry
    /// returns 201 and keeps the old chart, this digest is wrong.
    ///
    /// ## How it is checked
    /// The check pushes two manifests with one tag. After a 2xx the tag must refer to the second; a refusal must be a
    /// 4xx.
    OVERWRITE = "consistency/overwrite-is-honest" {
        level: Must,
        title: "an overwrite moves the tag or returns a 4xx",
        covers: ["REG-MAN-17", "B01", "B03"],
        sources: [observed("7.6", "tag immutable, content changed (409): every Helm fails; Helm protects nothing itself")],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PushChanged], Symptom::TagPut),
            Break::new(ALL, &[Flow::PushChanged], Symptom::OtherChartStored),
            Break::when("after a push of a changed chart under the same version", ALL, Flow::TAG_PULLS, Symptom::OlderChartPulled),
        ],
        faults: [IgnoresOverwrites, FailsOverwrites],
        check: overwrite,
    }
}

async fn overwrite(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &other.manifest).await?;
    if put.status.is_client_error() {
        return Ok(());
    }
    expect::success(&put)?;
    // The tag is read twice: `consistency/moved-tag` judges a delayed response.
    session.get_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    if !get.status.is_success() {
        return Err(obstacle("read the tag", &get));
    }
    let moved =
        get.body == other.manifest || head.header("docker-content-digest") == Some(&other.digest);
    let still =
        String::from_utf8_lossy(&get.body).contains(&digest_of(&session.package("1.0.0").archive));
    expect::holds(
        moved || !still,
        "the second manifest under the tag, or a 4xx for its PUT",
        format!("status {} for the PUT, and the first manifest", put.status),
        &[&put, &get],
    )
}

requirement! {
    /// A manifest whose tag moved to another one can still be read by digest.
    ///
    /// ## Why Helm needs it
    /// Users pin digests, and Helm 3.17 and later pull by digest. No ordinary flow depends on it: zot removes such a
    /// manifest immediately, and every Helm version works with it. The specification covers existing manifests, and
    /// not how long a registry keeps them.
    ///
    /// ## How it is checked
    /// The check pushes two manifests with one tag and reads the first by digest. GET must return a 2xx. The
    /// requirement does not apply if the registry rejects the overwrite.
    OLD_DIGEST = "consistency/old-digest-stays" {
        level: Should,
        title: "a manifest whose tag moved can still be read by digest",
        covers: ["REG-MAN-17", "REG-PUL-04"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        specification: Silent,
        breaks: [],
        faults: [ForgetsOverwrittenManifests],
        consequences: [HidesUntaggedManifests],
        check: old_digest,
    }
}

async fn old_digest(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let before = session.get_manifest(&first.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read a tagged manifest by its digest", &before));
    }
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &other.manifest).await?;
    if !put.status.is_success() {
        return Err(crate::verdict::Stop::condition_not_met(
            "the registry does not overwrite tags",
        ));
    }
    let after = session.get_manifest(&first.digest).await?;
    expect::holds(
        after.status.is_success(),
        "status 200 for the digest, as before the tag moved",
        format!("status {}", after.status),
        &[&before, &put, &after],
    )
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
        level: Should,
        title: "manifests can share a config, and tags a manifest",
        covers: ["REG-MAN-24"],
        sources: [observed("2.3", "the config blob depends on the metadata only")],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PushChanged], Symptom::ManifestPush),
        ],
        faults: [RefusesSharedConfigs],
        check: shared_config,
    }
}

async fn shared_config(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    expect::success(&session.put_manifest("1.0.1", &second.manifest).await?)?;
    expect::success(&session.put_manifest("1.0.2", &first.manifest).await?)
}

requirement! {
    /// If two charts are pushed concurrently with one tag, one of them wins, and HEAD and GET return the same one.
    ///
    /// ## Why Helm needs it
    /// Jobs of one pipeline push the same version concurrently, and Helm has no lock.
    ///
    /// ## How it is checked
    /// The check pushes two charts concurrently with one tag. A PUT must return a 2xx or a 4xx. Then HEAD and GET of
    /// the tag must not return different charts.
    SIDE_BY_SIDE = "consistency/manifests-side-by-side" {
        level: Should,
        title: "of two concurrent pushes of one tag, one wins",
        covers: ["REG-MAN-25"],
        sources: [observed("5", "Helm has no lock; jobs of one pipeline push concurrently")],
        breaks: [],
        faults: [FailsOverwrites, StaleTagHead, StaleTagGet],
        check: side_by_side,
    }
}

async fn side_by_side(session: &Session) -> CheckResult {
    let charts = [
        session.arrange_chart_blobs("1.0.0").await?,
        session.arrange_other_chart_blobs("1.0.0").await?,
    ];
    let puts = charts
        .iter()
        .map(|chart| session.put_manifest("1.0.0", &chart.manifest));
    let mut stored = Vec::new();
    for reply in join_all(puts).await {
        let reply = reply?;
        if reply.status.is_success() {
            stored.push(reply);
        } else {
            expect::refused(&reply)?;
        }
    }
    let Some(put) = stored.first() else {
        let reply = session.get_manifest("1.0.0").await?;
        return Err(obstacle("push one of two charts", &reply));
    };
    let head = session.head_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let named = head.header("docker-content-digest");
    let [one, other] = &charts;
    let loser = if get.body == one.manifest {
        other
    } else if get.body == other.manifest {
        one
    } else {
        return Err(obstacle("read one of two charts by its tag", &get));
    };
    expect::holds(
        named != Some(&loser.digest),
        "the same chart from HEAD and GET",
        "the digest of one chart from HEAD, and the other chart from GET",
        &[put, &head, &get],
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
        let list = listed(&reply)?;
        if list.iter().any(|listed| listed == tag) {
            continue;
        }
        let again = session.list_tags().await?;
        // A tag that is never listed is lost, not delayed; other requirements judge that.
        if listed(&again)?.iter().any(|listed| listed == tag) {
            return Err(expect::violated(
                format!("`{tag}` in the list, immediately after its push"),
                format!("a list of {list:?}"),
                &[&reply, &again],
            ));
        }
    }
    Ok(())
}
