//! A static site from many run records: registries × versions × Helm versions × flows, a page for each registry, badges,
//! and the same as JSON.
//!
//! Every page is complete without its script, loads nothing, and escapes all text as a report does. A site is a function of
//! its records, its notes and its date: the same input yields the same bytes.

mod api;
mod badge;
mod cells;
mod compare_versions;
mod handbook;
mod index;
mod path;
mod registry;
mod requirement;
mod runs;
mod table;
mod words;

use std::collections::BTreeMap;

use crate::history::{Archive, Day, Entry, Registry};
use crate::html;
use crate::view::ReportView;

/// The rules of style in addition to those of every page.
const STYLE: &str = include_str!("style.css");

/// The schema of the JSON files.
const SCHEMA: &str = include_str!("../../schema/site-v1.json");

/// The first path segments of all files of a site.
pub const ROOTS: &[&str] = &[
    "badge",
    "index.html",
    "registries.md",
    "registry",
    "report",
    "requirement",
    "v1",
];

/// The input of a site.
#[derive(Debug)]
pub struct Site<'a> {
    /// The registries.
    pub archive: &'a Archive,
    /// The date of the site, such as `2026-11-27`.
    pub date: &'a str,
    /// The day of that date.
    pub day: Day,
    /// The number of days after which a run is stale.
    pub stale_after: u32,
    /// The address at which the site will be published, without a slash at its end.
    pub url: Option<&'a str>,
}

/// One file of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Its path, with `/` between segments.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// A registry with what every file states about it.
struct Listed<'a> {
    registry: &'a Registry,
    /// The run that decides.
    entry: &'a Entry,
    /// The name of its files.
    slug: String,
    is_stale: bool,
}

/// All registries of a site.
struct Listing<'a> {
    site: &'a Site<'a>,
    registries: Vec<Listed<'a>>,
}

impl Site<'_> {
    /// The files, sorted by path. `page` returns the page of a requirement as Markdown.
    pub fn files(&self, page: impl Fn(&str) -> Option<String>) -> Vec<SiteFile> {
        let listing = Listing::of(self);
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        files.insert("index.html".to_owned(), index::render(&listing));
        files.insert("registries.md".to_owned(), table::render(&listing));
        files.insert("v1/registries.json".to_owned(), api::registries(&listing));
        files.insert("v1/schema.json".to_owned(), SCHEMA.to_owned());
        for listed in &listing.registries {
            let report = ReportView::of(&listed.registry.record);
            let slug = &listed.slug;
            let findings = report.findings();
            for id in findings.iter().map(|finding| finding.id) {
                if let Some(markdown) = page(id) {
                    let rendered = requirement::render(id, &markdown);
                    files.entry(requirement::path(id)).or_insert(rendered);
                }
            }
            let has_page = |id: &str| page(id).is_some();
            let rendered = registry::render(&listing, listed, &report, &findings, has_page);
            files.insert(format!("registry/{slug}.html"), rendered);
            files.insert(format!("report/{slug}.html"), html::report(&report));
            files.insert(format!("badge/{slug}.json"), badge::render(listed));
            files.insert(
                format!("v1/registry/{slug}.json"),
                api::registry(&listing, listed, &findings, has_page),
            );
        }
        let files = files.into_iter();
        files
            .map(|(path, content)| SiteFile { path, content })
            .collect()
    }
}

impl<'a> Listing<'a> {
    fn of(site: &'a Site<'a>) -> Self {
        let registries = &site.archive.registries;
        let names: Vec<&str> = registries
            .iter()
            .map(|registry| registry.name.as_str())
            .collect();
        let listed = registries.iter().zip(path::slugs(&names));
        let listed = listed.map(|(registry, slug)| Listed {
            registry,
            entry: registry.deciding(),
            slug,
            is_stale: registry.is_stale(site.day, site.stale_after),
        });
        Self {
            site,
            registries: listed.collect(),
        }
    }

    /// The address of a file of the site; relative if the address of the site is not known.
    fn address(&self, path: &str) -> String {
        self.site
            .url
            .map_or_else(|| path.to_owned(), |url| format!("{url}/{path}"))
    }
}

impl Listed<'_> {
    /// True if every flow works with every Helm version that has it.
    fn works(&self) -> bool {
        !self.entry.cells.is_empty() && self.entry.troubled_flows().is_empty()
    }
}
