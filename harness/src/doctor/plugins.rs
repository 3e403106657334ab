//! The plugin `helm-push`, which before v0.10.0 was called `push`, as a command of Helm is since 3.7.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::{Finding, Surroundings};

const ABOUT: &str = "plugin";

/// A plugin of Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plugin {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The command it adds.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
}

/// The plugins that a Helm of the user's finds.
pub(super) fn installed(surroundings: &Surroundings) -> Vec<Plugin> {
    let folders = match surroundings.path("HELM_PLUGINS") {
        Some(given) => env::split_paths(&given).collect(),
        None => Vec::from_iter(surroundings.helm_data().map(|data| data.join("plugins"))),
    };
    let mut plugins = Vec::new();
    for folder in folders {
        // Without plugins there is no folder.
        let Ok(entries) = fs::read_dir(folder) else {
            continue;
        };
        let places = entries.flatten().map(|entry| entry.path());
        plugins.extend(places.filter_map(read));
    }
    plugins.sort_by(|one, other| one.folder.cmp(&other.folder));
    plugins
}

fn read(folder: PathBuf) -> Option<Plugin> {
    let text = fs::read_to_string(folder.join("plugin.yaml")).ok()?;
    Some(Plugin {
        folder,
        name: value(&text, "name")?,
        version: value(&text, "version").unwrap_or_default(),
    })
}

/// The value of a key that stands at the beginning of a line, without quotes and comment: all that the two keys
/// of a `plugin.yaml` need.
fn value(yaml: &str, key: &str) -> Option<String> {
    let after_key = |line: &str| Some(line.strip_prefix(key)?.strip_prefix(':')?.to_owned());
    let value = yaml.lines().find_map(after_key)?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some(value.trim_matches(['"', '\'']).to_owned())
}

/// What these plugins mean.
pub(super) fn findings(plugins: &[Plugin]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = plugins
        .iter()
        .filter(|plugin| plugin.name == "push")
        .map(clash)
        .collect();
    if findings.is_empty() {
        let names: Vec<&str> = plugins.iter().map(|plugin| &*plugin.name).collect();
        let seen = match names.as_slice() {
            [] => "none is installed".to_owned(),
            names => format!("none takes the name of `helm push`: {}", names.join(", ")),
        };
        findings.push(Finding::ok(ABOUT, seen));
    }
    findings
}

fn clash(plugin: &Plugin) -> Finding {
    let Plugin {
        folder, version, ..
    } = plugin;
    Finding::warning(
        ABOUT,
        format!(
            "{} adds a command `push` (version {version}): Helm 3.7 and later take their own instead, \
             earlier ones push to ChartMuseum with it",
            folder.display()
        ),
        "`helm plugin uninstall push`; from v0.10.0 on helm-push is called `cm-push` and does not clash",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;
    use crate::doctor::surroundings::made_of;

    /// The plugins in a folder with this `plugin.yaml` in it, found by `HELM_PLUGINS`.
    fn with(yaml: &str) -> Vec<Plugin> {
        let folder = tempfile::tempdir().expect("a folder");
        let plugin = folder.path().join("helm-push");
        fs::create_dir(&plugin).expect("a folder in it");
        fs::write(plugin.join("plugin.yaml"), yaml).expect("a file in it");
        let path = format!("/nowhere:{}", folder.path().display());
        installed(&made_of(&[("HELM_PLUGINS", &path)]))
    }

    #[test]
    fn the_old_helm_push_clashes() {
        let old = with("name: \"push\"\nversion: 0.9.0 # the last\nusage: |-\n  name: x\n");
        assert_eq!((&*old[0].name, &*old[0].version), ("push", "0.9.0"));
        let found = findings(&old);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Warning);
        assert!(found[0].seen.contains("version 0.9.0"), "{}", found[0].seen);
    }

    #[test]
    fn the_new_helm_push_does_not() {
        let found = findings(&with("version: \"0.10.4\"\nname: cm-push\n"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Ok);
        assert!(
            found[0].seen.ends_with("`helm push`: cm-push"),
            "{}",
            found[0].seen
        );
        assert_eq!(findings(&[])[0].grade, Grade::Ok);
    }

    #[test]
    fn plugins_live_in_the_data_of_helm_where_nothing_else_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let plugin = folder.path().join("plugins/push");
        fs::create_dir_all(&plugin).expect("a folder in it");
        fs::write(plugin.join("plugin.yaml"), "name: push").expect("a file in it");
        let data = folder.path().to_string_lossy();
        let found = installed(&made_of(&[("HELM_DATA_HOME", &data)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].folder, plugin);
    }
}
