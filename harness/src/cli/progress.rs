//! Shows the progress of a run on standard error, if it is a terminal, and reports its interruption.

use std::sync::Arc;

use helm_oci_reports::terminal;
use helm_oci_reports::view::{RunProgress, leftovers};
use helm_oci_suite::requirement::outcome::Outcome;
use tokio::sync::mpsc::UnboundedReceiver;

use super::events::EventLog;
use super::{environment, output};
use crate::run::{Event, Events, Interrupt, Interrupted, TargetEvent};

/// The progress of one target.
struct Active {
    target: Arc<str>,
    done: usize,
    total: usize,
    fails: usize,
}

/// Runs `work`, shows its progress on a terminal, logs its events, and ends it on Ctrl-C.
///
/// An interruption is reported with what `lost` states, such as `no report was written`, and with the leftovers.
pub(super) async fn watch<T, B>(
    is_quiet: bool,
    log: Option<EventLog>,
    lost: &str,
    work: impl AsyncFnOnce(&Events, &Interrupt) -> Result<T, Interrupted<B>>,
) -> Result<T, Interrupted<B>> {
    let interrupt = Interrupt::on_signals();
    let (events, received) = Events::channel();
    let is_terminal = output::stderr_is_terminal() && !environment::is_dumb_terminal();
    let is_shown = !is_quiet && is_terminal;
    let is_followed = is_shown || log.is_some();
    let display = is_followed.then(|| tokio::spawn(follow(received, is_shown, log)));
    let done = work(&events, &interrupt).await;
    drop(events);
    if let Some(display) = display {
        // It only draws and logs; its failure does not affect the result.
        let _ = display.await;
    }
    done.inspect_err(|interrupted| {
        output::note(&format!("error: interrupted; {lost}\n"));
        for (target, left) in &interrupted.left {
            let lines = leftovers::lines(left).join("\n  ");
            output::note(&format!("left over on {target}:\n  {lines}\n"));
        }
    })
}

/// Logs each event, and redraws one line on each until the run ends, then clears it.
async fn follow(mut events: UnboundedReceiver<TargetEvent>, is_shown: bool, log: Option<EventLog>) {
    let width = output::width().unwrap_or(80);
    let mut active = Vec::new();
    while let Some(event) = events.recv().await {
        if let Some(log) = &log {
            log.add(&event);
        }
        if !is_shown {
            continue;
        }
        update(&mut active, event);
        if active.is_empty() {
            output::note("\r\x1b[K");
            continue;
        }
        let targets: Vec<&str> = active.iter().map(|one| &*one.target).collect();
        let progress = RunProgress {
            done: active.iter().map(|one| one.done).sum(),
            total: active.iter().map(|one| one.total).sum(),
            fails: active.iter().map(|one| one.fails).sum(),
            target: &targets.join(", "),
        };
        let text = terminal::progress(&progress, width.saturating_sub(1));
        output::note(&format!("\r{text}\x1b[K"));
    }
    if is_shown {
        output::note("\r\x1b[K");
    }
}

/// Updates the list of the targets that are being examined.
fn update(active: &mut Vec<Active>, TargetEvent { target, event }: TargetEvent) {
    let known = active.iter().position(|one| one.target == target);
    match (event, known) {
        (Event::Launching, _) => active.push(Active {
            target,
            done: 0,
            total: 0,
            fails: 0,
        }),
        (Event::Started { checks }, Some(at)) => active[at].total = checks,
        (Event::Checked { outcome, .. }, Some(at)) => {
            active[at].done += 1;
            active[at].fails += usize::from(outcome == Outcome::Fail);
        }
        (Event::Ended, Some(at)) => drop(active.remove(at)),
        (_, None) => {}
    }
}
