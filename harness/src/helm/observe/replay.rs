//! What a fault would have altered in a conversation that was recorded without it.
//!
//! A fault that alters nothing in it cannot be noticed by whoever held that conversation, so Helm need not be
//! run again. That holds because neither the reference registry nor a fault knows a clock or chance.

use std::collections::BTreeSet;

use helm_oci_fixtures::fault::Fault;
use helm_oci_fixtures::registry::Access;
use helm_oci_fixtures::transport::Incoming;

use super::super::{Names, Seen, Stage};

/// The exchanges a fault alters, each as method, URL and status, without what differs from run to run.
pub(super) type Altered = BTreeSet<(String, String, u16)>;

/// Holds the same conversation with a registry that has this fault, arrangement included.
pub(super) fn altered(
    access: &Access,
    conversation: &[Seen],
    names: &Names,
    fault: Fault,
) -> Altered {
    let stage = Stage::new(access.clone(), &[fault]);
    for said in conversation {
        if said.is_arranged {
            stage.close();
        } else {
            stage.open();
        }
        stage.handle(Incoming {
            scheme: said.scheme,
            request: said.request.clone(),
        });
    }
    let seen = stage.seen();
    let altered = seen.iter().filter(|seen| seen.is_altered);
    altered
        .map(
            |Seen {
                 request, answer, ..
             }| {
                let url = names.normalise(&format!("{}{}", names.origin, request.uri()));
                // The same place is meant, however one gets there.
                let url = url
                    .trim_start_matches("http")
                    .trim_start_matches('s')
                    .to_owned();
                (request.method().to_string(), url, answer.status().as_u16())
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_fault_alters_what_it_is_about_and_nothing_arranged() {
        let stage = Stage::new(Access::Open, &[]);
        let ask = |path: &str| {
            let request = Request::get(path)
                .body(bytes::Bytes::new())
                .expect("a request");
            stage.handle(Incoming::over_http(request))
        };
        ask("/v2/");
        stage.open();
        ask("/v2/a/tags/list");
        let seen = stage.seen();
        assert!(
            altered(
                &Access::Open,
                &seen,
                &Names::default(),
                Fault::VersionCheckMissing
            )
            .is_empty(),
            "it was arranged"
        );
        assert!(altered(&Access::Open, &seen, &Names::default(), Fault::CutsBlobs).is_empty());
        let missing = altered(
            &Access::Open,
            &seen,
            &Names::default(),
            Fault::TagListNotAllowed,
        );
        assert_eq!(
            missing,
            [("GET".to_owned(), "/v2/a/tags/list".to_owned(), 405)].into()
        );
    }
}
