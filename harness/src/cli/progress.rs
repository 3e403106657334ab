//! Shows how far a run has come, on standard error, while a person watches.

use std::sync::Arc;

use helm_oci_reports::terminal;
use helm_oci_reports::view::Progress;
use helm_oci_suite::requirement::outcome::Outcome;
use tokio::sync::mpsc::UnboundedReceiver;

use super::output;
use crate::run::{Event, Events, Told};

/// How far one target has come.
struct Active {
    target: Arc<str>,
    done: usize,
    total: usize,
    fails: usize,
}

/// Does something, and shows how far it has come while a person watches.
pub(super) async fn watch<T>(is_quiet: bool, work: impl AsyncFnOnce(&Events) -> T) -> T {
    let (events, heard) = Events::channel();
    let is_watched = !is_quiet && output::stderr_is_terminal();
    let display = is_watched.then(|| tokio::spawn(show(heard)));
    let done = work(&events).await;
    drop(events);
    if let Some(display) = display {
        // It only draws; that it failed to is no reason to lose the work.
        let _ = display.await;
    }
    done
}

/// Redraws one line for each event until the run is over, then wipes it.
async fn show(mut events: UnboundedReceiver<Told>) {
    let width = output::width().unwrap_or(80);
    let mut active = Vec::new();
    while let Some(told) = events.recv().await {
        note(&mut active, told);
        let targets: Vec<&str> = active.iter().map(|one| &*one.target).collect();
        let progress = Progress {
            done: active.iter().map(|one| one.done).sum(),
            total: active.iter().map(|one| one.total).sum(),
            fails: active.iter().map(|one| one.fails).sum(),
            target: &targets.join(", "),
        };
        let text = terminal::progress(&progress, width.saturating_sub(1));
        output::note(&format!("\r{text}\x1b[K"));
    }
    output::note("\r\x1b[K");
}

/// Keeps the targets that are under way up to date.
fn note(active: &mut Vec<Active>, told: Told) {
    let Told { target, event } = told;
    let known = active.iter().position(|one| one.target == target);
    match (event, known) {
        (Event::Launching, _) => active.push(Active {
            target,
            done: 0,
            total: 0,
            fails: 0,
        }),
        (Event::Started { checks }, Some(at)) => active[at].total = checks,
        (Event::Checked { outcome }, Some(at)) => {
            active[at].done += 1;
            active[at].fails += usize::from(outcome == Outcome::Fail);
        }
        (Event::Left, Some(at)) => drop(active.remove(at)),
        (_, None) => {}
    }
}
