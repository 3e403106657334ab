//! The responses that have a challenge, and the parameters of a Bearer challenge.

use http::Method;

use super::{bearer, challenged, scope};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, helm, observed};
use crate::session::challenge::Challenge;
use crate::session::steps::obstacle;
use crate::session::{Session, digest_of, expect};
use crate::verdict::CheckResult;
use crate::wire::redaction::redact_url;

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
    /// A Bearer challenge has a `realm` that is an absolute URL.
    ///
    /// ## Why Helm needs it
    /// Every Helm version requests its tokens at this URL.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The `realm` of the challenge must begin with `http://` or
    /// `https://`.
    REALM = "auth/realm-absolute" {
        level: Must,
        title: "the `realm` of a Bearer challenge is an absolute URL",
        covers: ["REG-AUT-03", "A11"],
        sources: [observed("4.3", "Helm uses the realm unchanged")],
        breaks: [
            Break::new(ALL, Flow::ALL, Symptom::RealmWithoutScheme),
        ],
        faults: [RealmIsRelative],
        proven_on: Bearer,
        check: realm,
    }
}

async fn realm(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let realm = challenge.parameter("realm").unwrap_or_default().to_owned();
    expect::holds(
        realm.starts_with("https://") || realm.starts_with("http://"),
        "an absolute URL as `realm`",
        format!("`realm=\"{}\"`", redact_url(&realm)),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge has a `scope` parameter.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 know no other scope and fail without it. Later versions add their own.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The challenge must have a `scope`.
    SCOPE = "auth/challenge-carries-scope" {
        level: Should,
        title: "a Bearer challenge has a `scope`",
        covers: ["REG-AUT-04", "B34"],
        sources: [observed("4.3", "Helm 3.0 to 3.2 fail on a challenge without scope")],
        breaks: [
            Break::new(Versions(&[Span::new((3, 0, 0), (3, 3, 0))]), &[Flow::ChartPush, Flow::ChartPull], Symptom::ChallengeWithoutScope),
        ],
        faults: [ChallengeWithoutScope],
        proven_on: Bearer,
        check: challenge_scope,
    }
}

async fn challenge_scope(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("scope").is_some(),
        "a `scope` parameter",
        "no `scope` parameter",
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge has a `service` parameter.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: Helm only echoes the parameter. A token endpoint that requires `service` must name it
    /// in the challenge.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The challenge must have a `service`.
    SERVICE = "auth/challenge-carries-service" {
        level: May,
        title: "a Bearer challenge has a `service`",
        covers: ["REG-AUT-03"],
        sources: [observed("4.3", "every Helm version accepts a challenge without service")],
        breaks: [],
        faults: [ChallengeWithoutService],
        proven_on: Bearer,
        check: challenge_service,
    }
}

async fn challenge_service(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("service").is_some(),
        "a `service` parameter",
        "no `service` parameter",
        &[&reply],
    )
}

requirement! {
    /// The `scope` of a challenge names the repository and requests no more than the operation needs.
    ///
    /// ## Why Helm needs it
    /// Helm requests the scope of the challenge together with its own. An account that may only pull receives no
    /// token for more.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The `scope` of the challenge must name this repository and
    /// `pull` alone.
    NARROW = "auth/scope-is-narrow" {
        level: Should,
        title: "the challenge for a pull has `scope=\"repository:<name>:pull\"`",
        covers: ["REG-AUT-05", "REG-PUL-19", "A05", "B34"],
        sources: [observed("4.3", "Helm requests the union of the challenge's scope and its own")],
        breaks: [],
        faults: [ChallengeDemandsEverything],
        proven_on: Bearer,
        check: narrow,
    }
}

async fn narrow(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let Some(named) = challenge.parameter("scope") else {
        return Err(obstacle("read the scope of the challenge", &reply));
    };
    let wanted = scope(session, "pull");
    expect::holds(
        named == wanted,
        format!("`scope=\"{wanted}\"`"),
        format!("`scope=\"{named}\"`"),
        &[&reply],
    )
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
