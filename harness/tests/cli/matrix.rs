//! Several targets in one run, and registries that are programs on this machine.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;
use serde_json::Value;

use crate::program::{Ran, interrupt, program};

/// The time limit of the start of a registry.
const LIMIT: Duration = Duration::from_secs(60);

/// This program as a registry, on the port that it is given.
fn own_registry(arguments: &str) -> String {
    let program = env!("CARGO_BIN_EXE_helm-oci-conformance");
    format!("process:{program} serve --listen 127.0.0.1:{{port}}{arguments}")
}

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("targets.toml");
    std::fs::write(&path, text).expect("the file is written");
    path.to_str().expect("a path of text").to_owned()
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the record was written");
    serde_json::from_str(&text).expect("the record is JSON")
}

#[test]
fn a_program_is_launched_examined_and_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("record.json");
    let ran = Ran::of(&[
        "run",
        &own_registry(""),
        "--only",
        "api/*",
        "--json",
        json.to_str().expect("a path of text"),
    ]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let identity = &read(&json)["targets"][0]["identity"];
    assert_eq!(identity["kind"], "process");
    assert_eq!(
        identity["program"],
        env!("CARGO_BIN_EXE_helm-oci-conformance")
    );
    let digest = identity["program_digest"].as_str().expect("a digest");
    assert!(digest.starts_with("sha256:"), "{digest}");
    let url = identity["url"].as_str().expect("a URL");
    let address = url.strip_prefix("http://").expect("without TLS");
    assert!(TcpStream::connect(address).is_err(), "{url}");
}

#[test]
fn a_program_that_does_not_start_is_reported_with_its_log() {
    for (target, words) in [
        (
            "process:/bin/cat /nonexistent",
            "/bin/cat exited before it was ready; last log lines: /bin/cat: /nonexistent",
        ),
        (
            "process:/nonexistent",
            "cannot start /nonexistent: No such file or directory (os error 2); check that the path is right",
        ),
    ] {
        let ran = Ran::of(&["run", target]);
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        let out: Vec<&str> = ran.out.split_whitespace().collect();
        assert!(out.join(" ").contains(words), "{}", ran.out);
    }
}

#[test]
fn an_interrupted_run_stops_its_processes() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(
        folder.path(),
        &format!(
            "[[target]]\ntarget = \"{}\"\nport = {}\nrequests-per-second = 5\n",
            own_registry(""),
            address.port()
        ),
    );
    let mut child = program(&["matrix", &file])
        .spawn()
        .expect("the program starts");
    let begun = Stopwatch::start();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < LIMIT, "the registry did not start");
    }
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(TcpStream::connect(address).is_err(), "it still listens");
}

