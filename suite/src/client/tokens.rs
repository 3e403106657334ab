//! What a Helm asks a token endpoint, and what it takes for a token.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderValue, Method, header};

use super::keys::Endpoint;
use super::{Run, Way};
use crate::oci::percent::encode_query;
use crate::session::challenge::{self, TokenAnswer};
use crate::session::target::Login;
use crate::session::{Reply, parse_uri};
use crate::verdict::Stop;
use crate::wire::Request;

/// Who Helm up to 3.17 is to a token endpoint.
const CONTAINERD_CLIENT: &str = "containerd-client";

/// What containerd writes of a form.
pub(super) const FORM_WITH_CHARSET: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// What oras-go writes of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Names and values of a query or a form.
pub(super) type Fields<'f> = Vec<(&'f str, &'f str)>;

impl Run<'_> {
    /// With a password containerd asks by POST, and by GET where there is no POST; without one by GET.
    pub(super) async fn token_containerd(
        &self,
        endpoint: &Endpoint,
        scopes: &BTreeSet<String>,
    ) -> Result<HeaderValue, Stop> {
        let joined = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
        if let Some(user) = self.user() {
            let mut form = vec![("client_id", CONTAINERD_CLIENT), ("scope", &joined)];
            form.extend(password(user));
            let posted = self.post(endpoint, form, FORM_WITH_CHARSET).await?;
            match posted.status.as_u16() {
                404 | 405 | 401 => {}
                400 if self.client.does(Way::AsksAgainAfter400) => {}
                _ => return self.token(&posted, access_token(&posted)),
            }
        }
        self.token_by_get(endpoint, scopes).await
    }

    /// oras-go asks by GET.
    pub(super) async fn token_by_get(
        &self,
        endpoint: &Endpoint,
        scopes: &BTreeSet<String>,
    ) -> Result<HeaderValue, Stop> {
        let scopes = scopes.iter().map(|scope| ("scope", scope.as_str()));
        let got = self.get(endpoint, scopes.collect()).await?;
        self.token(&got, TokenAnswer::read(&got))
    }

    /// `Authorization` with a token, if there is one.
    pub(super) fn token(&self, reply: &Reply, token: Option<String>) -> Result<HeaderValue, Stop> {
        token
            .and_then(|token| challenge::bearer(&token))
            .ok_or_else(|| self.gives_up("a token", reply))
    }

    /// Asks for a token by GET, with name and password if there are any.
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
        if self.user().is_some() {
            self.session.keep_in(&uri)?;
        }
        let mut request = Request::new(Method::GET, uri);
        if let Some(user) = self.user() {
            request = request.header(header::AUTHORIZATION, challenge::basic(user));
        }
        self.trade(request).await
    }

    /// Asks for a token by POST, with name and password in the form.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        mut fields: Fields<'_>,
        content_type: &'static str,
    ) -> Result<Reply, Stop> {
        let service = endpoint.service.as_deref();
        fields.extend(service.map(|service| ("service", service)));
        self.session.keep_in(&endpoint.realm)?;
        let mut pairs: Vec<String> = fields.into_iter().map(pair).collect();
        pairs.sort();
        let form = pairs.join("&");
        let request = Request::new(Method::POST, endpoint.realm.clone())
            .header(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
            .header(header::CONTENT_LENGTH, form.len())
            .content(Bytes::from(form));
        self.trade(request).await
    }

    async fn trade(&self, request: Request) -> Result<Reply, Stop> {
        let request = request
            .header(header::USER_AGENT, HeaderValue::from_static(self.agent))
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let reply = self.session.traded(request).await?;
        self.unpacked(&Method::GET, reply)
    }
}

/// The fields of a form that ask for a token with name and password.
pub(super) fn password(user: &Login) -> [(&'static str, &str); 3] {
    [
        ("grant_type", "password"),
        ("username", &user.username),
        ("password", &user.password),
    ]
}

/// The token as an answer to a POST has to name it.
pub(super) fn access_token(answer: &Reply) -> Option<String> {
    let given: TokenAnswer = serde_json::from_slice(&answer.body).ok()?;
    let token = given.access_token.filter(|token| !token.is_empty());
    token.filter(|_| answer.status.is_success())
}

/// A name and a value as Go writes them.
fn pair((name, value): (&str, &str)) -> String {
    format!("{name}={}", encode_query(value))
}
