//! What a registry offers beyond what every registry must, probed once before the checks.
//!
//! Capabilities inform the reader of a report. No check asks for them: each looks for itself, and what it then leaves
//! out is noted with the capability.

mod offers;

use std::time::Duration;

use bytes::Bytes;
use futures_util::join;
use helm_oci_reports::record::{Capability, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::session::challenge::Challenge;
use helm_oci_suite::session::steps::Chart;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::{Reply, Session, digest_of};
use helm_oci_suite::verdict::Stop;
use http::{Method, StatusCode, Uri};

use super::deadline::within;

/// How long one probe may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What a probe found: whether it is there, and what showed it.
type Found = Result<(bool, String), Stop>;

/// Probes the target; returns what it offers.
///
/// A target that takes manifests only with a `mediaType` field is noted as such, so that the checks
/// can arrange what they need there.
pub async fn probe(target: &mut Target) -> Vec<Capability> {
    let mut session = Session::new(target.clone(), "capabilities");
    let mut found = vec![told(&session, "authentication", authentication(&session)).await];
    let mut chart = first_chart(&session).await;
    if chart.is_err() {
        let mut typed = target.clone();
        typed.typed_manifests = true;
        let again = Session::new(typed, "capabilities");
        if let Ok(accepted) = first_chart(&again).await {
            session = again;
            target.typed_manifests = true;
            chart = Ok(accepted);
        }
    }
    let plain = chart.as_ref().map(|_| !target.typed_manifests);
    let evidence = match &plain {
        Ok(true) => "a chart's manifest was taken as Helm writes it".to_owned(),
        Ok(false) => "a chart's manifest was taken only with a `mediaType` field".to_owned(),
        Err(why) => (*why).clone(),
    };
    found.push(capability(
        "manifests-without-media-type",
        plain.ok(),
        evidence,
    ));
    match &chart {
        Ok(chart) => found.extend(Box::pin(with_chart(&session, chart)).await),
        Err(why) => found.extend(WITH_CHART.map(|name| capability(name, None, why.clone()))),
    }
    for capability in &mut found {
        capability.evidence = session.fit_to_show(&capability.evidence);
    }
    found
}

/// What is looked at with a chart in the registry, in this order.
const WITH_CHART: [&str; 14] = [
    "creates-repositories",
    "deep-names",
    "anonymous-pull",
    "range-requests",
    "mount",
    "cross-repository-head",
    "chunked-upload",
    "referrers-api",
    "catalog",
    "tag-paging",
    "immutable-tags",
    "tag-deletes",
    "manifest-deletes",
    "blob-deletes",
];

async fn with_chart(session: &Session, chart: &Chart) -> [Capability; 14] {
    let pushed = "a chart was pushed to a repository that was not there".to_owned();
    let [created, rest @ ..] = WITH_CHART;
    let [
        deep,
        anonymous,
        range,
        mounts,
        cross,
        chunks,
        referrers,
        catalog,
        paging,
        rest @ ..,
    ] = rest;
    let [immutable, tag_deletion, manifest_deletion, blob_deletion] = rest;
    // Each has things of its own, but for the three that work on tags.
    let tags = async {
        let paging = told(session, paging, tag_paging(session, chart)).await;
        let immutable = told(session, immutable, offers::immutable_tags(session, chart)).await;
        let deletes = told(session, tag_deletion, tag_deletes(session)).await;
        [paging, immutable, deletes]
    };
    let elsewhere = offers::cross_repository_head(session, chart);
    let (deep, anonymous, range, mounts, cross, chunks, referrers, catalog, tags, manifest, blob) = join!(
        told(session, deep, offers::deep_names(session)),
        told(session, anonymous, offers::anonymous_pull(session)),
        told(session, range, offers::range_requests(session, chart)),
        told(session, mounts, mount(session, chart)),
        told(session, cross, elsewhere),
        told(session, chunks, chunked_upload(session)),
        told(session, referrers, referrers_api(session, chart)),
        told(session, catalog, offers::catalog(session)),
        tags,
        told(session, manifest_deletion, manifest_deletes(session, chart)),
        told(session, blob_deletion, blob_deletes(session, chart)),
    );
    let [paging, immutable, tag] = tags;
    [
        capability(created, Some(true), pushed),
        deep,
        anonymous,
        range,
        mounts,
        cross,
        chunks,
        referrers,
        catalog,
        paging,
        immutable,
        tag,
        manifest,
        blob,
    ]
}

/// The requirements that look at a capability, and have nothing to look at without it.
const LOOK_AT: [(&str, &[&str]); 6] = [
    ("authentication", &["auth/*", "origins/realm-*"]),
    ("mount", &["upload/mount"]),
    ("chunked-upload", &["upload/chunks", "upload/chunk-range"]),
    ("referrers-api", &["referrers/*"]),
    ("tag-deletes", &["deletion/other-tags-stay"]),
    ("manifest-deletes", &["deletion/*"]),
];

/// Notes with each capability that is not there which requirements were skipped or absent for it.
pub fn note_left_out(record: &mut TargetRecord) {
    for (name, globs) in LOOK_AT {
        let globs: Vec<String> = globs.iter().map(ToString::to_string).collect();
        let named = |one: &&mut Capability| one.name == name && one.present == Some(false);
        let Some(capability) = record.capabilities.iter_mut().find(named) else {
            continue;
        };
        let left_out = record.checks.iter().filter(|check| {
            matches!(check.outcome, Outcome::Skipped | Outcome::Absent)
                && checks::is_matched(&globs, &check.id)
        });
        capability.left_out = left_out.map(|check| check.id.clone()).collect();
    }
}

/// Pushes the chart on which the probes work.
async fn first_chart(session: &Session) -> Result<Chart, String> {
    match within(LIMIT, session, session.arrange_chart("1.0.0")).await {
        Some(Ok(chart)) => Ok(chart),
        Some(Err(stop)) => Err(stop.to_string()),
        None => Err("no chart could be pushed in time".to_owned()),
    }
}

async fn told(session: &Session, name: &str, probe: impl Future<Output = Found>) -> Capability {
    match within(LIMIT, session, Box::pin(probe)).await {
        Some(Ok((present, evidence))) => capability(name, Some(present), evidence),
        Some(Err(stop)) => capability(name, None, stop.to_string()),
        None => capability(
            name,
            None,
            format!("no answer within {} s", LIMIT.as_secs()),
        ),
    }
}

fn capability(name: &str, present: Option<bool>, evidence: String) -> Capability {
    Capability {
        name: name.to_owned(),
        present,
        evidence,
        left_out: Vec::new(),
    }
}

/// Anonymous GET of the base, then an anonymous upload: a registry may ask for authority only there.
async fn authentication(session: &Session) -> Found {
    let uploads = format!("/v2/{}/blobs/uploads/", session.repository());
    let mut asked = Vec::new();
    for (method, path, shown) in [
        (Method::GET, "/v2/", "GET /v2/"),
        (Method::POST, uploads.as_str(), "POST of an upload"),
    ] {
        let reply = session.call(method, path).anonymous().send().await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            let schemes: Vec<String> = Challenge::all(&reply.headers)
                .into_iter()
                .map(|challenge| challenge.scheme)
                .collect();
            let scheme = if schemes.is_empty() {
                "no challenge".to_owned()
            } else {
                schemes.join(", ")
            };
            return Ok((
                true,
                format!("{scheme}: {shown} without credentials answers 401"),
            ));
        }
        asked.push(format!("{shown} {}", reply.status.as_u16()));
    }
    Ok((
        false,
        format!("none: without credentials {}", asked.join(", ")),
    ))
}

