//! What several checks send alike is sent once.
//!
//! The first of these checks takes its steps in a repository of theirs. Each other one takes its own steps there, and gets
//! the recorded response to a request that was sent before: it sends only what it reads in addition. If it writes
//! anything else, or finds a violation, it takes all steps again in its own repository. Each check has all exchanges in
//! its own transcript. Checks that push manifests of their own share the blobs only.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::lock::Mutex as AsyncMutex;
use helm_oci_fixtures::route::Route;
use http::{HeaderName, Method, Uri, header};

use super::state::SentRequest;
use super::steps::BuiltCharts;
use super::target::Target;
use super::write_mode::WriteMode;
use super::{Handling, Repeats, Reply, Session};
use crate::oci::{Digest, RepositoryName};
use crate::verdict::{CheckResult, Obstacle, ObstacleKind, Stop};
use crate::wire::content::Content;
use crate::wire::{Expected, Request, Response};

/// What the checks of one run on one target share.
#[derive(Default)]
pub struct Shared {
    recordings: Mutex<HashMap<String, Arc<Recording>>>,
    /// The charts that several checks build.
    built: Arc<BuiltCharts>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// What the steps of several checks have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alike {
    /// The same writes.
    Writes,
    /// The same writes, but for the `User-Agent` of each request.
    ButForTheAgent,
    /// The same blobs. Each check pushes manifests of its own, under tags that no other one uses for another manifest.
    Blobs,
}

/// The lock of a request, which is held while it is sent.
type Lock = Arc<AsyncMutex<()>>;

/// The exchanges of such steps, in the transcript of the session that sends them.
pub(super) struct Recording {
    /// The id of the session, which determines its repository and content.
    id: String,
    pub(super) session: Session,
    /// True if a check has taken the steps, or begun with them.
    is_begun: AsyncMutex<bool>,
    /// One lock for each request, so that it is sent once.
    locks: Mutex<HashMap<(Method, Uri), Lock>>,
    /// The exchanges of each uploaded blob, by digest.
    blobs: Mutex<HashMap<Digest, Vec<SentRequest>>>,
}

/// One check that takes steps of which there is a recording.
pub(super) struct Echo {
    recording: Arc<Recording>,
    alike: Alike,
    matched: Mutex<Matched>,
}

/// The recorded exchanges that a check has met.
#[derive(Debug, Default)]
struct Matched {
    positions: BTreeSet<usize>,
    /// The position behind the last write: what was read before it is no longer true.
    behind_last_write: usize,
    /// True if the check writes something that is not recorded.
    has_diverged: bool,
}

impl Shared {
    fn recording(&self, name: &str, target: &Target) -> Arc<Recording> {
        let mut recordings = lock(&self.recordings);
        let new = || {
            let built = target.built.as_ref().unwrap_or(&self.built);
            let target = Target {
                shared: None,
                built: Some(Arc::clone(built)),
                ..target.clone()
            };
            let id = format!("shared/{name}");
            Arc::new(Recording {
                session: Session {
                    is_shared: true,
                    ..Session::new(target, &id)
                },
                id,
                is_begun: AsyncMutex::new(false),
                locks: Mutex::default(),
                blobs: Mutex::default(),
            })
        };
        Arc::clone(recordings.entry(name.to_owned()).or_insert_with(new))
    }
}

impl Recording {
    /// The lock of a request.
    fn lock(&self, method: &Method, uri: &Uri) -> Lock {
        let mut locks = lock(&self.locks);
        let key = (method.clone(), uri.clone());
        Arc::clone(locks.entry(key).or_default())
    }
}

