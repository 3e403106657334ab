//! HEAD of a manifest by digest, with which a push since Helm 3.18 begins.

use crate::checks::pull::head_by_digest;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ORAS;
use crate::requirement::requirement;
use crate::requirement::source::oras_go;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The response to HEAD of an existing manifest by digest has a `Content-Type` header.
    ///
    /// ## Why Helm needs it
    /// A repeated push since Helm 3.18 begins with this request, and fails if the response has no media type.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by digest. The response must have the header.
    HEAD_TYPE = "manifests/head-carries-type" {
        level: Must,
        title: "HEAD of a manifest by digest returns `Content-Type`",
        covers: ["REG-MAN-20", "A21"],
        sources: [oras_go("v2.6.0", "registry/remote/repository.go", "rejects a response to HEAD without a media type")],
        breaks: [
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestHeadWithoutType),
        ],
        faults: [HeadManifestWithoutType],
        consequences: [ServesManifestsWithoutType],
        check: head_type,
    }
}

async fn head_type(session: &Session) -> CheckResult {
    let reply = head_by_digest(session).await?;
    expect::header(&reply, "content-type").map(|_| ())
}
