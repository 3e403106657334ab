//! The responses that have a challenge.

use http::Method;

use super::challenged;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, helm, observed};
use crate::session::challenge::Challenge;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 401 with `WWW-Authenticate` to a request without sufficient authorization, on every
    /// endpoint and for every method.
    ///
    /// ## Why Helm needs it
    /// Every operation of Helm starts anonymously, and Helm sends credentials only in response to a challenge. Helm
    /// does not request `/v2/` before a push or a pull, so a challenge there alone is not enough.
    ///
    /// ## How it is checked
    /// The check sends anonymous requests: HEAD and GET of a manifest, HEAD of a blob, POST of an upload, GET of the
    /// tag list. Every 401 must have a challenge that can be parsed.
    EVERYWHERE = "auth/challenge-everywhere" {
        level: Must,
        title: "every 401 has a challenge",
        fix: "Send `WWW-Authenticate` with every 401, on each endpoint below `/v2/` and for each method, not only at `/v2/`. Check whether a front end removes the header.",
        covers: ["REG-AUT-01", "A12"],
        sources: [
            HTTP.states(
                "status.401",
                "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
            ),
            observed("4.3", "every operation starts without credentials; Helm sends them only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(ALL, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
        ],
        faults: [ChallengesOnlyAtBase, ChallengesNowhere],
        proven_on: Bearer,
        check: everywhere,
    }
}

async fn everywhere(session: &Session) -> CheckResult {
    challenged(session).await?;
    let digest = digest_of(b"nothing");
    let requests = [
        (Method::HEAD, session.manifest_path("1.0.0")),
        (Method::GET, session.manifest_path("1.0.0")),
        (Method::HEAD, session.blob_path(&digest)),
        (
            Method::POST,
            format!("/v2/{}/blobs/uploads/", session.repository()),
        ),
        (
            Method::GET,
            format!("/v2/{}/tags/list", session.repository()),
        ),
    ];
    for (method, path) in requests {
        let reply = session.call(method, &path).anonymous().send().await?;
        if reply.status.as_u16() == 401 {
            expect::holds(
                !Challenge::all(&reply.headers).is_empty(),
                "a `www-authenticate` header with a challenge",
                match reply.header("www-authenticate") {
                    Some(value) => format!("`www-authenticate: {value}`"),
                    None => "no `www-authenticate` header".to_owned(),
                },
                &[&reply],
            )?;
        }
    }
    Ok(())
}

requirement! {
    /// If a registry has private content, `/v2/` returns a challenge to an anonymous request.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` sends the password only after a challenge. Without one, it succeeds with any password.
    ///
    /// ## How it is checked
    /// If a manifest requires credentials, the check sends an anonymous `GET /v2/`. The status must be 401.
    BASE = "auth/base-challenges" {
        level: Should,
        title: "`/v2/` of a private registry returns 401 to anonymous requests",
        fix: "Return 401 with a challenge to an anonymous `GET /v2/` if any repository is private, whatever the `User-Agent`. Public repositories stay readable without credentials.",
        covers: ["REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "no challenge at `/v2/`: the password is never sent")],
        breaks: [],
        faults: [BaseOpenToAnonymous],
        proven_on: Basic,
        check: base,
    }
}

async fn base(session: &Session) -> CheckResult {
    challenged(session).await?;
    let reply = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if !matches!(reply.status.as_u16(), 200 | 401) {
        return Err(obstacle("get `/v2/`", &reply));
    }
    expect::status(&reply, &[401])
}
