//! The first write to a repository that does not exist.

use bytes::Bytes;
use http::Method;

use super::first_write;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, HTTP, observed};
use crate::session::expect;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry responds to the first write to a repository that does not exist, and does not just close the
    /// connection.
    ///
    /// ## Why Helm needs it
    /// No Helm version has a command that creates a repository. If the registry requires that it is created
    /// beforehand, its response is all that the user sees; a closed connection reads `EOF`.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository, at most three times. One POST must get a response. If `GET
    /// /v2/` fails in between, the check is inconclusive.
    FIRST_WRITE_RESPONSE = "names/first-write-answered" {
        level: Must,
        title: "the first write to a new repository gets a response",
        fix: "Respond to the POST of an upload in an unknown repository: 202, or a 4xx with the code `NAME_UNKNOWN` and the next step. Do not close the connection.",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.states(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::UploadPostClosed),
        ],
        faults: [ClosesOnFirstWrite],
        shares: "upload",
        check: first_write_response,
    }
}

async fn first_write_response(session: &Session) -> CheckResult {
    let path = format!("/v2/{}/blobs/uploads/", session.repository());
    match session
        .response_or_close(|| session.call(Method::POST, &path).send())
        .await?
    {
        Some(_) => Ok(()),
        None => Err(expect::connection_closed(session, "a response")),
    }
}

requirement! {
    /// The first write to a repository that does not exist creates it or returns a 4xx status with a reason.
    ///
    /// ## Why Helm needs it
    /// A 5xx status ends the push of Helm 3.0 to 3.17; later versions retry a few times, then report a broken server
    /// instead of a missing repository.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository. The response must not be a 5xx.
    NO_SERVER_ERROR = "names/first-write-no-server-error" {
        level: Must,
        title: "the first write to a new repository does not return a 5xx status",
        fix: "Create the repository and return 202, or return 404 with the code `NAME_UNKNOWN` and a message that states how to create it. Do not return a 5xx.",
        covers: ["REG-NAM-08", "A02"],
        sources: [
            HELM_DOCS.states("the-push-subcommand", "Certain registries require the repository and/or namespace (if specified) to be created beforehand."),
            HTTP.states("status.5xx", "The 5xx (Server Error) class of status code indicates that the server is aware that it has erred or is incapable of performing the requested method."),
        ],
        breaks: [
            Break::new(CONTAINERD, Flow::FIRST_PUSHES, Symptom::UploadPost),
        ],
        faults: [FailsFirstWrite],
        shares: "upload",
        check: no_server_error,
    }
}

async fn no_server_error(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        !reply.status.is_server_error(),
        "202, or a 4xx status with a reason",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The registry creates a repository on the first push to it.
    ///
    /// ## Why Helm needs it
    /// Otherwise the first push of every chart needs an administrator. Several hosted registries work that way, so it
    /// is only observed.
    ///
    /// ## How it is checked
    /// The check starts an upload in a new repository. The response must not be 404.
    CREATED_ON_PUSH = "names/created-on-push" {
        level: May,
        title: "a push creates its repository",
        fix: "Create the repository when its first upload starts, if the user may push to that name, and return 202.",
        covers: ["REG-NAM-08", "A02"],
        sources: [HELM_DOCS.states(
            "the-push-subcommand",
            "Certain registries require the repository and/or namespace (if specified) to be created beforehand.",
        )],
        breaks: [],
        faults: [RequiresExistingRepositories],
        shares: "upload",
        check: created_on_push,
    }
}

async fn created_on_push(session: &Session) -> CheckResult {
    let reply = first_write(session, session.repository()).await?;
    expect::holds(
        reply.status.as_u16() != 404,
        "any status except 404",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The registry returns 404 to HEAD of a manifest or blob in a repository that does not exist yet, if the client
    /// may push.
    ///
    /// ## Why Helm needs it
    /// HEAD of the manifest by digest is the very first request of a push since Helm 3.18. Any status other than 404
    /// ends the push before it starts; this broke several large registries for more than a year.
    ///
    /// ## How it is checked
    /// The check sends HEAD for a random manifest and blob digest before the first write to a repository, and again
    /// after it. The first responses must be 404 if the second are.
    NEW_REPOSITORY = "names/new-repository-is-empty" {
        level: Must,
        title: "HEAD in a repository that does not exist yet returns 404",
        fix: "Return 404, not 401 or 403, to HEAD in a repository that does not exist yet, if the user may push to it. Derive the permission from the name, not from the stored repository.",
        covers: ["REG-NAM-09", "A01"],
        sources: [
            DISTRIBUTION.states(
                "checking-if-content-exists-in-the-registry",
                "If the blob or manifest is not found in the repository, the response code MUST be `404 Not Found`.",
            ),
            observed("2.2", "a push since 3.18 begins with HEAD of the manifest by digest"),
        ],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::PushStart),
        ],
        faults: [HeadForbiddenInNewRepository],
        check: new_repository,
    }
}

async fn new_repository(session: &Session) -> CheckResult {
    let absent = digest_of(session.repository().as_bytes());
    let manifest = session.head_manifest(&absent).await?;
    let blob = session.head_blob(&absent).await?;
    session
        .arrange_blob(&Bytes::from(format!("first {}", session.seed())))
        .await?;
    for (before, after) in [
        (&manifest, session.head_manifest(&absent).await?),
        (&blob, session.head_blob(&absent).await?),
    ] {
        if after.status.as_u16() == 404 {
            expect::holds(
                before.status.as_u16() == 404,
                "status 404, as after the first write",
                format!("status {}", before.status),
                &[before, &after],
            )?;
        }
    }
    Ok(())
}
