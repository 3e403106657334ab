//! `User-Agent` and `Accept` of requests.

use helm_oci_fixtures::media_type;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, CONTAINERD_SINCE_3_7, OLD_LISTING, ORAS, SINCE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, helm, observed};
use crate::session::expect;
use crate::session::steps::{ACCEPT_CONTAINERD, ACCEPT_ORAS, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::CheckResult;

/// Expects GET of a manifest to return 200 with each `User-Agent`; inconclusive if it fails with the suite's own.
pub(in crate::checks) async fn accepts_user_agents(
    session: &Session,
    agents: &[&str],
) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let read = |path: String| {
        let get = session.call(Method::GET, &path);
        get.accept(media_type::OCI_MANIFEST).send()
    };
    let mut path = session.manifest_path(&chart.digest);
    let mut control = read(path.clone()).await?;
    if !control.status.is_success() {
        // Other requirements judge a read by digest.
        path = session.manifest_path("1.0.0");
        control = read(path.clone()).await?;
    }
    if !control.status.is_success() {
        return Err(obstacle(
            "read the manifest with the suite's own `User-Agent`",
            &control,
        ));
    }
    for agent in agents {
        let reply = session
            .call(Method::GET, &path)
            .accept(media_type::OCI_MANIFEST)
            .header("user-agent", agent)
            .send()
            .await?;
        expect::status(&reply, &[200])?;
    }
    Ok(())
}

requirement! {
    /// The registry accepts requests with the `User-Agent` of Helm 3.7 and later.
    ///
    /// ## Why Helm needs it
    /// Helm 3.7 and later send `User-Agent: Helm/<version>`.
    ///
    /// ## How it is checked
    /// The check reads a manifest with the suite's own `User-Agent`, then with those of Helm 3.7, 3.10, 3.18 and 4.2.
    /// Each response must be 200.
    HELM_AGENTS = "api/helm-agent-served" {
        level: Must,
        title: "the registry accepts requests with `User-Agent: Helm/…`",
        fix: "Remove the rule that rejects `User-Agent: Helm/…`, in the registry or in a firewall in front of it, and return what another client gets.",
        covers: ["REG-API-09", "B27"],
        sources: [helm("v3.8.0", "internal/version/version.go:63", "sends `User-Agent: Helm/<version>`")],
        breaks: [
            Break::new(SINCE_3_7, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD_SINCE_3_7, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
            Break::new(SINCE_3_7, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RefusesHelmUserAgent],
        shares: "chart",
        check: helm_agents,
    }
}

async fn helm_agents(session: &Session) -> CheckResult {
    accepts_user_agents(
        session,
        &["Helm/3.7.2", "Helm/3.10.1", "Helm/3.18.6", "Helm/4.2.4"],
    )
    .await
}

requirement! {
    /// The registry supports every `Accept` header that Helm sends for manifests: lists, `*/*`, and media types that
    /// the registry does not know.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 list four media types and `*/*`; later versions list five, one of them long retired. If a
    /// registry reads only the first entry, or fails on an unknown one, Helm reports `not found` for a chart that
    /// exists.
    ///
    /// ## How it is checked
    /// The check sends HEAD and GET for a manifest by tag with each `Accept` list recorded from Helm. Each request
    /// must succeed if the same request with the OCI manifest type alone succeeds.
    ACCEPT_LISTS = "api/accept-lists-understood" {
        level: Must,
        title: "the registry accepts manifest requests with unknown media types in `Accept`",
        fix: "Read every media type in `Accept`, ignore unknown ones, and take `*/*` as any type. Return the stored manifest if one of them matches; Pulp does so since 2.29.",
        covers: ["REG-API-10", "A25"],
        sources: [observed("7.4", "the lists `M4` and `M5` as recorded from Helm 3.10.1 and 4.2.3")],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::ManifestNotFound),
        ],
        faults: [RefusesAcceptLists],
        shares: "chart",
        check: accept_lists,
    }
}

