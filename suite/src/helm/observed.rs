//! Symptoms as they were observed: with the status that the registry returned.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode};
use semver::Version;

use super::errors::{STATUS, Symptom, without_status};
use super::response::ObservedResponse;
use super::version::Versions;

/// The request in whose response a symptom arises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    PushStart,
    PullStart,
    BlobHead,
    BlobGet,
    BlobPut,
    UploadPost,
    Upload,
    ManifestHead,
    ManifestGet,
    ManifestPut,
    TagList,
    LinkedPage,
    Base,
    TokenGet,
    TokenPost,
    /// The words hold no status.
    None,
}

impl Operation {
    /// True if this is a response to the operation, with a status that Helm does not expect there.
    fn fails_with(self, response: &ObservedResponse) -> bool {
        let (method, status) = (response.method(), response.status());
        let is_get = *method == Method::GET;
        let is_head = *method == Method::HEAD;
        let is_post = *method == Method::POST;
        let is_put = *method == Method::PUT;
        let (is_operation, expected): (bool, &[u16]) = match (self, response.route()) {
            (Self::PushStart | Self::BlobHead, Route::Blob { .. })
            | (Self::PushStart | Self::ManifestHead, Route::Manifest { .. })
            | (Self::BlobHead, Route::Other) => (is_head, &[200, 404]),
            (Self::PullStart | Self::ManifestGet, Route::Manifest { .. }) => {
                (is_get || is_head, &[200])
            }
            (Self::PullStart | Self::TagList, Route::Tags { .. })
            | (Self::LinkedPage, Route::Other)
            | (Self::Base, Route::Base)
            | (Self::TokenGet, Route::Token | Route::Other) => (is_get, &[200]),
            (Self::BlobGet, Route::Blob { .. } | Route::Other) => (is_get, &[200, 206]),
            (Self::UploadPost | Self::Upload, Route::Uploads { .. }) => (is_post, &[202]),
            (Self::BlobPut | Self::Upload, Route::Upload { .. } | Route::Other)
            | (Self::ManifestPut, Route::Manifest { .. }) => (is_put, &[201]),
            (Self::TokenPost, Route::Token | Route::Other) => (is_post, &[200]),
            _ => return false,
        };
        is_operation && !expected.contains(&status.as_u16()) && !status.is_redirection()
    }
}

impl Symptom {
    /// The words of one Helm version; `None` if the symptom does not arise there.
    pub fn words(self, helm: &Version) -> Option<&'static str> {
        let mut rows = self.table().iter();
        rows.find(|(versions, _)| versions.contains(helm))
            .map(|(_, words)| *words)
    }

    /// The symptom as these responses show it: with the status that makes Helm fail, if one of them has it.
    pub fn observed_in(self, responses: &[ObservedResponse]) -> ObservedSymptom {
        let operation = self.operation();
        let mut failed = responses.iter().filter(|one| operation.fails_with(one));
        match failed.next() {
            Some(response) => self.with_status(response.status()),
            None => self.into(),
        }
    }

    /// The symptom with this status; 404 has words of its own in some operations, and a blob that cannot be read is not
    /// altered.
    pub fn with_status(self, status: StatusCode) -> ObservedSymptom {
        let is_not_found = status == StatusCode::NOT_FOUND;
        let symptom = match self {
            Self::BlobAltered if !is_not_found && !status.is_success() => Self::BlobGet,
            Self::TagRead | Self::TagReadNotFound if is_not_found => Self::TagReadNotFound,
            Self::ManifestGet | Self::ManifestNotFound if is_not_found => Self::ManifestNotFound,
            Self::BlobAltered | Self::BlobGet | Self::BlobNotFound if is_not_found => {
                Self::BlobNotFound
            }
            Self::LoginRefused | Self::LoginNotFound if is_not_found => Self::LoginNotFound,
            Self::TagReadNotFound => Self::TagRead,
            Self::ManifestNotFound => Self::ManifestGet,
            Self::BlobNotFound => Self::BlobGet,
            Self::LoginNotFound => Self::LoginRefused,
            other => other,
        };
        ObservedSymptom {
            symptom,
            status: Some(status),
        }
    }
}

/// A symptom, with the status that was observed if one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedSymptom {
    symptom: Symptom,
    status: Option<StatusCode>,
}

impl From<Symptom> for ObservedSymptom {
    fn from(symptom: Symptom) -> Self {
        Self {
            symptom,
            status: None,
        }
    }
}

impl ObservedSymptom {
    /// The words by Helm versions, with the observed status filled in.
    pub fn table(self) -> impl Iterator<Item = (Versions, String)> {
        let rows = self.symptom.table().iter();
        rows.map(move |(versions, words)| (*versions, self.filled(words)))
    }

    /// True if an error of this Helm version has the words; an unknown status matches any.
    pub fn occurs_in(self, error: &str, helm: &Version) -> bool {
        let Some(words) = self.symptom.words(helm) else {
            return false;
        };
        let words = without_status(&self.filled(words));
        let mut rest = error;
        words.split('…').all(|part| match rest.find(part) {
            Some(start) => {
                rest = &rest[start + part.len()..];
                true
            }
            None => false,
        })
    }

