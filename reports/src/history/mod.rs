//! Many run records as the history of registries: which record decides, what changed since which version, what is known
//! from notes.
//!
//! A registry is what its targets have in common without their version: `distribution:2.8.3` and `distribution:3.0.0` are
//! two versions of one, `distribution:3.0.0+tls` is another set-up.

mod day;
mod entry;
mod name;
mod notes;
mod since;
mod version;

use thiserror::Error;

pub use self::day::Day;
pub use self::entry::{Entry, EraSummary};
pub use self::notes::{BeforePush, Hosting, Issue, Note, Notes, RegistryNotes};
pub use self::since::{Change, Timeline, VerdictSpan};

use self::name::TargetName;
use crate::record::{Footer, RunRecord, TargetRecord};
use crate::view::ReportView;

/// The registries of all records.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    /// The registries, in the order of their names.
    pub registries: Vec<Registry>,
    /// The number of records.
    pub records: usize,
}

/// The history of one registry.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Its name.
    pub name: String,
    /// The runs on it: the newest version first, then the newest run.
    pub entries: Vec<Entry>,
    /// The record of the run that decides, with this target only.
    pub record: RunRecord,
    /// The notes about it.
    pub notes: Option<RegistryNotes>,
}

/// A record whose start is no time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the start of its run is not a time such as 2026-11-27T14:15:36Z; use the record as it was written"
)]
pub struct TimeError;

impl Archive {
    /// Adds the targets of a record. The order of records does not matter, and a run that is in two records counts once.
    pub fn add(&mut self, record: &RunRecord, notes: &Notes) -> Result<(), TimeError> {
        let day = Day::of_time(&record.run.started).ok_or(TimeError)?;
        let report = ReportView::of(record);
        for (target, view) in record.targets.iter().zip(&report.targets) {
            let name = TargetName::of(target, &record.suite.version);
            let notes = notes.about(&target.name);
            let entry = Entry::of(record, target, view, name.version, day);
            let name = match notes {
                Some(notes) if name.options.is_empty() => notes.name.clone(),
                Some(notes) => format!("{} {}", notes.name, name.options),
                None => name.registry + &name.options,
            };
            match self
                .registries
                .binary_search_by(|known| known.name.cmp(&name))
            {
                Ok(at) => self.registries[at].add(entry, record, target),
                Err(at) => self.registries.insert(
                    at,
                    Registry {
                        name,
                        entries: vec![entry],
                        record: only(record, target),
                        notes: notes.cloned(),
                    },
                ),
            }
        }
        self.records += 1;
        Ok(())
    }

    /// The notes that match no target of the records.
    pub fn unused<'n>(&self, notes: &'n Notes) -> impl Iterator<Item = &'n RegistryNotes> {
        notes.registries.iter().filter(|one| {
            let mut registries = self.registries.iter();
            !registries.any(|registry| registry.notes.as_ref() == Some(*one))
        })
    }
}

impl Registry {
    fn add(&mut self, entry: Entry, record: &RunRecord, target: &TargetRecord) {
        if self.entries.contains(&entry) {
            return;
        }
        if entry.rank() > self.deciding().rank() {
            self.record = only(record, target);
        }
        let at = self
            .entries
            .partition_point(|known| known.order() > entry.order());
        self.entries.insert(at, entry);
    }

    /// The run that decides: the newest complete one.
    pub fn deciding(&self) -> &Entry {
        let newest = self.entries.iter().max_by(|a, b| a.rank().cmp(&b.rank()));
        newest.expect("a registry has an entry")
    }

    /// The changes from version to version.
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline::of(&self.entries)
    }

    /// True if the deciding run is more than so many days old.
    pub fn is_stale(&self, today: Day, limit: u32) -> bool {
        let age = self.deciding().day.days_to(today);
        age.is_some_and(|age| age > limit)
    }
}

/// A record with one of its targets.
fn only(record: &RunRecord, target: &TargetRecord) -> RunRecord {
    RunRecord {
        schema: record.schema,
        suite: record.suite.clone(),
        run: record.run.clone(),
        targets: vec![target.clone()],
        deviations: Vec::new(),
        footer: Footer {
            checks: target.checks.len(),
            flows: target.flows().count(),
            exit_code: record.footer.exit_code,
        },
    }
}
