//! The parameters of a Bearer challenge.

use super::{bearer, scope};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, Span, Versions};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::CheckResult;
use crate::wire::redaction::redact_url;

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
        fix: "Write the realm with scheme and host, such as `https://auth.example/token`. Set the external URL of the registry if the realm is built from it.",
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
        fix: "Add `scope=\"repository:<name>:<actions>\"` to the Bearer challenge of every request to a repository.",
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
        fix: "Add `service=\"…\"` to the Bearer challenge, with the value that the token endpoint expects.",
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
        fix: "Write the requested repository and only the action of the request into `scope`: `repository:<name>:pull` for GET and HEAD. Do not send `*`, nor `push` for a read.",
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
