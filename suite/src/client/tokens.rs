//! The requests of a client model to a token endpoint, and the tokens that it accepts.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::Value;

use super::auth::Endpoint;
use super::elsewhere::elsewhere;
use super::{ClientRun, Quirk};
use crate::oci::percent::encode_query;
use crate::oci::url;
use crate::session::authorization;
use crate::session::target::Login;
use crate::session::token_request::{TokenResponse, is_rfc3339};
use crate::session::{Reply, parse_uri};
use crate::verdict::Stop;
use crate::wire::Request;

/// The `client_id` of Helm up to 3.17.
const CONTAINERD_CLIENT: &str = "containerd-client";

/// The `Content-Type` of a form over containerd.
pub(super) const FORM_WITH_CHARSET: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// The `Content-Type` of a form over oras-go.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Names and values of a query or a form.
pub(super) type Fields<'f> = Vec<(&'f str, &'f str)>;

impl ClientRun<'_> {
    /// Requests a token as containerd does: with a password by POST, and by GET if the endpoint rejects POST; without a
    /// password by GET.
    pub(super) async fn token_containerd(
        &self,
        endpoint: &Endpoint,
        scopes: &BTreeSet<String>,
    ) -> Result<HeaderValue, Stop> {
        let joined = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
        if let Some(user) = self.login_for(endpoint) {
            let mut form = vec![("client_id", CONTAINERD_CLIENT), ("scope", &joined)];
            form.extend(password(user));
            let posted = self.post(endpoint, form, FORM_WITH_CHARSET).await?;
            match posted.status.as_u16() {
                404 | 405 | 401 => {}
                400 if self.model.has(Quirk::FallsBackToGetOn400) => {}
                _ => return self.token(&posted, typed_access_token(&posted)),
            }
        }
        let got = self.get_scoped(endpoint, scopes).await?;
        self.token(&got, typed_token(&got))
    }

    /// Requests a token by GET, as oras-go does.
    pub(super) async fn token_by_get(
        &self,
        endpoint: &Endpoint,
        scopes: &BTreeSet<String>,
    ) -> Result<HeaderValue, Stop> {
        let got = self.get_scoped(endpoint, scopes).await?;
        if got.status.as_u16() != 200 {
            return Err(self.abort("status 200 for a token", &got));
        }
        self.token(&got, TokenResponse::token_in(&got))
    }

    /// Requests a token for these scopes by GET.
    pub(super) async fn get_scoped(
        &self,
        endpoint: &Endpoint,
        scopes: &BTreeSet<String>,
    ) -> Result<Reply, Stop> {
        let scopes = scopes.iter().map(|scope| ("scope", scope.as_str()));
        self.get(endpoint, scopes.collect()).await
    }

    /// `Authorization` with this token; without a token Helm aborts.
    pub(super) fn token(&self, reply: &Reply, token: Option<String>) -> Result<HeaderValue, Stop> {
        token
            .and_then(|token| authorization::bearer(&token))
            .ok_or_else(|| self.abort("a token", reply))
    }

    /// Requests a token by GET, with user name and password if there are any.
    pub(super) async fn get(
        &self,
        endpoint: &Endpoint,
        mut fields: Fields<'_>,
    ) -> Result<Reply, Stop> {
        let service = endpoint.service.as_deref();
        fields.extend(service.map(|service| ("service", service)));
        let realm = &endpoint.realm;
        let own = realm.query().unwrap_or_default().split('&');
        let mut pairs: Vec<String> = own
            .filter(|own| !own.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        pairs.extend(fields.into_iter().map(pair));
        pairs.sort();
        let bare = realm.to_string();
        let bare = bare.split('?').next().unwrap_or_default();
        let uri = parse_uri(&format!("{bare}?{}", pairs.join("&")))?;
        let mut request = Request::new(Method::GET, uri);
        if let Some(user) = self.login_for(endpoint) {
            self.session.check_realm(&request.uri)?;
            request = request.header(header::AUTHORIZATION, authorization::basic(user));
        }
        self.send_to_endpoint(request).await
    }

    /// Requests a token by POST, with the fields in a form.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        mut fields: Fields<'_>,
        content_type: &'static str,
    ) -> Result<Reply, Stop> {
        let service = endpoint.service.as_deref();
        fields.extend(service.map(|service| ("service", service)));
        self.session.check_realm(&endpoint.realm)?;
        let mut pairs: Vec<String> = fields.into_iter().map(pair).collect();
        pairs.sort();
        let form = pairs.join("&");
        let request = Request::new(Method::POST, endpoint.realm.clone())
            .header(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
            .header(header::CONTENT_LENGTH, form.len())
            .content(Bytes::from(form));
        let posted = self.send_to_endpoint(request).await?;
        let is_sent_on = matches!(posted.status.as_u16(), 307 | 308);
        let target = posted.header("location").filter(|_| is_sent_on);
        let target = target.map(|target| self.resolved(&posted, target));
        match target.transpose()? {
            // Helm sends the form there as well, with the password in it.
            Some(target) if !url::is_same_origin(&target, &posted.uri) => Err(elsewhere(&posted)),
            _ => Ok(posted),
        }
    }

    async fn send_to_endpoint(&self, request: Request) -> Result<Reply, Stop> {
        let request = request
            .header(header::USER_AGENT, HeaderValue::from_static(self.agent))
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let (method, uri) = (&request.method, &request.uri);
        let send = async || {
            let once = || self.session.request_token_once(request.clone());
            let is_reused = self.connections.take(uri);
            let sent = self.send_over((method, uri), is_reused, once).await;
            sent.map_err(|stop| self.session.closed(stop))
        };
        let mut reply = send().await?;
        if self.repeats(method, &reply) {
            reply = send().await?;
        }
        self.decoded(&Method::GET, reply)
    }
}

/// The fields of a form with user name and password.
pub(super) fn password(user: &Login) -> [(&'static str, &str); 3] {
    [
        ("grant_type", "password"),
        ("username", &user.username),
        ("password", &user.password),
    ]
}

/// The token of a response to POST: `access_token`.
pub(super) fn access_token(answer: &Reply) -> Option<String> {
    let given: TokenResponse = serde_json::from_slice(&answer.body).ok()?;
    let token = given.access_token.filter(|token| !token.is_empty());
    token.filter(|_| answer.status.is_success())
}

/// The token of a response to GET for a client up to 3.17: `None` if any field has another type.
pub(super) fn typed_token(answer: &Reply) -> Option<String> {
    TokenResponse::token_in(answer).filter(|_| has_typed_fields(answer, &["refresh_token"]))
}

/// The token of a response to POST for a client up to 3.17, which reads `scope` as well.
fn typed_access_token(answer: &Reply) -> Option<String> {
    access_token(answer).filter(|_| has_typed_fields(answer, &["refresh_token", "scope"]))
}

/// True if the other fields have the types that Helm up to 3.17 decodes.
fn has_typed_fields(answer: &Reply, texts: &[&str]) -> bool {
    let Ok(fields) = serde_json::from_slice::<Value>(&answer.body) else {
        return false;
    };
    let is = |name: &str, is_right: fn(&Value) -> bool| {
        let field = &fields[name];
        field.is_null() || is_right(field)
    };
    is("expires_in", Value::is_i64)
        && is("issued_at", |time| time.as_str().is_some_and(is_rfc3339))
        && texts.iter().all(|text| is(text, Value::is_string))
}

/// A name and a value, encoded as Go does.
fn pair((name, value): (&str, &str)) -> String {
    format!("{name}={}", encode_query(value))
}
