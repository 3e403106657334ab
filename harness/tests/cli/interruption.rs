//! Ctrl-C, and readers that go away.

use std::collections::HashMap;
use std::time::Duration;

use helm_oci_conformance::clock::Stopwatch;

use crate::peers::{self, hostile};
use crate::program::{interrupt, program};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a run that waits gives no sign of it"
)]
fn an_interrupted_run_ends_at_once() {
    let target = format!("http://{}", hostile(peers::hangs));
    let begun = Stopwatch::start();
    let mut child = program(&["run", &target])
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(700));
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
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

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the engine is asked again and again, within a limit"
)]
async fn an_interrupted_run_leaves_no_container() {
    use testcontainers::bollard::query_parameters::ListContainersOptionsBuilder;
    use testcontainers::core::client::docker_client_instance;

    helm_oci_conformance::install_cryptography();
    let Ok(docker) = docker_client_instance().await else {
        return;
    };
    if docker.inspect_image("registry:3.0.0").await.is_err() {
        // Without engine or image there is no container to leave.
        return;
    }
    let mut child = program(&["run", "distribution:3.0.0", "--seed", "5", "--jobs", "1"])
        .spawn()
        .expect("the program starts");
    let label = format!("org.helm-oci-conformance.run=5-{}", child.id());
    let filters = HashMap::from([("label", vec![label])]);
    let count = async || {
        let all = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        docker
            .list_containers(Some(all))
            .await
            .expect("the engine lists containers")
            .len()
    };
    let begun = Stopwatch::start();
    while count().await == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "no container was started"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    interrupt(&child);
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(count().await, 0, "the container is removed");
}
