//! The events of a run as lines of JSON: written and flushed one by one, so that another program can follow the run.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use helm_oci_reports::events::{self, RunEvent};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::view::ReportView;

use super::output::{self, OutputError};
use crate::clock::Stopwatch;
use crate::exit_code::ExitCode;
use crate::run::{Event, TargetEvent};

/// The destination of events.
#[derive(Clone)]
pub(super) struct EventLog(Arc<Mutex<Log>>);

struct Log {
    begun: Stopwatch,
    path: PathBuf,
    /// Standard output, if there is no file.
    file: Option<File>,
    /// The first error; nothing is written after it.
    failed: Option<OutputError>,
}

impl EventLog {
    /// Creates the file, and writes the first event.
    pub(super) fn open(path: &Path, targets: Vec<String>) -> Result<Self, OutputError> {
        let is_file = path != Path::new("-");
        let create = || File::create(path).map_err(|source| OutputError::file(path, source));
        let log = Self(Arc::new(Mutex::new(Log {
            begun: Stopwatch::start(),
            path: path.to_owned(),
            file: is_file.then(create).transpose()?,
            failed: None,
        })));
        let version = env!("CARGO_PKG_VERSION");
        log.write(&[RunEvent::Started { version, targets }]);
        Ok(log)
    }

    /// Writes an event of a target.
    pub(super) fn add(&self, event: &TargetEvent) {
        self.write(&[of(event)]);
    }

    /// Writes the findings and the end of the run. Returns the first error of all events.
    pub(super) fn finish(&self, record: &RunRecord, code: ExitCode) -> Result<(), OutputError> {
        self.write(&events::findings(&ReportView::of(record)));
        let exit_code = code.number();
        self.write(&[RunEvent::Finished { exit_code }]);
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.failed.take().map_or(Ok(()), Err)
    }

    fn write(&self, events: &[RunEvent<'_>]) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            let line = event.line(log.begun.milliseconds());
            log.push(&line);
        }
    }
}

impl Log {
    fn push(&mut self, line: &str) {
        if self.failed.is_some() {
            return;
        }
        let written = match &mut self.file {
            None => output::print(line),
            // A file has no buffer.
            Some(file) => file
                .write_all(line.as_bytes())
                .map_err(|source| OutputError::file(&self.path, source)),
        };
        self.failed = written.err();
    }
}

fn of(TargetEvent { target, event }: &TargetEvent) -> RunEvent<'_> {
    match event {
        Event::Launching => RunEvent::Target { target },
        Event::Started { checks } => RunEvent::Checks {
            target,
            count: *checks,
        },
        Event::Checked {
            id,
            is_flow: false,
            outcome,
            milliseconds,
        } => RunEvent::CheckFinished {
            target,
            id,
            outcome: *outcome,
            milliseconds: *milliseconds,
        },
        Event::Checked {
            id,
            is_flow: true,
            outcome,
            milliseconds,
        } => RunEvent::FlowFinished {
            target,
            id,
            outcome: *outcome,
            milliseconds: *milliseconds,
        },
        Event::Ended => RunEvent::TargetFinished { target },
    }
}
