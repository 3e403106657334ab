//! Rows and exchanges as lines of plain text, for the formats that show text: escaped, and cut where they are long.

use std::ops::Range;

use helm_oci_suite::wire::exchange::Body;

use crate::text::{self, plural};
use crate::view::{
    Depth, ExchangesView, HeaderView, Label, MessageView, ReportRow, ResultSentence,
};

/// The longest text of one entry, in characters.
pub(crate) const ENTRY: usize = 1000;

/// The most entries of one row.
pub(crate) const ENTRIES: usize = 12;

/// The most exchanges of a full transcript; a brief one has the main exchange.
pub(crate) const FULL_EXCHANGES: usize = 8;

/// The digits of a hash that a brief transcript shows, and the length from which on it abbreviates one.
const HASH: Range<usize> = 12..40;

/// The longest header of a request in a brief transcript, in characters.
const BRIEF_REQUEST_HEADER: usize = 84;

/// The longest header of a response in a brief transcript, in characters.
const BRIEF_HEADER: usize = 170;

/// The longest header in a full transcript, in characters.
pub(crate) const HEADER: usize = 400;

/// The most headers of one message.
pub(crate) const HEADERS: usize = 40;

/// The longest body in a brief transcript, in characters.
const BRIEF_BODY: usize = 100;

/// The longest body in a full transcript, in characters.
pub(crate) const FULL_BODY: usize = 2048;

/// The mark of a line of a request.
const REQUEST: &str = "> ";

/// A paragraph with its label; the text is safe to show.
pub(crate) struct Paragraph {
    /// The label; empty in continuations.
    pub(crate) label: &'static str,
    /// The text, on one line or several.
    pub(crate) text: String,
}

/// One line of a transcript; the text is safe to show.
pub(crate) struct TranscriptLine {
    /// `"> "` in a request, `"< "` in a response, nothing between exchanges.
    pub(crate) mark: &'static str,
    /// The line.
    pub(crate) text: String,
}

/// The entries of a row, at most `limit` of them.
pub(crate) fn paragraphs_up_to(row: &ReportRow<'_>, limit: usize) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = row
        .entries
        .iter()
        .take(limit)
        .enumerate()
        .map(|(position, entry)| match position {
            0 => paragraph(row.label.name(), &entry.to_string()),
            _ => paragraph("", &format!("{}{entry}", row.label.joint())),
        })
        .collect();
    if row.entries.len() > limit {
        let left_out = row.entries.len() - limit;
        paragraphs.push(paragraph("", &format!("and {left_out} more")));
    }
    paragraphs
}

/// The entries of a row.
pub(crate) fn paragraphs(row: &ReportRow<'_>) -> Vec<Paragraph> {
    paragraphs_up_to(row, ENTRIES)
}

fn paragraph(label: &'static str, text: &str) -> Paragraph {
    Paragraph {
        label,
        text: text::cut(&text::block(text), ENTRY),
    }
}

/// A label with safe text of one line, at most `limit` characters.
pub(crate) fn labelled(label: Label, text: &str, limit: usize) -> Paragraph {
    Paragraph {
        label: label.name(),
        text: text::cut(&text::line(text), limit),
    }
}

/// A sentence on one safe line of about `limit` characters; each clause has an equal share of them.
pub(crate) fn sentence(sentence: &ResultSentence<'_>, limit: usize) -> String {
    let clauses = sentence.clauses();
    let share = limit / clauses.len().max(1);
    let clauses = clauses.iter().map(|clause| {
        let text = text::cut(&text::line(&clause.text), share);
        format!("{}{text}", clause.lead)
    });
    clauses.collect::<Vec<_>>().join("; ")
}

/// The exchanges as lines.
pub(crate) fn transcript(exchanges: &ExchangesView<'_>, depth: Depth) -> Vec<TranscriptLine> {
    let mut lines = Vec::new();
    let shown = match depth {
        Depth::Brief => exchanges.shown.get(exchanges.main..).unwrap_or_default(),
        Depth::Full => &exchanges.shown,
    };
    let most = match depth {
        Depth::Brief => 1,
        Depth::Full => FULL_EXCHANGES,
    };
    for exchange in shown.iter().take(most) {
        let heading = format!("exchange {} of {}", exchange.number, exchanges.total);
        lines.push(TranscriptLine::new("", heading));
        let request = format!("{} {}", exchange.method, abbreviated(exchange.uri, depth));
        message(&mut lines, REQUEST, &request, &exchange.request, depth);
        match &exchange.response {
            Ok(response) => {
                let status = response.status.to_string();
                message(&mut lines, "< ", &status, &response.message, depth);
            }
            Err(reason) => {
                let reason = text::cut(&text::line(reason), HEADER);
                lines.push(TranscriptLine::new("< ", format!("no response: {reason}")));
            }
        }
    }
    if depth == Depth::Full && shown.len() > most {
        let more = plural(shown.len() - most, "more exchange");
        lines.push(TranscriptLine::new("", format!("and {more}")));
    }
    lines
}

