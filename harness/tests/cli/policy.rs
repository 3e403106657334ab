//! The policy of a run on a registry that others use: rate, budget, given repositories, read-only access, clean-up.

use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::Arc;

use helm_oci_conformance::http::{Http, Limits, Trust};
use helm_oci_fixtures::manifest::Shape;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::Target;

use crate::program::{Ran, Serve, interrupt, json, program};

/// Runs the plan with these arguments and reads its record.
fn examined(arguments: &[&str]) -> (Ran, serde_json::Value) {
    let directory = tempfile::tempdir().expect("a directory");
    let report = directory.path().join("report.json");
    let path = report.to_str().expect("a path of text");
    let ran = Ran::of(&[&["run", "--json", path], arguments].concat());
    let record = json(&report);
    (ran, record)
}

#[test]
fn checks_beyond_the_budget_are_inconclusive_and_the_registry_is_cleaned_up() {
    let serve = Serve::with(&[]);
    for (flag, size, words) in [
        (
            "--max-requests",
            "150",
            "the budget of 150 requests is used up",
        ),
        ("--max-bytes", "100K", "the budget of 100 KiB is used up"),
    ] {
        let (ran, record) = examined(&[&serve.url, flag, size]);
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        let obstacle = format!("obstacle   request not sent: {words}");
        assert_eq!(
            ran.out.matches(&obstacle).count(),
            1,
            "reported once: {}",
            ran.out
        );
        let target = &record["targets"][0];
        assert_eq!(target["leftovers"], serde_json::json!([]));
        if flag == "--max-requests" {
            assert_eq!(target["requests"], 150);
        }
        let checks = target["checks"].as_array().expect("checks");
        let count = |outcome| {
            checks
                .iter()
                .filter(|check| check["outcome"] == outcome)
                .count()
        };
        assert!(
            count("pass") > 5 && count("inconclusive") > 20,
            "{}",
            ran.out
        );
        assert_eq!(count("fail"), 0, "{}", ran.out);
    }
}

