//! The effects that a successful run of Helm must have.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::GzDecoder;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_suite::session::Session;
use serde_json::Value;

use super::super::{Home, ProcessOutput};
use super::stored;

/// The effect of one run.
pub(super) enum Effect {
    /// None before the next run.
    None,
    /// The registry holds the package, byte for byte, under the tag, and the provenance if there is one.
    Stored {
        tag: String,
        package: ChartPackage,
        provenance: Option<Bytes>,
    },
    /// The registry holds a chart with the same files under the tag: Helm 3.0 to 3.6 repack charts.
    StoredRepacked { tag: String, package: ChartPackage },
    /// The folder holds the package, byte for byte, and the provenance if there is one; nothing else.
    Pulled {
        folder: String,
        package: ChartPackage,
        provenance: Option<Bytes>,
    },
    /// The folder holds the files of the package.
    Exported {
        folder: String,
        package: ChartPackage,
    },
    /// The archive holds the files of the package below `charts` of its own chart.
    Packaged {
        archive: String,
        package: ChartPackage,
    },
    /// Standard output contains these texts.
    Prints(Vec<String>),
    /// Credentials for the host are stored.
    LoggedIn { host: String },
    /// No credentials for the host are stored.
    LoggedOut { host: String },
}

impl Effect {
    /// The difference from the expected effect, if any.
    pub(super) async fn failure(
        &self,
        session: &Session,
        home: &Home,
        ended: &ProcessOutput,
    ) -> Option<String> {
        let found = match self {
            Self::None => Ok(()),
            Self::Stored {
                tag,
                package,
                provenance,
            } => stored::exactly(session, tag, package, provenance.as_ref()).await,
            Self::StoredRepacked { tag, package } => stored::repacked(session, tag, package).await,
            Self::Pulled {
                folder,
                package,
                provenance,
            } => pulled(&home.work().join(folder), package, provenance.as_ref()),
            Self::Exported { folder, package } => exported(&home.work().join(folder), package),
            Self::Packaged { archive, package } => packaged(&home.work().join(archive), package),
            Self::Prints(parts) => match parts
                .iter()
                .find(|part| !ended.stdout.contains(part.as_str()))
            {
                Some(part) => Err(format!("it succeeds and does not print `{part}`")),
                None => Ok(()),
            },
            Self::LoggedIn { host } => logged_in(home, host),
            Self::LoggedOut { host } => logged_out(home, host),
        };
        found.err()
    }
}

fn pulled(folder: &Path, package: &ChartPackage, provenance: Option<&Bytes>) -> Result<(), String> {
    let mut archives = Vec::new();
    let mut provenances = Vec::new();
    for path in entries(folder) {
        let bytes = fs::read(&path).map_err(|error| error.to_string())?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("tgz") => archives.push(bytes),
            Some("prov") => provenances.push(bytes),
            _ => return Err("it succeeds and leaves another file".to_owned()),
        }
    }
    match &archives[..] {
        [archive] if *archive == package.archive => {}
        [_] => return Err("it succeeds and another chart is pulled".to_owned()),
        _ => return Err(format!("it succeeds and leaves {} charts", archives.len())),
    }
    match (&provenances[..], provenance) {
        ([], None) => Ok(()),
        ([found], Some(expected)) if found == expected => Ok(()),
        ([], Some(_)) => Err("it succeeds without the provenance".to_owned()),
        _ => Err("it succeeds and another provenance is pulled".to_owned()),
    }
}

/// Compares exported files; `helm chart export` rewrites `Chart.yaml` and packs dependencies.
fn exported(folder: &Path, package: &ChartPackage) -> Result<(), String> {
    let is_dependency = |path: &Path| path.iter().nth(1).is_some_and(|folder| folder == "charts");
    let mut own = files(&package.archive);
    own.retain(|(path, _)| !is_dependency(path));
    for (path, bytes) in own {
        let found = fs::read(folder.join(&path))
            .map_err(|_| "it succeeds and a file is missing".to_owned())?;
        if found != bytes && path.file_name().is_none_or(|name| name != "Chart.yaml") {
            return Err("it succeeds and a file is another".to_owned());
        }
    }
    Ok(())
}

/// Compares a package with its dependencies, which `helm package` unpacks; it rewrites `Chart.yaml`.
fn packaged(archive: &Path, package: &ChartPackage) -> Result<(), String> {
    let archive = fs::read(archive).map_err(|_| "it succeeds and leaves no package".to_owned())?;
    let found = files(&archive);
    let is_there = |(path, bytes): &(PathBuf, Vec<u8>)| {
        found
            .iter()
            .any(|(own, content)| own.ends_with(Path::new("charts").join(path)) && content == bytes)
    };
    if described_files(&package.archive).iter().all(is_there) {
        Ok(())
    } else {
        Err("it succeeds and the package lacks what the chart depends on".to_owned())
    }
}

/// The files in an archive without `Chart.yaml`, which `helm chart save` rewrites.
pub(super) fn described_files(archive: &[u8]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = files(archive);
    files.retain(|(path, _)| path.file_name().is_none_or(|name| name != "Chart.yaml"));
    files
}

/// The files in an archive, sorted; empty for an invalid archive.
fn files(archive: &[u8]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    for entry in tar.entries().into_iter().flatten().flatten() {
        let mut entry = entry;
        let Ok(path) = entry.path().map(std::borrow::Cow::into_owned) else {
            continue;
        };
        let mut bytes = Vec::new();
        // A truncated entry differs from a complete one.
        let _ = entry.read_to_end(&mut bytes);
        files.push((path, bytes));
    }
    files.sort();
    files
}

fn logged_in(home: &Home, host: &str) -> Result<(), String> {
    if has_credentials(home, host) {
        Ok(())
    } else {
        Err("it succeeds and stores no credentials".to_owned())
    }
}

fn logged_out(home: &Home, host: &str) -> Result<(), String> {
    if has_credentials(home, host) {
        Err("it succeeds and keeps the credentials".to_owned())
    } else {
        Ok(())
    }
}

fn has_credentials(home: &Home, host: &str) -> bool {
    let candidates = [home.credentials(), home.old_credentials()];
    let stored = candidates
        .iter()
        .find_map(|path| fs::read(path).ok())
        .unwrap_or_default();
    let stored: Value = serde_json::from_slice(&stored).unwrap_or_default();
    stored["auths"][host].is_object()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
