//! Targets that cannot be examined: one obstacle, within a time limit, whatever the peer sends.

use std::time::Duration;

use crate::peers::{self, hostile};
use crate::program::{Ran, Serve, json};

const WITHIN: Duration = Duration::from_secs(14);

/// Runs on a target that is not a registry: exit code 3 in time, one obstacle and no check.
fn no_registry(target: &str, words: &str) {
    no_registry_with(&[target], words);
}

/// The same with further arguments after the target.
fn no_registry_with(arguments: &[&str], words: &str) {
    let target = arguments[0];
    let directory = tempfile::tempdir().expect("a directory");
    let report = directory.path().join("report.json");
    let report_path = report.to_str().expect("a path of text");
    let ran = Ran::of(&[&["run", "--json", report_path], arguments].concat());
    assert_eq!(ran.code, Some(3), "{target}: {}{}", ran.out, ran.err);
    assert!(ran.took < WITHIN, "{target}: took {:?}", ran.took);
    let record = json(&report);
    let examined = &record["targets"][0];
    assert_eq!(examined["checks"], serde_json::json!([]), "{target}");
    let what = examined["obstacle"]["what"]
        .as_str()
        .expect("an obstacle in words");
    assert!(what.contains(words), "{target}: {what}");
    assert!(!ran.out.contains('\x1b'), "{target}: {}", ran.out);
    assert!(
        unwrapped(&ran.out).contains(what),
        "{target}: the report shows the obstacle: {}",
        ran.out
    );
}

#[test]
fn a_refused_connection_is_reported() {
    no_registry(
        &format!("http://{}", peers::refused()),
        "connection refused; check that the registry runs",
    );
}

#[test]
fn an_unknown_host_is_reported() {
    no_registry("http://no-such-host.invalid:5000", "check the host name");
}

#[test]
fn a_silent_port_is_reported() {
    no_registry(
        &format!("http://{}", hostile(peers::hangs)),
        "timeout after 10 s: no complete response from 127.0.0.1",
    );
}

#[test]
fn tls_on_a_plain_port_is_reported() {
    let serve = Serve::with(&[]);
    no_registry(
        &serve.url.replace("http://", "https://"),
        "does not speak TLS",
    );
}

#[test]
fn a_silent_tls_port_is_reported() {
    no_registry(
        &format!("https://{}", hostile(peers::hangs)),
        "timeout after 10 s: no complete response from 127.0.0.1",
    );
}

#[test]
fn certificates_are_trusted_as_configured() {
    let port = peers::tls();
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/cert.pem");
    let named = ["--ca-file", certificate];
    let right = format!("https://localhost:{port}");
    let reached = "wants credentials";
    no_registry(&right, "name its root with --ca-file");
    no_registry_with(&[&[right.as_str()], &named[..]].concat(), reached);
    no_registry_with(&[right.as_str(), "--insecure-skip-tls-verify"], reached);
    let other_name = format!("https://127.0.0.1:{port}");
    no_registry_with(
        &[&[other_name.as_str()], &named[..]].concat(),
        "certificate",
    );
    no_registry(&format!("http://localhost:{port}"), "use https://");
}

/// A target that responds is examined: the checks show what it does, and the advice says what it looks like.
fn examined(target: &str, violated: &str, words: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let report = directory.path().join("report.json");
    let report_path = report.to_str().expect("a path of text");
    let ran = Ran::of(&["run", target, "--only", violated, "--json", report_path]);
    assert_eq!(ran.code, Some(1), "{target}: {}{}", ran.out, ran.err);
    let record = json(&report);
    let examined = &record["targets"][0];
    assert_eq!(examined["checks"][0]["outcome"], "fail", "{target}");
    let advice = examined["advice"].as_str().expect("an advice");
    assert!(advice.contains(words), "{target}: {advice}");
    assert!(
        unwrapped(&ran.out).contains(advice),
        "{target}: {}",
        ran.out
    );
}

#[test]
fn a_web_server_is_examined_with_an_advice() {
    examined(
        &format!("http://{}", hostile(peers::shows_pages)),
        "upload/post-answers-202",
        "does not respond like a registry, but with web pages",
    );
}

#[test]
fn a_redirect_loop_is_examined_with_an_advice() {
    examined(
        &format!("http://{}", hostile(peers::redirects)),
        "upload/post-allowed",
        "GET /v2/ returns 302 Found, to /v2/",
    );
}

#[test]
fn an_endless_body_is_reported() {
    no_registry(
        &format!("http://{}", hostile(peers::never_ends)),
        "a body of more than",
    );
}

#[test]
fn a_slow_body_is_reported() {
    no_registry(
        &format!("http://{}", hostile(peers::drips)),
        "timeout after 10 s: no complete response from 127.0.0.1",
    );
}

#[test]
fn bytes_that_are_not_http_are_reported() {
    no_registry(&format!("http://{}", hostile(peers::garbles)), "broke");
}

#[test]
fn invalid_header_bytes_neither_panic_nor_reach_the_terminal() {
    let ran = Ran::of(&[
        "run",
        &format!("http://{}", hostile(peers::garbles_headers)),
        "--verbose",
    ]);
    assert!(
        matches!(ran.code, Some(1 | 3)),
        "{:?} {}{}",
        ran.code,
        ran.out,
        ran.err
    );
    assert!(
        !ran.out.contains('\x1b') && !ran.out.contains('\x07'),
        "{}",
        ran.out
    );
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn missing_and_wrong_credentials_are_reported() {
    for auth in ["basic", "bearer"] {
        let serve = Serve::with(&["--auth", auth]);
        no_registry(
            &serve.url,
            "wants credentials; give --username and --password-stdin",
        );
        let arguments = [
            "run",
            &serve.url,
            "--username",
            "nobody",
            "--password-stdin",
        ];
        let ran = Ran::with_input(&arguments, "canary-of-a-password\n");
        assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
        assert!(
            unwrapped(&ran.out).contains("does not accept the credentials"),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains("canary") && !ran.err.contains("canary"));
    }
}

/// A report without its line breaks.
fn unwrapped(report: &str) -> String {
    report.split_whitespace().collect::<Vec<_>>().join(" ")
}
