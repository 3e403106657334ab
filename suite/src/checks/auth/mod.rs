//! Challenges and tokens. The requirements do not apply to registries without authentication.

mod anonymous;
mod challenges;
mod grants;
mod parameters;
mod reads;
mod rejections;
mod schemes;
mod token;
mod token_fields;
mod writes;

use http::{HeaderValue, Method};

use crate::requirement::Requirement;
use crate::session::challenge::Challenge;
use crate::session::steps::{ACCEPT_CONTAINERD, obstacle};
use crate::session::target::{Credentials, Login};
use crate::session::token_request::TokenResponse;
use crate::session::{Reply, Session, authorization};
use crate::verdict::Stop;

/// An anonymous HEAD of a manifest: the first request of every pull.
async fn anonymous_head(session: &Session) -> Result<Reply, Stop> {
    let path = session.manifest_path("1.0.0");
    session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_CONTAINERD)
        .anonymous()
        .send()
        .await
}

/// The first response to an anonymous client; skips registries that require no credentials.
async fn challenged(session: &Session) -> Result<Reply, Stop> {
    let reply = anonymous_head(session).await?;
    if reply.status.as_u16() == 401 {
        Ok(reply)
    } else {
        Err(Stop::condition_not_met(
            "the registry requires no credentials",
        ))
    }
}

/// The Bearer challenge of the first response; skips registries without one.
pub(super) async fn bearer(session: &Session) -> Result<(Reply, Challenge), Stop> {
    let reply = challenged(session).await?;
    let found = Challenge::all(&reply.headers)
        .into_iter()
        .find(|challenge| challenge.scheme == "bearer");
    found
        .map(|challenge| (reply, challenge))
        .ok_or_else(|| Stop::condition_not_met("the registry has no token endpoint"))
}

/// Skips runs without credentials.
fn has_credentials(session: &Session) -> Result<(), Stop> {
    match session.target().credentials {
        Some(_) => Ok(()),
        None => Err(Stop::missing_credentials("the run has no credentials")),
    }
}

/// The user name and the password of the run; skips runs without them.
pub(super) fn credentials(session: &Session) -> Result<&Login, Stop> {
    let credentials = session.target().credentials.as_ref();
    let why = match credentials {
        Some(Credentials::Login(login)) => return Ok(login),
        Some(_) => "the run has a token instead of a user name and password",
        None => "the run has no credentials",
    };
    Err(Stop::missing_credentials(why))
}

/// The realm and the service of a challenge; a realm that is not absolute is an obstacle.
pub(super) fn endpoint(
    reply: &Reply,
    challenge: &Challenge,
) -> Result<(String, Option<String>), Stop> {
    let realm = challenge
        .parameter("realm")
        .filter(|realm| realm.contains("://"));
    let realm = realm.ok_or_else(|| obstacle("find the token endpoint", reply))?;
    Ok((
        realm.to_owned(),
        challenge.parameter("service").map(ToOwned::to_owned),
    ))
}

/// The token endpoint and the service in the Bearer challenge of the first response.
async fn token_endpoint(session: &Session) -> Result<(String, Option<String>), Stop> {
    let (reply, challenge) = bearer(session).await?;
    endpoint(&reply, &challenge)
}

/// The token in a response of the token endpoint; a response without one is an obstacle.
fn token_of(reply: &Reply) -> Result<String, Stop> {
    TokenResponse::token_in(reply).ok_or_else(|| obstacle("get a token", reply))
}

/// The response of the token endpoint to GET with the credentials of the run and these scopes.
async fn token_response(session: &Session, scopes: &[&str]) -> Result<Reply, Stop> {
    let (realm, service) = token_endpoint(session).await?;
    let basic = authorization::basic(credentials(session)?);
    session
        .get_token(&realm, service.as_deref(), scopes, Some(basic))
        .await
}

/// A token for these scopes, with the credentials of the run.
async fn token_for(session: &Session, scopes: &[&str]) -> Result<HeaderValue, Stop> {
    let response = token_response(session, scopes).await?;
    authorization::bearer(&token_of(&response)?)
        .ok_or_else(|| obstacle("send the token in a header", &response))
}

fn scope(session: &Session, actions: &str) -> String {
    format!("repository:{}:{actions}", session.repository())
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &challenges::EVERYWHERE,
    &anonymous::LOGIN,
    &anonymous::PUSH,
    &anonymous::PULL,
    &schemes::FIRST,
    &schemes::SPELLING,
    &challenges::BASE,
    &rejections::WRONG_PASSWORD,
    &parameters::REALM,
    &parameters::SCOPE,
    &parameters::SERVICE,
    &parameters::NARROW,
    &token::GET,
    &token::TOKEN_JSON,
    &token_fields::TYPES,
    &token_fields::SCOPE,
    &grants::TWO_SCOPES,
    &grants::SCOPE_ORDER,
    &grants::POST,
    &grants::POST_NAME,
    &token::CLIENT_IDS,
    &token::LOGIN_TOKEN,
    &token::ANONYMOUS,
    &reads::OWN_TOKEN,
    &reads::PUSH_PULLS,
    &reads::PULL_SEES_404,
    &reads::PULL_LISTS,
    &writes::POST_CHALLENGED,
    &rejections::BAD_TOKEN,
    &writes::PUT_AUTHORISED,
    &schemes::FIRST_WORKS,
    &schemes::EACH_SCHEME,
];
