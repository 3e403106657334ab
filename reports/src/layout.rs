//! Rows and exchanges as lines of plain text, for the formats that show text: escaped, and cut where they are long.

use helm_oci_suite::wire::exchange::Body;

use crate::text::{self, plural};
use crate::view::{Depth, ExchangesView, Label, MessageView, ReportRow, ResultSentence};

/// The longest text of one entry, in characters.
pub(crate) const ENTRY: usize = 1000;

/// The most entries of one row.
pub(crate) const ENTRIES: usize = 12;

/// The most exchanges of a brief transcript.
const BRIEF_EXCHANGES: usize = 2;

/// The most exchanges of a full transcript.
pub(crate) const FULL_EXCHANGES: usize = 8;

/// The longest header in a brief transcript, in characters.
const BRIEF_HEADER: usize = 170;

/// The longest header in a full transcript, in characters.
pub(crate) const HEADER: usize = 400;

/// The most headers of one message.
pub(crate) const HEADERS: usize = 40;

/// The longest body in a brief transcript, in characters.
const BRIEF_BODY: usize = 140;

/// The longest body in a full transcript, in characters.
pub(crate) const FULL_BODY: usize = 2048;

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
    let most = match depth {
        Depth::Brief => BRIEF_EXCHANGES,
        Depth::Full => FULL_EXCHANGES,
    };
    // The last ones show the result.
    let hidden = exchanges.shown.len().saturating_sub(most);
    if hidden > 0 {
        let more = plural(hidden, "earlier exchange");
        lines.push(TranscriptLine::new("", format!("after {more}")));
    }
    for exchange in exchanges.shown.iter().skip(hidden) {
        let heading = format!("exchange {} of {}", exchange.number, exchanges.total);
        lines.push(TranscriptLine::new("", heading));
        let request = format!("{} {}", exchange.method, exchange.uri);
        message(&mut lines, "> ", &request, &exchange.request, depth);
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
        .collect();
    for header in shown.iter().take(HEADERS) {
        let text = text::line(&format!("{}: {}", header.name, header.value));
        let limit = match depth {
            Depth::Brief => BRIEF_HEADER,
            Depth::Full => HEADER,
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

fn body(lines: &mut Vec<TranscriptLine>, mark: &'static str, body: &Body, depth: Depth) {
    let digest = text::cut(&text::line(&body.digest), HEADER);
    let size = plural(body.length, "byte");
    lines.push(TranscriptLine::new(mark, format!("[{size}, {digest}]")));
    let Some(excerpt) = &body.excerpt else {
        return;
    };
    match depth {
        Depth::Brief => {
            let words: Vec<&str> = excerpt.split_ascii_whitespace().collect();
            let text = text::cut(&text::line(&words.join(" ")), BRIEF_BODY);
            lines.push(TranscriptLine::new(mark, text));
        }
        Depth::Full => {
            let excerpt = text::cut(&text::block(excerpt), FULL_BODY);
            let rows = excerpt.lines();
            lines.extend(rows.map(|row| TranscriptLine::new(mark, row.to_owned())));
        }
    }
}
