//! `helm registry login`: requests to `/v2/` and to the token endpoint.

use http::{HeaderValue, Method, Uri};

use super::challenges;
use super::connections::Connections;
use super::request::PlannedRequest;
use super::tokens::{FORM, access_token, password, typed_token};
use super::{ClientRun, TransportLibrary};
use crate::session::Reply;
use crate::session::authorization;
use crate::session::token_request::TokenResponse;
use crate::verdict::{CheckResult, Stop};

impl ClientRun<'_> {
    /// The whole login; it succeeds where the registry sends no challenge.
    pub(crate) async fn log_in(mut self) -> CheckResult {
        if self.cache.is_left_to_session() {
            let why = "a login needs a user name and a password; the run has a token";
            return Err(Stop::missing_credentials(why));
        }
        self.agent = self.model.login_agent;
        if self.model.library == TransportLibrary::Containerd {
            self.connections = Connections::single();
            return self.log_in_like_docker().await;
        }
        match self.ping(true).await {
            // A second attempt, with GET for the token.
            Err(Stop::Violated(_)) => self.ping(false).await,
            other => other,
        }
    }

    fn base(&self) -> Result<PlannedRequest, Stop> {
        Ok(PlannedRequest::without_access(
            Method::GET,
            self.session.uri("/v2/")?,
        ))
    }

    /// Up to 3.17, as Docker does: sends a request, and a second one with the credentials that the challenge requires.
    async fn log_in_like_docker(&self) -> CheckResult {
        let ping = self.send(&self.base()?, None).await?;
        let key = match ping.status.as_u16() {
            401 => self.authorization_of_docker(&ping).await?,
            _ => None,
        };
        // Docker's client sends its credentials below `/v2/` only, also after a redirect.
        let is_below = |target: &Uri| target.path().contains("/v2/");
        let base = self.base()?;
        let reply = self.send_following(&base, key.as_ref(), false, is_below);
        let reply = reply.await?;
        self.expect_success(&reply)
    }

    async fn authorization_of_docker(&self, ping: &Reply) -> Result<Option<HeaderValue>, Stop> {
        let read = challenges::first_of_each(&ping.headers);
        let offered = |scheme: &str| read.iter().find(|one| one.scheme == scheme);
        let user = self.login().ok_or_else(without_credentials)?;
        if offered("basic").is_some() {
            return Ok(Some(authorization::basic(user)));
        }
        let Some(bearer) = offered("bearer") else {
            return Ok(None);
        };
        let fields = vec![
            ("account", user.username.as_str()),
            ("client_id", "docker"),
            ("offline_token", "true"),
        ];
        let got = self.get(&self.endpoint(bearer, ping)?, fields).await?;
        self.token(&got, typed_token(&got)).map(Some)
    }

    /// Since 3.18: sends a request, and a second one with the credentials that the first challenge requires.
    async fn ping(&self, by_post: bool) -> CheckResult {
        let ping = self.send(&self.base()?, None).await?;
        let challenge = challenges::first(&ping).filter(|_| ping.status.as_u16() == 401);
        let Some(challenge) = challenge else {
            return self.expect_success(&ping);
        };
        let user = self.login().ok_or_else(without_credentials)?;
        let key = match challenge.scheme.as_str() {
            "basic" => authorization::basic(user),
            "bearer" => {
                let endpoint = self.endpoint(&challenge, &ping)?;
                self.check_realm(&endpoint.realm, &ping)?;
                if by_post {
                    let mut form = vec![("client_id", "oras-go")];
                    form.extend(password(user));
                    let posted = self.post(&endpoint, form, FORM).await?;
                    self.expect_success(&posted)?;
                    self.token(&posted, access_token(&posted))?
                } else {
                    let got = self.get(&endpoint, Vec::new()).await?;
                    self.expect_success(&got)?;
                    self.token(&got, TokenResponse::token_in(&got))?
                }
            }
            _ => return self.expect_success(&ping),
        };
        let reply = self.send(&self.base()?, Some(&key)).await?;
        self.expect_success(&reply)
    }

    fn expect_success(&self, reply: &Reply) -> CheckResult {
        if reply.status.as_u16() == 200 {
            Ok(())
        } else {
            Err(self.abort("status 200 for a login", reply))
        }
    }
}

fn without_credentials() -> Stop {
    Stop::missing_credentials("the run has no credentials")
}
