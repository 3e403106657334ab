//! Responses to challenges: which challenge the session responds to, with which credentials, and where they go.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri, header};

use super::authorization::{allows_push, basic, basic_of, bearer, forbidden_realm};
use super::challenge::Challenge;
use super::target::Credentials;
use super::token_request::{TokenResponse, token_form, token_query};
use super::{Handling, Repeats, Reply, Session, parse_uri};
use crate::oci::RepositoryName;
use crate::oci::url::{self, is_same_origin};
use crate::verdict::{Obstacle, ObstacleKind, Stop};
use crate::wire::Request;
use crate::wire::content::Content;

/// The statuses of a token endpoint that does not support GET.
const NO_GET: &[u16] = &[400, 404, 405, 501];
/// The statuses of a token endpoint that does not support POST, 401 included, as containerd has them.
const NO_POST: &[u16] = &[400, 404, 405, 501, 401];

/// The number of redirects of a token request that are followed, as Go does.
const REDIRECTS: usize = 10;

/// A token endpoint, and the service to request a token for.
struct Endpoint<'c> {
    realm: &'c str,
    service: Option<&'c str>,
}

impl Session {
    /// The `Authorization` to try after a challenge, or nothing if there is none to try. A Bearer challenge is
    /// preferred; Basic is used if no token can be obtained.
    pub(crate) async fn respond_to_challenge(
        &self,
        reply: &Reply,
        repository: &str,
        extra_scope: Option<&str>,
    ) -> Result<Option<HeaderValue>, Stop> {
        let credentials = self.target().credentials.as_ref();
        if let Some(Credentials::RegistryToken(token)) = credentials {
            return Ok(bearer(token));
        }
        let basic = credentials.and_then(Credentials::login).map(basic);
        let challenges = Challenge::all(&reply.headers);
        let offered = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let Some(bearer) = offered("bearer") else {
            // Basic, or a 401 without a challenge: with the credentials sent, the other checks can go on.
            return Ok(basic);
        };
        let token = self.token_for_challenge(bearer, repository, extra_scope);
        match token.await {
            Ok(Some(token)) => Ok(Some(token)),
            _ if offered("basic").is_some() && basic.is_some() => Ok(basic),
            other => other,
        }
    }

    /// The `Authorization` of a request that no challenge preceded: Basic, or the token that the run was given. An
    /// identity token has none without a token endpoint.
    pub(crate) fn unchallenged_authorization(&self) -> Option<HeaderValue> {
        match self.target().credentials.as_ref()? {
            Credentials::Login(login) => Some(basic(login)),
            Credentials::RegistryToken(token) => bearer(token),
            Credentials::IdentityToken(_) => None,
        }
    }

    /// The reply, unless it is due to the expiry of the token that the run was given. That is an obstacle: the session
    /// has no other token, and the registry is not the cause.
    pub(crate) async fn unless_token_expired(&self, reply: Reply) -> Result<Reply, Stop> {
        const BASE: &str = "/v2/";
        let Some(Credentials::RegistryToken(token)) = &self.target().credentials else {
            return Ok(reply);
        };
        let Some(bearer) = bearer(token) else {
            return Ok(reply);
        };
        if reply.status != StatusCode::UNAUTHORIZED || reply.uri.path() == BASE {
            return Ok(reply);
        }
        let request = Request::new(Method::GET, self.uri(BASE)?);
        let request = request.header(header::AUTHORIZATION, bearer);
        let base = self.exchange(request, Handling::default()).await?;
        if base.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        Err(Stop::from(Obstacle {
            exchanges: vec![reply.exchange, base.exchange],
            ..Obstacle::new(
                ObstacleKind::Arrangement,
                "the given token has expired; use one that is valid for the whole run",
            )
        }))
    }

    /// Obtains a token with the run's credentials, or anonymously if it has none.
    async fn token_for_challenge(
        &self,
        challenge: &Challenge,
        repository: &str,
        extra_scope: Option<&str>,
    ) -> Result<Option<HeaderValue>, Stop> {
        let realm = challenge.parameter("realm");
        let Some(realm) = realm.filter(|realm| realm.contains("://")) else {
            return Err(self.token_obstacle(
                "the challenge names no token endpoint: its realm is not an absolute URL",
            ));
        };
        let endpoint = Endpoint {
            realm,
            service: challenge.parameter("service"),
        };
        let own = format!("repository:{repository}:pull,push");
        let own = Some(own.as_str()).filter(|_| !repository.is_empty());
        let own: Vec<&str> = own.into_iter().chain(extra_scope).collect();
        let of_challenge = challenge.parameter("scope").unwrap_or_default();
        let mut all = own.clone();
        all.extend(
            of_challenge
                .split_ascii_whitespace()
                .filter(|scope| !own.contains(scope)),
        );
        let mut reply = self.request_token(&endpoint, &all).await?;
        if TokenResponse::token_in(&reply).is_none() && !own.is_empty() && all != own {
            // A scope of the challenge beyond the request may be one that no user is granted.
            reply = self.request_token(&endpoint, &own).await?;
        }
        let Some(token) = TokenResponse::token_in(&reply) else {
            self.state().refused_token = Some(reply);
            return Ok(None);
        };
        Ok(bearer(&token))
    }

