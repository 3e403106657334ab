//! The exchanges that a fault alters in a conversation that was recorded without it.
//!
//! If a fault alters none of them, the client cannot notice it, and Helm need not run again. This holds because neither the
//! reference registry nor a fault depends on time or chance.

use std::collections::BTreeSet;

use helm_oci_fixtures::registry::Access;
use helm_oci_fixtures::transport::Incoming;

use super::super::{ObservedExchange, Placeholders};
use super::fault::ObservedFault;

/// Altered exchanges as method, URL and status, with placeholders.
pub(super) type Altered = BTreeSet<(String, String, u16)>;

/// Replays the conversation, arrangement included, against a registry with this fault.
pub(super) fn altered(
    access: &Access,
    conversation: &[ObservedExchange],
    placeholders: &Placeholders,
    fault: ObservedFault,
) -> Altered {
    let server = ObservedFault::server(Some(fault), access);
    for recorded in conversation {
        if recorded.is_arranged {
            server.close();
        } else {
            server.open();
        }
        server.handle(Incoming {
            scheme: recorded.scheme,
            request: recorded.request.clone(),
        });
    }
    let seen = server.seen();
    let altered = seen.iter().filter(|seen| seen.is_altered);
    altered
        .map(
            |ObservedExchange {
                 request, response, ..
             }| {
                let url =
                    placeholders.normalise(&format!("{}{}", placeholders.origin, request.uri()));
                // The scheme makes no difference.
                let url = url
                    .trim_start_matches("http")
                    .trim_start_matches('s')
                    .to_owned();
                (
                    request.method().to_string(),
                    url,
                    response.status().as_u16(),
                )
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use http::Request;

    use super::super::super::FaultServer;
    use super::*;

    #[test]
    fn a_fault_alters_its_exchange_and_no_arrangement() {
        let server = FaultServer::new(Access::Open, &[]);
        let ask = |path: &str| {
            let request = Request::get(path)
                .body(bytes::Bytes::new())
                .expect("a request");
            server.handle(Incoming::over_http(request))
        };
        ask("/v2/");
        server.open();
        ask("/v2/a/tags/list");
        let seen = server.seen();
        assert!(
            altered(
                &Access::Open,
                &seen,
                &Placeholders::default(),
                Fault::VersionCheckMissing.into()
            )
            .is_empty(),
            "it was arranged"
        );
        assert!(
            altered(
                &Access::Open,
                &seen,
                &Placeholders::default(),
                Fault::CutsBlobs.into()
            )
            .is_empty()
        );
        let missing = altered(
            &Access::Open,
            &seen,
            &Placeholders::default(),
            Fault::TagListNotAllowed.into(),
        );
        assert_eq!(
            missing,
            [("GET".to_owned(), "/v2/a/tags/list".to_owned(), 405)].into()
        );
    }
}
