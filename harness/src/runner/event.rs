//! What a run tells while it is under way. Who listens, and whether anybody does, is no concern of it.

use helm_oci_suite::outcome::Outcome;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A target is being made available.
    Launching {
        /// Its name.
        target: String,
    },
    /// Its checks begin.
    Started {
        /// Its name.
        target: String,
        /// How many there are.
        checks: usize,
    },
    /// A check is done.
    Checked {
        /// Its outcome.
        outcome: Outcome,
    },
    /// The target is done with.
    Left,
}

/// Where events go.
#[derive(Debug, Clone)]
pub struct Events(Option<UnboundedSender<Event>>);

impl Events {
    /// A listener's channel.
    pub fn channel() -> (Self, UnboundedReceiver<Event>) {
        let (sender, receiver) = unbounded_channel();
        (Self(Some(sender)), receiver)
    }

    /// Nobody listens.
    pub const fn unheard() -> Self {
        Self(None)
    }

    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        if let Some(sender) = &self.0 {
            // A listener that left misses nothing it wants.
            let _ = sender.send(event);
        }
    }
}
