//! A site from run records, in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{Ran, json};

/// A folder with a record of two set-ups of the reference registry.
fn recorded() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let record = text(&folder.path().join("record.json"));
    let arguments = [
        "run",
        "reference",
        "reference+basic",
        "--only",
        "tags/*",
        "--quiet",
        "--json",
        &record,
    ];
    let ran = Ran::of(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    (folder, record)
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path of text").to_owned()
}

/// The content of all files below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = fs::read_to_string(&path).expect("it is text");
                found.insert(
                    path.strip_prefix(folder).expect("it is below").to_owned(),
                    content,
                );
            }
        }
    }
    found
}

#[test]
fn a_site_is_written_and_written_again() {
    let (folder, record) = recorded();
    let out = folder.path().join("site");
    let notes = folder.path().join("notes.toml");
    fs::write(
        &notes,
        "[[registry]]\nname = \"Ours\"\ntargets = [\"reference\"]\ntoken = \"any\"\n[[registry]]\nname = \"Other\"\ntargets = [\"zot:*\"]\n",
    )
    .expect("it is written");
    let (out_text, notes) = (text(&out), text(&notes));
    let arguments = [
        "site",
        &out_text,
        &record,
        &record,
        "--notes",
        &notes,
        "--date",
        "2026-11-27",
    ];
    let ran = Ran::of(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("2 registries, 2 runs: "), "{}", ran.out);
    assert!(
        ran.err.contains("the notes about Other match no target"),
        "{}",
        ran.err
    );
    let index = json(&out.join("v1/registries.json"));
    assert_eq!(index["registries"][0]["name"], "Ours");
    assert_eq!(index["registries"][1]["name"], "reference+basic");
    let first = contents(&out);
    assert!(
        first.contains_key(Path::new("registry/ours.html")),
        "{:?}",
        first.keys()
    );
    assert_eq!(Ran::of(&arguments).code, Some(0));
    assert_eq!(contents(&out), first);
}

#[test]
fn a_mistake_is_reported_and_nothing_is_written() {
    let (folder, record) = recorded();
    let site = text(&folder.path().join("site"));
    let foreign = text(folder.path());
    let missing = text(&folder.path().join("missing.json"));
    let notes = text(&folder.path().join("notes.toml"));
    fs::write(
        &notes,
        "[[registry]]\nname = \"a\"\ntargets = [\"a\"]\nurl = \"javascript:x\"\n",
    )
    .expect("it is written");
    let before = contents(folder.path());
    for (arguments, words) in [
        (
            vec![&foreign, &record],
            "is not empty, and no site that this program wrote",
        ),
        (vec![&record, &record], "is not a folder"),
        (vec![&site, &missing], "cannot read the record"),
        (vec![&site, &notes], "cannot use"),
        (
            vec![&site, &record, &"--date=27.11.2026".to_owned()],
            "write it as 2026-11-27",
        ),
        (
            vec![&site, &record, &"--url=example.org".to_owned()],
            "is not an address of the web",
        ),
        (
            vec![&site, &record, &"--notes".to_owned(), &notes],
            "notes.toml, line 4: `url` is not an address",
        ),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().map(String::as_str).collect();
        let ran = Ran::of(&[&["site"], &arguments[..]].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(words), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
    assert_eq!(contents(folder.path()), before);
}
