//! `gc` and `plan`: the leftovers of earlier runs, and the repositories that a run needs.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::peers::{self, hostile};
use crate::program::{Ran, Serve};

/// Sends a request, and returns status and body of the response.
fn request(url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n\
         content-type: application/vnd.oci.image.manifest.v1+json\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).expect("it is sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it responds");
    let status = response
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok());
    let (_, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    (status.expect("a status"), body.to_owned())
}

/// A registry with a foreign chart, and with leftovers of a run.
fn with_leftovers() -> Serve {
    let serve = Serve::with(&[]);
    let foreign = request(&serve.url, "PUT", "/v2/charts/nginx/manifests/1.0.0", "{}");
    assert_eq!(foreign.0, 201);
    let arguments = ["--clean-up", "none", "--seed", "7", "--planned"];
    let only = ["--only", "pull/manifest-bytes"];
    let ran = Ran::of(&[&["run", &serve.url], &arguments[..], &only[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("`--clean-up none` is set"), "{}", ran.out);
    serve
}

const OWN: &str = "hoc63cbe1e4/pull-manifest-bytes";

fn has_tags(serve: &Serve, repository: &str) -> bool {
    let (_, tags) = request(
        &serve.url,
        "GET",
        &format!("/v2/{repository}/tags/list"),
        "",
    );
    tags.contains("1.0.0")
}

#[test]
fn gc_deletes_the_leftovers_of_a_run_and_nothing_else() {
    let serve = with_leftovers();
    let ran = Ran::of(&["gc", &serve.url, "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("would delete on"), "{}", ran.out);
    assert!(
        ran.out
            .contains(&format!("  {OWN}: 1 manifest, 2 blobs, tags 1.0.0\n")),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("nginx"), "{}", ran.out);
    assert!(has_tags(&serve, OWN), "a dry run deletes nothing");

    let ran = Ran::of(&["gc", &serve.url]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("everything with a tag is deleted; manifests"),
        "{}",
        ran.out
    );
    assert!(!has_tags(&serve, OWN));
    assert!(has_tags(&serve, "charts/nginx"), "foreign content is kept");

    let ran = Ran::of(&["gc", &serve.url]);
    assert!(
        ran.out.contains("lists no tag of an earlier run"),
        "{}",
        ran.out
    );
}

#[test]
fn gc_finds_a_run_by_its_seed_or_by_a_file() {
    let serve = with_leftovers();
    let ran = Ran::of(&["gc", &serve.url, "--seed", "8", "--dry-run"]);
    assert!(ran.out.contains("lists no tag"), "another run: {}", ran.out);
    let ran = Ran::of(&["gc", &serve.url, "--seed", "7"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!has_tags(&serve, OWN));

    let serve = with_leftovers();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("names");
    let path = file.to_str().expect("a path of text");
    std::fs::write(&file, format!("{OWN}\ncharts/nginx\n")).expect("it is written");
    let ran = Ran::of(&["gc", &serve.url, "--repositories", path]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("charts/nginx in"), "{}", ran.err);
    assert!(has_tags(&serve, OWN) && has_tags(&serve, "charts/nginx"));
    std::fs::write(&file, OWN).expect("it is written");
    let ran = Ran::of(&["gc", &serve.url, "--repositories", path]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!has_tags(&serve, OWN));
}

#[test]
fn gc_reports_leftovers_and_errors() {
    let serve = Serve::with(&["--fault", "deletes-refused"]);
    let run = ["run", &serve.url, "--only", "pull/manifest-bytes"];
    assert_eq!(Ran::of(&run).code, Some(0));
    let ran = Ran::of(&["gc", &serve.url]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("left over:\n") && ran.out.contains("405"),
        "{}",
        ran.out
    );

    let serve = with_leftovers();
    let ran = Ran::of(&["gc", &serve.url, "--max-requests", "1"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("the budget of 1 requests"), "{}", ran.out);
    assert!(has_tags(&serve, OWN), "nothing was found, or deleted");
    let ran = Ran::of(&["gc", &serve.url, "--only", "tags"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("add --run"), "{}", ran.err);

    let page = format!("http://{}", hostile(peers::shows_pages));
    let ran = Ran::of(&["gc", &page]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("does not list its repositories"),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("give the name of the run with --run"),
        "{}",
        ran.err
    );
}

#[test]
fn plan_names_the_repositories_of_a_run() {
    let arguments = ["--repositories", "--seed", "7", "--only", "upload/mount"];
    let ran = Ran::of(&[&["plan", "https://r.example/team"], &arguments[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let names: Vec<&str> = ran.out.lines().collect();
    assert!(
        names.contains(&"team/hoc63cbe1e4-upload-mount-from"),
        "{names:?}"
    );
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("team/hoc63cbe1e4-")),
        "{names:?}"
    );
    assert_eq!(ran.err, "");
    let unseeded = Ran::of(&["plan", "--repositories", "--only", "upload/mount"]);
    assert!(unseeded.err.contains("--seed"), "{}", unseeded.err);
}
