//! Ctrl-C and SIGTERM: the run ends early, launched containers and processes are still removed, and the reports state what
//! was examined before.

use helm_oci_reports::record::Leftover;
use tokio::sync::watch;

/// The work was interrupted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interrupted<T = ()> {
    /// The leftovers of the work, by target; a target without leftovers is left out.
    pub left: Vec<(String, Vec<Leftover>)>,
    /// The result of the work before the interruption.
    pub before: T,
}

impl<T> Interrupted<T> {
    /// The interruption of work on one target.
    pub(super) fn on(target: &str, left: Vec<Leftover>, before: T) -> Self {
        let left = (!left.is_empty()).then(|| (target.to_owned(), left));
        Self {
            left: left.into_iter().collect(),
            before,
        }
    }

    /// The same without the result of the work.
    pub fn without_result(self) -> Interrupted {
        Interrupted {
            left: self.left,
            before: (),
        }
    }
}

/// A signal to end the run early.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens to Ctrl-C and SIGTERM from now on. Further signals change nothing: the removal of
    /// containers, which is bounded, goes on.
    pub fn on_signals() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                signal().await;
                let _ = sender.send(true);
            }
        });
        Self(receiver)
    }

    /// Interrupted when the sender sends `true`.
    #[cfg(test)]
    pub(super) fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Never interrupted.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Returns when the run is to end early.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|interrupted| *interrupted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for one signal that asks the program to end.
#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Waits for one signal that asks the program to end.
#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
