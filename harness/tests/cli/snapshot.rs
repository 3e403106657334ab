//! Snapshots: equal for the same registry, different after a change, accepted, and of one chart.

use std::collections::BTreeMap;
use std::path::Path;

use crate::program::{Ran, Serve};

/// Takes a snapshot of a registry with these faults, in the folder `registry`.
fn take(faults: &[&str], out: &Path) -> Ran {
    let serve = serve(faults);
    snapshot(&[&serve.url, "--out", text(out), "--as", "registry"])
}

fn serve(faults: &[&str]) -> Serve {
    let arguments: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    Serve::with(&arguments)
}

fn snapshot(arguments: &[&str]) -> Ran {
    Ran::of(&[&["snapshot"], arguments].concat())
}

/// Runs `snapshot check` or `accept` on a registry with these faults.
fn again(action: &str, faults: &[&str], dir: &Path) -> Ran {
    let serve = serve(faults);
    snapshot(&[action, &serve.url, "--dir", text(dir), "--as", "registry"])
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = std::fs::read_to_string(&path).expect("a text");
            found.insert(text(&path).to_owned(), content);
        }
    }
    found
}

/// The output of a check: the part that affects Helm, and the part that Helm ignores.
fn parts(out: &str) -> (&str, &str) {
    out.split_once("Differences that Helm ignores")
        .unwrap_or((out, ""))
}

#[test]
fn two_snapshots_of_one_registry_are_equal() {
    let folder = tempfile::tempdir().expect("a directory");
    let ran = take(&[], folder.path());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(ran.err, "", "nothing is left over");
    let before = files(folder.path());
    assert_eq!(
        before.keys().filter(|name| name.contains("charts")).count(),
        17
    );
    for content in before.values() {
        assert!(
            !content.contains("127.0.0.1") && !content.contains("hoc"),
            "{content}"
        );
    }
    let ran = again("check", &[], folder.path());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("unchanged, 25 files"), "{}", ran.out);
    let ran = again("accept", &[], folder.path());
    assert!(ran.out.contains("nothing changed"), "{}", ran.out);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_change_is_shown_by_its_effect_on_helm_and_can_be_accepted() {
    let folder = tempfile::tempdir().expect("a directory");
    take(&[], folder.path());
    let faults = ["manifest-put-without-digest", "deletes-refused"];
    let ran = again("check", &faults, folder.path());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let (cares, ignores) = parts(&ran.out);
    assert!(
        cares.contains("-  reads    docker-content-digest: {digest}")
            && !cares.contains("405 Method"),
        "{cares}"
    );
    assert!(
        ignores.contains("+  ignores  status: 405 Method Not Allowed")
            && !ignores.contains("docker-content-digest"),
        "{ignores}"
    );
    let ran = again("accept", &faults, folder.path());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("push.txt: changed"), "{}", ran.out);
    assert!(!ran.out.contains("tags.txt"), "{}", ran.out);
    let ran = again("check", &faults, folder.path());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn changed_bytes_are_shown_with_their_meaning() {
    let folder = tempfile::tempdir().expect("a directory");
    take(&[], folder.path());
    let ran = again("check", &["reformats-manifests"], folder.path());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("+  not as pushed; pushed: "),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("charts/helm-3.13/richchart-1.2.3.txt"),
        "{}",
        ran.out
    );
}

#[test]
fn a_missing_or_additional_file_is_a_difference() {
    let folder = tempfile::tempdir().expect("a directory");
    take(&[], folder.path());
    let tags = folder.path().join("registry/tags.txt");
    std::fs::remove_file(&tags).expect("it is there");
    let ran = again("check", &[], folder.path());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("tags.txt"), "{}", ran.out);
    again("accept", &[], folder.path());
    let other = folder.path().join("registry/charts/helm-5.txt");
    std::fs::write(&other, "a chart of Helm 5\n").expect("a file");
    let ran = again("check", &[], folder.path());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("-a chart of Helm 5"), "{}", ran.out);
    again("accept", &[], folder.path());
    assert!(tags.exists() && !other.exists());
}

#[test]
fn one_chart_is_read_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a directory");
    // Content that cannot be deleted is still there to be read.
    let serve = serve(&["deletes-refused"]);
    let out = text(folder.path());
    let ran = snapshot(&[&serve.url, "--out", out]);
    let (_, after) = ran
        .err
        .split_once("hoc")
        .expect("the leftovers are reported");
    let run = after.split('/').next().expect("a name");
    let host = serve.url.trim_start_matches("http://");
    let chart = format!("oci://{host}/hoc{run}/snapshot-helm-3-8-mychart:0.2.0+build.5");
    let of = |action: &[&str], last: &[&str]| {
        snapshot(&[action, &[&chart, "--plain-http", "--as", "chart"], last].concat())
    };
    let ran = of(&[], &["--out", out]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let found = files(&folder.path().join("chart"));
    let all = found.values().cloned().collect::<String>();
    assert!(
        all.contains("sha256:9b6ab677e7fd5a57cb8b614b15cbb8489a822599266a96eda03e93e0b7498c2c")
    );
    for method in ["POST", "PUT", "DELETE"] {
        assert!(!all.contains(&format!("  {method} ")), "{all}");
    }
    assert_eq!(of(&["check"], &["--dir", out]).code, Some(0));
    let absent = chart.replace("0.2.0", "9.9.9");
    let ran = snapshot(&[&absent, "--plain-http", "--out", out]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("returned 404 Not Found; check the name"),
        "{}",
        ran.err
    );
}

#[test]
fn a_failed_snapshot_is_reported_with_its_cause() {
    let folder = tempfile::tempdir().expect("a directory");
    let dir = text(folder.path());
    for (arguments, code, words) in [
        (
            &["check", "reference", "--dir", dir][..],
            2,
            "no snapshot in",
        ),
        (&["accept", "reference", "--dir", dir], 2, "no snapshot in"),
        (&["reference"], 2, "--out"),
        (
            &["http://127.0.0.1:1", "--out", dir],
            3,
            "check that the registry runs",
        ),
        (
            &["http://127.0.0.1:1/a/b:1", "--out", dir],
            3,
            "check host and port",
        ),
        (
            &["reference", "--out", "/dev/null"],
            2,
            "cannot write /dev/null",
        ),
    ] {
        let ran = snapshot(arguments);
        assert_eq!(
            ran.code,
            Some(code),
            "{arguments:?}: {}{}",
            ran.out,
            ran.err
        );
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
    std::fs::create_dir(folder.path().join("reference")).expect("a folder");
    let ran = snapshot(&["check", "reference", "--dir", dir]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("by another version"), "{}", ran.err);
}
