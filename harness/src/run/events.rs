//! The progress of a run as events. The run does not depend on who receives them, or whether anybody does.

use std::sync::Arc;

use helm_oci_reports::record::FlowRecord;
use helm_oci_suite::requirement::outcome::Outcome;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The progress of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The target is being launched.
    Launching,
    /// Its checks begin.
    Started {
        /// The number of checks and flows.
        checks: usize,
    },
    /// A check or a flow is complete.
    Checked {
        /// The id of the requirement or of the flow.
        id: String,
        /// True for a flow of a client model or of a real Helm binary.
        is_flow: bool,
        /// Its outcome.
        outcome: Outcome,
        /// Its duration.
        milliseconds: u64,
    },
    /// The target is examined, cleaned up and stopped.
    Ended,
}

impl Event {
    /// The end of a flow of a real Helm binary.
    pub(super) fn of_flow(record: &FlowRecord) -> Self {
        Self::Checked {
            id: record.id.clone(),
            is_flow: true,
            outcome: record.outcome,
            milliseconds: record.milliseconds,
        }
    }
}

/// An event of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetEvent {
    /// The name of the target.
    pub target: Arc<str>,
    /// Its progress.
    pub event: Event,
}

/// The sender of events, for one target.
#[derive(Debug, Clone)]
pub struct Events {
    receiver: Option<UnboundedSender<TargetEvent>>,
    target: Arc<str>,
}

impl Events {
    /// Creates a channel of events.
    pub fn channel() -> (Self, UnboundedReceiver<TargetEvent>) {
        let (sender, receiver) = unbounded_channel();
        let events = Self {
            receiver: Some(sender),
            target: Arc::from(""),
        };
        (events, receiver)
    }

    /// Creates a sender whose events are dropped.
    pub fn ignored() -> Self {
        Self {
            receiver: None,
            target: Arc::from(""),
        }
    }

    /// The same receiver, for the events of `target`.
    #[must_use]
    pub fn of(&self, target: &str) -> Self {
        Self {
            receiver: self.receiver.clone(),
            target: Arc::from(target),
        }
    }

    /// Sends an event.
    pub fn send(&self, event: Event) {
        if let Some(receiver) = &self.receiver {
            let target = Arc::clone(&self.target);
            // A receiver that was dropped does not need the events.
            let _ = receiver.send(TargetEvent { target, event });
        }
    }
}
