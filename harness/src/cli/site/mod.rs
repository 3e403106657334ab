//! `site`: writes a static site from many run records.

mod folder;
mod notes;

use std::path::PathBuf;

use clap::Args;
use helm_oci_reports::history::{Archive, Day, TimeError};
use helm_oci_reports::site::Site;
use helm_oci_reports::text::{self, plural};
use helm_oci_suite::checks;
use thiserror::Error;

use self::folder::{Folder, FolderError};
use self::notes::NotesError;
use super::output::{self, OutputError};
use super::record::{self, RecordFileError};
use crate::clock;
use crate::exit_code::ExitCode;
use crate::handbook;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write the site to this folder. It is created, or must be empty or a site that was written before.
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Run records, written by `--json`, of any registries, versions and dates. Targets that differ only in their version
    /// are one registry.
    #[arg(value_name = "RECORD", required = true)]
    records: Vec<PathBuf>,
    /// Add the notes about registries in FILE (TOML): documentation, preparation before a push, known issues.
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    /// Mark a registry as stale if its newest run is more than DAYS old.
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    stale_after: u32,
    /// Use DATE, such as 2026-11-27, as the date of the site, so that the same records yield the same files. The default
    /// is the current date in UTC.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Use URL as the address at which the site is published: badges and the Markdown table link to it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// An error of `site`.
#[derive(Debug, Error)]
pub(super) enum SiteCommandError {
    #[error(transparent)]
    Record(#[from] RecordFileError),
    #[error("cannot use {path}", path = .path.display())]
    Time {
        path: PathBuf,
        #[source]
        source: TimeError,
    },
    #[error(transparent)]
    Notes(#[from] NotesError),
    #[error("--date `{date}` is not a date; write it as 2026-11-27")]
    Date { date: String },
    #[error("--url `{url}` is not an address of the web; write it as https://example.org/matrix")]
    Url { url: String },
    #[error("the records contain no target; name records of runs that examined a registry")]
    NoTarget,
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

pub(super) fn site(arguments: &Arguments) -> Result<ExitCode, SiteCommandError> {
    let date = arguments.date.clone().unwrap_or_else(clock::today);
    let day = Day::of_date(&date).ok_or_else(|| SiteCommandError::Date {
        date: text::line(&date),
    })?;
    let url = arguments
        .url
        .as_deref()
        .map(|url| url.trim_end_matches('/'));
    if let Some(url) = url.filter(|url| !notes::is_link(url)) {
        let url = text::line(url);
        return Err(SiteCommandError::Url { url });
    }
    let folder = Folder::open(&arguments.out)?;
    let notes = arguments.notes.as_deref().map(notes::read).transpose()?;
    let notes = notes.unwrap_or_default();
    let mut archive = Archive::default();
    for path in &arguments.records {
        let record = record::read(path)?;
        let added = archive.add(&record, &notes);
        added.map_err(|source| SiteCommandError::Time {
            path: path.clone(),
            source,
        })?;
    }
    if archive.registries.is_empty() {
        return Err(SiteCommandError::NoTarget);
    }
    for unused in archive.unused(&notes) {
        let name = text::line(&unused.name);
        output::note(&format!(
            "the notes about {name} match no target of the records; check `targets`\n"
        ));
    }
    let site = Site {
        archive: &archive,
        date: &date,
        day,
        stale_after: arguments.stale_after,
        url,
    };
    let files = site.files(|id| checks::find(id).map(|known| handbook::page(known, 1)));
    folder.write(&files)?;
    let runs = archive
        .registries
        .iter()
        .map(|registry| registry.entries.len());
    output::print(&format!(
        "{}, {}: {} in {}\n",
        plural(archive.registries.len(), "registry"),
        plural(runs.sum(), "run"),
        plural(files.len(), "file"),
        arguments.out.display()
    ))?;
    Ok(ExitCode::Acceptable)
}
