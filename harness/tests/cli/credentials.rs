//! Sources of credentials: stored logins, credential helpers, tokens, client certificates.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use helm_oci_fixtures::registry::Credentials;

use crate::peers;
use crate::program::{Ran, Serve, executable};

/// A check that needs no more than access.
const SHORT: &[&str] = &["--only", "api/version-check"];

fn short(arguments: &[&str]) -> Ran {
    Ran::of(&[&["run"], arguments, SHORT].concat())
}

fn host(serve: &Serve) -> &str {
    serve.url.strip_prefix("http://").expect("a URL")
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the file is written");
    path.to_str().expect("a path of text").to_owned()
}

/// The entry of a login.
fn entry(host: &str) -> String {
    let Credentials { username, password } = Credentials::for_tests();
    let auth = BASE64_STANDARD.encode(format!("{username}:{password}"));
    format!("\"{host}\":{{\"auth\":\"{auth}\"}}")
}

fn unwrapped(report: &str) -> String {
    report.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_host_gets_its_stored_login() {
    let (known, other) = (
        Serve::with(&["--auth", "basic"]),
        Serve::with(&["--auth", "basic"]),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let both = format!(
        "{{\"auths\":{{{},{}}}}}",
        entry(host(&known)),
        entry(host(&other))
    );
    let file = write(folder.path(), "both.json", &both);
    let ran = short(&[&known.url, &other.url, "--registry-config", &file]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let one = write(
        folder.path(),
        "one.json",
        &format!("{{\"auths\":{{{}}}}}", entry(host(&known))),
    );
    let ran = short(&[&known.url, &other.url, "--registry-config", &one]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    let wants = format!("{} wants credentials", host(&other));
    assert_eq!(
        ran.out.matches("wants credentials").count(),
        1,
        "{}",
        ran.out
    );
    assert!(unwrapped(&ran.out).contains(&wants), "{}", ran.out);
    let mut text = String::new();
    for serve in [&known, &other] {
        let own = "registry-config = \"both.json\"";
        write!(text, "[[target]]\ntarget = \"{}\"\n{own}\n", serve.url).expect("it grows");
    }
    let targets = write(folder.path(), "targets.toml", &text);
    let ran = Ran::of(&[&["matrix", &targets], SHORT].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn logins_on_this_machine_are_used_on_request() {
    let serve = Serve::with(&["--auth", "basic"]);
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "config.json",
        &format!("{{\"auths\":{{{}}}}}", entry(host(&serve))),
    );
    let run = |arguments: &[&str]| {
        let arguments = [&["run", &serve.url], arguments, SHORT].concat();
        let mut command = crate::program::program(&arguments);
        command
            .env("DOCKER_CONFIG", folder.path())
            .env("HOME", folder.path());
        command
            .env_remove("HELM_REGISTRY_CONFIG")
            .output()
            .expect("it runs")
            .status
            .code()
    };
    assert_eq!(run(&["--logged-in"]), Some(0));
    assert_eq!(run(&[]), Some(3), "and not otherwise");
}

#[test]
fn a_credential_helper_is_run_and_its_failure_reported() {
    let serve = Serve::with(&["--auth", "basic"]);
    let folder = tempfile::tempdir().expect("a folder");
    let Credentials { username, password } = Credentials::for_tests();
    let good = format!(
        "#!/bin/sh\nread host\n[ \"$host\" = {} ] && echo '{{\"Username\":\"{username}\",\"Secret\":\"{password}\"}}'\n",
        host(&serve)
    );
    executable(folder.path(), "docker-credential-good", &good);
    executable(
        folder.path(),
        "docker-credential-bad",
        "#!/bin/sh\necho canary\necho canary >&2\nexit 1\n",
    );
    for (config, code, words) in [
        (
            format!("{{\"credHelpers\":{{\"{}\":\"good\"}}}}", host(&serve)),
            0,
            "",
        ),
        ("{\"credsStore\":\"good\"}".to_owned(), 0, ""),
        (
            "{\"credsStore\":\"bad\"}".to_owned(),
            2,
            "docker-credential-bad, which ",
        ),
        (
            "{\"credsStore\":\"missing\"}".to_owned(),
            2,
            "is not on the PATH; install it",
        ),
        (
            "{\"auths\":[\"canary\"]}".to_owned(),
            2,
            "is not a configuration file",
        ),
    ] {
        let file = write(folder.path(), "config.json", &config);
        let arguments = [
            &["run", serve.url.as_str(), "--registry-config", &file],
            SHORT,
        ]
        .concat();
        let mut command = crate::program::program(&arguments);
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = command.env("PATH", path).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{config}: {text}");
        assert!(
            text.contains(words) && !text.contains("canary"),
            "{config}: {text}"
        );
        assert_eq!(
            text.lines().count(),
            usize::from(code == 2),
            "one error: {text}"
        );
    }
}

#[test]
fn an_identity_token_is_exchanged_and_a_registry_token_is_sent() {
    let serve = Serve::with(&["--auth", "bearer"]);
    let Credentials { username, password } = Credentials::for_tests();
    let issued = request_token(
        host(&serve),
        &format!(
            "grant_type=password&username={username}&password={}",
            password.replace(':', "%3A")
        ),
    );
    let token = |name: &str| issued[name].as_str().expect("a token").to_owned();
    let run = |flag: &str, token: &str| {
        Ran::with_input(&[&["run", &serve.url, flag], SHORT].concat(), token)
    };
    let ran = run("--identity-token-stdin", &token("refresh_token"));
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let ran = run("--registry-token-stdin", &token("access_token"));
    assert_eq!(
        ran.code,
        Some(3),
        "it is valid for no repository: {}{}",
        ran.out,
        ran.err
    );
    let words = "the credentials are good for reading alone";
    assert!(unwrapped(&ran.out).contains(words), "{}", ran.out);
    let ran = run("--registry-token-stdin", "two words");
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(!ran.err.contains("two words"), "{}", ran.err);
}

/// Sends a form to the token endpoint.
fn request_token(host: &str, form: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(host).expect("it listens");
    let length = form.len();
    let head = "content-type: application/x-www-form-urlencoded\r\nconnection: close";
    let request = format!(
        "POST /token HTTP/1.1\r\nhost: {host}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it responds");
    let (_, body) = response.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[test]
fn a_client_certificate_is_presented() {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let cert = write(folder.path(), &format!("{name}.pem"), &made.cert.pem());
        let key = made.signing_key.serialize_pem();
        let key = write(folder.path(), &format!("{name}.key"), &key);
        (cert, key, made.cert.der().clone())
    };
    let (cert, key, known) = identity("known");
    let (other_cert, other_key, _) = identity("other");
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = write(folder.path(), "encrypted.key", encrypted);
    let url = format!("https://localhost:{}", peers::mutual_tls(known));
    let ca_file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/cert.pem");
    for (own, code, words) in [
        (&[][..], 3, "give --cert-file and --key-file"),
        (
            &["--cert-file", &cert, "--key-file", &key],
            3,
            "wants credentials",
        ),
        (
            &["--cert-file", &other_cert, "--key-file", &other_key],
            3,
            "it does not know the client certificate",
        ),
        (
            &["--cert-file", &cert, "--key-file", &other_key],
            2,
            "does not belong to the certificate",
        ),
        (
            &["--cert-file", &key, "--key-file", &key],
            2,
            "the certificate file contains no PEM certificate",
        ),
        (
            &["--cert-file", &cert, "--key-file", &cert],
            2,
            "the key file contains no PEM key",
        ),
        (
            &["--cert-file", &cert, "--key-file", &encrypted],
            2,
            "openssl pkey -in KEY",
        ),
        (
            &["--cert-file", "/nonexistent", "--key-file", &key],
            2,
            "cannot read /nonexistent",
        ),
        (&["--cert-file", &cert], 2, "--key-file"),
    ] {
        let ran = short(&[&[url.as_str(), "--ca-file", ca_file], own].concat());
        assert_eq!(ran.code, Some(code), "{own:?}: {}{}", ran.out, ran.err);
        let text = unwrapped(&format!("{} {}", ran.out, ran.err));
        assert!(text.contains(words), "{own:?}: {text}");
    }
}

#[test]
fn what_is_pushed_with_credentials_from_the_start_is_deleted_with_them() {
    let Credentials { username, password } = Credentials::for_tests();
    let serve = Serve::with(&["--auth", "basic", "--fault", "anonymous-requests-forbidden"]);
    let login = ["--username", &username, "--password-stdin"];
    let run = ["run", &serve.url, "--only", "pull/manifest-bytes"];
    let ran = Ran::with_input(&[&run[..], &login].concat(), &password);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("only from requests that carry them from the"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("leftovers"), "{}", ran.out);
}