    /// The `Authorization` with a token for the scope of a challenge alone, as a client that only reads requests it.
    pub(crate) async fn authorization_for_challenge(
        &self,
        reply: &Reply,
    ) -> Result<Option<HeaderValue>, Stop> {
        let challenges = Challenge::all(&reply.headers);
        let offered = challenges.iter().find(|one| one.scheme == "bearer");
        let parameter = |name| offered.and_then(|challenge| challenge.parameter(name));
        let scope = parameter("scope").filter(|scope| scope.ends_with(":pull"));
        let is_given = matches!(
            self.target().credentials,
            Some(Credentials::RegistryToken(_))
        );
        let (Some(realm), Some(scope), false) = (parameter("realm"), scope, is_given) else {
            return Ok(None);
        };
        let service = parameter("service");
        let endpoint = Endpoint { realm, service };
        let reply = self.request_token(&endpoint, &[scope]).await?;
        Ok(TokenResponse::token_in(&reply).and_then(|token| bearer(&token)))
    }

    /// True if the token that was obtained for this repository states that it allows a push; `None` if there is no such
    /// token, or if it cannot be read.
    pub fn token_allows_push(&self, repository: &RepositoryName) -> Option<bool> {
        let held = self
            .state()
            .authorizations
            .get(repository.as_str())
            .cloned()?;
        let token = held.to_str().ok()?.strip_prefix("Bearer ")?.to_owned();
        allows_push(&token, repository)
    }

    /// Requests a token with the method that suits the credentials, or with the other if the endpoint does not support
    /// the first.
    async fn request_token(&self, endpoint: &Endpoint<'_>, scopes: &[&str]) -> Result<Reply, Stop> {
        let Endpoint { realm, service } = *endpoint;
        let is_supported =
            |reply: &Reply, unsupported: &[u16]| !unsupported.contains(&reply.status.as_u16());
        match &self.target().credentials {
            Some(known @ Credentials::Login(login)) => {
                let authorization = Some(basic(login));
                let got = self.get_token(realm, service, scopes, authorization);
                let got = got.await?;
                let has_failed = got.status.is_success() && TokenResponse::token_in(&got).is_none();
                if is_supported(&got, NO_GET) && !has_failed {
                    return Ok(got);
                }
                let form = token_form(known, service, scopes);
                let posted = self.post_token(realm, form.into()).await?;
                let is_worse = has_failed && TokenResponse::token_in(&posted).is_none();
                Ok(
                    if posted.status == StatusCode::METHOD_NOT_ALLOWED || is_worse {
                        got
                    } else {
                        posted
                    },
                )
            }
            Some(known @ Credentials::IdentityToken(token)) => {
                let form = token_form(known, service, scopes);
                let posted = self.post_token(realm, form.into()).await?;
                if is_supported(&posted, NO_POST) {
                    return Ok(posted);
                }
                // As Helm up to 3.17 does: the token is the password, and the user name is empty.
                let authorization = Some(basic_of("", token));
                self.get_token(realm, service, scopes, authorization).await
            }
            Some(Credentials::RegistryToken(_)) | None => {
                self.get_token(realm, service, scopes, None).await
            }
        }
    }

