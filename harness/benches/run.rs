//! How long a whole run on the reference registry takes, and how much of that is not the requests themselves.
//!
//! The run's own requests are written down once. Then a whole run and a bare HTTP client (`reqwest`) that sends the same requests,
//! first those of the preparation, then each check's one after the other and as many checks side by side, take turns in
//! one process. As in a run, the large charts go first, one after the other. The median of some rounds counts. With 20 ms
//! and with 100 ms added to every response the run deletes what it pushed, as on a registry that stays, and leaves the large
//! charts out, as at a URL.
//!
//! `cargo bench --bench run` prints a table; nothing passes or fails by it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use helm_oci_conformance::clock::Stopwatch;
use helm_oci_conformance::environment::Environment;
use helm_oci_conformance::exit_code;
use helm_oci_conformance::http::install_cryptography;
use helm_oci_conformance::http::{Http, Limits, Trust};
use helm_oci_conformance::run::capabilities;
use helm_oci_conformance::run::preflight::preflight;
use helm_oci_conformance::run::preset::Preset;
use helm_oci_conformance::run::{self, Events, Interrupt, Job, Plan, Schedule};
use helm_oci_conformance::serve::{Handler, Server};
use helm_oci_conformance::target::policy::CleanUpStrategy;
use helm_oci_conformance::target::resolved::ParsedTarget;
use helm_oci_conformance::target::spec::TargetSpec;
use helm_oci_fixtures::fault::FaultyRegistry;
use helm_oci_fixtures::registry::{Access, ReferenceRegistry};
use helm_oci_fixtures::transport::{ClientHelloReaction, Incoming, Outgoing};
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::wire::content::Content;
use helm_oci_suite::wire::{Registry, Relay, Request, ResponseFuture};
use http::Uri;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::runtime::Runtime;

/// How often each is measured.
const ROUNDS: usize = 9;

/// How many checks run side by side, as in `run`.
const SIDE_BY_SIDE: usize = 16;

const SEED: u64 = 7;

/// The times that are added to every response.
const LATENCIES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(100)];

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    install_cryptography();
    let measured = Runtime::new()
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(measure()));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            exit_code::ExitCode::Defect.into()
        }
    }
}

async fn measure() -> Result<(), Error> {
    say("requirements   requests   added to an answer   whole run   bare client   ratio");
    let rows = [
        (checks::all(), Duration::ZERO, ROUNDS),
        (ordinary(), LATENCIES[0], 3),
        (ordinary(), LATENCIES[1], 3),
        (ordinary(), Duration::ZERO, ROUNDS),
    ];
    for (requirements, latency, rounds) in rows {
        let heard = Box::pin(record(&requirements)).await?;
        let (mut whole, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            whole.push(run(latency, requirements.clone()).await?);
            bare.push(replay(&heard, latency).await?);
        }
        let (whole, bare) = (median(whole), median(bare));
        let ratio = whole.as_secs_f64() / bare.as_secs_f64();
        say(&format!(
            "{:>12}   {:>8}   {:>15} ms   {:>6} ms   {:>8} ms   {ratio:>5.2}",
            requirements.len(),
            heard.preparation.len() + heard.checks.iter().map(Vec::len).sum::<usize>(),
            latency.as_millis(),
            whole.as_millis(),
            bare.as_millis()
        ));
    }
    say(&format!(
        "{SIDE_BY_SIDE} checks side by side, median of {ROUNDS} rounds, of 3 with latency"
    ));
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The requirements but for those that move many bytes.
fn ordinary() -> Vec<&'static Requirement> {
    let mut requirements = checks::all();
    requirements.retain(|requirement| requirement.mebibytes == 0);
    requirements
}

/// A reference registry on a socket.
async fn server(latency: Duration) -> Result<Server, Error> {
    let registry = FaultyRegistry::new(ReferenceRegistry::new(Access::Open), &[]);
    let handler = Arc::new(Late { registry, latency });
    Ok(Server::start(([127, 0, 0, 1], 0).into(), handler).await?)
}

/// A registry that takes its time.
struct Late {
    registry: FaultyRegistry,
    latency: Duration,
}

impl Handler for Late {
    #[expect(clippy::disallowed_methods, reason = "the latency is what is measured")]
    fn answer(&self, incoming: Incoming) -> BoxFuture<'_, Outgoing> {
        Box::pin(async move {
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            self.registry.handle(&incoming)
        })
    }

    fn client_hello(&self) -> ClientHelloReaction {
        self.registry.client_hello()
    }
}

