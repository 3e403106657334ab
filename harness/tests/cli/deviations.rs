//! Deviations files: their effect on a run, their errors, and their updates.

use std::path::{Path, PathBuf};

use crate::program::{Ran, Serve, json};

/// A registry with faults, and a folder for a record and a deviations file.
struct Setup {
    serve: Serve,
    folder: tempfile::TempDir,
}

impl Setup {
    fn with(faults: &[&str]) -> Self {
        let faults: Vec<&str> = faults.iter().flat_map(|name| ["--fault", name]).collect();
        Self {
            serve: Serve::with(&faults),
            folder: tempfile::tempdir().expect("a directory"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn deviations(&self, text: &str) -> PathBuf {
        let path = self.path("known.toml");
        std::fs::write(&path, text).expect("it is written");
        path
    }

    /// Examines the tag lists with this deviations file.
    fn run(&self, list: Option<&Path>) -> Ran {
        let record = self.path("record.json");
        let mut arguments = vec!["run", &self.serve.url, "--only", "tags/*", "--json"];
        arguments.push(record.to_str().expect("a path of text"));
        if let Some(list) = list {
            arguments.extend(["--deviations", list.to_str().expect("a path of text")]);
        }
        Ran::of(&arguments)
    }

    fn write(&self, more: &[&str]) -> Ran {
        let (record, list) = (self.path("record.json"), self.path("known.toml"));
        let paths = [&record, &list].map(|path| path.to_str().expect("a path of text"));
        let command = ["deviations", "write", paths[0], "--out", paths[1]];
        Ran::of(&[&command[..], more].concat())
    }
}

fn entry(requirement: &str, target: &str, expires: &str) -> String {
    format!(
        "[[deviation]]\nrequirement = \"{requirement}\"\ntarget = \"{target}\"\nreason = \"its database sorts so\"\n\
         link = \"https://example.org/7\"\nexpires = {expires}\n"
    )
}

#[test]
fn a_listed_violation_is_known_and_does_not_fail_the_run() {
    let setup = Setup::with(&["cuts-tag-lists"]);
    assert_eq!(setup.run(None).code, Some(1), "it is a MUST");
    let list = setup.deviations(&entry("tags/complete", "http://127.0.0.1:*", "2999-12-31"));
    let ran = setup.run(Some(&list));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let shown = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "~ KNOWN tags/complete",
        "until 2999-12-31: its database sorts so",
        "https://example.org/7",
        "requirements satisfied except 1 known deviation",
    ] {
        assert!(shown.contains(words), "{words}: {}", ran.out);
    }
    let record = json(&setup.path("record.json"));
    let known = record["targets"][0]["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .find(|check| check["id"] == "tags/complete")
        .expect("it was run");
    assert_eq!(known["outcome"], "known");
    assert_eq!(known["deviation"]["expires"], "2999-12-31");
    assert!(
        known["finding"].is_object(),
        "the finding is still reported"
    );
}

#[test]
fn a_stale_expired_or_unmatched_entry_fails_the_run() {
    let setup = Setup::with(&[]);
    for (list, words) in [
        (
            entry("tags/complete", "*", "2999-12-31"),
            "≠ STALE tags/complete",
        ),
        (
            entry("tags/complete", "*", "2020-01-01"),
            "tags/complete on *: the deviation expired on 2020-01-01",
        ),
        (
            entry("tags/complete", "quay", "2999-12-31"),
            "tags/complete on quay: no target of this run matches this name",
        ),
    ] {
        let list = setup.deviations(&list);
        let ran = setup.run(Some(&list));
        assert_eq!(ran.code, Some(1), "{words}: {}{}", ran.out, ran.err);
        let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{words}: {}", ran.out);
        assert_eq!(
            json(&setup.path("record.json"))["footer"]["exit_code"],
            1,
            "{words}"
        );
    }
    let list = setup.deviations(&entry("pull/blob-bytes", "quay", "2020-01-01"));
    let ran = setup.run(Some(&list));
    assert_eq!(
        ran.code,
        Some(0),
        "the requirement is not selected: {}",
        ran.out
    );
}

#[test]
fn an_invalid_file_is_rejected_before_the_run() {
    let setup = Setup::with(&[]);
    let list = setup.deviations(&entry("tags/complet", "*", "2999-12-31"));
    let ran = setup.run(Some(&list));
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    for words in [
        "known.toml, deviation 1 (`tags/complet` on `*`)",
        "did you mean `tags/complete`?",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    let ran = setup.run(Some(&setup.path("nowhere.toml")));
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("nowhere.toml"), "{}", ran.err);
}

#[test]
fn a_file_is_updated_from_a_record_with_the_smallest_change() {
    let setup = Setup::with(&["cuts-tag-lists"]);
    let kept = format!(
        "# Reviewed every spring.\n{}# The end.\n",
        entry("pull/blob-bytes", "other", "2999-12-31")
    );
    let outdated = entry("tags/list-answers", "http://*", "2999-12-31");
    let list = setup.deviations(&kept.replace("# The end.", &format!("\n{outdated}# The end.")));
    assert_eq!(setup.run(Some(&list)).code, Some(1));
    let ran = setup.write(&["--reason", "known", "--link", "https://example.org/8"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("1 added, 0 renewed, 1 removed"),
        "{}",
        ran.out
    );
    let written = std::fs::read_to_string(&list).expect("it is there");
    assert!(
        written.starts_with(kept.trim_end_matches("# The end.\n")),
        "{written}"
    );
    assert!(written.contains("# The end."), "{written}");
    assert!(!written.contains("tags/list-answers"), "{written}");
    let ran = setup.run(Some(&list));
    assert_eq!(ran.code, Some(0), "{written}{}{}", ran.out, ran.err);
    let again = setup.write(&[]);
    assert!(again.out.contains("0 added, 0 renewed, 0 removed"));
    let same = std::fs::read_to_string(&list).expect("it is there");
    assert_eq!(same, written, "an up-to-date file is not changed");
}

#[test]
fn an_expired_entry_gets_a_later_date_and_nothing_else_changes() {
    let setup = Setup::with(&["cuts-tag-lists"]);
    let old = entry("tags/complete", "http://*", "2020-01-01 # look again");
    let list = setup.deviations(&old);
    assert_eq!(setup.run(Some(&list)).code, Some(1), "it has expired");
    let ran = setup.write(&["--expires", "2999-01-01"]);
    assert!(ran.out.contains("0 added, 1 renewed"), "{}", ran.out);
    let written = std::fs::read_to_string(&list).expect("it is there");
    assert_eq!(written, old.replace("2020-01-01", "2999-01-01"));
    assert_eq!(setup.run(Some(&list)).code, Some(0));
}

#[test]
fn invalid_values_are_not_written() {
    let setup = Setup::with(&["cuts-tag-lists"]);
    assert_eq!(setup.run(None).code, Some(1));
    for (words, complaint) in [
        (["--expires", "2020-01-01"], "the day is in the past"),
        (["--expires", "soon"], "write it as 2027-03-31"),
        (["--link", "ticket 7"], "use a URL"),
    ] {
        let ran = setup.write(&words);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        assert!(ran.err.contains(complaint), "{}", ran.err);
        assert!(!setup.path("known.toml").exists());
    }
}

#[test]
fn an_entry_without_a_reason_is_rejected() {
    let setup = Setup::with(&["cuts-tag-lists"]);
    assert_eq!(setup.run(None).code, Some(1));
    let ran = setup.write(&[]);
    assert!(
        ran.out.contains("add a `reason` and a `link`"),
        "{}",
        ran.out
    );
    let list = setup.path("known.toml");
    let written = std::fs::read_to_string(&list).expect("it was created");
    assert!(written.starts_with("[[deviation]]\n"), "{written}");
    let ran = setup.run(Some(&list));
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("`reason` is empty"), "{}", ran.err);
}

#[test]
fn an_expired_entry_of_a_should_gets_a_later_date() {
    let setup = Setup::with(&["ignores-tag-query"]);
    let list = setup.deviations(&entry("tags/n-honoured", "http://*", "2020-01-01"));
    assert_eq!(setup.run(Some(&list)).code, Some(1), "it has expired");
    let ran = setup.write(&["--expires", "2999-01-01"]);
    assert!(ran.out.contains("0 added, 1 renewed"), "{}", ran.out);
    assert_eq!(setup.run(Some(&list)).code, Some(0));
}
