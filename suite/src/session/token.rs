//! How a session comes by authority: which challenge it answers, with what, and where that may go.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri, header};

use crate::session::challenge::{self, Challenge, TokenAnswer};
use crate::session::target::Credentials;
use crate::session::{Handling, Reply, Session, parse_uri};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Request;
use crate::wire::exchange::Exchange;

/// What a token endpoint answers that does not know a request by GET.
const NO_GET: &[u16] = &[400, 404, 405, 501];
/// What one answers that does not know a request by POST; the last as containerd has it.
const NO_POST: &[u16] = &[400, 404, 405, 501, 401];

/// Where tokens come from, and for what.
struct Endpoint<'c> {
    realm: &'c str,
    service: Option<&'c str>,
}

impl Session {
    /// Answers a challenge: the `Authorization` to try next, or nothing if there is none to try. Bearer is
    /// preferred; Basic is what is left where no token is to be had.
    pub(crate) async fn answer_challenge(
        &self,
        reply: &Reply,
        repository: &str,
        extra_scope: Option<&str>,
    ) -> Result<Option<HeaderValue>, Stop> {
        let credentials = self.target().credentials.as_ref();
        if let Some(Credentials::RegistryToken(token)) = credentials {
            return Ok(challenge::bearer(token));
        }
        let basic = credentials
            .and_then(Credentials::login)
            .map(challenge::basic);
        let challenges = Challenge::all(&reply.headers);
        let offered = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let Some(bearer) = offered("bearer") else {
            // Basic, or a 401 without a challenge: sending what we have lets the other checks go on.
            return Ok(basic);
        };
        match self.trade(bearer, repository, extra_scope).await {
            Ok(Some(token)) => Ok(Some(token)),
            _ if offered("basic").is_some() && basic.is_some() => Ok(basic),
            other => other,
        }
    }

    /// The answer, unless it is due to a token that was ready and has expired: there is no other to be had, and
    /// the registry is not to blame.
    pub(crate) async fn unless_expired(&self, reply: Reply) -> Result<Reply, Stop> {
        const BASE: &str = "/v2/";
        let Some(Credentials::RegistryToken(token)) = &self.target().credentials else {
            return Ok(reply);
        };
        let Some(bearer) = challenge::bearer(token) else {
            return Ok(reply);
        };
        if reply.status != StatusCode::UNAUTHORIZED || reply.uri.path() == BASE {
            return Ok(reply);
        }
        let ping = Request::new(Method::GET, self.uri(BASE)?).header(header::AUTHORIZATION, bearer);
        let base = self.exchange(ping, Handling::default()).await?;
        if base.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        Err(Stop::from(Obstacle {
            exchanges: vec![reply.exchange, base.exchange],
            ..Obstacle::new(
                ObstacleKind::Arrangement,
                "the token that was given has expired; get one that lives as long as a run",
            )
        }))
    }

    /// Trades what the run has, which may be nothing, for a token.
    async fn trade(
        &self,
        challenge: &Challenge,
        repository: &str,
        extra_scope: Option<&str>,
    ) -> Result<Option<HeaderValue>, Stop> {
        let Some(realm) = challenge
            .parameter("realm")
            .filter(|realm| realm.contains("://"))
        else {
            return Err(self.untold("the challenge names no token endpoint by its URL"));
        };
        let endpoint = Endpoint {
            realm,
            service: challenge.parameter("service"),
        };
        let own = format!("repository:{repository}:pull,push");
        let own = Some(own.as_str()).filter(|_| !repository.is_empty());
        let own: Vec<&str> = own.into_iter().chain(extra_scope).collect();
        let asked = challenge.parameter("scope").unwrap_or_default();
        let mut all = own.clone();
        all.extend(
            asked
                .split_ascii_whitespace()
                .filter(|scope| !own.contains(scope)),
        );
        let mut answer = self.ask(&endpoint, &all).await?;
        if TokenAnswer::read(&answer).is_none() && !own.is_empty() && all != own {
            // What the challenge asks for beyond the request may be more than anybody gets.
            answer = self.ask(&endpoint, &own).await?;
        }
        let Some(token) = TokenAnswer::read(&answer) else {
            self.remember_refusal(&answer);
            return Ok(None);
        };
        Ok(challenge::bearer(&token))
    }

