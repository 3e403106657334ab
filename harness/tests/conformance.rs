//! The suite as `cargo test`: one trial for each target and requirement, such as
//! `zot/pull/manifest-bytes`, and `zot/launch` for each target.
//!
//! `HELM_OCI_TARGETS` names the targets as `run` takes them; without it the reference registry is examined.
//! A target is launched when its first trial runs, once, and stopped at the end. Where the machine has no
//! container engine or no image, its trials are ignored, unless `HELM_OCI_REQUIRE` names the target.

#[path = "../../fixtures/tests/required/mod.rs"]
mod required;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use helm_oci_conformance::clock;
use helm_oci_conformance::error::chain;
use helm_oci_conformance::http::install_cryptography;
use helm_oci_conformance::launch::{self, Launched};
use helm_oci_conformance::run::capabilities;
use helm_oci_conformance::run::cleanup::{Ledger, clean_up};
use helm_oci_conformance::run::preflight::preflight;
use helm_oci_conformance::run::{self, Interrupt};
use helm_oci_conformance::target::kind::Kind;
use helm_oci_conformance::target::policy::CleanUp;
use helm_oci_conformance::target::resolved::Connection;
use helm_oci_conformance::target::spec::TargetSpec;
use helm_oci_reports::record::{CheckRecord, Leftover};
use helm_oci_reports::view::leftovers;
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::outcome::{Outcome, Rules};
use helm_oci_suite::session::target::Target;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    install_cryptography();
    let runtime = Runtime::new().expect("a runtime starts");
    let interrupt = {
        let _entered = runtime.enter();
        Interrupt::on_signals()
    };
    let mut lives = Vec::new();
    for name in targets() {
        match Kind::parse(&TargetSpec::named(&name)) {
            Ok(kind) => lives.push(Arc::new(Live::new(name, kind, interrupt.clone()))),
            Err(error) => {
                say(&format!("error: HELM_OCI_TARGETS: {error}"));
                return ExitCode::from(2);
            }
        }
    }
    let trials = lives
        .iter()
        .flat_map(|live| trials(live, &runtime))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    for live in lives {
        runtime.block_on(live.stop());
    }
    conclusion.exit_code()
}

fn trials(live: &Arc<Live>, runtime: &Runtime) -> Vec<Trial> {
    let name = &live.name;
    let launch = {
        let (live, handle) = (Arc::clone(live), runtime.handle().clone());
        Trial::ignorable_test(format!("{name}/launch"), move || {
            handle.block_on(live.launch())
        })
    };
    let examine = checks::all().into_iter().map(|requirement| {
        let (live, handle) = (Arc::clone(live), runtime.handle().clone());
        Trial::ignorable_test(format!("{name}/{}", requirement.id), move || {
            handle.block_on(live.examine(requirement))
        })
    });
    std::iter::once(launch).chain(examine).collect()
}

/// One target, launched when the first trial needs it.
struct Live {
    name: String,
    kind: Kind,
    label: String,
    seed: u64,
    interrupt: Interrupt,
    ready: OnceCell<Result<Ready, Refusal>>,
}

struct Ready {
    launched: Mutex<Option<Launched>>,
    /// The registry as the checks see it: what they store is noted.
    target: Target,
    ledger: Arc<Ledger>,
}

/// Why there is nothing to examine.
struct Refusal {
    why: String,
    is_excused: bool,
}

impl Live {
    fn new(name: String, kind: Kind, interrupt: Interrupt) -> Self {
        let seed = clock::seed();
        Self {
            name,
            kind,
            label: format!("{seed}-{}", std::process::id()),
            seed,
            interrupt,
            ready: OnceCell::new(),
        }
    }

    async fn ready(&self) -> Result<&Ready, Result<Completion, Failed>> {
        match self.ready.get_or_init(|| Box::pin(self.make_ready())).await {
            Ok(ready) => Ok(ready),
            Err(Refusal {
                why,
                is_excused: true,
            }) => Err(Ok(Completion::ignored_with(why))),
            Err(Refusal {
                why,
                is_excused: false,
            }) => Err(Err(why.into())),
        }
    }

