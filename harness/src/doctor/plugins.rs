//! The plugin `helm-push`. Before v0.10.0 its command was `push`, which is a command of Helm itself since 3.7.

use std::env;
use std::fs;
use std::path::PathBuf;

use super::Finding;
use crate::environment::Environment;

const ABOUT: &str = "plugin";

/// A Helm plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plugin {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The command it adds.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
}

/// The plugins that the user's Helm finds.
pub(super) fn installed(environment: &Environment) -> Vec<Plugin> {
    let folders = match environment.path("HELM_PLUGINS") {
        Some(given) => env::split_paths(&given).collect(),
        None => Vec::from_iter(environment.helm_data().map(|data| data.join("plugins"))),
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

/// The value of a key at the beginning of a line, without quotes and comment. The two keys of a `plugin.yaml` need no
/// full YAML parser.
fn value(yaml: &str, key: &str) -> Option<String> {
    let after_key = |line: &str| Some(line.strip_prefix(key)?.strip_prefix(':')?.to_owned());
    let value = yaml.lines().find_map(after_key)?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some(value.trim_matches(['"', '\'']).to_owned())
}

/// Findings on these plugins.
pub(super) fn findings(plugins: &[Plugin]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = plugins
        .iter()
        .filter(|plugin| plugin.name == "push")
        .map(clash)
        .collect();
    if findings.is_empty() {
        let names: Vec<&str> = plugins.iter().map(|plugin| &*plugin.name).collect();
        let seen = match names.as_slice() {
            [] => "no plugin is installed".to_owned(),
            names => format!(
                "no plugin replaces `helm push`; installed: {}",
                names.join(", ")
            ),
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
            "{} adds a command `push` (version {version}): Helm 3.7 and later ignore it, \
             earlier versions push to ChartMuseum with it",
            folder.display()
        ),
        "remove it with `helm plugin uninstall push`; helm-push v0.10.0 and later use the command `cm-push`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    /// The plugins in a folder with this `plugin.yaml` in it, found by `HELM_PLUGINS`.
    fn with(yaml: &str) -> Vec<Plugin> {
        let folder = tempfile::tempdir().expect("a folder");
        let plugin = folder.path().join("helm-push");
        fs::create_dir(&plugin).expect("a folder in it");
        fs::write(plugin.join("plugin.yaml"), yaml).expect("a file in it");
        let path = format!("/nowhere:{}", folder.path().display());
        installed(&Environment::of(&[("HELM_PLUGINS", &path)]))
    }

    #[test]
    fn an_old_helm_push_is_a_warning() {
        let old = with("name: \"push\"\nversion: 0.9.0 # the last\nusage: |-\n  name: x\n");
        assert_eq!((&*old[0].name, &*old[0].version), ("push", "0.9.0"));
        let found = findings(&old);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Warning);
        assert!(found[0].seen.contains("version 0.9.0"), "{}", found[0].seen);
    }

    #[test]
    fn a_new_helm_push_is_not() {
        let found = findings(&with("version: \"0.10.4\"\nname: cm-push\n"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Ok);
        assert!(
            found[0].seen.ends_with("`helm push`; installed: cm-push"),
            "{}",
            found[0].seen
        );
        assert_eq!(findings(&[])[0].grade, Grade::Ok);
    }

    #[test]
    fn plugins_are_found_in_the_data_folder_of_helm_by_default() {
        let folder = tempfile::tempdir().expect("a folder");
        let plugin = folder.path().join("plugins/push");
        fs::create_dir_all(&plugin).expect("a folder in it");
        fs::write(plugin.join("plugin.yaml"), "name: push").expect("a file in it");
        let data = folder.path().to_string_lossy();
        let found = installed(&Environment::of(&[("HELM_DATA_HOME", &data)]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].folder, plugin);
    }
}