/// The requests of a run.
struct Heard {
    /// Those before the first check.
    preparation: Vec<http::Request<Bytes>>,
    /// Those of each check; those of the large charts stand first, together.
    checks: Vec<Vec<http::Request<Bytes>>>,
}

/// Writes the requests of a run down.
async fn record(requirements: &[&'static Requirement]) -> Result<Heard, Error> {
    let server = server(Duration::ZERO).await?;
    let origin: Uri = format!("http://{}", server.address()).parse()?;
    let http: Arc<dyn Registry> =
        Arc::new(Http::new(origin, &Trust::default(), Limits::default())?);
    let recorder = Arc::new(Recorder {
        inner: http,
        heard: Mutex::default(),
    });
    let mut target = Target::new(Arc::clone(&recorder) as _, SEED);
    preflight(&target).await;
    Box::pin(capabilities::probe(&mut target)).await;
    target.shared = Some(Arc::default());
    let preparation = recorder.take();
    let (mut large, mut others) = (Vec::new(), Vec::new());
    for requirement in requirements {
        run::check(requirement, &target, run::DEADLINE).await;
        match requirement.mebibytes {
            0 => others.push(recorder.take()),
            _ => large.extend(recorder.take()),
        }
    }
    let mut of_checks = vec![large];
    of_checks.extend(others);
    server.stop().await;
    Ok(Heard {
        preparation,
        checks: of_checks,
    })
}

/// A relay that keeps what is sent through it.
struct Recorder {
    inner: Arc<dyn Registry>,
    heard: Mutex<Vec<http::Request<Bytes>>>,
}

impl Recorder {
    /// What was sent since the last time.
    fn take(&self) -> Vec<http::Request<Bytes>> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Relay for Recorder {
    fn inner(&self) -> &dyn Registry {
        self.inner.as_ref()
    }

    fn pass(&self, request: Request) -> ResponseFuture<'_> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(http::Request::from(request.clone()).map(Content::into_bytes));
        self.inner.send(request)
    }
}

/// How long a whole run takes.
async fn run(
    latency: Duration,
    requirements: Vec<&'static Requirement>,
) -> Result<Duration, Error> {
    let server = server(latency).await?;
    let spec = TargetSpec {
        clean_up: match latency {
            Duration::ZERO => CleanUpStrategy::None,
            _ => CleanUpStrategy::Auto,
        },
        ..TargetSpec::named(&format!("http://{}", server.address()))
    };
    let nothing = Environment::new(|_| None);
    let target = ParsedTarget::parse(spec)?.resolve("benchmark".to_owned(), None, &nothing)?;
    let jobs = [Job::new(target)];
    let plan = Plan {
        preset: Preset::Full,
        ..Plan::new(requirements, SEED)
    };
    let begun = Stopwatch::start();
    let record = run::examine(
        &plan,
        &jobs,
        Schedule::default(),
        &Events::ignored(),
        &Interrupt::never(),
    )
    .await;
    let taken = begun.elapsed();
    server.stop().await;
    match record {
        Ok(record) if record.footer.exit_code == 0 => Ok(taken),
        Ok(record) => Err(format!("the run ended with {}", record.footer.exit_code).into()),
        Err(_) => Err("the run was interrupted".into()),
    }
}

/// How long a bare client takes for the same requests.
async fn replay(heard: &Heard, latency: Duration) -> Result<Duration, Error> {
    let server = server(latency).await?;
    let origin = format!("http://{}", server.address());
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()?;
    let begun = Stopwatch::start();
    send_all(client.clone(), origin.clone(), heard.preparation.clone()).await?;
    let checks = heard.checks.iter().map(|requests| {
        let (client, origin) = (client.clone(), origin.clone());
        // As in a run: each check is a task.
        async move { tokio::spawn(send_all(client, origin, requests.clone())).await }
    });
    let done: Vec<_> = futures_util::stream::iter(checks)
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    let taken = begun.elapsed();
    server.stop().await;
    for sent in done {
        sent??;
    }
    Ok(taken)
}

async fn send_all(
    client: Client,
    origin: String,
    requests: Vec<http::Request<Bytes>>,
) -> Result<(), Error> {
    for mut request in requests {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("{origin}{path}").parse()?;
        // Some are meant to break the connection, or to be refused at once.
        if let Ok(response) = client.execute(request.try_into()?).await {
            let _ = response.bytes().await;
        }
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "a benchmark without harness has no other voice"
)]
fn say(text: &str) {
    println!("{text}");
}
