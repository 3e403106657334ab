//! Headers of old Helm versions.

use crate::checks::api::accepts_user_agents;
use crate::checks::upload::{content, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_3, BEFORE_3_7};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry serves the user agents of Helm 3.0 to 3.6, which do not contain `Helm`.
    ///
    /// ## Why Helm needs it
    /// These versions send `containerd/<version>`, and `oras` for a login. A filter on user agents blocks them.
    ///
    /// ## How it is checked
    /// The check reads a manifest with its own user agent, then with each of these. Each response must be 200.
    USER_AGENTS = "legacy/containerd-agent-served" {
        level: Must,
        title: "the registry accepts the user agents `containerd/…` and `oras`",
        fix: "Remove the rule that rejects `User-Agent: containerd/…` or `oras`, in the registry or in a firewall in front of it.",
        covers: ["REG-API-09", "B27"],
        sources: [observed("7.4", "T1, T3: `User-Agent: containerd/1.3.2+unknown`, `containerd/1.4.4+unknown`")],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], Symptom::PushStart),
            Break::new(BEFORE_3_7, Flow::PULLS, Symptom::PullStart),
        ],
        faults: [RefusesContainerdUserAgent],
        shares: "chart",
        check: user_agents,
    }
}

async fn user_agents(session: &Session) -> CheckResult {
    accepts_user_agents(
        session,
        &[
            "containerd/1.3.2+unknown",
            "containerd/1.4.4+unknown",
            "oras",
        ],
    )
    .await
}

requirement! {
    /// The registry accepts an upload without `Content-Type`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 do not send the header.
    ///
    /// ## How it is checked
    /// The check uploads a blob with `Content-Type`, then another without. The PUT must return a 2xx.
    NO_CONTENT_TYPE = "legacy/content-type-optional" {
        level: Should,
        title: "the registry accepts a blob PUT without `Content-Type`",
        fix: "Accept the PUT of an upload without `Content-Type`, and store its body unchanged. Do not return 415.",
        covers: ["REG-BLB-15"],
        sources: [observed("1.2", "Helm sends `Content-Type: application/octet-stream` with a blob PUT only since 3.3.0")],
        breaks: [
            Break::new(BEFORE_3_3, &[Flow::ChartPush], Symptom::BlobPut),
        ],
        faults: [RequiresUploadContentType],
        shares: "additions" as Blobs,
        check: no_content_type,
    }
}

async fn no_content_type(session: &Session) -> CheckResult {
    session.arrange_blob(&content(session, "typed")).await?;
    let blob = content(session, "untyped");
    let digest = digest_of(&blob);
    let location = session.arrange_upload().await?;
    let reply = session
        .complete_upload(&location, &digest, &blob)
        .without("content-type")
        .send()
        .await?;
    succeeds_like_any_other(session, &reply).await
}