async fn mount(session: &Session, chart: &Chart) -> Found {
    let path = format!(
        "/v2/{}/blobs/uploads/?mount={}&from={}",
        session.sibling("mounted"),
        chart.layer_digest(),
        session.repository()
    );
    let call = session.call(Method::POST, &path);
    let reply = call.also_reading(session.repository()).send().await?;
    let mut evidence = format!("POST with mount and from answers {}", reply.status);
    if reply.status != StatusCode::CREATED {
        return Ok((false, evidence));
    }
    let path = format!(
        "/v2/{}/blobs/{}",
        session.sibling("mounted"),
        chart.layer_digest()
    );
    let head = session.call(Method::HEAD, &path).send().await?;
    let is_there = head.status.is_success() || head.status.is_redirection();
    if !is_there {
        evidence = format!("{evidence}, and HEAD of the blob there {}", head.status);
    }
    Ok((is_there, evidence))
}

async fn chunked_upload(session: &Session) -> Found {
    let halves = [
        Bytes::from_static(b"the first half, "),
        Bytes::from_static(b"and the second"),
    ];
    let mut location = session.arrange_upload().await?;
    let mut sent = 0;
    for half in &halves {
        let range = format!("{sent}-{}", sent + half.len() - 1);
        let octets = Some("application/octet-stream");
        let reply = session
            .call_uri(Method::PATCH, Ok(location.clone()))
            .body(octets, half)
            .header("content-range", &range)
            .send()
            .await?;
        if !reply.status.is_success() {
            return Ok((
                false,
                format!(
                    "PATCH with `Content-Range: {range}` answers {}",
                    reply.status
                ),
            ));
        }
        sent += half.len();
        location = next_location(session, &reply).unwrap_or(location);
    }
    let digest = digest_of(&halves.concat());
    let reply = session
        .complete_upload(&location, &digest, Bytes::new())
        .send()
        .await?;
    let evidence = format!("two PATCH requests taken, PUT answers {}", reply.status);
    Ok((reply.status.is_success(), evidence))
}