#[test]
fn large_checks_beyond_the_budget_are_skipped_with_a_reason() {
    let serve = Serve::with(&[]);
    let (ran, record) = examined(&[&serve.url, "--only", "limits", "--max-bytes", "110M"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let checks = record["targets"][0]["checks"].as_array().expect("checks");
    let outcome = |id: &str| {
        let mut checks = checks.iter();
        let check = checks.find(|check| check["id"] == id).expect("it is there");
        check["outcome"].as_str().expect("an outcome").to_owned()
    };
    assert_eq!(outcome("limits/chart-of-36-mebibytes"), "pass");
    assert_eq!(outcome("limits/chart-of-100-mebibytes"), "skipped");
    assert!(ran.out.contains("304 MiB are enough"), "{}", ran.out);
}

#[test]
fn large_charts_are_sent_to_a_url_only_if_they_are_asked_for() {
    let serve = Serve::with(&[]);
    let large = |arguments: &[&str]| {
        let (ran, record) = examined(&[&[serve.url.as_str()], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        let checks = record["targets"][0]["checks"].as_array().expect("checks");
        let check = checks
            .iter()
            .find(|check| check["id"] == "limits/chart-of-36-mebibytes");
        let check = check.expect("it is selected");
        (check["outcome"].clone(), check["reason"].clone())
    };
    let (outcome, reason) = large(&["--skip", "flow"]);
    assert_eq!(outcome, "skipped");
    assert_eq!(reason, "transfers 72 MiB; `--preset full` includes it");
    assert_eq!(large(&["--skip", "flow", "--preset", "full"]).0, "pass");
    assert_eq!(large(&["--only", "limits"]).0, "pass");
    assert_eq!(
        large(&["--only", "limits", "--preset", "quick"]).0,
        "skipped"
    );
}

#[test]
fn a_run_keeps_to_its_rate_limit() {
    let serve = Serve::with(&[]);
    let arguments = [
        "--only",
        "tags/*",
        "--requests-per-second",
        "50",
        "--jobs",
        "60",
    ];
    let (ran, record) = examined(&[&[serve.url.as_str()], &arguments[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let target = &record["targets"][0];
    assert_eq!(target["side_by_side"], 50, "more would only wait");
    let requests = target["requests"].as_u64().expect("a number");
    let least = u128::from(requests) * 1000 / 50;
    assert!(
        ran.took.as_millis() > least,
        "{requests} requests in {:?}",
        ran.took
    );
}

/// Starts a run that is slow enough to be interrupted, and waits until it has pushed something.
fn started(url: &str) -> Child {
    let arguments = [
        "run",
        url,
        "--seed",
        "7",
        "--planned",
        "--requests-per-second",
        "30",
    ];
    let child = program(&arguments)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    let child = child.expect("the program starts");
    // The capabilities push a chart of their own first.
    while !has_tags(url, "hoc63cbe1e4/capabilities") {
        std::thread::yield_now();
    }
    child
}

fn has_tags(url: &str, repository: &str) -> bool {
    let address = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    let head = format!("GET /v2/{repository}/tags/list HTTP/1.0\r\nhost: {address}\r\n\r\n");
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("it is sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it responds");
    response.contains("\"1.0.")
}

/// Interrupts a run, and returns its standard error.
fn interrupted(mut child: Child) -> String {
    interrupt(&child);
    let mut text = String::new();
    let stderr = child.stderr.as_mut().expect("it is piped");
    stderr.read_to_string(&mut text).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{text}");
    text
}

#[test]
fn an_interrupted_run_deletes_what_it_pushed() {
    let serve = Serve::with(&[]);
    let text = interrupted(started(&serve.url));
    assert!(!text.contains("left over"), "{text}");
    assert!(!has_tags(&serve.url, "hoc63cbe1e4/capabilities"));
}

#[test]
fn an_interrupted_run_reports_its_leftovers() {
    let serve = Serve::with(&["--fault", "deletes-refused"]);
    let text = interrupted(started(&serve.url));
    assert!(
        text.contains(&format!("left over on {}:\n", serve.url)),
        "{text}"
    );
    assert!(
        text.contains(" in hoc63cbe1e4/capabilities: the registry returned 405"),
        "{text}"
    );
    assert!(has_tags(&serve.url, "hoc63cbe1e4/capabilities"));
}

#[test]
fn two_runs_with_one_seed_do_not_meet() {
    let serve = Serve::with(&[]);
    let arguments = ["run", &serve.url, "--seed", "7", "--skip", "limits"];
    let runs = [(); 2].map(|()| {
        let child = program(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        child.expect("the program starts")
    });
    for run in runs {
        let ended = run.wait_with_output().expect("it ends");
        let out = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(0), "{out}");
    }
}

/// A file with this number of repositories.
fn pool(directory: &tempfile::TempDir, count: usize) -> String {
    let path = directory.path().join("pool");
    let names: Vec<String> = (0..count).map(|n| format!("pool/p{n:03}")).collect();
    std::fs::write(&path, names.join("\n")).expect("it is written");
    path.to_str().expect("a path of text").to_owned()
}

#[test]
fn a_run_works_in_the_given_repositories() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = pool(&directory, 400);
    let serve = Serve::with(&[]);
    let arguments = [serve.url.as_str(), "--repositories", &file];
    let (ran, record) = examined(&arguments);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let checks = record["targets"][0]["checks"].as_array().expect("checks");
    let of = |id: &str| {
        checks
            .iter()
            .find(|check| check["id"] == id)
            .expect("it ran")
    };
    assert_eq!(of("pull/manifest-bytes")["outcome"], "pass");
    assert_eq!(of("upload/mount")["outcome"], "present");
    assert_eq!(of("limits/deep-names")["outcome"], "skipped");
    // The catalog of the reference registry lists every repository that was ever written to.
    assert!(!Ran::of(&["gc", &serve.url]).out.contains("hoc"));

    // The next run finds them empty; a repository with leftovers is rejected.
    let kept = ["--clean-up", "none", "--only", "pull/manifest-bytes"];
    let (ran, _) = examined(&[&arguments[..], &kept[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let (ran, _) = examined(&arguments);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("is not empty, it lists"), "{}", ran.out);
}

#[test]
fn too_few_repositories_are_an_error_before_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = pool(&directory, 3);
    let target = format!("http://{}", crate::peers::refused());
    let ran = Ran::of(&["run", &target, "--repositories", &file]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(
        ran.err
            .contains("3 repositories are given, and the run needs "),
        "{}",
        ran.err
    );
}

#[test]
fn a_read_only_run_examines_an_existing_chart() {
    let serve = Serve::with(&[]);
    let pushed = ["--clean-up", "none", "--seed", "7", "--planned"];
    let only = ["--only", "pull/manifest-bytes"];
    let ran = Ran::of(&[&["run", &serve.url], &pushed[..], &only[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let before = Ran::of(&["gc", &serve.url, "--dry-run"]).out;

    let chart = "hoc63cbe1e4/pull-manifest-bytes:1.0.0";
    let (ran, record) = examined(&[&serve.url, "--read-only", "--chart", chart, "--verbose"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let checks = record["targets"][0]["checks"].as_array().expect("checks");
    let passed = |area: &str| {
        let own = checks.iter().filter(|check| check["area"] == area);
        own.filter(|check| check["outcome"] == "pass").count()
    };
    assert!(
        passed("pull") > 15 && passed("tags") > 1 && passed("upload") == 0,
        "{}",
        ran.out
    );
    let bad = |check: &&serde_json::Value| {
        ["fail", "warn", "inconclusive"]
            .iter()
            .any(|bad| check["outcome"] == *bad)
    };
    let blamed: Vec<_> = checks.iter().filter(bad).collect();
    assert!(blamed.is_empty(), "{blamed:#?}");
    let row = |flow: &str| {
        let line = ran
            .out
            .lines()
            // The area of checks named `pull` comes before the table.
            .rfind(|line| line.trim_start().starts_with(flow));
        line.expect("a row of the table").to_owned()
    };
    let left_out = "not examined: chart-push, chart-pull, push, ";
    assert!(ran.out.contains(left_out), "{}", ran.out);
    for flow in ["pull ", "show ", "dependency-update "] {
        // Helm up to 3.6 does not know the media type of the chart.
        assert_eq!(row(flow).matches('✓').count(), 8, "{}", ran.out);
        assert!(!row(flow).contains('✗'), "{}", ran.out);
    }
    assert_eq!(
        Ran::of(&["gc", &serve.url, "--dry-run"]).out,
        before,
        "nothing was written"
    );

    let (ran, _) = examined(&[&serve.url, "--read-only", "--chart", "missing/chart:1.0.0"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("could not read the manifest of the existing chart"),
        "{}",
        ran.out
    );
}

/// Pushes a chart of 9 MiB, which is more than the largest body that is kept; returns its name and version.
fn push_large_chart(url: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let origin = url.parse().expect("a URI");
    let http = Http::new(origin, &Trust::default(), Limits::default()).expect("no TLS is needed");
    let session = Session::new(Target::new(Arc::new(http), 7), "test/large");
    let package = session.package("1.2.3").with_padding(9 << 20);
    runtime.block_on(async {
        let chart = session.arrange_blobs_of(package, Shape::Helm313, None);
        let chart = chart.await.expect("it is accepted");
        let pushed = session.arrange_manifest("1.2.3", &chart.manifest).await;
        pushed.expect("it is accepted");
    });
    format!("{}:1.2.3", session.repository())
}

#[test]
fn a_large_existing_chart_is_measured_and_not_kept() {
    let checks = [
        "pull/blob-bytes",
        "flow/pull-3.12",
        "flow/pull-4.2",
        "pull/blob-length-is-true",
        "api/blob-accept-ignored",
        "api/content-encoding-preserves-bytes",
    ];
    for (faults, violated) in [
        (&[][..], &[][..]),
        (&["--fault", "redirects-blobs"], &[][..]),
        (&["--fault", "alters-blobs"], &checks[..3]),
        (&["--fault", "blob-get-not-found"], &checks[..3]),
    ] {
        let serve = Serve::with(faults);
        let chart = push_large_chart(&serve.url);
        let (ran, record) = examined(&[&serve.url, "--read-only", "--chart", &chart]);
        let target = &record["targets"][0];
        let models = target["models"].as_array().into_iter().flatten();
        let flows = models.flat_map(|model| model["flows"].as_array().into_iter().flatten());
        let all: Vec<_> = target["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(flows)
            .collect();
        let outcome = |id: &str| {
            all.iter()
                .find(|one| one["id"] == id)
                .map(|one| &one["outcome"])
        };
        for id in violated {
            assert_eq!(
                outcome(id).expect(id),
                "fail",
                "{faults:?} {id}: {}",
                ran.out
            );
        }
        if violated.is_empty() {
            for id in checks {
                assert_eq!(outcome(id).expect(id), "pass", "{id}: {}", ran.out);
            }
            assert_eq!(outcome("pull/range").expect("it is known"), "skipped");
        }
        let code = i32::from(!violated.is_empty());
        assert_eq!(ran.code, Some(code), "{faults:?}: {}{}", ran.out, ran.err);
    }
}
