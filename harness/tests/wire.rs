//! What the proof shows in memory holds on the wire: each fault, served on a socket and examined through
//! the HTTP client, turns the requirements red that list it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use helm_oci_conformance::http::{Http, Limits, Trust};
use helm_oci_conformance::run::{DEADLINE, check};
use helm_oci_conformance::serve::Server;
use helm_oci_fixtures::fault::{Fault, FaultyRegistry};
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use helm_oci_suite::requirement::{Requirement, Setup};
use helm_oci_suite::session::target::{MEBIBYTE, Target};
use helm_oci_suite::verdict::Verdict;
use helm_oci_suite::wire::{Registry, Request};
use helm_oci_suite::{checks, proof};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn faults_look_the_same_on_the_wire() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for requirement in checks::all() {
        for fault in requirement.faults.iter().chain(requirement.consequences) {
            let in_memory = in_memory(requirement, *fault);
            let on_the_wire = on_the_wire(requirement, *fault, proof::MEBIBYTE.into()).await;
            compared += 1;
            // In memory these two set-ups have TLS, on the wire they have none.
            let has_tls = matches!(requirement.proven_on, Setup::Basic | Setup::Bearer);
            // In memory the other host is served, on the wire it does not exist.
            let is_excused = has_tls && matches!(on_the_wire, Verdict::NotApplicable(_))
                || requirement.id == "origins/next-page-needs-no-credentials";
            if kind(&in_memory) != kind(&on_the_wire) && !is_excused {
                differences.push(format!(
                    "{} with {}: in memory {in_memory:?}, on the wire {on_the_wire:?}",
                    requirement.id,
                    fault.name()
                ));
            }
        }
    }
    assert!(compared > 0, "there is something to compare");
    assert!(
        differences.is_empty(),
        "{} of {compared}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proven_with_small_mebibytes_holds_for_real_ones() {
    let small = "limits/chart-of-36-mebibytes";
    let large = "limits/chart-of-100-mebibytes";
    let four = "limits/four-megabyte-manifest";
    let one = "limits/one-mebibyte-manifest";
    let five = "limits/five-mebibyte-blob";
    for (id, fault, expected) in [
        (small, Fault::RefusesBlobsOver32Mebibytes, "violated"),
        (small, Fault::CutsBlobsAt32Mebibytes, "violated"),
        (small, Fault::ClosesOnBlobsOver64Mebibytes, "satisfied"),
        (large, Fault::ClosesOnBlobsOver64Mebibytes, "violated"),
        (four, Fault::RefusesManifestsOver2Mebibytes, "violated"),
        (four, Fault::LimitsBodies, "satisfied"),
        (one, Fault::LimitsManifests, "violated"),
        (one, Fault::RefusesManifestsOver2Mebibytes, "satisfied"),
        (five, Fault::LimitsBodies, "violated"),
        (five, Fault::RefusesBlobsOver32Mebibytes, "satisfied"),
    ] {
        let mut all = checks::all().into_iter();
        let requirement = all.find(|requirement| requirement.id == id);
        let verdict = on_the_wire(requirement.expect(id), fault, MEBIBYTE).await;
        assert_eq!(kind(&verdict), expected, "{id} with {fault}: {verdict:?}");
    }
}

#[tokio::test]
async fn header_names_are_sent_in_canonical_case_as_go_sends_them() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let origin: Uri = format!("http://{}", listener.local_addr().expect("it is bound"))
        .parse()
        .expect("a URI");
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the port connects");
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            received.push(stream.read_u8().await.expect("headers end"));
        }
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(response).await.expect("the port reads");
        String::from_utf8(received).expect("headers are text")
    });
    let port = Http::new(origin.clone(), &Trust::default(), Limits::default());
    let port = port.expect("no TLS is needed");
    let request = Request::new(Method::GET, origin)
        .header(header::ACCEPT, HeaderValue::from_static("*/*"))
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))
        .header(
            HeaderName::from_static("x-forwarded-proto"),
            HeaderValue::from_static("https"),
        );
    port.send(request).await.expect("a response");
    let received = received.await.expect("the task ends");
    let names: Vec<&str> = received
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "Accept",
            "Content-Type",
            "X-Forwarded-Proto",
            "User-Agent",
            "Host"
        ],
        "{received}"
    );
}

/// The verdict on a registry that is spoken to without TLS, as the socket is.
fn in_memory(requirement: &Requirement, fault: Fault) -> Verdict {
    let setup = match requirement.proven_on {
        Setup::Open => Setup::PlainHttp,
        setup => setup,
    };
    proof::verdict(requirement, setup, &[fault])
}

async fn on_the_wire(requirement: &'static Requirement, fault: Fault, mebibyte: u64) -> Verdict {
    let access = match requirement.proven_on {
        Setup::Open | Setup::PlainHttp => Access::Open,
        Setup::Basic => Access::basic_for_tests(),
        Setup::Bearer => Access::bearer_for_tests(),
    };
    let model = Target {
        mebibyte,
        ..proof::target(requirement.proven_on, &[])
    };
    let mebibyte = usize::try_from(mebibyte).expect("a small number");
    let registry = FaultyRegistry::new(ReferenceRegistry::new(access), &[fault]);
    let registry = registry.with_mebibyte(mebibyte);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(listen, Arc::new(registry))
        .await
        .expect("a free port");
    let origin = format!("http://{}", server.address())
        .parse()
        .expect("a URI");
    let port = Http::new(origin, &Trust::default(), Limits::default()).expect("no TLS is needed");
    let target = Target {
        registry: Arc::new(port),
        ..model
    };
    let checked = check(requirement, &target, DEADLINE).await;
    server.stop().await;
    checked.verdict
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Satisfied => "satisfied",
        Verdict::Violated(_) => "violated",
        Verdict::NotApplicable(_) => "not applicable",
        Verdict::Inconclusive(_) => "inconclusive",
    }
}
