//! Shows how far a run has come, on standard error, while a person watches.

use helm_oci_reports::progress::{Progress, line};
use helm_oci_suite::outcome::Outcome;
use tokio::sync::mpsc::UnboundedReceiver;

use super::output;
use crate::runner::Event;

/// Redraws one line for each event until the run is over, then wipes it.
pub(super) async fn show(mut events: UnboundedReceiver<Event>) {
    let width = output::width().unwrap_or(80);
    let (mut name, mut done, mut total, mut fails) = (String::new(), 0, 0, 0);
    while let Some(event) = events.recv().await {
        match event {
            Event::Launching { target } => {
                (done, total, fails) = (0, 0, 0);
                name = target;
            }
            Event::Started { target, checks } => {
                total = checks;
                name = target;
            }
            Event::Checked { outcome } => {
                done += 1;
                fails += usize::from(outcome == Outcome::Fail);
            }
            Event::Left => {}
        }
        let text = line(
            &Progress {
                done,
                total,
                fails,
                target: &name,
            },
            width.saturating_sub(1),
        );
        output::note(&format!("\r{text}\x1b[K"));
    }
    output::note("\r\x1b[K");
}