#[test]
fn shards_share_the_targets_of_a_matrix() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(
        folder.path(),
        &format!(
            "[[target]]\n\
             target = \"reference\"\n\
             with = [\"\", \"+basic\", \"+bearer+tls\"]\n\
             [[target]]\n\
             name = \"wrong\"\n\
             target = \"{}\"\n\
             command = [\"--fault\", \"reformats-manifests\"]\n",
            own_registry("")
        ),
    );
    let json = |name: &str| folder.path().join(name);
    let names = |path: &Path| -> Vec<String> {
        let record = read(path);
        let targets = record["targets"].as_array().expect("targets").iter();
        targets
            .map(|target| target["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let only = ["--only", "pull/manifest-bytes", "--only", "auth/*"];
    let whole = json("whole.json");
    let arguments = ["matrix", &file, "--json", whole.to_str().expect("text")];
    let ran = Ran::of(&[&arguments[..], &only[..]].concat());
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let all = [
        "reference",
        "reference+basic",
        "reference+bearer+tls",
        "wrong",
    ];
    assert_eq!(names(&whole), all);
    let mut shared = Vec::new();
    for (shard, code) in [("1/2", 0), ("2/2", 1)] {
        let part = json("part.json");
        let arguments = ["matrix", &file, "--json", part.to_str().expect("text")];
        let ran = Ran::of(&[&arguments[..], &only[..], &["--shard", shard]].concat());
        assert_eq!(ran.code, Some(code), "{shard}: {}{}", ran.out, ran.err);
        shared.extend(names(&part));
    }
    shared.sort();
    assert_eq!(shared, all);
    let ran = Ran::of(&["matrix", &file, "--shard", "5/5"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    let words = "shard 5/5 has none of the 4 targets";
    assert!(ran.err.contains(words), "{}", ran.err);
}

/// A server that counts its open connections. It holds each until a second one is open, or for a moment.
#[derive(Clone, Default)]
struct Counter {
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Counter {
    /// Listens on a free port, and returns the host and port.
    fn listen(&self) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let counter = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = counter.clone();
                thread::spawn(move || counter.hold(stream));
            }
        });
        address
    }

    fn hold(&self, stream: TcpStream) {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(open, Ordering::SeqCst);
        let begun = Stopwatch::start();
        while self.most.load(Ordering::SeqCst) < 3 && begun.elapsed() < Duration::from_millis(500) {
            thread::yield_now();
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        drop(stream);
    }
}

#[test]
fn targets_on_one_registry_are_examined_one_after_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    // A target gets at most two requests at a time before its checks begin.
    for (is_shared, expected) in [(true, 1..=2), (false, 3..=4)] {
        let counter = Counter::default();
        let one = counter.listen();
        let other = if is_shared {
            one.clone()
        } else {
            counter.listen()
        };
        let text = format!(
            "[[target]]\ntarget = \"http://{one}/a\"\n[[target]]\ntarget = \"http://{other}/b\"\n"
        );
        let file = write(folder.path(), &text);
        let ran = Ran::of(&["matrix", &file, "--parallel", "2", "--only", "api"]);
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        let most = counter.most.load(Ordering::SeqCst);
        assert!(expected.contains(&most), "{most} at a time: {text}");
    }
}

#[test]
fn a_targets_file_with_a_mistake_is_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, words) in [
        ("[[target]]\ntarget = \"zott\"\n", "unknown target `zott`"),
        (
            "[[target]]\ntarget = \"zot\"\nport = 80\n",
            "`port` does not apply to zot",
        ),
        (
            "[[target]]\ntarget = \"process:cat\"\nfiles = { \"../x\" = \"\" }\n",
            "without `..`",
        ),
        (
            "[[target]]\ntarget = \"https://r.example\"\nusername = \"me\"\n",
            "one of `username` and `password-env`",
        ),
        (
            "[[target]]\ntarget = \"https://r.example\"\nusername = \"me\"\npassword-env = \"UNSET_VARIABLE\"\n",
            "UNSET_VARIABLE with the credentials of `https://r.example` is not set",
        ),
    ] {
        let ran = Ran::of(&["matrix", &write(folder.path(), text)]);
        assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = Ran::of(&["matrix", "missing.toml"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(
        ran.err
            .contains("cannot read the targets file missing.toml"),
        "{}",
        ran.err
    );
}

#[test]
fn a_target_has_its_own_concurrency_and_leaves_out_requirements() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("record.json");
    let path = json.to_str().expect("a path of text");
    let entry = |skip| {
        let text = format!(
            "[[target]]\ntarget = \"reference\"\njobs = 2\nclean-up-limit = 60\nskip = [\"{skip}\"]\n"
        );
        write(folder.path(), &text)
    };
    let ran = Ran::of(&["matrix", &entry("errors"), "--json", path]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let target = &read(&json)["targets"][0];
    assert_eq!(target["side_by_side"], 2);
    let checks = target["checks"].as_array().expect("checks");
    for check in checks {
        let is_left_out = check["area"] == "errors";
        let reason = check["reason"].as_str().unwrap_or_default();
        assert_eq!(
            reason == "the targets file skips it on this target",
            is_left_out,
            "{check}"
        );
    }
    let ran = Ran::of(&["matrix", &entry("error")]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("did you mean `errors`?"), "{}", ran.err);
}

#[test]
fn a_large_file_is_rejected_and_little_of_it_is_quoted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large");
    let file = std::fs::File::create(&path).expect("it is created");
    let name = path.to_str().expect("a path of text");
    for (length, words) in [
        (17 << 20, "it is larger than 16 MiB"),
        (1 << 20, "TOML parse error at line 1"),
    ] {
        file.set_len(length).expect("it is sparse");
        for arguments in [&["matrix", name][..], &["run", "--deviations", name]] {
            let ran = Ran::of(arguments);
            assert_eq!(ran.code, Some(2), "{arguments:?}");
            assert!(ran.err.contains(words), "{}", ran.err);
            assert!(ran.err.len() < 1000, "{} bytes", ran.err.len());
        }
    }
}
