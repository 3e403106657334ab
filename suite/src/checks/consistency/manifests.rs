//! Manifests and tags: what is acknowledged is there, at once and beside others.

use futures_util::future::join_all;

use super::super::tags::listed;
use crate::helm::era::{ALL, Break, CONTAINERD_SINCE_3_7, Flow, HELM_3, HELM_4, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// A manifest can be read by digest as soon as its PUT by digest was answered.
    ///
    /// ## Why Helm needs it
    /// Since 3.18 Helm reads it back before it tags it. Replication lag, or a cached 404 of the HEAD at the
    /// beginning of the push, ends the push.
    ///
    /// ## How it is checked
    /// Five times: HEAD of a digest that is not there, PUT by digest, at once GET by digest.
    MANIFEST_AT_ONCE = "consistency/manifest-readable-at-once" {
        level: Must,
        title: "a manifest can be read by digest as soon as it is pushed",
        covers: ["REG-MAN-13", "A18"],
        sources: [observed("2.2", "step 5 of a push since 3.18: GET of the manifest by digest")],
        breaks: [
            Break::new(ORAS, Flow::PUSHES, "failed to perform \"Tag\" on destination: {d}: not found"),
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
            return Err(obstacle("read a manifest by digest at all", &second));
        }
        return Err(expect::violated(
            "the manifest, at once",
            format!("status {}", first.status),
            &[&first, &second],
        ));
    }
    Ok(())
}

requirement! {
    /// The same bytes may be pushed again under the same tag, also where tags are immutable.
    ///
    /// ## Why Helm needs it
    /// Since 3.18 a repeated push always sends the tag again; CI jobs that run twice depend on it. Earlier
    /// Helms send nothing.
    ///
    /// ## How it is checked
    /// The same manifest is pushed twice under one tag.
    SAME_MANIFEST = "consistency/same-manifest-twice" {
        level: Should,
        title: "pushing the same manifest again under its tag succeeds",
        covers: ["REG-MAN-16", "B02"],
        sources: [observed("7.4", "T12: the repeated push of Helm 4.2.3 ends with PUT of the tag")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 409"),
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
    /// Other bytes under an existing tag either move the tag or are refused with a 4xx.
    ///
    /// ## Why Helm needs it
    /// Helm warns nobody: it pushes a changed chart under the same version and reports its digest. A registry
    /// that answers 201 and keeps the old chart makes that report a lie.
    ///
    /// ## How it is checked
    /// Two manifests are pushed under one tag. After a 201 the tag must hold the second; a refusal must be a
    /// 4xx.
    OVERWRITE = "consistency/overwrite-is-honest" {
        level: Must,
        title: "an overwritten tag moves, or the overwrite is refused with a 4xx",
        covers: ["REG-MAN-17", "B01", "B03"],
        sources: [observed("7.6", "tag immutable, content changed (409): every Helm fails; Helm protects nothing itself")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::PushChanged], "failed commit on ref \"manifest-{d}\": unexpected status…: 500 Internal Server Error"),
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Tag\" on destination: PUT \"{url}/manifests/{tag}\": response status code 500"),
            Break::new(ALL, &[Flow::PushChanged], "(it succeeds and the chart stored is another)"),
            Break::when("after a push of a changed chart under the same version", ALL, Flow::TAG_PULLS, "(an older chart is pulled than was pushed)"),
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
    // Read twice: an answer that lags is judged elsewhere.
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
        "the manifest pushed last, or a 4xx for its PUT",
        "201, and the first manifest under the tag",
        &[&put, &get],
    )
}

