//! The connection to a target in sentences.

use crate::record::{LineRecord, RecoveredRecord};
use crate::text::plural;

/// What went wrong on the connection to a target, a sentence each.
pub(super) fn sentences(line: &LineRecord) -> Vec<String> {
    let LineRecord {
        limited,
        timeouts,
        broken,
        slowed_to,
        interval,
        recovered,
    } = line;
    let mut counts = Vec::new();
    for (count, what) in [
        (limited, "limited by the registry (429 or 503)"),
        (timeouts, "timed out"),
        (broken, "lost with their connection"),
    ] {
        if *count > 0 {
            counts.push(format!("{} {what}", plural(*count, "request")));
        }
    }
    let mut sentences = Vec::new();
    if !counts.is_empty() {
        let mut sentence = counts.join(", ");
        if let Some(slowed_to) = slowed_to {
            sentence = format!("{sentence}; slowed down to concurrency {slowed_to}");
            if *interval > 0 {
                sentence = format!("{sentence} and a request every {interval} ms");
            }
        }
        sentences.push(sentence);
    }
    sentences.extend(recovered.iter().map(|recovered| {
        let RecoveredRecord { what, count } = recovered;
        format!(
            "intermittent: {what}, and a success when sent again: {}",
            plural(*count, "time")
        )
    }));
    sentences
}