    async fn make_ready(&self) -> Result<Ready, Refusal> {
        let refused = |why: String| Refusal {
            why,
            is_excused: false,
        };
        let connection = Connection::default();
        let attempt = tokio::select! {
            attempt = launch::launch(&self.kind, &self.label, &connection) => attempt,
            () = self.interrupt.wait() => return Err(refused("interrupted".to_owned())),
        };
        let launched = attempt.map_err(|error| Refusal {
            why: chain(&error),
            is_excused: error.is_unsupported() && !self.is_required(),
        })?;
        let ledger = Arc::new(Ledger::new(Arc::clone(&launched.registry)));
        let mut target = Target {
            registry: Arc::clone(&ledger) as _,
            ..run::target(self.seed, &launched)
        };
        let looked = preflight(&target).await;
        if let Some(obstacle) = looked.obstacle {
            launched.stop().await;
            return Err(refused(obstacle.what));
        }
        Box::pin(capabilities::probe(&mut target)).await;
        Ok(Ready {
            launched: Mutex::new(Some(launched)),
            target,
            ledger,
        })
    }

    fn is_required(&self) -> bool {
        let name = self.name.as_str();
        let kind = name.split(':').next().unwrap_or(name);
        required::is_required(name) || required::is_required(kind)
    }

    async fn launch(&self) -> Result<Completion, Failed> {
        match self.ready().await {
            Ok(_) => Ok(Completion::Completed),
            Err(ended) => ended,
        }
    }

    async fn examine(&self, requirement: &'static Requirement) -> Result<Completion, Failed> {
        let ready = match self.ready().await {
            Ok(ready) => ready,
            Err(ended) => return ended,
        };
        let examined = tokio::select! {
            examined = run::check(requirement, &ready.target, run::DEADLINE) => examined,
            () = self.interrupt.wait() => return Err("interrupted".into()),
        };
        let record = run::record(requirement, &examined, Rules::default());
        conclude(&record)
    }

    async fn stop(&self) {
        let ready = match self.ready.get() {
            None => return,
            Some(Err(_)) => return say_left(&launch::sweep(&self.label).await),
            Some(Ok(ready)) => ready,
        };
        let launched = ready
            .launched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(launched) = launched else { return };
        if !launched.is_ephemeral() {
            let made = ready.ledger.settled().await;
            let target = run::target(self.seed, &launched);
            let (refused, rules) = (ready.ledger.refused(), CleanUp::default());
            let left = clean_up(&target, made, refused, rules, 8, &self.interrupt).await;
            say_left(&left);
        }
        say_left(&launched.stop().await);
    }
}

fn say_left(left: &[Leftover]) {
    for line in leftovers::lines(left) {
        say(&format!("left over: {line}"));
    }
}

/// What a trial makes of an outcome.
fn conclude(record: &CheckRecord) -> Result<Completion, Failed> {
    match record.outcome {
        Outcome::Pass
        | Outcome::Known
        | Outcome::Warn
        | Outcome::Present
        | Outcome::Absent
        | Outcome::Intermittent => Ok(Completion::Completed),
        Outcome::Stale => Err("a deviation is listed and not seen".into()),
        Outcome::Skipped => Ok(Completion::ignored_with(
            record.reason.as_deref().unwrap_or("no reason"),
        )),
        Outcome::Fail => Err(record.finding.as_ref().map_or_else(
            || "violated".into(),
            |finding| {
                let expected = finding.expected.join(", or ");
                format!(
                    "{}: expected {expected}, got {}",
                    record.title, finding.actual
                )
                .into()
            },
        )),
        Outcome::Inconclusive => Err(record.obstacle.as_ref().map_or_else(
            || "could not be told".into(),
            |obstacle| format!("{}: could not be told: {}", record.title, obstacle.what).into(),
        )),
    }
}

/// The targets, as `run` takes them.
fn targets() -> Vec<String> {
    let given = required::words("HELM_OCI_TARGETS");
    if given.is_empty() {
        vec!["reference".to_owned()]
    } else {
        given
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a test without harness has no other voice"
)]
fn say(text: &str) {
    eprintln!("{text}");
}
