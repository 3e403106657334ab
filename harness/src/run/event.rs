//! What a run tells while it is under way. Who listens, and whether anybody does, is no concern of it.

use std::sync::Arc;

use helm_oci_suite::requirement::outcome::Outcome;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Something happened to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is being made available.
    Launching,
    /// Its checks begin.
    Started {
        /// How many there are.
        checks: usize,
    },
    /// A check is done.
    Checked {
        /// Its outcome.
        outcome: Outcome,
    },
    /// It is done with.
    Left,
}

/// An event, with the name of the target it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The target.
    pub target: Arc<str>,
    /// What happened.
    pub event: Event,
}

/// Where events go.
#[derive(Debug, Clone)]
pub struct Events {
    listener: Option<UnboundedSender<Told>>,
    target: Arc<str>,
}

impl Events {
    /// A listener's channel.
    pub fn channel() -> (Self, UnboundedReceiver<Told>) {
        let (sender, receiver) = unbounded_channel();
        let events = Self {
            listener: Some(sender),
            target: Arc::from(""),
        };
        (events, receiver)
    }

    /// Nobody listens.
    pub fn unheard() -> Self {
        Self {
            listener: None,
            target: Arc::from(""),
        }
    }

    /// The same listener, told of this target.
    #[must_use]
    pub fn of(&self, target: &str) -> Self {
        Self {
            listener: self.listener.clone(),
            target: Arc::from(target),
        }
    }

    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        if let Some(listener) = &self.listener {
            let target = Arc::clone(&self.target);
            // A listener that left misses nothing it wants.
            let _ = listener.send(Told { target, event });
        }
    }
}