impl Echo {
    fn matched(&self) -> MutexGuard<'_, Matched> {
        lock(&self.matched)
    }

    /// The recorded exchange of a request, in the present state of the repository, that the check has not met yet.
    fn find(&self, request: &Request, is_write: bool) -> Option<(SentRequest, Response)> {
        let state = self.recording.session.state();
        let mut matched = self.matched();
        // Writes may be sent concurrently, and are recorded in the order of their responses.
        let end = state.exchanges.len();
        let possible = if is_write {
            0..end
        } else {
            matched.behind_last_write..matched.next_write(&state.exchanges)
        };
        let possible = possible.filter(|position| !matched.positions.contains(position));
        let same = possible.filter_map(|position| {
            let sent = &state.exchanges[position];
            let is_agent_compared = self.alike != Alike::ButForTheAgent;
            let is_same = is_same(&sent.request, request, is_agent_compared);
            let is_found = is_same && (is_write || !sent.is_own);
            let response = sent.settled().filter(|_| is_found)?;
            Some((sent.number, position, response.clone()))
        });
        let (_, position, response) = same.min_by_key(|(number, ..)| *number)?;
        matched.positions.insert(position);
        if is_write {
            matched.behind_last_write = matched.behind_last_write.max(position + 1);
        }
        Some((state.exchanges[position].clone(), response))
    }

    /// Records a request that only this check has sent so far.
    fn add(&self, sent: SentRequest, is_write: bool) {
        let mut state = self.recording.session.state();
        let mut matched = self.matched();
        matched.positions.insert(state.exchanges.len());
        state.exchanges.push(sent);
        if is_write {
            matched.behind_last_write = state.exchanges.len();
        }
    }

    /// True if the check has met each recorded write, and sent no other.
    fn is_complete(&self) -> bool {
        let state = self.recording.session.state();
        let matched = self.matched();
        let has_written = matched.next_write(&state.exchanges) == state.exchanges.len();
        self.alike == Alike::Blobs || has_written && !matched.has_diverged
    }
}

impl Matched {
    /// The position of the first write that the check has not met yet, or the number of exchanges.
    fn next_write(&self, exchanges: &[SentRequest]) -> usize {
        let mut recorded = exchanges.iter().enumerate();
        let next = recorded.position(|(position, sent)| {
            sent.is_write() && sent.settled().is_some() && !self.positions.contains(&position)
        });
        next.unwrap_or(exchanges.len())
    }
}

impl SentRequest {
    /// True if it changes what the repository holds. A request for a token does not.
    fn is_write(&self) -> bool {
        !self.is_secret && !is_read(&self.request)
    }

    /// The response, unless it is about the rate of requests.
    fn settled(&self) -> Option<&Response> {
        let response = self.response.as_ref().ok();
        response.filter(|response| !matches!(response.status.as_u16(), 408 | 429 | 503))
    }
}