    fn filled(self, words: &str) -> String {
        match self.status {
            Some(status) => words.replace(STATUS, status.as_str()),
            None => words.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::exchange::{Exchange, RequestRecord, ResponseRecord};

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a test version is valid")
    }

    fn responses(list: &[(&str, &str)]) -> Vec<ObservedResponse> {
        let exchanges: Vec<Exchange> = list
            .iter()
            .map(|(request, status)| {
                let (method, uri) = request.split_once(' ').expect("a method and a path");
                Exchange {
                    request: RequestRecord::new(method.parse().expect("a method"), uri),
                    response: Ok(ResponseRecord::new(status.parse().expect("a status"))),
                }
            })
            .collect();
        ObservedResponse::all(&exchanges)
    }

    /// The words of Helm 3.10.1 and 4.2.4 after these responses.
    fn words(symptom: Symptom, list: &[(&str, &str)]) -> [String; 2] {
        let observed = symptom.observed_in(&responses(list));
        ["3.10.1", "4.2.4"].map(|helm| {
            let helm = version(helm);
            let mut rows = observed.table();
            rows.find(|(versions, _)| versions.contains(&helm))
                .map_or_else(String::new, |(_, words)| words)
        })
    }

    #[test]
    fn the_observed_status_is_filled_in() {
        let head = "HEAD /v2/a/b/blobs/sha256:ab";
        for (list, expected) in [
            (
                &[][..],
                ["unexpected status: {status}", "status code {status}"],
            ),
            (
                &[(head, "405")],
                ["unexpected status: 405", "status code 405"],
            ),
            // Helm expects 404 there, follows redirects, and does not send the other requests.
            (
                &[
                    ("GET /v2/a/b/blobs/sha256:ab", "500"),
                    (head, "404"),
                    (head, "307"),
                    (head, "429"),
                ],
                ["unexpected status: 429", "status code 429"],
            ),
        ] {
            let found = words(Symptom::BlobHead, list);
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.ends_with(expected), "{list:?}: {found}");
            }
        }
    }

    #[test]
    fn status_404_has_its_own_words() {
        let get = "GET /v2/a/b/blobs/sha256:ab";
        for (symptom, status, expected) in [
            (Symptom::BlobGet, "404", "on source: {d}: not found"),
            (Symptom::BlobNotFound, "404", "on source: {d}: not found"),
            (Symptom::BlobNotFound, "403", "response status code 403"),
            (Symptom::BlobGet, "403", "response status code 403"),
            (Symptom::BlobAltered, "404", "on source: {d}: not found"),
            (Symptom::BlobAltered, "403", "response status code 403"),
            (Symptom::BlobAltered, "200", "mismatched digest"),
        ] {
            let [_, found] = words(symptom, &[(get, status)]);
            assert!(found.ends_with(expected), "{symptom:?} {status}: {found}");
        }
    }

    #[test]
    fn an_error_is_recognised_by_its_parts_in_order() {
        let helm = version("4.2.4");
        let refused = Symptom::UploadPost;
        for (error, expected) in [
            (
                "failed to perform \"Push\" on destination: POST \"{url}/blobs/uploads/\": response status code 403: denied",
                true,
            ),
            ("response status code 403: denied", false),
        ] {
            assert_eq!(
                ObservedSymptom::from(refused).occurs_in(error, &helm),
                expected
            );
            let forbidden = refused.with_status(StatusCode::FORBIDDEN);
            assert_eq!(forbidden.occurs_in(error, &helm), expected, "{error}");
            let other = refused.with_status(StatusCode::CONFLICT);
            assert!(!other.occurs_in(error, &helm), "{error}");
        }
        let pull = ObservedSymptom::from(Symptom::PullStart);
        for (error, expected) in [
            (
                "GET \"{url}/manifests/{tag}\": response status code 401",
                true,
            ),
            (
                "response status code 401: GET \"{url}/manifests/{tag}\"",
                false,
            ),
        ] {
            assert_eq!(pull.occurs_in(error, &helm), expected, "{error}");
        }
        let old = version("3.10.1");
        let only_new = ObservedSymptom::from(Symptom::DockerManifestPulled);
        assert!(!only_new.occurs_in("anything", &old));
    }

    #[test]
    fn the_words_of_a_symptom_do_not_overlap() {
        for symptom in Symptom::ALL {
            let rows = symptom.table();
            for (at, (versions, words)) in rows.iter().enumerate() {
                assert!(!words.is_empty(), "{symptom:?}");
                let overlap = rows[at + 1..].iter().find(|(others, _)| {
                    let spans = versions.0.iter();
                    spans.clone().any(|span| !others.within(span).is_empty())
                });
                assert_eq!(overlap, None, "{symptom:?}: {words}");
            }
        }
    }
}
