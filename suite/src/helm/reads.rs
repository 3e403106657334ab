//! What Helm reads of an answer, and what it ignores: the one table behind snapshots and comparisons.
//!
//! "Helm" is any Helm since 3.0, with the signing tools its users put beside it. Sections 2, 3 and 7 of
//! `spec/helm-client-behaviour.md` say which line reads what; a header that only one of them reads is read.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode, Uri};

use crate::wire::exchange::Exchange;

/// A header of an answer to a request, and whether somebody reads it there.
struct Row {
    header: &'static str,
    when: fn(&Method, &Route, StatusCode) -> bool,
}

/// Each header that is read anywhere, with where it is.
const TABLE: &[Row] = &[
    Row {
        // A pull compares it with the body, 3.18+ already with the descriptor; a push asks by HEAD.
        header: "content-length",
        when: |method, route, status| is_fetched(method, status) && is_content(route),
    },
    Row {
        header: "content-encoding",
        when: |method, _, status| *method == Method::GET && status.is_success(),
    },
    Row {
        // Of the resumed download of 3.8 to 3.17.
        header: "content-range",
        when: |_, route, status| status == StatusCode::PARTIAL_CONTENT && is_content(route),
    },
    Row {
        // Of a blob it is read by nobody.
        header: "content-type",
        when: |method, route, status| is_fetched(method, status) && is_typed(route),
    },
    Row {
        // 3.0 to 3.17 on every PUT and on HEAD; 3.18+ wherever it is sent.
        header: "docker-content-digest",
        when: |method, route, status| {
            status.is_success() && *method != Method::DELETE && is_addressed(route)
        },
    },
    Row {
        header: "link",
        when: |_, route, status| {
            status.is_success() && matches!(route, Route::Tags { .. } | Route::Referrers { .. })
        },
    },
    Row {
        // Where an upload goes, and where a redirect leads; not where something was stored.
        header: "location",
        when: |_, route, status| {
            status.is_redirection() || status.is_success() && matches!(route, Route::Uploads { .. })
        },
    },
    Row {
        header: "oci-subject",
        when: |method, route, _| *method == Method::PUT && matches!(route, Route::Manifest { .. }),
    },
    Row {
        header: "oci-filters-applied",
        when: |_, route, _| matches!(route, Route::Referrers { .. }),
    },
    Row {
        header: "range",
        when: |method, route, _| *method == Method::PATCH && matches!(route, Route::Upload { .. }),
    },
    Row {
        header: "retry-after",
        when: |_, _, status| status == StatusCode::TOO_MANY_REQUESTS,
    },
    Row {
        header: "www-authenticate",
        when: |_, _, status| status == StatusCode::UNAUTHORIZED,
    },
];

/// An answer, as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    method: Method,
    route: Route,
    status: StatusCode,
}

impl Reader {
    /// Of a recorded exchange; `None` if no answer came.
    pub fn of(exchange: &Exchange) -> Option<Self> {
        let request = &exchange.request;
        let response = exchange.response.as_ref().ok()?;
        Some(Self {
            method: request.method.clone(),
            route: Route::of(&request.uri.parse::<Uri>().ok()?),
            status: response.status,
        })
    }

    /// Whether this header is read, its name in lower case.
    pub fn reads(&self, header: &str) -> bool {
        let rows = TABLE.iter().filter(|row| row.header == header);
        let mut whens = rows.map(|row| row.when);
        whens.any(|when| when(&self.method, &self.route, self.status))
    }

    /// Whether the status is read, and the error that goes with it: Helm deletes nothing.
    pub fn reads_status(&self) -> bool {
        self.method != Method::DELETE
    }

    /// What was addressed.
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// How it was answered.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the answer has no body whatever its length says.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }
}

/// What was asked for came, or would come.
fn is_fetched(method: &Method, status: StatusCode) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && status.is_success()
}

/// What is fetched whole.
const fn is_content(route: &Route) -> bool {
    matches!(route, Route::Manifest { .. } | Route::Blob { .. })
}

/// Where the media type decides what is done with the body.
const fn is_typed(route: &Route) -> bool {
    matches!(route, Route::Manifest { .. } | Route::Referrers { .. })
}