async fn accept_lists(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("1.0.0");
    for accept in [ACCEPT_CONTAINERD, ACCEPT_ORAS] {
        for method in [Method::HEAD, Method::GET] {
            let list = session
                .call(method.clone(), &path)
                .accept(accept)
                .send()
                .await?;
            if list.status.is_success() || list.status.is_redirection() {
                continue;
            }
            // Control: if the OCI manifest type alone fails as well, the list is not the cause.
            let plain = session
                .call(method, &path)
                .accept(media_type::OCI_MANIFEST)
                .send()
                .await?;
            if plain.status.is_success() {
                return Err(expect::violated(
                    "a 2xx status, as for the OCI manifest type alone",
                    format!("status {}", list.status),
                    &[&list, &plain],
                ));
            }
        }
    }
    Ok(())
}

requirement! {
    /// The registry serves a manifest to a client that sends no `Accept` header.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends the header for manifests; some scanners and user interfaces omit it.
    ///
    /// ## How it is checked
    /// The check reads a manifest by digest, first with `Accept`, then without. The second response must be 200.
    MISSING_ACCEPT = "api/missing-accept-tolerated" {
        level: Should,
        title: "the registry serves a manifest without `Accept`",
        fix: "Treat a request without `Accept` as `Accept: */*` (RFC 9110), and return the stored manifest with 200.",
        covers: ["REG-API-10"],
        sources: [HTTP.states(
            "field.accept",
            "A request without any Accept header field implies that the user agent will accept any media type in response.",
        )],
        breaks: [],
        faults: [RefusesMissingAccept],
        shares: "chart",
        check: missing_accept,
    }
}

async fn missing_accept(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path(&chart.digest);
    let asked = session
        .call(Method::GET, &path)
        .accept(media_type::OCI_MANIFEST)
        .send()
        .await?;
    if !asked.status.is_success() {
        return Err(obstacle("read the manifest with `Accept`", &asked));
    }
    let reply = session.call(Method::GET, &path).send().await?;
    expect::status(&reply, &[200])
}

requirement! {
    /// The registry serves a blob whatever the `Accept` header lists, and whatever `Content-Type` the blob was
    /// uploaded with.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 send `Accept: <layer type>, */*` for blobs; Helm 3.3 and later upload them as
    /// `application/octet-stream`. The type of a layer is in the manifest, not in the blob.
    ///
    /// ## How it is checked
    /// The check reads a chart layer without `Accept`, then with each `Accept` that Helm sends. Each response must be
    /// 200 with the same bytes, or a redirect, if the first is.
    BLOB_ACCEPT = "api/blob-accept-ignored" {
        level: Must,
        title: "the registry ignores `Accept` for a blob",
        fix: "Do not evaluate `Accept` for a blob: return its bytes with 200, whatever the header lists and whatever `Content-Type` the upload had. Do not return 406.",
        covers: ["REG-API-10", "REG-BLB-16"],
        sources: [observed("7.4", "T8: `Accept: application/vnd.cncf.helm.chart.content.v1.tar+gzip, */*` on blobs")],
        breaks: [
            Break::new(CONTAINERD, Flow::WRITES, Symptom::BlobHead),
            Break::new(CONTAINERD, Flow::PULLS, Symptom::BlobGet),
        ],
        faults: [NegotiatesBlobs],
        shares: "chart",
        check: blob_accept,
    }
}

async fn blob_accept(session: &Session) -> CheckResult {
    let blob = session.arrange_chart("1.0.0").await?.layer();
    let digest = blob.digest();
    // `consistency/blob-readable-at-once` judges the first response after an upload.
    session.head_blob(&digest).await?;
    let control = session.get_blob(&digest).await?;
    let is_served = |reply: &Reply| {
        reply.status.is_redirection() || reply.status.as_u16() == 200 && blob.is_in(reply)
    };
    if !is_served(&control) {
        return Err(obstacle("read the blob without `Accept`", &control));
    }
    for accept in [
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip, */*",
        "application/tar+gzip, */*",
    ] {
        let get = session.call(Method::GET, &session.blob_path(&digest));
        let reply = get.accept(accept).send().await?;
        if reply.status.as_u16() == 429 {
            return Err(obstacle("read the blob several times", &reply));
        }
        expect::holds(
            is_served(&reply),
            "the blob, whatever `Accept` lists",
            format!(
                "status {} and {} bytes",
                reply.status,
                reply.content().length
            ),
            &[&control, &reply],
        )?;
    }
    Ok(())
}
