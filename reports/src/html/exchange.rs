//! Exchanges: each one folded, with the request line and the status as its heading.

use helm_oci_suite::wire::exchange::Body;
use maud::{Markup, html};

use crate::layout::{FULL_BODY, FULL_EXCHANGES, HEADER, HEADERS};
use crate::text::{self, plural};
use crate::view::{Depth, ExchangeView, ExchangesView, MessageView};

/// The exchanges; `is_open` unfolds them.
pub(super) fn all(exchanges: &ExchangesView<'_>, is_open: bool) -> Markup {
    html! {
        @for exchange in exchanges.shown.iter().take(FULL_EXCHANGES) {
            (one(exchange, exchanges.total, is_open))
        }
        @if exchanges.shown.len() > FULL_EXCHANGES {
            p { "and " (plural(exchanges.shown.len() - FULL_EXCHANGES, "more exchange")) }
        }
    }
}

fn one(exchange: &ExchangeView<'_>, total: usize, is_open: bool) -> Markup {
    let request = line(&format!("{} {}", exchange.method, exchange.uri));
    html! {
        details.x open[is_open] {
            summary {
                span.n { "exchange " (exchange.number) " of " (total) } " "
                code { (request) } " → "
                @match &exchange.response {
                    Ok(response) => code { (line(&response.status.to_string())) },
                    Err(_) => "no response",
                }
            }
            div.wire tabindex="0" role="group" aria-label={ "Exchange " (exchange.number) } {
                (message("sent", &request, &exchange.request))
                @match &exchange.response {
                    Ok(response) => (message("received", &line(&response.status.to_string()), &response.message)),
                    Err(reason) => p { "no response: " (line(reason)) },
                }
            }
        }
    }
}

/// The lines of a request or a response. Headers that no Helm version reads are pale.
fn message(kind: &str, start: &str, message: &MessageView<'_>) -> Markup {
    let headers = &message.headers;
    html! {
        pre class=(kind) {
            b { (start) } "\n"
            @for header in headers.iter().take(HEADERS) {
                @let text = line(&format!("{}: {}", header.name, header.value));
                @if header.depth == Depth::Brief { (text) } @else { i { (text) } }
                "\n"
            }
            @if headers.len() > HEADERS {
                i { "and " (plural(headers.len() - HEADERS, "more header")) } "\n"
            }
            @if let Some(body) = message.body { (self::body(body)) }
        }
    }
}

fn body(body: &Body) -> Markup {
    html! {
        i { "[" (plural(body.length, "byte")) ", " (line(&body.digest)) "]" }
        @if let Some(excerpt) = &body.excerpt {
            "\n" (text::cut(&text::block(excerpt), FULL_BODY))
        }
    }
}

fn line(text: &str) -> String {
    text::cut(&text::line(text), HEADER)
}