impl TranscriptLine {
    const fn new(mark: &'static str, text: String) -> Self {
        Self { mark, text }
    }
}

fn message(
    lines: &mut Vec<TranscriptLine>,
    mark: &'static str,
    start: &str,
    message: &MessageView<'_>,
    depth: Depth,
) {
    let start = text::cut(&text::line(start), HEADER);
    lines.push(TranscriptLine::new(mark, start));
    let shown: Vec<_> = message
        .headers
        .iter()
        .filter(|header| header.depth <= depth)
        .filter(|header| depth == Depth::Full || !repeats_length(header, message))
        .collect();
    for header in shown.iter().take(HEADERS) {
        let value = abbreviated(header.value, depth);
        let text = text::line(&format!("{}: {value}", header.name));
        let limit = match (depth, mark) {
            (Depth::Brief, REQUEST) => BRIEF_REQUEST_HEADER,
            (Depth::Brief, _) => BRIEF_HEADER,
            (Depth::Full, _) => HEADER,
        };
        lines.push(TranscriptLine::new(mark, text::cut(&text, limit)));
    }
    if shown.len() > HEADERS {
        let more = plural(shown.len() - HEADERS, "more header");
        lines.push(TranscriptLine::new(mark, format!("and {more}")));
    }
    if let Some(body) = message.body {
        self::body(lines, mark, body, depth);
    }
}

/// True if the header states the length of the body that is shown.
fn repeats_length(header: &HeaderView<'_>, message: &MessageView<'_>) -> bool {
    let length = message.body.map(|body| body.length.to_string());
    header.name.eq_ignore_ascii_case("content-length") && Some(header.value) == length.as_deref()
}

fn body(lines: &mut Vec<TranscriptLine>, mark: &'static str, body: &Body, depth: Depth) {
    let digest = text::cut(&text::line(&abbreviated(&body.digest, depth)), HEADER);
    let size = plural(body.length, "byte");
    let head = format!("[{size}, {digest}]");
    match (depth, &body.excerpt) {
        (_, None) => lines.push(TranscriptLine::new(mark, head)),
        (Depth::Brief, Some(excerpt)) => {
            let words: Vec<&str> = excerpt.split_ascii_whitespace().collect();
            let text = text::cut(&text::line(&words.join(" ")), BRIEF_BODY);
            lines.push(TranscriptLine::new(mark, format!("[{size}] {text}")));
        }
        (Depth::Full, Some(excerpt)) => {
            lines.push(TranscriptLine::new(mark, head));
            let excerpt = text::cut(&text::block(excerpt), FULL_BODY);
            let rows = excerpt.lines();
            lines.extend(rows.map(|row| TranscriptLine::new(mark, row.to_owned())));
        }
    }
}

/// Text in which a brief transcript has the first digits of long hashes only.
fn abbreviated(text: &str, depth: Depth) -> String {
    if depth == Depth::Full {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_hexdigit());
        let (hash, after) = from.split_at(end.unwrap_or(from.len()));
        shown.push_str(before);
        match hash.get(..HASH.start).filter(|_| hash.len() >= HASH.end) {
            Some(digits) => {
                shown.push_str(digits);
                shown.push('…');
            }
            None => shown.push_str(hash),
        }
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_transcript_abbreviates_hashes() {
        let hash = "ab".repeat(32);
        let text = format!("/v2/abcdef/blobs/sha256:{hash}?n=1");
        assert_eq!(
            abbreviated(&text, Depth::Brief),
            "/v2/abcdef/blobs/sha256:abababababab…?n=1"
        );
        assert_eq!(abbreviated(&text, Depth::Full), text);
        assert_eq!(abbreviated("é漢字", Depth::Brief), "é漢字");
    }
}
