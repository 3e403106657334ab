//! Secrets: no output contains one, whatever the registry echoes.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use helm_oci_fixtures::registry::Credentials;

use crate::echo;
use crate::peers::{self, Behaviour, hostile};
use crate::program::{Ran, Serve, program};

const CANARY: &str = "canary-0f/a+password?of=ours";

/// Options that read credentials from standard input.
const LOGIN: &[&str] = &["--username", "alice", "--password-stdin"];
const IDENTITY: &[&str] = &["--identity-token-stdin"];
const REGISTRY: &[&str] = &["--registry-token-stdin"];

/// The exit code of a run, and everything that it writes.
fn artefacts(arguments: &[&str], secret: &str) -> (Option<i32>, [String; 4]) {
    artefacts_with(None, arguments, secret)
}

/// The same, with another container engine.
fn artefacts_with(
    engine: Option<&str>,
    arguments: &[&str],
    secret: &str,
) -> (Option<i32>, [String; 4]) {
    let directory = tempfile::tempdir().expect("a directory");
    let files = ["record.json", "report.xml"].map(|name| directory.path().join(name));
    let [record, xml] = files
        .each_ref()
        .map(|path| path.to_str().expect("a path of text"));
    let mut command = program(&[&["run", "--json", record, "--junit", xml], arguments].concat());
    command.envs(engine.map(|host| ("DOCKER_HOST", host)));
    let ran = Ran::of_command(command, &format!("{secret}\n"));
    let [record, xml] =
        files.map(|path| std::fs::read_to_string(path).expect("the report was written"));
    (ran.code, [ran.out, ran.err, record, xml])
}

/// Asserts that a text does not contain the secret: neither plain, nor in base64, nor within a longer text in base64.
fn assert_redacted(text: &str, secret: &str) {
    let encoded = BASE64_STANDARD.encode(format!("alice:{secret}"));
    let escaped = secret.replace('/', "%2F").replace('+', "%2B");
    for encoding in [
        secret,
        &encoded,
        BASE64_STANDARD.encode(secret).as_str(),
        &escaped,
    ] {
        assert!(!text.contains(encoding), "{encoding}: {text}");
    }
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=-_".contains(c)));
    for word in words.filter(|word| word.len() > 8) {
        let word = word.trim_end_matches('=');
        for decoded in [
            BASE64_STANDARD_NO_PAD.decode(word),
            BASE64_URL_SAFE_NO_PAD.decode(word),
        ] {
            let decoded = decoded.unwrap_or_default();
            let decoded = String::from_utf8_lossy(&decoded);
            assert!(!decoded.contains(&secret[..8]), "{decoded}: {text}");
        }
    }
}

#[test]
fn no_output_contains_the_password() {
    let Credentials { username, password } = Credentials::for_tests();
    for auth in ["basic", "bearer"] {
        let serve = Serve::with(&["--auth", auth, "--fault", "reformats-manifests"]);
        let arguments = [
            &serve.url,
            "--username",
            &username,
            "--password-stdin",
            "--verbose",
        ];
        let (code, left) = artefacts(&arguments, &password);
        assert_eq!(code, Some(1), "{left:?}");
        assert!(
            left[2].contains("REDACTED"),
            "exchanges with credentials are recorded"
        );
        let encoded = BASE64_STANDARD.encode(format!("{username}:{password}"));
        for text in &left {
            assert!(
                !text.contains(&password) && !text.contains(&encoded),
                "{auth}: {text}"
            );
        }
    }
}

#[test]
fn no_output_contains_a_secret_that_a_registry_echoes() {
    let hosts: [(Behaviour, &[&[&str]]); 4] = [
        (echo::redirects, &[LOGIN, REGISTRY]),
        (echo::rejects_credentials, &[LOGIN, REGISTRY]),
        (echo::issues_no_token, &[LOGIN, IDENTITY, REGISTRY]),
        (echo::handles_nothing, &[LOGIN, REGISTRY]),
    ];
    for (behaviour, kinds) in hosts {
        let url = format!("http://{}", hostile(behaviour));
        for kind in kinds {
            for verbose in [&[][..], &["--verbose"]] {
                let (code, left) = artefacts(&[&[url.as_str()], *kind, verbose].concat(), CANARY);
                assert!(matches!(code, Some(1 | 3)), "{left:?}");
                assert!(left[2].contains("REDACTED"), "it was echoed: {}", left[2]);
                for text in &left {
                    assert_redacted(text, CANARY);
                }
            }
        }
    }
}