/// What has a digest.
const fn is_addressed(route: &Route) -> bool {
    matches!(
        route,
        Route::Manifest { .. } | Route::Blob { .. } | Route::Upload { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::exchange::{RequestRecord, ResponseRecord};

    fn reader(method: &str, path: &str, status: &str) -> Reader {
        let exchange = Exchange {
            request: RequestRecord::new(method.parse().expect("a method"), path),
            response: Ok(ResponseRecord::new(status.parse().expect("a status"))),
        };
        Reader::of(&exchange).expect("an answer")
    }

    #[test]
    fn what_is_read_depends_on_the_request_and_on_the_status() {
        let (manifest, blob) = ("/v2/a/b/manifests/1", "/v2/a/b/blobs/sha256:ab");
        for (method, path, status, name, expected) in [
            ("HEAD", manifest, "200", "content-type", true),
            ("GET", blob, "200", "content-type", false),
            ("HEAD", blob, "200", "content-length", true),
            ("HEAD", blob, "404", "content-length", false),
            ("POST", "/v2/a/b/blobs/uploads/", "202", "location", true),
            ("PUT", manifest, "201", "location", false),
            ("PUT", manifest, "201", "content-length", false),
            ("GET", blob, "307", "location", true),
            ("PUT", manifest, "201", "docker-content-digest", true),
            ("GET", "/v2/a/b/tags/list", "200", "link", true),
            ("GET", manifest, "200", "link", false),
            ("GET", manifest, "401", "www-authenticate", true),
            ("GET", manifest, "200", "server", false),
        ] {
            assert_eq!(
                reader(method, path, status).reads(name),
                expected,
                "{name} of {status} to {method} {path}"
            );
        }
    }

    /// One of each kind of place.
    const PLACES: [(&str, &str); 8] = [
        ("base", "/v2/"),
        ("manifest", "/v2/a/b/manifests/1"),
        ("blob", "/v2/a/b/blobs/sha256:ab"),
        ("uploads", "/v2/a/b/blobs/uploads/"),
        ("upload", "/v2/a/b/blobs/uploads/1"),
        ("tags", "/v2/a/b/tags/list"),
        ("referrers", "/v2/a/b/referrers/sha256:ab"),
        ("store", "/store/1"),
    ];

    /// Where a header of an answer with this status is read, and of which requests.
    fn readers(header: &str, status: &str) -> Vec<String> {
        const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];
        let of = |path: &str| {
            METHODS
                .into_iter()
                .filter(|method| reader(method, path, status).reads(header))
                .collect::<Vec<_>>()
        };
        let all = of(PLACES[0].1);
        if PLACES.iter().all(|(_, path)| of(path) == all) {
            return vec![format!("everywhere: {}", all.join(" "))];
        }
        let read = PLACES.iter().map(|(place, path)| (place, of(path)));
        read.filter(|(_, methods)| !methods.is_empty())
            .map(|(place, methods)| format!("{place}: {}", methods.join(" ")))
            .collect()
    }

    #[test]
    fn a_header_is_read_where_some_helm_looks_at_it_and_nowhere_else() {
        const NOWHERE: &[&str] = &["everywhere: "];
        const ALL: &str = "GET HEAD POST PATCH PUT DELETE";
        for (header, status, places) in [
            (
                "content-length",
                "200",
                &["manifest: GET HEAD", "blob: GET HEAD"][..],
            ),
            ("content-length", "404", NOWHERE),
            ("content-encoding", "200", &["everywhere: GET"]),
            ("content-encoding", "404", NOWHERE),
            ("content-range", "206", &["manifest: {}", "blob: {}"]),
            ("content-range", "200", NOWHERE),
            (
                "content-type",
                "200",
                &["manifest: GET HEAD", "referrers: GET HEAD"],
            ),
            ("content-type", "404", NOWHERE),
            (
                "docker-content-digest",
                "201",
                &[
                    "manifest: GET HEAD POST PATCH PUT",
                    "blob: GET HEAD POST PATCH PUT",
                    "upload: GET HEAD POST PATCH PUT",
                ],
            ),
            ("docker-content-digest", "404", NOWHERE),
            ("link", "200", &["tags: {}", "referrers: {}"]),
            ("link", "404", NOWHERE),
            ("location", "202", &["uploads: {}"]),
            ("location", "307", &["everywhere: {}"]),
            ("location", "404", NOWHERE),
            ("oci-subject", "201", &["manifest: PUT"]),
            ("oci-filters-applied", "200", &["referrers: {}"]),
            ("range", "202", &["upload: PATCH"]),
            ("retry-after", "429", &["everywhere: {}"]),
            ("retry-after", "503", NOWHERE),
            ("www-authenticate", "401", &["everywhere: {}"]),
            ("www-authenticate", "403", NOWHERE),
        ] {
            let expected: Vec<String> = places.iter().map(|at| at.replace("{}", ALL)).collect();
            assert_eq!(readers(header, status), expected, "{header} of {status}");
        }
    }

    #[test]
    fn a_deletion_is_nothing_that_helm_reads() {
        for (method, is_read, is_head) in [
            ("GET", true, false),
            ("HEAD", true, true),
            ("PUT", true, false),
            ("DELETE", false, false),
        ] {
            let reader = reader(method, "/v2/a/b/manifests/1", "202");
            assert_eq!(reader.reads_status(), is_read, "{method}");
            assert_eq!(reader.is_head(), is_head, "{method}");
            assert_eq!(reader.status(), StatusCode::ACCEPTED, "{method}");
            assert!(matches!(reader.route(), Route::Manifest { .. }), "{method}");
        }
    }
}
