//! Conversations as text, normalised so that those of Helm and of its model can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::media_type;
use helm_oci_fixtures::route::Route;
use http::{Request, Response};
use serde_json::Value;

/// Headers of the connection, not of the request.
const LOCAL: [&str; 2] = ["connection", "host"];

/// One request and its response.
pub(crate) struct RecordedRequest {
    pub(crate) request: Request<Bytes>,
    pub(crate) response: Response<Bytes>,
    /// True for a request of the arrangement.
    pub(crate) is_arranged: bool,
}

/// The requests of Helm or its model by repository, in the order of their first request; the arrangement serves to
/// identify digests.
pub(crate) fn conversations(recorded: &[RecordedRequest]) -> Vec<Vec<String>> {
    let roles = roles(recorded);
    let mut conversations: Vec<(String, Vec<Line>)> = Vec::new();
    for one in recorded.iter().filter(|one| !one.is_arranged) {
        let route = Route::of(one.request.uri());
        // A token request belongs to the repository that was refused last.
        let last = || {
            conversations
                .last()
                .map(|(repository, _)| repository.clone())
        };
        let repository = route.repository().map(ToOwned::to_owned).or_else(last);
        let repository = repository.unwrap_or_default();
        let line = Line {
            is_parallel: is_parallel(&route),
            text: text(one, &repository, &roles),
        };
        match conversations.iter_mut().find(|(own, _)| *own == repository) {
            Some((_, lines)) => lines.push(line),
            None => conversations.push((repository, vec![line])),
        }
    }
    conversations
        .into_iter()
        .map(|(_, lines)| ordered(&lines))
        .collect()
}

struct Line {
    is_parallel: bool,
    text: String,
}

/// True if the order among requests of this kind is arbitrary: blobs are sent concurrently, and either may be challenged
/// first.
const fn is_parallel(route: &Route) -> bool {
    matches!(
        route,
        Route::Blob { .. } | Route::Uploads { .. } | Route::Upload { .. } | Route::Token
    )
}

/// Sorts concurrent requests.
fn ordered(lines: &[Line]) -> Vec<String> {
    let mut ordered = Vec::new();
    for run in lines.chunk_by(|one, other| one.is_parallel && other.is_parallel) {
        let mut run: Vec<String> = run.iter().map(|line| line.text.clone()).collect();
        run.sort();
        ordered.extend(run);
    }
    ordered
}

/// The role of each digest, as given by the manifests that were sent or received.
fn roles(recorded: &[RecordedRequest]) -> BTreeMap<String, &'static str> {
    let mut roles = BTreeMap::new();
    for body in recorded
        .iter()
        .flat_map(|one| [one.request.body(), one.response.body()])
    {
        let manifest: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(config) = manifest["config"]["digest"].as_str() else {
            continue;
        };
        roles.insert(sha256(body), "{manifest}");
        roles.insert(config.to_owned(), "{config}");
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            let role = match layer["mediaType"].as_str() {
                Some(media_type::HELM_PROVENANCE) => "{provenance}",
                _ => "{chart}",
            };
            roles.insert(
                layer["digest"].as_str().unwrap_or_default().to_owned(),
                role,
            );
        }
    }
    roles
}

/// The request with placeholders, and the status of its response.
fn text(
    recorded: &RecordedRequest,
    repository: &str,
    roles: &BTreeMap<String, &'static str>,
) -> String {
    let RecordedRequest {
        request, response, ..
    } = recorded;
    let named = |text: &str| {
        let named = roles.iter().fold(text.to_owned(), |text, (digest, role)| {
            let escaped = digest.replace(':', "%3A");
            text.replace(digest, role).replace(&escaped, role)
        });
        if repository.is_empty() {
            return named;
        }
        let escaped = repository.replace('/', "%2F");
        named
            .replace(&escaped, "{repository}")
            .replace(repository, "{repository}")
    };
    let path = match Route::of(request.uri()) {
        Route::Upload { .. } => "{upload}".to_owned(),
        // A version with build metadata keeps its spelling; others are interchangeable.
        Route::Manifest { reference, .. } if !reference.contains([':', '_']) => {
            named(&request.uri().path().replace(&reference, "{tag}"))
        }
        _ => named(request.uri().path()),
    };
    let mut text = format!("{} {path}", request.method());
    if let Some(query) = request.uri().query() {
        let _ = write!(text, "?{}", named(query));
    }
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .filter(|(name, _)| !LOCAL.contains(&name.as_str()))
        .map(
            |(name, value)| match (name.as_str(), value.to_str().unwrap_or_default()) {
                ("content-length", value) if value != "0" => "content-length: {size}".to_owned(),
                ("authorization", value) => {
                    let scheme = value.split(' ').next().unwrap_or_default();
                    format!("authorization: {scheme}")
                }
                (name, value) => format!("{name}: {value}"),
            },
        )
        .collect();
    headers.sort();
    let _ = write!(text, " · {}", headers.join(" · "));
    if matches!(Route::of(request.uri()), Route::Token) && !request.body().is_empty() {
        let form = String::from_utf8_lossy(request.body());
        let _ = write!(text, " · {}", named(&form));
    }
    let _ = write!(text, " → {}", response.status().as_u16());
    text
}