    /// Requests a token with GET.
    pub(crate) async fn get_token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[&str],
        authorization: Option<HeaderValue>,
    ) -> Result<Reply, Stop> {
        let separator = if realm.contains('?') { '&' } else { '?' };
        let query = token_query(service, scopes);
        let uri = parse_uri(&format!("{realm}{separator}{query}"))?;
        if authorization.is_some() {
            self.check_realm(&uri)?;
        }
        let mut request = Request::new(Method::GET, uri);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        self.send_token_request(request).await
    }

    /// Requests a token with POST: the form holds credentials.
    pub(crate) async fn post_token(&self, realm: &str, form: Bytes) -> Result<Reply, Stop> {
        let uri = parse_uri(realm)?;
        self.check_realm(&uri)?;
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        let request = Request::new(Method::POST, uri)
            .header(header::CONTENT_TYPE, kind)
            .header(header::CONTENT_LENGTH, form.len())
            .content(form);
        self.send_token_request(request).await
    }

    /// Sends a token request as it is, and follows redirects on the origin of the token endpoint, as Go does.
    pub(crate) async fn send_token_request(&self, request: Request) -> Result<Reply, Stop> {
        self.exchange_with_endpoint(request, Repeats::default())
            .await
    }

    /// The same as a client model sends it: again only if the endpoint asks for it.
    pub(crate) async fn request_token_once(&self, request: Request) -> Result<Reply, Stop> {
        self.exchange_with_endpoint(request, Repeats::OnRequest)
            .await
    }

    async fn exchange_with_endpoint(
        &self,
        request: Request,
        repeats: Repeats,
    ) -> Result<Reply, Stop> {
        let handling = Handling {
            is_secret: true,
            repeats,
        };
        let mut request = request;
        let mut reply = self.exchange(request.clone(), handling).await?;
        for _ in 0..REDIRECTS {
            let Some(next) = redirected(&request, &reply) else {
                break;
            };
            request = next;
            reply = self.exchange(request.clone(), handling).await?;
        }
        if let Some(token) = TokenResponse::token_in(&reply) {
            self.state().secrets.add(&token);
        }
        Ok(reply)
    }

    /// Forbids credentials to a token endpoint where they could be intercepted: that is an obstacle.
    pub(crate) fn check_realm(&self, realm: &Uri) -> Result<(), Stop> {
        let Some(why) = forbidden_realm(self.target().origin(), realm) else {
            return Ok(());
        };
        let endpoint = realm.authority().map_or("", |authority| authority.as_str());
        Err(self.token_obstacle(&format!(
            "credentials are not sent to the token endpoint at {endpoint}: {why}"
        )))
    }

    /// The reason why there is no token, with the last challenge.
    fn token_obstacle(&self, what: &str) -> Stop {
        let state = self.state();
        let challenge = state.exchanges.iter().rposition(|sent| {
            let response = sent.response.as_ref();
            response.is_ok_and(|response| response.status == StatusCode::UNAUTHORIZED)
        });
        Stop::from(Obstacle {
            exchanges: challenge.into_iter().collect(),
            ..Obstacle::new(ObstacleKind::Arrangement, what)
        })
    }
}

/// The request that follows a redirect on the origin of the token endpoint; `None` if there is none to follow. Another
/// origin gets no credentials.
fn redirected(request: &Request, reply: &Reply) -> Option<Request> {
    let keeps_method = match reply.status.as_u16() {
        301..=303 => request.method == Method::GET,
        307 | 308 => true,
        _ => return None,
    };
    let uri = url::resolve(&request.uri, reply.header("location")?).ok()?;
    if !is_same_origin(&uri, &request.uri) {
        return None;
    }
    let mut next = Request {
        uri,
        ..request.clone()
    };
    if !keeps_method {
        next.method = Method::GET;
        next.content = Content::default();
        next.headers.remove(header::CONTENT_TYPE);
        next.headers.remove(header::CONTENT_LENGTH);
    }
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_on_the_origin_of_the_token_endpoint_are_followed_as_go_follows_them() {
        let asked = |method: Method| {
            Request::new(method, Uri::from_static("https://auth.test/token?a=b"))
                .content(Bytes::from("form"))
        };
        for (method, status, location, expected) in [
            (
                Method::GET,
                307,
                "/other?a=b",
                Some("GET https://auth.test/other?a=b"),
            ),
            (Method::GET, 302, "next", Some("GET https://auth.test/next")),
            (
                Method::POST,
                308,
                "/next",
                Some("POST https://auth.test/next"),
            ),
            (
                Method::POST,
                303,
                "/next",
                Some("GET https://auth.test/next"),
            ),
            (Method::GET, 307, "https://other.test/token", None),
            (Method::GET, 307, "http://auth.test/token", None),
            (Method::GET, 200, "/next", None),
        ] {
            let mut reply = Reply {
                status: StatusCode::from_u16(status).expect("a status"),
                headers: http::HeaderMap::new(),
                body: Bytes::new(),
                measured: None,
                exchange: 0,
                uri: Uri::from_static("https://auth.test/token"),
            };
            reply
                .headers
                .insert(header::LOCATION, HeaderValue::from_static(location));
            let next = redirected(&asked(method), &reply);
            let shown = next
                .as_ref()
                .map(|next| format!("{} {}", next.method, next.uri));
            assert_eq!(shown.as_deref(), expected, "{status} {location}");
            let has_body = next.is_some_and(|next| next.content.length() > 0);
            let drops_body = status == 303 || expected.is_none();
            assert_eq!(has_body, !drops_body, "{status} {location}");
        }
    }
}