impl Session {
    /// Takes steps that several checks take alike. Where the target shares nothing, the check takes them in its own
    /// repository.
    pub(crate) async fn share(
        &self,
        name: &str,
        alike: Alike,
        steps: impl for<'s> Fn(&'s Self) -> BoxFuture<'s, CheckResult>,
    ) -> CheckResult {
        match self.share_once(name, alike, &steps).await {
            Some(result) => result,
            None => steps(self).await,
        }
    }

    /// The same, unless the check has to take the steps in its own repository.
    async fn share_once(
        &self,
        name: &str,
        alike: Alike,
        steps: &impl for<'s> Fn(&'s Self) -> BoxFuture<'s, CheckResult>,
    ) -> Option<CheckResult> {
        let target = self.target();
        // A repeated check has content of its own, and a run in given repositories has no further one.
        let is_shared =
            target.attempt == 0 && matches!(target.write_mode, WriteMode::OwnRepositories);
        let shared = target.shared.as_ref().filter(|_| is_shared)?;
        let recording = shared.recording(name, target);
        self.state().waits_for = Some(Arc::clone(&recording));
        let mut is_begun = recording.is_begun.lock().await;
        let is_first = alike != Alike::Blobs && !std::mem::replace(&mut *is_begun, true);
        let result = if is_first {
            let result = steps(&recording.session).await;
            is_shareable(&result).then(|| self.adopt(&recording.session, result))
        } else {
            drop(is_begun);
            let echo = Echo {
                recording: Arc::clone(&recording),
                alike,
                matched: Mutex::default(),
            };
            let session = Self {
                echo: OnceLock::from(echo),
                is_shared: true,
                ..Self::new(recording.session.target().clone(), &recording.id)
            };
            let result = steps(&session).await;
            let is_complete = session.echo.get().is_some_and(Echo::is_complete);
            let is_shared = is_complete && is_shareable(&result);
            is_shared.then(|| self.adopt(&session, result))
        };
        self.state().waits_for = None;
        result
    }

    /// Takes over the result of steps with their exchanges.
    fn adopt(&self, other: &Self, result: CheckResult) -> CheckResult {
        let other = other.state();
        let mut state = self.state();
        state.exchanges.clone_from(&other.exchanges);
        state.adopted = other.exchanges.len();
        state.secrets.extend(&other.secrets);
        result
    }

    /// The response to a request of steps of which there is a recording.
    pub(super) async fn exchange_recorded(
        &self,
        echo: &Echo,
        request: Request,
        handling: Handling,
    ) -> Result<Reply, Stop> {
        let is_write = !handling.is_secret && !is_read(&request);
        let is_blob = !matches!(Route::of(&request.uri), Route::Manifest { .. });
        // A read that is not repeated is about its own response. Among checks that share only blobs, it would depend on
        // their order whether a read was recorded before or after a write.
        let is_own = if is_write {
            echo.alike == Alike::Blobs && is_blob
        } else {
            echo.alike == Alike::Blobs
                || handling.repeats == Repeats::Never
                || matches!(request.measure, Some(Expected::Pattern(_)))
        };
        let lock = echo.recording.lock(&request.method, &request.uri);
        let _alone = lock.lock().await;
        let found = (!is_own).then(|| echo.find(&request, is_write));
        if let Some((sent, response)) = found.flatten() {
            return Ok(self.enter(sent, response));
        }
        if echo.alike != Alike::Blobs && (is_write || !echo.is_complete()) {
            echo.matched().has_diverged = true;
            let what = "the check takes other steps than the others";
            return Err(Stop::from(Obstacle::new(ObstacleKind::Defect, what)));
        }
        let reply = self.send_once(request, handling).await?;
        let sent = self.state().exchanges.get(reply.exchange).cloned();
        if let Some(sent) = sent.filter(|_| !is_own) {
            echo.add(sent, is_write);
        }
        Ok(reply)
    }

    /// Uploads a blob, once for all checks that share blobs.
    pub(super) async fn upload_once(
        &self,
        repository: &RepositoryName,
        digest: Digest,
        upload: impl Future<Output = Result<Digest, Stop>>,
    ) -> Result<Digest, Stop> {
        let echo = self.echo.get();
        let echo = echo.filter(|echo| echo.alike == Alike::Blobs);
        let Some(echo) = echo.filter(|_| repository == self.repository()) else {
            return upload.await;
        };
        let path = self.uri(&self.blob_path(&digest))?;
        let lock = echo.recording.lock(&Method::PUT, &path);
        let _alone = lock.lock().await;
        let known = self::lock(&echo.recording.blobs).get(&digest).cloned();
        if let Some(known) = known {
            self.state().exchanges.extend(known);
            return Ok(digest);
        }
        let before = self.exchanges();
        upload.await?;
        let sent = self.state().exchanges[before..].to_vec();
        self::lock(&echo.recording.blobs).insert(digest.clone(), sent);
        Ok(digest)
    }

    /// Enters a recorded exchange into the transcript.
    fn enter(&self, sent: SentRequest, response: Response) -> Reply {
        let mut state = self.state();
        let uri = sent.request.uri.clone();
        state.exchanges.push(sent);
        Reply::to(uri, response, state.exchanges.len() - 1)
    }
}

/// True if the result needs no requests of the check's own: a violation is shown in its own repository.
fn is_shareable(result: &CheckResult) -> bool {
    matches!(result, Ok(()) | Err(Stop::NotApplicable(_)))
}

fn is_read(request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD)
}

/// True if two requests are the same, perhaps but for the `User-Agent`.
fn is_same(one: &Request, other: &Request, is_agent_compared: bool) -> bool {
    let is_compared = |name: &&HeaderName| is_agent_compared || *name != header::USER_AGENT;
    let has_headers_of = |one: &Request, other: &Request| {
        let mut names = one.headers.keys().filter(is_compared);
        names.all(|name| {
            let values = other.headers.get_all(name).iter();
            one.headers.get_all(name).iter().eq(values)
        })
    };
    let has_same_content = match (&one.content, &other.content) {
        (Content::Bytes(one), Content::Bytes(other)) => one == other,
        _ => false,
    };
    one.method == other.method
        && one.uri == other.uri
        && has_same_content
        && has_headers_of(one, other)
        && has_headers_of(other, one)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
