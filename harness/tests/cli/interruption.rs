//! Ctrl-C, and pipes that are closed early.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;

use crate::program::{interrupt, json, program};

/// The time limit of the first request.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn an_interrupted_run_ends_at_once() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let target = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, first) = mpsc::channel();
    thread::spawn(move || sender.send(first_request(&listener)));
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    std::fs::write(&report, "an older report").expect("it is written");
    let path = report.to_str().expect("a path of text");
    let mut child = program(&["run", &target, "--json", path])
        .spawn()
        .expect("the program starts");
    let connection = first
        .recv_timeout(LIMIT)
        .expect("the program sends a request");
    let begun = Stopwatch::start();
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let record = json(&report);
    assert_eq!(
        record["footer"]["exit_code"], 130,
        "the older report is replaced"
    );
    let target = &record["targets"][0];
    assert_eq!(target["checks"], serde_json::json!([]));
    let why = "interrupted before the checks began";
    assert_eq!(target["obstacle"]["what"], why);
    drop(connection);
}

/// The connection of the first request, which gets no response.
fn first_request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.read_exact(&mut [0]).expect("a request");
    stream
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for arguments in [&["list"][..], &["run"], &["serve", "--list-faults"]] {
        let mut child = program(arguments);
        let mut child = child
            .stdout(std::process::Stdio::piped())
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
