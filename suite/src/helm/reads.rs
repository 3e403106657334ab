//! The response headers that Helm reads, and those that it ignores: the table behind snapshots and comparisons.
//!
//! "Helm" is any Helm version since 3.0, together with the signing tools of its users. Sections 2, 3 and 7 of
//! `spec/helm-client-behaviour.md` list the headers that each version reads; a header that one version reads counts.

use helm_oci_fixtures::route::Route;
use http::{Method, StatusCode};

use super::response::ObservedResponse;

/// A response header, and the responses in which it is read.
struct Row {
    header: &'static str,
    when: fn(&Method, &Route, StatusCode) -> bool,
}

/// All headers that are read in some response.
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
        // Helm 3.8 to 3.17 resume a download.
        header: "content-range",
        when: |_, route, status| status == StatusCode::PARTIAL_CONTENT && is_content(route),
    },
    Row {
        // No version reads the type of a blob.
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
        // The place of an upload and the target of a redirect; not the place of what was stored.
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

impl ObservedResponse {
    /// True if this header is read; its name is in lower case.
    pub fn reads(&self, header: &str) -> bool {
        let rows = TABLE.iter().filter(|row| row.header == header);
        let mut whens = rows.map(|row| row.when);
        whens.any(|when| when(self.method(), self.route(), self.status()))
    }

    /// True if the status and its error body are read: Helm deletes nothing.
    pub fn reads_status(&self) -> bool {
        *self.method() != Method::DELETE
    }
}

/// True for a successful response to GET or HEAD.
fn is_fetched(method: &Method, status: StatusCode) -> bool {
    matches!(*method, Method::GET | Method::HEAD) && status.is_success()
}

/// True for content that is fetched whole.
const fn is_content(route: &Route) -> bool {
    matches!(route, Route::Manifest { .. } | Route::Blob { .. })
}

/// True where the media type decides how the body is read.
const fn is_typed(route: &Route) -> bool {
    matches!(route, Route::Manifest { .. } | Route::Referrers { .. })
}

/// True for content that has a digest.
const fn is_addressed(route: &Route) -> bool {
    matches!(
        route,
        Route::Manifest { .. } | Route::Blob { .. } | Route::Upload { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::exchange::{Exchange, RequestRecord, ResponseRecord};

    fn reader(method: &str, path: &str, status: &str) -> ObservedResponse {
        let exchange = Exchange {
            request: RequestRecord::new(method.parse().expect("a method"), path),
            response: Ok(ResponseRecord::new(status.parse().expect("a status"))),
        };
        ObservedResponse::of(&exchange).expect("a response")
    }

    #[test]
    fn the_headers_read_depend_on_request_and_status() {
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

    /// One path of each kind of endpoint.
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

    /// The endpoints and methods in whose responses with this status the header is read.
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
    fn each_header_is_read_exactly_where_the_table_lists_it() {
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
    fn the_status_of_a_deletion_is_not_read() {
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
