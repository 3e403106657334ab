//! The first manifest of a repository.

use helm_oci_fixtures::media_type;
use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts the first manifest that is pushed to a new repository.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 do not send the PUT of a manifest again, and later versions only after a 5xx: the first push of each
    /// chart fails, and the second one works.
    ///
    /// ## How it is checked
    /// The check pushes a chart to a new repository. If the PUT of the manifest is refused, it is sent again unchanged;
    /// it must not succeed only then.
    FIRST_MANIFEST = "names/first-manifest-accepted" {
        level: Must,
        title: "the first manifest of a repository is accepted",
        fix: "Create the repository and its links to the uploaded blobs before the 201 of an upload is sent, so that the first PUT of a manifest finds both.",
        covers: ["REG-NAM-08"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::ManifestPush),
            Break::when("where the status is 4xx", ORAS, Flow::FIRST_PUSHES, Symptom::ManifestPush),
        ],
        faults: [FailsFirstManifestPut, FirstManifestPutMissesBlobs],
        shares: "chart",
        check: first_manifest,
    }
}

async fn first_manifest(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    let path = session.manifest_path("1.0.0");
    let put = || {
        let put = session.call(Method::PUT, &path);
        let put = put.body(Some(media_type::OCI_MANIFEST), &chart.manifest);
        put.no_retry().send()
    };
    let first = put().await?;
    if first.status.is_success() {
        return Ok(());
    }
    let second = put().await?;
    if !second.status.is_success() {
        return Err(obstacle("push a manifest", &first));
    }
    Err(expect::violated(
        format!("status {}, as for the same PUT later", second.status),
        format!("status {}", first.status),
        &[&first, &second],
    ))
}
