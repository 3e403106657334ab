//! The commands that a page shows are run as they stand, and every request is answered as the page says.

use std::process::Command;

use helm_oci_suite::checks;
use helm_oci_suite::requirement::Setup;

use crate::program::{Ran, Serve, executable};

/// Stands before curl on the path, and tells the status of each answer on a line of its own.
const TELLTALE: &str =
    "#!/bin/sh\nexec env PATH=\"$REAL_PATH\" curl -w '%{stderr}%{http_code}\\n' \"$@\"\n";

/// What the page does not say: that the telltale is asked, and that nobody looks at the answers.
const BEFORE: &str = "exec > /dev/null; export REAL_PATH=$PATH PATH=$PWD/bin:$PATH\n";

/// The statuses that the comments behind the commands name.
fn promised(commands: &str) -> Vec<String> {
    let comments = commands.lines().filter_map(|line| line.rsplit_once("  # "));
    let answers = comments.flat_map(|(_, comment)| comment.split(", "));
    let statuses = answers.filter_map(|answer| answer.split(' ').next());
    let is_status = |word: &&str| word.len() == 3 && word.chars().all(|c| c.is_ascii_digit());
    statuses.filter(is_status).map(str::to_owned).collect()
}

/// What is wrong with the commands on the page of one requirement.
fn complaint(id: &str, registry: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().to_str().expect("a path of text");
    let page = Ran::of(&["explain", id, "--bodies", path]).out;
    let Some((_, commands)) = page.split_once("```sh\n") else {
        return (!page.contains("curl cannot")).then(|| format!("{id}: no commands\n{page}"));
    };
    let (commands, _) = commands.split_once("```").expect("the block ends");
    executable(folder.path(), "bin/curl", TELLTALE);
    let script = commands.replace("https://registry.example", registry);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{BEFORE}{script}")])
        .current_dir(folder.path());
    let ran = Ran::of_command(shell, "");
    let answered: Vec<&str> = ran.err.lines().collect();
    let promised = promised(commands);
    (promised.is_empty() || answered != promised)
        .then(|| format!("{id}: promised {promised:?}, answered {answered:?}\n{commands}"))
}

#[test]
fn commands_are_answered_as_the_page_says() {
    let serve = Serve::with(&[]);
    let open: Vec<&str> = checks::all()
        .into_iter()
        .filter(|requirement| matches!(requirement.proven_on, Setup::Open | Setup::PlainHttp))
        .map(|requirement| requirement.id)
        .collect();
    let complaints: Vec<String> = helm_oci_suite::proof::on_all_cores(open.len(), |position| {
        complaint(open[position], &serve.url)
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