    /// Asks for a token in the way that suits the credentials, and in the other where that is not known.
    async fn ask(&self, endpoint: &Endpoint<'_>, scopes: &[&str]) -> Result<Reply, Stop> {
        let Endpoint { realm, service } = *endpoint;
        let is_answered =
            |reply: &Reply, unknown: &[u16]| !unknown.contains(&reply.status.as_u16());
        match &self.target().credentials {
            Some(known @ Credentials::Login(login)) => {
                let basic = challenge::basic(login);
                let got = self.token(realm, service, scopes, Some(basic)).await?;
                if is_answered(&got, NO_GET) {
                    return Ok(got);
                }
                let form = challenge::token_form(known, service, scopes);
                let posted = self.token_post(realm, form.into()).await?;
                Ok(if posted.status == StatusCode::METHOD_NOT_ALLOWED {
                    got
                } else {
                    posted
                })
            }
            Some(known @ Credentials::IdentityToken(token)) => {
                let form = challenge::token_form(known, service, scopes);
                let posted = self.token_post(realm, form.into()).await?;
                if is_answered(&posted, NO_POST) {
                    return Ok(posted);
                }
                // As Helm up to 3.17 does: the token stands for the password of nobody in particular.
                let basic = challenge::basic_of("", token);
                self.token(realm, service, scopes, Some(basic)).await
            }
            Some(Credentials::RegistryToken(_)) | None => {
                self.token(realm, service, scopes, None).await
            }
        }
    }

    /// Asks a token endpoint with GET.
    pub(crate) async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[&str],
        authorization: Option<HeaderValue>,
    ) -> Result<Reply, Stop> {
        let separator = if realm.contains('?') { '&' } else { '?' };
        let query = challenge::token_query(service, scopes);
        let uri = parse_uri(&format!("{realm}{separator}{query}"))?;
        if authorization.is_some() {
            self.keep_in(&uri)?;
        }
        let mut request = Request::new(Method::GET, uri);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        self.traded(request).await
    }

    /// Sends a form, which holds credentials, to a token endpoint.
    pub(crate) async fn token_post(&self, realm: &str, form: Bytes) -> Result<Reply, Stop> {
        let uri = parse_uri(realm)?;
        self.keep_in(&uri)?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        let request = Request::new(Method::POST, uri)
            .header(header::CONTENT_TYPE, kind)
            .header(header::CONTENT_LENGTH, form.len())
            .content(form);
        self.traded(request).await
    }

    /// Sends a request for a token as it is.
    pub(crate) async fn traded(&self, request: Request) -> Result<Reply, Stop> {
        let handling = Handling {
            is_secret: true,
            ..Handling::default()
        };
        let reply = self.exchange(request, handling).await?;
        if let Some(token) = TokenAnswer::read(&reply) {
            self.remember_token(&token);
        }
        Ok(reply)
    }

    /// Lets credentials go to a token endpoint only where nobody can overhear them.
    pub(crate) fn keep_in(&self, realm: &Uri) -> Result<(), Stop> {
        let Some(why) = challenge::barred(self.target().origin(), realm) else {
            return Ok(());
        };
        let endpoint = realm.authority().map_or("", |authority| authority.as_str());
        Err(self.untold(&format!(
            "credentials are not sent to the token endpoint at {endpoint}: {why}"
        )))
    }

    /// What stands in the way of a token, shown by the last challenge there was.
    fn untold(&self, what: &str) -> Stop {
        let transcript = self.transcript();
        let is_challenge = |exchange: &Exchange| {
            let answer = exchange.response.as_ref();
            answer.is_ok_and(|answer| answer.status == StatusCode::UNAUTHORIZED)
        };
        let challenge = transcript.iter().rposition(is_challenge);
        Stop::from(Obstacle {
            exchanges: challenge.into_iter().collect(),
            ..Obstacle::new(ObstacleKind::Arrangement, what)
        })
    }
}
