//! `helm registry login`: `/v2/` is asked until it is content, or never will be.

use http::{HeaderValue, Method};

use super::keys::first_challenge;
use super::tokens::{FORM, access_token, password};
use super::wire::Ask;
use super::{Line, Run};
use crate::session::Reply;
use crate::session::challenge::{self, Challenge, TokenAnswer};
use crate::verdict::{CheckResult, Stop};

impl Run<'_> {
    /// The whole login; a registry that asks for nothing is content with nobody.
    pub(crate) async fn log_in(mut self) -> CheckResult {
        if self.keys.are_the_sessions() {
            let why = "a login takes a user name and a password, and a token was given";
            return Err(Stop::missing_credentials(why));
        }
        self.agent = self.client.login_agent;
        if self.client.line == Line::Containerd {
            return self.log_in_as_docker().await;
        }
        match self.ping(true).await {
            // Once more, with the other way to ask for a token.
            Err(Stop::Violated(_)) => self.ping(false).await,
            other => other,
        }
    }

    fn base(&self) -> Result<Ask, Stop> {
        Ok(Ask::without_rights(Method::GET, self.session.uri("/v2/")?))
    }

    /// Up to 3.17 as Docker does: asks, and asks again with whatever the answer called for.
    async fn log_in_as_docker(&self) -> CheckResult {
        let ping = self.say(&self.base()?, None).await?;
        let key = match ping.status.as_u16() {
            401 => self.key_of_docker(&ping).await?,
            _ => None,
        };
        let reply = self.say(&self.base()?, key.as_ref()).await?;
        self.content(&reply)
    }

    async fn key_of_docker(&self, ping: &Reply) -> Result<Option<HeaderValue>, Stop> {
        let challenges = Challenge::all(&ping.headers);
        let offered = |scheme: &str| challenges.iter().find(|one| one.scheme == scheme);
        let user = self.user().ok_or_else(without_credentials)?;
        if offered("basic").is_some() {
            return Ok(Some(challenge::basic(user)));
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
        self.token(&got, TokenAnswer::read(&got)).map(Some)
    }

    /// Since 3.18: asks, and once more with what the first challenge called for.
    async fn ping(&self, posts: bool) -> CheckResult {
        let ping = self.say(&self.base()?, None).await?;
        let challenge = first_challenge(&ping).filter(|_| ping.status.as_u16() == 401);
        let Some(challenge) = challenge else {
            return self.content(&ping);
        };
        let user = self.user().ok_or_else(without_credentials)?;
        let key = match challenge.scheme.as_str() {
            "basic" => challenge::basic(user),
            "bearer" => {
                let endpoint = self.endpoint(&challenge, &ping)?;
                self.check_realm(&endpoint.realm, &ping)?;
                if posts {
                    let mut form = vec![("client_id", "oras-go")];
                    form.extend(password(user));
                    let posted = self.post(&endpoint, form, FORM).await?;
                    self.token(&posted, access_token(&posted))?
                } else {
                    let got = self.get(&endpoint, Vec::new()).await?;
                    self.token(&got, TokenAnswer::read(&got))?
                }
            }
            _ => return self.content(&ping),
        };
        let reply = self.say(&self.base()?, Some(&key)).await?;
        self.content(&reply)
    }

    fn content(&self, reply: &Reply) -> CheckResult {
        if reply.status.as_u16() == 200 {
            Ok(())
        } else {
            Err(self.gives_up("200 for a login", reply))
        }
    }
}

fn without_credentials() -> Stop {
    Stop::missing_credentials("the run has no credentials")
}
