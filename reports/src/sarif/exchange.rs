//! The exchange that shows a finding.

use helm_oci_suite::wire::exchange::Body;
use serde_json::{Map, Value, json};

use super::shown;
use crate::view::{ExchangeView, MessageView};

/// The request.
pub(super) fn request(exchange: &ExchangeView<'_>) -> Value {
    let mut request = message(&exchange.request);
    request.insert("method".to_owned(), json!(exchange.method.as_str()));
    request.insert("target".to_owned(), json!(shown(exchange.uri)));
    Value::Object(request)
}

/// The response, or the reason for which there is none.
pub(super) fn response(exchange: &ExchangeView<'_>) -> Value {
    match &exchange.response {
        Ok(response) => {
            let mut shown = message(&response.message);
            shown.insert("statusCode".to_owned(), json!(response.status.as_u16()));
            Value::Object(shown)
        }
        Err(reason) => json!({ "noResponseReceived": true, "reasonPhrase": shown(reason) }),
    }
}

fn message(message: &MessageView<'_>) -> Map<String, Value> {
    let headers = message.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|header| (shown(header.name), json!(shown(header.value))))
        .collect();
    let mut members = Map::new();
    members.insert("headers".to_owned(), Value::Object(headers));
    let excerpt = |body: &Body| body.excerpt.as_deref().map(shown);
    if let Some(text) = message.body.and_then(excerpt) {
        members.insert("body".to_owned(), json!({ "text": text }));
    }
    members
}
