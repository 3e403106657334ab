//! The curl commands of the handbook are run as printed, and each response has the status that the page states.

use std::process::Command;

use helm_oci_suite::checks;
use helm_oci_suite::requirement::Setup;

use crate::program::{Ran, Serve};

/// The configuration of curl: it prints the status of each response on a line of its own.
const CONFIGURATION: &str = "write-out = \"%{stderr}%{http_code}\\n\"\n";

/// The line before the commands: bodies are discarded.
const BEFORE: &str = "exec > /dev/null\n";

/// The statuses in the comments after the commands.
fn stated(commands: &str) -> Vec<String> {
    let comments = commands.lines().filter_map(|line| line.rsplit_once("  # "));
    let responses = comments.flat_map(|(_, comment)| comment.split(", "));
    let statuses = responses.filter_map(|response| response.split(' ').next());
    let is_status = |word: &&str| word.len() == 3 && word.chars().all(|c| c.is_ascii_digit());
    statuses.filter(is_status).map(str::to_owned).collect()
}

/// The problem of the commands on the page of one requirement, if there is one.
fn problem(id: &str, registry: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().to_str().expect("a path of text");
    let page = Ran::of(&["explain", id, "--bodies", path]).out;
    let Some((_, commands)) = page.split_once("```sh\n") else {
        return (!page.contains("curl cannot")).then(|| format!("{id}: no commands\n{page}"));
    };
    let (commands, _) = commands.split_once("```").expect("the block ends");
    std::fs::write(folder.path().join(".curlrc"), CONFIGURATION).expect("it is written");
    let script = commands.replace("https://registry.example", registry);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{BEFORE}{script}")])
        .env("CURL_HOME", folder.path())
        .current_dir(folder.path());
    let ran = Ran::of_command(shell, "");
    let observed: Vec<&str> = ran.err.lines().collect();
    let stated = stated(commands);
    (stated.is_empty() || observed != stated)
        .then(|| format!("{id}: stated {stated:?}, observed {observed:?}\n{commands}"))
}

#[test]
fn each_command_gets_the_stated_response() {
    let serve = Serve::with(&[]);
    let open: Vec<&str> = checks::all()
        .into_iter()
        .filter(|requirement| matches!(requirement.proven_on, Setup::Open | Setup::PlainHttp))
        .map(|requirement| requirement.id)
        .collect();
    let problems: Vec<String> = helm_oci_suite::proof::on_all_cores(open.len(), |position| {
        problem(open[position], &serve.url)
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
