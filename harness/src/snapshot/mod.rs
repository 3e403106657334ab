//! Snapshots: the responses of a registry to every Helm version, as reviewable files.
//!
//! Requests are sent one after the other, because a response may depend on earlier requests. Repositories are new in each run
//! and replaced by placeholders in the files, so that leftovers of an earlier run have no influence.

mod folder;
mod pull;
mod push;
mod recorder;
mod steps;

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use helm_oci_fixtures::golden::{PUSHES, Push};
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type::OCI_MANIFEST;
use helm_oci_reports::record::Leftover;
use helm_oci_reports::snapshot::{Snapshot, SnapshotFiles};
use helm_oci_suite::oci::{RepositoryName, TagList};
use helm_oci_suite::session::steps::ACCEPT_ORAS;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::{Session, digest_of};
use helm_oci_suite::verdict::Obstacle;
use http::Method;
use thiserror::Error;

use self::recorder::{StepContext, StepRecorder};
use crate::launch::LaunchError;
use crate::run::preflight::preflight;
use crate::run::{Interrupt, Interrupted, Job, Pace, with_target};
use crate::target::policy::Concurrency;

pub use self::folder::{CreatedFolders, FolderError, create, name, read, safe, write};

/// The subject of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The golden charts, which are pushed and read back.
    Golden {
        /// The seed of repository names.
        seed: u64,
    },
    /// One existing chart; nothing is written.
    Chart {
        /// The full name of its repository.
        repository: RepositoryName,
        /// Its tag or digest.
        reference: String,
    },
}

/// A completed snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The recorded responses.
    pub snapshot: Snapshot,
    /// Leftovers with the reasons.
    pub leftovers: Vec<Leftover>,
}

/// A reason why no snapshot could be taken.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The target is not available.
    #[error("{target} is not available")]
    Launch {
        /// The name of the target.
        target: String,
        /// The cause.
        #[source]
        source: LaunchError,
    },
    /// The preflight found an obstacle.
    #[error("{}", .0.what)]
    Preflight(Obstacle),
    /// The chart could not be read.
    #[error("{0}")]
    Chart(String),
    /// The registry stopped responding.
    #[error("the registry stopped responding while the snapshot was taken")]
    Unresponsive,
    /// A defect of the suite.
    #[error("the suite panicked while it took the snapshot; please report this")]
    Panicked,
}

/// Launches the target, takes a snapshot, deletes what was stored and stops the target.
pub async fn take(
    job: &Job,
    subject: &Subject,
    interrupt: &Interrupt,
) -> Result<Result<Taken, SnapshotError>, Interrupted> {
    let seed = match subject {
        Subject::Golden { seed } => *seed,
        Subject::Chart { .. } => 0,
    };
    let work = async |target, _| match subject {
        Subject::Golden { .. } => golden(target).await,
        Subject::Chart {
            repository,
            reference,
        } => chart(target, repository, reference).await,
    };
    let pace = Arc::new(Pace::new(Concurrency::fixed(1)));
    let ended = with_target(job, seed, &pace, interrupt, work).await;
    let ended = match ended.map_err(Interrupted::without_result)? {
        Ok(ended) => ended,
        Err(source) => {
            let target = job.target.name.clone();
            return Ok(Err(SnapshotError::Launch { target, source }));
        }
    };
    let taken = ended.result.unwrap_or(Err(SnapshotError::Panicked));
    Ok(taken.map(|snapshot| Taken {
        snapshot,
        leftovers: ended.leftovers,
    }))
}

/// Pushes the golden charts, reads them back, and requests related content.
async fn golden(target: Target) -> Result<Snapshot, SnapshotError> {
    if let Some(obstacle) = preflight(&target).await.obstacle {
        return Err(SnapshotError::Preflight(obstacle));
    }
    let (mut recorder, mut files) = (StepRecorder::default(), SnapshotFiles::new());
    let run = Some(target.run());
    base(&mut recorder, &target).await;
    let mut tags = String::new();
    for pushes in PUSHES.chunk_by(|a, b| repository(a) == repository(b)) {
        let session = Session::new(
            target.clone(),
            &format!("snapshot/{}", repository(&pushes[0])),
        );
        let place = repository(&pushes[0]).replace('/', " ");
        let whole = StepContext::repository(&session, run.clone(), &place);
        for push in pushes {
            let context =
                StepContext::repository(&session, run.clone(), &subject(push).replace('/', " "));
            push::push(&mut recorder, &context, push).await;
            let text = pull::pushed(&mut recorder, &context, push).await;
            let text = session.redact(&text);
            files.insert(format!("charts/{}.txt", subject(push)), text);
        }
        tags.push_str(&list(&mut recorder, &whole).await);
    }
    files.insert("tags.txt".to_owned(), tags);
    related(&mut recorder, &target).await;
    let still = Session::new(target.clone(), "snapshot/end");
    if still.call(Method::GET, "/v2/").send().await.is_err() {
        return Err(SnapshotError::Unresponsive);
    }
    Ok(Snapshot::of(files, &recorder.exchanges))
}

/// Reads one chart with the requests of every Helm version.
async fn chart(
    target: Target,
    repository: &RepositoryName,
    reference: &str,
) -> Result<Snapshot, SnapshotError> {
    let (mut recorder, mut files) = (StepRecorder::default(), SnapshotFiles::new());
    base(&mut recorder, &target).await;
    let session = Session::in_repository(target, repository.clone());
    let context = StepContext::repository(&session, None, session.chart_name());
    let found = pull::found(&mut recorder, &context, reference).await;
    let text = found.map_err(|why| SnapshotError::Chart(session.redact(&why)))?;
    let text = session.redact(&text);
    files.insert(format!("charts/{}.txt", safe(session.chart_name())), text);
    files.insert("tags.txt".to_owned(), list(&mut recorder, &context).await);
    Ok(Snapshot::of(files, &recorder.exchanges))
}

