//! The fields of a token response, as the token clients of Helm decode them.

use serde_json::Value;

use super::grants::token_post;
use super::{scope, token_response};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::CONTAINERD;
use crate::requirement::requirement;
use crate::requirement::source::containerd;
use crate::session::token_request::is_rfc3339;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

/// The responses of the token endpoint to GET and to POST, as far as they are JSON objects.
async fn token_responses(session: &Session) -> Result<Vec<(Reply, Value)>, Stop> {
    let got = token_response(session, &[&scope(session, "pull")]).await?;
    let posted = token_post(session).await?;
    let objects = [got, posted].into_iter().filter_map(|reply| {
        let value: Value = serde_json::from_slice(&reply.body).ok()?;
        (reply.status.is_success() && value.is_object()).then_some((reply, value))
    });
    Ok(objects.collect())
}

/// Expects each of these fields to be absent, null, or as `is_right` demands.
fn fields_are(
    responses: &[(Reply, Value)],
    names: &[&str],
    form: &str,
    is_right: impl Fn(&Value) -> bool,
) -> CheckResult {
    for (reply, value) in responses {
        for name in names {
            let field = &value[name];
            // Tokens are not shown.
            let actual = match field {
                Value::Number(_) => format!("`{name}` is the number {field}"),
                Value::String(text) if *name == "issued_at" => format!("`{name}` is \"{text}\""),
                Value::String(_) => format!("`{name}` is text"),
                _ => format!("`{name}` is of another type"),
            };
            expect::holds(
                field.is_null() || is_right(field),
                format!("`{name}` as {form}, or no such field"),
                actual,
                &[reply],
            )?;
        }
    }
    Ok(())
}

requirement! {
    /// The fields of a token response have the types that Helm decodes: `expires_in` is an integer, `issued_at` a time in
    /// RFC 3339, tokens are text.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 decode the whole response. One field of another type makes it fail, although the token is there.
    /// Later versions read the token alone.
    ///
    /// ## How it is checked
    /// The check requests a token with GET and with POST. In each successful response each field must be absent, null, or
    /// of its type.
    TYPES = "auth/token-fields-typed" {
        level: Must,
        title: "`expires_in` is an integer, `issued_at` a time in RFC 3339, tokens are text",
        fix: "Write `expires_in` as an integer, `issued_at` as RFC 3339 with a time zone (`2026-01-31T12:00:00Z`), and tokens as strings. Leave out a field that has no value.",
        covers: ["REG-AUT-10", "B36"],
        sources: [containerd("v1.6.6", "remotes/docker/auth/fetch.go", "decodes `expires_in` as an integer, `issued_at` as a time, tokens as text")],
        breaks: [
            Break::new(CONTAINERD, Flow::ALL, Symptom::TokenField),
        ],
        faults: [
            TokenLifetimeIsText, TokenLifetimeIsAFraction, TokenIssuedAtIsUnixTime, TokenIssuedAtIsUnixText,
            TokenIssuedAtWithoutZone, TokenIssuedAtIsEmpty, RefreshTokenIsAnObject,
        ],
        proven_on: Bearer,
        check: types,
    }
}

async fn types(session: &Session) -> CheckResult {
    let responses = token_responses(session).await?;
    let is_integer = |value: &Value| value.is_i64() || value.is_u64();
    fields_are(&responses, &["expires_in"], "an integer", is_integer)?;
    let is_time = |value: &Value| value.as_str().is_some_and(is_rfc3339);
    let form = "a time in RFC 3339, with its zone";
    fields_are(&responses, &["issued_at"], form, is_time)?;
    let names = ["token", "access_token", "refresh_token"];
    fields_are(&responses, &names, "text", Value::is_string)
}

requirement! {
    /// The `scope` in a token response is text.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.17 request tokens with POST and decode the field.
    ///
    /// ## How it is checked
    /// The check requests a token with GET and with POST. In each successful response `scope` must be absent, null or
    /// text.
    SCOPE = "auth/token-scope-is-text" {
        level: Must,
        title: "the `scope` in a token response is text",
        fix: "Write `scope` in a token response as one string with spaces between the scopes, not as a list, or leave it out.",
        covers: ["REG-AUT-10", "B36"],
        sources: [containerd("v1.6.6", "remotes/docker/auth/fetch.go", "decodes `scope` as text")],
        breaks: [
            Break::new(CONTAINERD, Flow::CHARTS, Symptom::TokenField),
        ],
        faults: [TokenScopeIsAList],
        proven_on: Bearer,
        check: scope_is_text,
    }
}

async fn scope_is_text(session: &Session) -> CheckResult {
    let responses = token_responses(session).await?;
    fields_are(&responses, &["scope"], "text", Value::is_string)
}
