//! Exchanges as text: in full for a report file, in brief for a terminal.

use helm_oci_suite::wire::exchange::{Body, Exchange};

use crate::record::CheckRecord;
use crate::text;

/// How many exchanges one transcript shows.
const EXCHANGES: usize = 8;

/// How much of one header value is shown.
const HEADER: usize = 400;

/// How many headers of one message are shown.
const HEADERS: usize = 40;

/// How much of a body a brief transcript shows.
const GLIMPSE: usize = 240;

/// How much of a body a full transcript shows.
const EXCERPT: usize = 2048;

/// The headers that a brief transcript shows, apart from those that begin with `oci-`.
const TELLING: &[&str] = &[
    "accept",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "docker-content-digest",
    "docker-distribution-api-version",
    "link",
    "location",
    "range",
    "retry-after",
    "transfer-encoding",
    "www-authenticate",
];

/// How much of an exchange is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The headers that tell something, the beginning of the body.
    Brief,
    /// All headers, all that was kept of the body.
    Full,
}

/// The exchanges that a check's finding or obstacle points at, with their positions.
pub(crate) fn pointed(check: &CheckRecord) -> Vec<(usize, &Exchange)> {
    let finding = check
        .finding
        .as_ref()
        .map(|finding| finding.exchanges.as_slice());
    let obstacle = check
        .obstacle
        .as_ref()
        .map(|obstacle| obstacle.exchanges.as_slice());
    at(&check.exchanges, finding.or(obstacle).unwrap_or_default())
}

/// The exchanges at these positions; a position beyond the transcript is passed over.
pub(crate) fn at<'a>(exchanges: &'a [Exchange], positions: &[usize]) -> Vec<(usize, &'a Exchange)> {
    positions
        .iter()
        .filter_map(|position| {
            exchanges
                .get(*position)
                .map(|exchange| (*position, exchange))
        })
        .collect()
}

/// Some exchanges of a transcript of `total` as lines; the text is safe to show.
pub(crate) fn lines(exchanges: &[(usize, &Exchange)], total: usize, depth: Depth) -> Vec<String> {
    let mut lines = Vec::new();
    for (position, exchange) in exchanges.iter().take(EXCHANGES) {
        lines.push(format!("exchange {} of {total}", position + 1));
        let request = &exchange.request;
        let start = format!("{} {}", request.method, request.uri);
        lines.extend(message(
            "> ",
            &start,
            &request.headers,
            request.body.as_ref(),
            depth,
        ));
        match &exchange.response {
            Ok(response) => {
                let start = response.status.to_string();
                lines.extend(message(
                    "< ",
                    &start,
                    &response.headers,
                    response.body.as_ref(),
                    depth,
                ));
            }
            Err(reason) => {
                let reason = text::cut(&text::line(reason), HEADER);
                lines.push(format!("< no response: {reason}"));
            }
        }
    }
    if exchanges.len() > EXCHANGES {
        lines.push(format!(
            "and {} more",
            text::plural(exchanges.len() - EXCHANGES, "exchange")
        ));
    }
    lines
}

fn message(
    mark: &str,
    start: &str,
    headers: &[(String, String)],
    body: Option<&Body>,
    depth: Depth,
) -> Vec<String> {
    let mut lines = vec![format!("{mark}{}", text::cut(&text::line(start), HEADER))];
    let shown: Vec<_> = headers
        .iter()
        .filter(|(name, _)| depth == Depth::Full || is_telling(name))
        .collect();
    for (name, value) in shown.iter().take(HEADERS) {
        let header = text::cut(&text::line(&format!("{name}: {value}")), HEADER);
        lines.push(format!("{mark}{header}"));
    }
    if shown.len() > HEADERS {
        lines.push(format!(
            "{mark}and {}",
            text::plural(shown.len() - HEADERS, "more header")
        ));
    }
    if let Some(body) = body {
        lines.extend(self::body(mark, body, depth));
    }
    lines
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("oci-") || TELLING.contains(&name.as_str())
}

fn body(mark: &str, body: &Body, depth: Depth) -> Vec<String> {
    let digest = text::cut(&text::line(&body.digest), HEADER);
    let mut lines = vec![format!(
        "{mark}[{}, {digest}]",
        text::plural(body.length, "byte")
    )];
    let Some(excerpt) = &body.excerpt else {
        return lines;
    };
    match depth {
        Depth::Brief => {
            let words: Vec<&str> = excerpt.split_ascii_whitespace().collect();
            lines.push(format!(
                "{mark}{}",
                text::cut(&text::line(&words.join(" ")), GLIMPSE)
            ));
        }
        Depth::Full => {
            let excerpt = text::cut(&text::block(excerpt), EXCERPT);
            lines.extend(excerpt.lines().map(|line| format!("{mark}{line}")));
        }
    }
    lines
}
