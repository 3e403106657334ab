//! Reads: answers agree with each other, also while a tag moves.

use futures_util::future::join_all;
use helm_oci_fixtures::manifest::Shape;
use http::Method;

use crate::helm::era::{ALL, Break, Flow, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::expect;
use crate::session::steps::{ACCEPT_CONTAINERD, obstacle};
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Stop};

/// The flow that reads more than the two blobs of one chart.
const MANY_BLOBS: &[Flow] = &[Flow::PullProv];

/// Helm that compares a tag with a pinned digest.
const PINNED: Versions = Versions(&[Span::since((3, 20, 0))]);

requirement! {
    /// HEAD and GET of one tag name the same digest, whatever `Accept` lists, as long as it lists the type.
    ///
    /// ## Why Helm needs it
    /// Pulls pinned to a digest compare the tag's HEAD with the pin since 3.20; a conversion for some clients
    /// tears the two apart.
    ///
    /// ## How it is checked
    /// HEAD and GET with the lists of both lines of Helm; the digests of the answers are compared.
    AGREE = "consistency/head-and-get-agree" {
        level: Must,
        title: "HEAD and GET agree for every `Accept` that lists the type",
        covers: ["REG-PUL-07", "A24"],
        sources: [observed("3.6", "3.20 and later: HEAD of the tag is compared with the pinned digest")],
        breaks: [
            Break::when("for pulls pinned to a digest", PINNED, &[Flow::Pull], "chart reference digest mismatch: {d} is not {d}"),
        ],
        faults: [ConvertsManifests],
        consequences: [ReformatsManifests, ManifestHeadWrongDigest],
        check: agree,
    }
}

async fn agree(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let head = session.head_manifest("1.0.0").await?;
    let Some(named) = head
        .header("docker-content-digest")
        .filter(|_| head.status.is_success())
    else {
        return Err(obstacle("learn the digest from HEAD", &head));
    };
    for accept in [ACCEPT_CONTAINERD, crate::session::steps::ACCEPT_ORAS] {
        let path = session.manifest_path("1.0.0");
        let get = session
            .call(Method::GET, &path)
            .accept(accept)
            .send()
            .await?;
        if get.status.as_u16() != 200 {
            return Err(obstacle("read the manifest", &get));
        }
        let actual = digest_of(&get.body);
        expect::holds(
            actual == named,
            format!("the manifest {named}, which HEAD names"),
            format!("a body of {actual}"),
            &[&head, &get],
        )?;
    }
    Ok(())
}

requirement! {
    /// After a tag moved, HEAD, GET and the answer to the PUT agree at once.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 combine HEAD and GET; jobs pull right after a push.
    ///
    /// ## How it is checked
    /// A tag is overwritten; HEAD and GET are sent at once. Where the overwrite is refused, there is nothing to
    /// check.
    MOVED_TAG = "consistency/moved-tag" {
        level: Should,
        title: "a moved tag is seen alike by HEAD and GET, at once",
        covers: ["REG-PUL-20"],
        sources: [observed("3.2", "HEAD of the tag, then GET of the digest it names")],
        breaks: [],
        faults: [StaleTagHead, StaleTagGet],
        consequences: [IgnoresOverwrites],
        check: moved,
    }
}

async fn moved(session: &Session) -> CheckResult {
    let first = session.arrange_chart("1.0.0").await?;
    let second = session.arrange_other_chart_blobs("1.0.0").await?;
    let put = session.put_manifest("1.0.0", &second.manifest).await?;
    if !put.status.is_success() {
        return Err(Stop::NotApplicable(
            "the registry refuses to overwrite a tag".to_owned(),
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
            "the manifest pushed last",
            "the manifest pushed before it",
            &[&put, reply],
        )?;
    }
    Ok(())
}

requirement! {
    /// The blobs of one manifest can be read at the same time.
    ///
    /// ## Why Helm needs it
    /// Every Helm fetches config and layers at once; a 429 on a blob is not retried before 3.18.
    ///
    /// ## How it is checked
    /// The three blobs of a signed chart are read at once.
    PARALLEL = "consistency/parallel-pulls" {
        level: Must,
        title: "three blobs can be read at once",
        covers: ["REG-PUL-23"],
        sources: [observed("3.2", "config and chart blobs in parallel")],
        breaks: [
            Break::new(ALL, MANY_BLOBS, "(it succeeds without the provenance)"),
        ],
        faults: [LimitsBlobGets],
        check: parallel,
    }
}

async fn parallel(session: &Session) -> CheckResult {
    let chart = session.arrange_signed_chart(Shape::Helm38).await?;
    let digests: Vec<String> = chart.blobs().iter().map(|blob| digest_of(blob)).collect();
    for reply in join_all(digests.iter().map(|digest| session.get_blob(digest))).await {
        let reply = reply?;
        expect::holds(
            !matches!(reply.status.as_u16(), 429 | 503),
            "three blobs, read at once",
            format!("status {}", reply.status),
            &[&reply],
        )?;
    }
    Ok(())
}
