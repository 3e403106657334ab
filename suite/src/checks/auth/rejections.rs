//! Credentials that a registry rejects.

use http::{HeaderValue, Method};

use super::{bearer, challenged, credentials, endpoint, scope, token_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, helm};
use crate::session::challenge::Challenge;
use crate::session::steps::ACCEPT_CONTAINERD;
use crate::session::target::Login;
use crate::session::{Session, authorization, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 401 with a challenge for a token that it cannot validate.
    ///
    /// ## Why Helm needs it
    /// Clients request a new token only after a 401. A token that has expired, or that another registry issued, must
    /// not lead to 400.
    ///
    /// ## How it is checked
    /// The check sends HEAD of a manifest with a token that no registry issued. The status must be 401.
    BAD_TOKEN = "auth/bad-token-is-401" {
        level: Should,
        title: "the registry returns 401 for an invalid token",
        fix: "Return 401 with a challenge, not 400 or 403, to a token that is malformed, expired or from another issuer.",
        covers: ["REG-AUT-22", "B40", "C23"],
        sources: [
            HTTP.states("status.401", "The 401 (Unauthorized) status code indicates that the request has not been applied because it lacks valid authentication credentials for the target resource."),
            HTTP.states("status.401", "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource."),
        ],
        breaks: [],
        faults: [BadTokensAnswer400],
        proven_on: Bearer,
        check: bad_token,
    }
}

async fn bad_token(session: &Session) -> CheckResult {
    bearer(session).await?;
    let path = session.manifest_path("1.0.0");
    let reply = session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_CONTAINERD)
        .authorization(HeaderValue::from_static("Bearer not-a-token"))
        .send()
        .await?;
    expect::status(&reply, &[401])
}

requirement! {
    /// The registry rejects a wrong password.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` prints "Login Succeeded" for every password that the registry accepts. The mistake
    /// appears hours later, in a job.
    ///
    /// ## How it is checked
    /// The check sends the user name of the run with another password: to the token endpoint, or to `/v2/` if there
    /// is none. The response must not be a 2xx.
    WRONG_PASSWORD = "auth/wrong-password-refused" {
        level: Must,
        title: "the registry rejects a wrong password",
        fix: "Verify the password whenever a request has credentials, and return 401 if it is wrong, at `/v2/` and at the token endpoint, even if anonymous access is allowed.",
        covers: ["REG-AUT-20", "REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "login stores what `/v2/` accepts")],
        breaks: [
            Break::when("with a wrong password", ALL, &[Flow::Login], Symptom::WrongPasswordAccepted),
        ],
        faults: [AcceptsAnyPassword],
        proven_on: Bearer,
        check: wrong_password,
    }
}

async fn wrong_password(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let known = credentials(session)?;
    let wrong = Login {
        username: known.username.clone(),
        password: format!("{}-wrong", known.password),
    };
    let wrong = authorization::basic(&wrong);
    let response = match Challenge::all(&reply.headers)
        .into_iter()
        .find(|challenge| challenge.scheme == "bearer")
    {
        Some(challenge) => {
            let (realm, service) = endpoint(&reply, &challenge)?;
            session
                .get_token(
                    &realm,
                    service.as_deref(),
                    &[&scope(session, "pull,push")],
                    Some(wrong),
                )
                .await?
        }
        None => {
            session
                .call(Method::GET, "/v2/")
                .authorization(wrong)
                .send()
                .await?
        }
    };
    let bearer = response.uri.path() != "/v2/";
    if bearer && response.status.is_success() {
        token_of(&response)?;
    }
    expect::holds(
        !response.status.is_success(),
        "status 401 for a wrong password",
        format!("status {}", response.status),
        &[&response],
    )
}
