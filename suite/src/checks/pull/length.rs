//! The length of a manifest, as HEAD and GET return it.

use super::head::head_of_chart;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::CONTAINERD;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, containerd};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The `Content-Length` in the response to HEAD of a manifest is the size of the manifest.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 take the size of a manifest from HEAD if it has the digest as well, and then read so many bytes of
    /// GET. A front end that removes the body of HEAD and writes `Content-Length: 0` breaks every pull.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a manifest by tag. The header, if present, must be the size of the pushed bytes, unless
    /// the response has no digest: Helm takes the size from GET then.
    LENGTH = "pull/head-length-is-true" {
        level: Must,
        title: "`Content-Length` from HEAD of a manifest is the manifest's size",
        fix: "Send the size of the manifest as `Content-Length` of HEAD, not 0. Check whether a front end sets it to 0 when it removes a body.",
        covers: ["REG-PUL-01", "REG-MAN-20", "A23"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "A successful response SHOULD contain the size in bytes of the uploaded blob in the header `Content-Length`.",
            ),
            containerd("v1.6.6", "remotes/docker/resolver.go", "takes the size of a manifest from HEAD if HEAD has a digest"),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, Symptom::ManifestEmpty),
            Break::new(CONTAINERD, Flow::PULLS, Symptom::ManifestLonger),
        ],
        faults: [HeadManifestOfZeroLength, HeadManifestWrongLength],
        shares: "chart",
        check: length,
    }
}

async fn length(session: &Session) -> CheckResult {
    let (chart, by_tag) = head_of_chart(session).await?;
    let size = chart.manifest.len().to_string();
    if by_tag.header("docker-content-digest") == Some(&chart.digest) {
        expect::header_absent_or(&by_tag, "content-length", &size)?;
    }
    Ok(())
}