/// Where the next chunk goes: path and query of `Location`, on the registry's own origin.
fn next_location(session: &Session, reply: &Reply) -> Option<Uri> {
    let location: Uri = reply.header("location")?.parse().ok()?;
    session.uri(location.path_and_query()?.as_str()).ok()
}

async fn referrers_api(session: &Session, chart: &Chart) -> Found {
    let path = format!("/v2/{}/referrers/{}", session.repository(), chart.digest);
    let reply = session.call(Method::GET, &path).send().await?;
    let is_index = reply.status == StatusCode::OK
        && reply.media_type() == Some("application/vnd.oci.image.index.v1+json");
    let of_type = reply
        .media_type()
        .map(|media_type| format!(" with {media_type}"))
        .unwrap_or_default();
    Ok((is_index, format!("GET answers {}{of_type}", reply.status)))
}

async fn tag_paging(session: &Session, chart: &Chart) -> Found {
    session.arrange_manifest("1.0.1", &chart.manifest).await?;
    session.arrange_manifest("1.0.2", &chart.manifest).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let body: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    let listed = body
        .as_ref()
        .and_then(|body| body.get("tags")?.as_array())
        .map(Vec::len);
    Ok(match listed {
        Some(listed) => (listed == 2, format!("n=2 on 3 tags lists {listed}")),
        None => (
            false,
            format!("n=2 on 3 tags answers {} without a list", reply.status),
        ),
    })
}

async fn tag_deletes(session: &Session) -> Found {
    deletes(session, &session.manifest_path("1.0.2"), "a tag").await
}

async fn manifest_deletes(session: &Session, chart: &Chart) -> Found {
    // Another manifest than the one under the tags: some registries delete no tagged one.
    let mut text = chart.manifest.to_vec();
    text.push(b'\n');
    let manifest = Bytes::from(text);
    let digest = digest_of(&manifest);
    session.arrange_manifest(&digest, &manifest).await?;
    deletes(session, &session.manifest_path(&digest), "a manifest").await
}

async fn blob_deletes(session: &Session, chart: &Chart) -> Found {
    // A blob of its own: one that a manifest needs may rightly be kept.
    let blob = Bytes::from(format!("a blob to delete, beside {}", chart.digest));
    let digest = session.arrange_blob(&blob).await?;
    deletes(session, &session.blob_path(&digest), "a blob").await
}

async fn deletes(session: &Session, path: &str, what: &str) -> Found {
    let reply = session.call(Method::DELETE, path).send().await?;
    Ok((
        reply.status.is_success(),
        format!("DELETE of {what} answers {}", reply.status),
    ))
}

#[cfg(test)]
mod tests {
    use helm_oci_fixtures::fault::Fault;
    use helm_oci_suite::proof;
    use helm_oci_suite::requirement::Setup;

    use super::*;

    async fn probed(setup: Setup, faults: &[Fault]) -> Vec<(String, Option<bool>, String)> {
        let found = probe(&mut proof::target(setup, faults)).await;
        let told = found.into_iter();
        told.map(|one| (one.name, one.present, one.evidence))
            .collect()
    }

    fn lacking(found: &[(String, Option<bool>, String)]) -> Vec<&str> {
        let lacking = found
            .iter()
            .filter(|(_, present, _)| *present != Some(true));
        lacking.map(|(name, ..)| name.as_str()).collect()
    }

    #[tokio::test]
    async fn a_good_registry_offers_what_it_has() {
        for (setup, lacks) in [
            (
                Setup::Open,
                &["authentication", "cross-repository-head", "immutable-tags"][..],
            ),
            (
                Setup::Bearer,
                &["anonymous-pull", "cross-repository-head", "immutable-tags"],
            ),
            (
                Setup::Basic,
                &["anonymous-pull", "cross-repository-head", "immutable-tags"],
            ),
        ] {
            let found = probed(setup, &[]).await;
            assert_eq!(lacking(&found), lacks, "{setup:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_told_with_what_showed_it() {
        for (fault, name, evidence) in [
            (
                Fault::RefusesMount,
                "mount",
                "POST with mount and from answers 405",
            ),
            (
                Fault::RefusesDeepNames,
                "deep-names",
                "3 segments are refused",
            ),
        ] {
            let found = probed(Setup::Open, &[fault]).await;
            let (_, present, shown) = found.iter().find(|(one, ..)| one == name).expect(name);
            assert_eq!(*present, Some(false), "{fault}");
            assert!(shown.contains(evidence), "{fault}: {shown}");
        }
    }
}
