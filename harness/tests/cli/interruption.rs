//! Ctrl-C, and pipes that are closed early.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;

use crate::program::{Ran, Serve, executable, interrupt, json, program};

/// The time limit of the first request.
const LIMIT: Duration = Duration::from_secs(60);

/// A registry that never responds.
struct Silent {
    url: String,
    /// The connection of the first request.
    first: Receiver<TcpStream>,
}

impl Silent {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, first) = mpsc::channel();
        thread::spawn(move || sender.send(first_request(&listener)));
        Self { url, first }
    }

    /// Runs the program, and interrupts it at its first request. Returns standard error.
    fn interrupt(self, arguments: &[&str]) -> String {
        let mut child = program(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let connection = self.first.recv_timeout(LIMIT);
        let connection = connection.expect("the program sends a request");
        let begun = Stopwatch::start();
        interrupt(&child);
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        drop(connection);
        let mut err = String::new();
        let mut stderr = child.stderr.take().expect("standard error is piped");
        stderr.read_to_string(&mut err).expect("it is text");
        err
    }
}

/// The connection of the first request, which gets no response.
fn first_request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.read_exact(&mut [0]).expect("a request");
    stream
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn an_interrupted_run_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    fs::write(&report, "an older report").expect("it is written");
    let silent = Silent::start();
    let target = silent.url.clone();
    silent.interrupt(&["run", &target, "--json", text(&report)]);
    let record = json(&report);
    assert_eq!(
        record["footer"]["exit_code"], 130,
        "the older report is replaced"
    );
    let target = &record["targets"][0];
    assert_eq!(target["checks"], serde_json::json!([]));
    let why = "interrupted before the checks began";
    assert_eq!(target["obstacle"]["what"], why);
}

#[test]
fn an_interrupted_comparison_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let older = folder.path().join("older.json");
    fs::write(&older, "an older report").expect("it is written");
    let new = folder.path().join("new.md");
    for (mode, why) in [
        (
            &["--markdown", text(&new)][..],
            "no comparison was written, because it needs the results of both targets",
        ),
        (
            &["--bisect"],
            "no bisection was written, because it needs the results of more targets",
        ),
    ] {
        let silent = Silent::start();
        let target = silent.url.clone();
        let compare = ["compare", "reference", &target, "--only", "errors"];
        let err = silent.interrupt(&[&compare[..], &["--json", text(&older)], mode].concat());
        assert_eq!(err, format!("error: interrupted; {why}\n"));
        assert_eq!(names(folder.path()), ["older.json"]);
        let kept = fs::read_to_string(&older).expect("it is read");
        assert_eq!(kept, "an older report");
    }
}

#[test]
fn an_interrupted_snapshot_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("snapshots");
    let dir = text(&dir);
    let because = "because not every response was recorded";
    let interrupted = |action: &[&str], last: &[&str]| {
        let silent = Silent::start();
        let target = silent.url.clone();
        let target = [&*target, "--as", "registry"];
        silent.interrupt(&[&["snapshot"], action, &target, last].concat())
    };
    let err = interrupted(&[], &["--out", dir]);
    let words = format!("error: interrupted; no snapshot was written, {because}\n");
    assert_eq!(err, words);
    assert_eq!(names(folder.path()), [] as [&str; 0]);

    let serve = Serve::with(&[]);
    let ran = Ran::of(&["snapshot", &serve.url, "--as", "registry", "--out", dir]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let tags = folder.path().join("snapshots/registry/tags.txt");
    fs::write(&tags, "an older file").expect("it is written");
    for (action, lost) in [
        ("check", "nothing was compared"),
        ("accept", "the files were not updated"),
    ] {
        let err = interrupted(&[action], &["--dir", dir]);
        assert_eq!(err, format!("error: interrupted; {lost}, {because}\n"));
        let kept = fs::read_to_string(&tags).expect("it is read");
        assert_eq!(kept, "an older file", "{action}");
    }
}

/// Runs `observe` with these options and two scripts as Helm, of which the second hangs, and interrupts it after the first.
/// Returns standard output and standard error.
fn interrupted_observation(options: &[&str]) -> [String; 2] {
    let binaries = tempfile::tempdir().expect("a folder");
    for (version, act) in [
        ("3.10.1", r#"echo "Error: nay" >&2; exit 1"#),
        ("3.17.3", "exec sleep 60"),
    ] {
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in version*) echo v{version};; *--help) ;; registry*) ;; *) {act};; esac\n"
        );
        executable(binaries.path(), &format!("helm-{version}"), &script);
    }
    let temporary = tempfile::tempdir().expect("a folder");
    let part = ["--flow", "push", "--fault", "drops-upload-location"];
    let observe = [
        "observe",
        "--jobs",
        "1",
        "--helm-dir",
        text(binaries.path()),
    ];
    let mut child = program(&[&observe[..], &part, options].concat())
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut err = String::new();
    let stderr = child.stderr.take().expect("standard error is piped");
    let mut stderr = BufReader::new(stderr);
    stderr.read_line(&mut err).expect("a line");
    assert!(err.starts_with("helm 3.10.1 push: "), "{err}");
    interrupt(&child);
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    stderr.read_to_string(&mut err).expect("it is text");
    assert_eq!(names(temporary.path()), [] as [&str; 0]);
    let out = String::from_utf8(ended.stdout).expect("it is text");
    [out, err]
}

#[test]
fn an_interrupted_observation_keeps_the_helm_versions_that_are_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    let [out, err] = interrupted_observation(&["--out", text(folder.path())]);
    assert_eq!(out, "");
    let why = "the observations of Helm 3.17.3 were left out, because they are incomplete; those of Helm 3.10.1 are \
               complete";
    assert!(
        err.ends_with(&format!("\nerror: interrupted; {why}\n")),
        "{err}"
    );
    assert_eq!(names(folder.path()), ["helm-3.10.1.json"]);
    let kept = json(&folder.path().join("helm-3.10.1.json"));
    assert_eq!(kept["without_fault"][0]["flows"][0], "push");

    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../suite/evidence");
    let [out, err] = interrupted_observation(&["--check", recorded]);
    assert!(out.contains("helm 3.10.1, push with no fault"), "{out}");
    assert!(!out.contains("helm 3.17.3"), "{out}");
    assert!(err.ends_with(&format!("{why}\n")), "{err}");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for arguments in [&["list"][..], &["run"], &["serve", "--list-faults"]] {
        let mut child = program(arguments);
        let mut child = child
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        assert_eq!(
            child.wait().expect("it ends").code(),
            Some(0),
            "{arguments:?}"
        );
    }
}
