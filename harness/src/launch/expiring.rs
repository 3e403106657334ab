//! The reference registry with tokens that expire after two requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::route::Route;
use helm_oci_fixtures::transport::{ClientHelloReaction, Incoming, Outgoing};
use http::{HeaderValue, Response, header};
use serde_json::Value;

use crate::serve::Handler;

/// The number of requests for which a token is valid: enough for a POST and its PUT.
const USES: u32 = 2;

/// The separator of a token and its number. Tokens of the reference registry do not contain it.
const MARK: char = '~';

/// Numbers the tokens that the registry issues, and accepts each for a few requests only. No clock is involved.
pub(super) struct Expiring {
    registry: Arc<FaultyRegistry>,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    issued: u32,
    uses: BTreeMap<u32, u32>,
}

impl Expiring {
    pub(super) fn new(registry: Arc<FaultyRegistry>) -> Self {
        Self {
            registry,
            tokens: Mutex::default(),
        }
    }

    fn respond(&self, mut incoming: Incoming) -> Outgoing {
        let request = &mut incoming.request;
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            let inner = value.to_str().ok().and_then(|text| self.spend(text));
            if let Some(inner) = inner {
                request.headers_mut().insert(header::AUTHORIZATION, inner);
            }
        }
        let is_token = matches!(Route::of(request.uri()), Route::Token);
        let mut outgoing = self.registry.handle(&incoming);
        if is_token && outgoing.response.status().is_success() {
            self.number(&mut outgoing.response);
        }
        outgoing
    }

    /// The `Authorization` that is sent to the registry for a numbered token: the token itself, or an unknown one.
    fn spend(&self, authorization: &str) -> Option<HeaderValue> {
        let (token, number) = authorization.rsplit_once(MARK)?;
        let number = number.parse().ok()?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = tokens.uses.entry(number).or_default();
        *uses += 1;
        let sent = if *uses > USES {
            "Bearer expired"
        } else {
            token
        };
        HeaderValue::from_str(sent).ok()
    }

    /// Appends a number to the token in a response.
    fn number(&self, response: &mut Response<Bytes>) {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(response.body()) else {
            return;
        };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.issued += 1;
        for name in ["token", "access_token"] {
            if let Some(Value::String(token)) = fields.get_mut(name) {
                token.push(MARK);
                token.push_str(&tokens.issued.to_string());
            }
        }
        let body = Bytes::from(Value::Object(fields).to_string());
        let length = HeaderValue::from(body.len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
        *response.body_mut() = body;
    }
}

impl Handler for Expiring {
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(std::future::ready(self.respond(incoming)))
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.registry.client_hello()
    }
}