requirement! {
    /// A manifest that lost its tag to another stays readable by digest.
    ///
    /// ## Why Helm needs it
    /// Users pin digests; Helm 3.17 and later pull by them. No ordinary flow depends on it: zot removes such a
    /// manifest at once, and every Helm works with it. The specification speaks of a manifest that is there, and not
    /// of how long it is kept.
    ///
    /// ## How it is checked
    /// Two manifests are pushed under one tag; the first is read by digest. Where the overwrite is refused,
    /// there is nothing to check.
    OLD_DIGEST = "consistency/old-digest-stays" {
        level: Should,
        title: "a manifest whose tag moved stays readable by digest",
        covers: ["REG-MAN-17", "REG-PUL-04"],
        sources: [DISTRIBUTION.says(
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
        return Err(obstacle("read a tagged manifest by digest", &before));
    }
    let other = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &other.manifest).await?;
    if !put.status.is_success() {
        return Err(crate::verdict::Stop::NotApplicable(
            "the registry refuses to overwrite a tag".to_owned(),
        ));
    }
    let after = session.get_manifest(&first.digest).await?;
    expect::holds(
        after.status.is_success(),
        "200 for the digest, as before",
        format!("status {}", after.status),
        &[&before, &put, &after],
    )
}

requirement! {
    /// One config may serve many manifests, and one manifest may have many tags.
    ///
    /// ## Why Helm needs it
    /// The config depends on `Chart.yaml` alone: a chart that is packaged again has the same one.
    ///
    /// ## How it is checked
    /// Two archives with equal metadata are pushed under two tags, and the first manifest under a third.
    SHARED_CONFIG = "consistency/shared-config" {
        level: Should,
        title: "manifests may share a config, and tags a manifest",
        covers: ["REG-MAN-24"],
        sources: [observed("2.3", "the config blob depends on metadata only")],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::PushChanged], "failed commit on ref \"manifest-{d}\": unexpected status…: 409 Conflict"),
            Break::new(ORAS, &[Flow::PushChanged], "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 409"),
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
    /// Two pushes of one version at the same time end with one winner, the same for HEAD and GET.
    ///
    /// ## Why Helm needs it
    /// Jobs of one pipeline push the same version side by side, and Helm knows no lock.
    ///
    /// ## How it is checked
    /// Two charts are pushed under one tag side by side. A PUT may be refused with a 4xx, not fail; then HEAD
    /// and GET must not name different charts.
    SIDE_BY_SIDE = "consistency/manifests-side-by-side" {
        level: Should,
        title: "two pushes of one tag at the same time have one winner",
        covers: ["REG-MAN-25"],
        sources: [observed("5", "no locking in Helm; jobs of one pipeline push side by side")],
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
        return Err(obstacle("push either of two charts", &reply));
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
        return Err(obstacle("read either of two charts under its tag", &get));
    };
    expect::holds(
        named != Some(&loser.digest),
        "one winner for HEAD and GET",
        "HEAD names one of the two, and GET serves the other",
        &[put, &head, &get],
    )
}

requirement! {
    /// A tag is listed as soon as its push was answered.
    ///
    /// ## Why Helm needs it
    /// A job that pushes a chart and then updates dependencies with a range expects the new version.
    ///
    /// ## How it is checked
    /// Three times: a tag is pushed and the list read at once.
    TAG_AT_ONCE = "consistency/tag-listed-at-once" {
        level: Must,
        title: "a tag is listed as soon as it is pushed",
        covers: ["REG-TAG-10", "C15", "B05"],
        sources: [observed("3.1", "the version is computed from one listing; nothing is asked twice")],
        breaks: [
            Break::when("right after a push", HELM_3, Flow::LISTINGS, "Unable to locate any tags in provided repository: oci://{host}/{repo}"),
            Break::when("right after a push", HELM_4, Flow::LISTINGS, "unable to locate any tags in provided repository: oci://{host}/{repo}"),
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
        // A tag that is never listed is lost, not late: other requirements look at that.
        if listed(&again)?.iter().any(|listed| listed == tag) {
            return Err(expect::violated(
                format!("`{tag}` in the list, at once"),
                format!("the list {list:?}"),
                &[&reply, &again],
            ));
        }
    }
    Ok(())
}
