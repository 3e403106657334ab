//! A tag that is pushed with another manifest.

use futures_util::future::join_all;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, SINCE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, digest_of, expect};
use crate::verdict::{CheckResult, Stop};

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
        fix: "Move the tag and return 201, or keep it and return a 4xx with a reason: Quay returns 409 for an immutable tag, Harbor 412. Do not return 201 without effect.",
        covers: ["REG-MAN-17", "B01", "B03"],
        sources: [observed("7.6", "tag immutable, content changed (409): every Helm fails; Helm protects nothing itself")],
        breaks: [
            Break::new(SINCE_3_7, &[Flow::PushChanged], Symptom::TagPut),
            Break::new(ALL, &[Flow::PushChanged], Symptom::OtherChartStored),
            Break::when("after a push of a changed chart under the same version", ALL, Flow::TAG_PULLS, Symptom::OlderChartPulled),
        ],
        faults: [IgnoresOverwrites, FailsOverwrites],
        shares: "moved-tag",
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
        String::from_utf8_lossy(&get.body).contains(&*digest_of(&session.package("1.0.0").archive));
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
        fix: "Keep a manifest when its last tag moves, and serve it by digest. Delete it later by garbage collection, not during the PUT of the new manifest.",
        covers: ["REG-MAN-17", "REG-PUL-04"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "A GET request to an existing manifest URL MUST provide the expected manifest, with a response code that MUST be `200 OK`.",
        )],
        specification: Silent,
        breaks: [],
        faults: [ForgetsOverwrittenManifests],
        consequences: [HidesUntaggedManifests],
        shares: "additions" as Blobs,
        check: old_digest,
    }
}

async fn old_digest(session: &Session) -> CheckResult {
    let first = session.arrange_own_manifest("1.0.0-old").await?;
    let before = session.get_manifest(&first.digest).await?;
    if !before.status.is_success() {
        return Err(obstacle("read a tagged manifest by its digest", &before));
    }
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0-old", &other.manifest).await?;
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
    /// If two charts are pushed concurrently with one tag, one of them wins, and HEAD and GET return the same one.
    ///
    /// ## Why Helm needs it
    /// Jobs of one pipeline push the same version concurrently, and Helm has no lock.
    ///
    /// ## How it is checked
    /// The check pushes two charts concurrently with one tag. A PUT must return a 2xx or a 4xx. Then HEAD and GET of
    /// the tag must not return different charts.
    CONCURRENT_PUSHES = "consistency/manifests-side-by-side" {
        level: Should,
        title: "of two concurrent pushes of one tag, one wins",
        fix: "Write a tag in one transaction, and return 201 or a 4xx to each concurrent push, not a 5xx. Read the tag for HEAD and GET from the same place.",
        covers: ["REG-MAN-25"],
        sources: [observed("5", "Helm has no lock; jobs of one pipeline push concurrently")],
        breaks: [],
        faults: [FailsOverwrites, StaleTagHead, StaleTagGet],
        shares: "additions" as Blobs,
        check: concurrent_pushes,
    }
}

async fn concurrent_pushes(session: &Session) -> CheckResult {
    let charts = [
        session.arrange_chart_blobs("1.0.0").await?,
        session.arrange_other_chart_blobs("1.0.0").await?,
    ];
    let puts = charts
        .iter()
        .map(|chart| session.put_manifest("1.0.0-concurrent", &chart.manifest));
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
        let reply = session.get_manifest("1.0.0-concurrent").await?;
        return Err(obstacle("push one of two charts", &reply));
    };
    let head = session.head_manifest("1.0.0-concurrent").await?;
    let get = session.get_manifest("1.0.0-concurrent").await?;
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
    /// After a tag moved, HEAD and GET return the new manifest immediately.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 combine the responses of HEAD and GET, and jobs pull right after a push.
    ///
    /// ## How it is checked
    /// The check pushes two manifests with one tag, and immediately sends HEAD and GET. Neither may return the first
    /// manifest. The requirement does not apply if the registry rejects the overwrite.
    MOVED_TAG = "consistency/moved-tag" {
        level: Should,
        title: "HEAD and GET return the new manifest immediately after a tag moved",
        fix: "Remove cached responses to HEAD and GET of a tag before the 201 for its new manifest is sent. Check the registry's own cache, replicas, and a CDN in front of it.",
        covers: ["REG-PUL-20"],
        sources: [observed("3.2", "HEAD of the tag, then GET of the digest it names")],
        breaks: [],
        faults: [StaleTagHead, StaleTagGet],
        consequences: [IgnoresOverwrites],
        shares: "moved-tag",
        check: moved_tag,
    }
}

async fn moved_tag(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &second.manifest).await?;
    if !put.status.is_success() {
        return Err(Stop::condition_not_met(
            "the registry does not overwrite tags",
        ));
    }
    let head = session.head_manifest("1.0.0").await?;
    let get = session.get_manifest("1.0.0").await?;
    let stale = |reply: &Reply| {
        reply.body == first.manifest
            || reply.header("docker-content-digest") == Some(first.digest.as_str())
    };
    for reply in [&head, &get] {
        expect::holds(
            !stale(reply),
            "the manifest that was pushed last",
            "the manifest that was pushed first",
            &[&put, reply],
        )?;
    }
    Ok(())
}