#[test]
fn no_snapshot_and_no_comparison_contains_a_secret_that_a_registry_echoes() {
    let folder = tempfile::tempdir().expect("a directory");
    let (out, json) = (folder.path(), folder.path().join("comparison.json"));
    let out = out.to_str().expect("a path of text");
    let json = json.to_str().expect("a path of text");
    let only = ["--only", "pull/*", "--only", "tags/*"];
    for behaviour in [echo::has_everything as Behaviour, echo::handles_nothing] {
        let url = format!("http://{}", hostile(behaviour));
        let chart = format!("{url}/a/chart:1.0.0");
        for arguments in [
            &["snapshot", &url, "--out", out][..],
            &["snapshot", &chart, "--out", out],
            &[&["compare", "reference", &url, "--json", json], &only[..]].concat(),
        ] {
            let ran = Ran::with_input(&[arguments, LOGIN].concat(), &format!("{CANARY}\n"));
            assert_redacted(&ran.out, CANARY);
            assert_redacted(&ran.err, CANARY);
        }
    }
    let mut folders = vec![folder.path().to_owned()];
    let mut written = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                written += &std::fs::read_to_string(entry.path()).expect("a text");
            }
        }
    }
    assert!(written.contains("REDACTED"), "it was echoed: {written}");
    assert!(
        written.contains("not as pushed"),
        "also as a chart: {written}"
    );
    assert_redacted(&written, CANARY);
}

#[test]
fn rejected_credentials_or_connections_are_one_obstacle_without_a_secret() {
    let basic = Serve::with(&["--auth", "basic"]);
    let bearer = Serve::with(&["--auth", "bearer"]);
    let untrusted = format!("https://localhost:{}", peers::tls());
    let gone = format!("http://{}", peers::refused());
    for (url, kind, words) in [
        (&basic.url, LOGIN, "check the user name and the password"),
        (
            &bearer.url,
            LOGIN,
            "its token endpoint returns 401 Unauthorized (UNAUTHORIZED",
        ),
        (
            &bearer.url,
            IDENTITY,
            "the identity token may have expired; log in again",
        ),
        (
            &bearer.url,
            REGISTRY,
            "the token may have expired, get a new one",
        ),
        (&untrusted, LOGIN, "name its root with --ca-file"),
        (&gone, LOGIN, "check that the registry runs"),
    ] {
        for verbose in [&[][..], &["--verbose"]] {
            let (code, left) = artefacts(&[&[url.as_str()], kind, verbose].concat(), CANARY);
            assert_eq!(code, Some(3), "{left:?}");
            for (text, one) in [(&left[2], "\"obstacle\""), (&left[3], "<error ")] {
                assert_eq!(text.matches(one).count(), 1, "one obstacle: {text}");
            }
            let record = left[2].replace("\\\"", "\"");
            assert!(record.contains(words), "{words}: {record}");
            for text in &left {
                assert_redacted(text, CANARY);
            }
        }
    }
}

#[test]
fn a_missing_engine_or_image_is_one_obstacle_without_a_secret() {
    let refused = format!("tcp://{}", peers::refused());
    let empty = format!("tcp://{}", hostile(peers::has_no_images));
    for (engine, words) in [
        (
            &refused,
            "no container engine is reachable; start Docker, or set DOCKER_HOST",
        ),
        (
            &empty,
            "image localhost:1/nothing:1 not found locally and could not be pulled",
        ),
    ] {
        for verbose in [&[][..], &["--verbose"]] {
            let arguments = [&["image:localhost:1/nothing:1"], LOGIN, verbose].concat();
            let (code, left) = artefacts_with(Some(engine), &arguments, CANARY);
            assert_eq!(code, Some(3), "{left:?}");
            for (text, one) in [(&left[2], "\"obstacle\""), (&left[3], "<error ")] {
                assert_eq!(text.matches(one).count(), 1, "one obstacle: {text}");
            }
            assert!(left[2].contains(words), "{words}: {}", left[2]);
            for text in &left {
                assert_redacted(text, CANARY);
            }
        }
    }
}