async fn base(recorder: &mut StepRecorder, target: &Target) {
    let session = Session::new(target.clone(), "snapshot/base");
    let context = StepContext::repository(&session, Some(target.run()), "the registry");
    let call = session.call(Method::GET, "/v2/");
    recorder.record(&steps::BASE, &context, call).await;
}

/// The tags of a chart, sorted: Helm sorts them itself, and the order of some registries depends on their disk.
async fn list(recorder: &mut StepRecorder, context: &StepContext<'_>) -> String {
    let path = format!("/v2/{}/tags/list", context.session.repository());
    let reply = recorder
        .record(
            &steps::TAGS,
            context,
            context.session.call(Method::GET, &path),
        )
        .await;
    let list = reply.and_then(|reply| serde_json::from_slice::<TagList>(&reply.body).ok());
    let mut text = format!("{}\n", context.place);
    match list {
        None => text.push_str("  no list\n"),
        Some(list) => {
            if context.session.repository() != &list.name {
                text.push_str("  under another name than that of the repository\n");
            }
            let mut tags = list.tags.unwrap_or_default();
            tags.sort();
            for tag in tags {
                writeln!(text, "  {tag:?}").expect("a string grows");
            }
        }
    }
    context.session.redact(&text)
}

/// Requests for absent content, signatures, and deletion.
async fn related(recorder: &mut StepRecorder, target: &Target) {
    let session = Session::new(target.clone(), "snapshot/related");
    let Some(push) = PUSHES.last() else { return };
    let context = StepContext::repository(&session, Some(target.run()), "a chart");
    absent(recorder, &context).await;
    push::push(&mut StepRecorder::default(), &context, push).await;
    referrers(recorder, &context, push).await;
    delete(recorder, &context, push).await;
}

async fn absent(recorder: &mut StepRecorder, context: &StepContext<'_>) {
    let session = context.session;
    let list = format!("/v2/{}/tags/list", session.repository());
    recorder
        .record(&steps::NO_TAGS, context, session.call(Method::GET, &list))
        .await;
    let get = session
        .call(Method::GET, &session.manifest_path("9.9.9"))
        .accept(ACCEPT_ORAS);
    recorder.record(&steps::NO_REPOSITORY, context, get).await;
}

async fn referrers(recorder: &mut StepRecorder, context: &StepContext<'_>, push: &Push) {
    let session = context.session;
    let get = session
        .call(Method::GET, &session.manifest_path("9.9.9"))
        .accept(ACCEPT_ORAS);
    recorder.record(&steps::NO_TAG, context, get).await;
    let path = format!(
        "/v2/{}/referrers/{}",
        session.repository(),
        push.manifest.digest
    );
    let subject = context.part("", push.manifest.digest, None);
    recorder
        .record(
            &steps::NO_REFERRERS,
            &subject,
            session.call(Method::GET, &path),
        )
        .await;
    let empty = Bytes::from_static(b"{}");
    let config = digest_of(&empty);
    push::upload(
        &mut StepRecorder::default(),
        context,
        Shape::Helm313,
        &config,
        empty,
    )
    .await;
    let signature = signature(push, &config);
    let digest = digest_of(&signature);
    let put = session.call(Method::PUT, &session.manifest_path(&digest));
    let put = put.body(Some(OCI_MANIFEST), &signature);
    let attached = context.part("", &digest, Some(signature.len()));
    recorder.record(&steps::ATTACH, &attached, put).await;
    recorder
        .record(
            &steps::REFERRERS,
            &subject,
            session.call(Method::GET, &path),
        )
        .await;
}

/// A manifest with a chart as its subject.
fn signature(push: &Push, config: &str) -> Bytes {
    let empty = format!(
        r#"{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{config}","size":2}}"#
    );
    Bytes::from(format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","artifactType":"application/vnd.example.signature","config":{empty},"layers":[{empty}],"subject":{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{}}}}}"#,
        push.manifest.digest,
        push.manifest.bytes.len(),
    ))
}

async fn delete(recorder: &mut StepRecorder, context: &StepContext<'_>, push: &Push) {
    let session = context.session;
    let manifest = context.part("", push.manifest.digest, Some(push.manifest.bytes.len()));
    let by_tag = session.manifest_path(push.tag);
    let call = session.call(Method::DELETE, &by_tag);
    recorder.record(&steps::DELETE_TAG, &manifest, call).await;
    let by_digest = session.manifest_path(push.manifest.digest);
    let call = session.call(Method::DELETE, &by_digest);
    recorder
        .record(&steps::DELETE_MANIFEST, &manifest, call)
        .await;
    let call = session.call(Method::GET, &by_tag).accept(ACCEPT_ORAS);
    recorder.record(&steps::DELETED, &manifest, call).await;
    let chart = context.part("", push.chart.digest, Some(push.chart.bytes.len()));
    let call = session.call(Method::DELETE, &session.blob_path(push.chart.digest));
    recorder.record(&steps::DELETE_BLOB, &chart, call).await;
}

/// Era and chart with its version, such as `helm-3.8/mychart-0.1.0`.
fn subject(push: &Push) -> &'static str {
    let name = push.manifest.name;
    let name = name.strip_prefix("manifests/").unwrap_or(name);
    name.strip_suffix(".json").unwrap_or(name)
}

/// Era and chart, which share a repository.
fn repository(push: &Push) -> String {
    let era = subject(push).split('/').next().unwrap_or_default();
    format!("{era}-{}", push.chart_name)
}
