//! The declarations and predictions of the suite, compared with the evidence for every fault, Helm version and flow.
//!
//! A disagreement fails unless `evidence/exceptions.json` lists it with a reason; an exception without a disagreement
//! fails as well. With `--no-capture` the scores are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::evidence::agreement::{self, Agreement};
use helm_oci_suite::evidence::{self, Evidence, FlowResult, score};
use helm_oci_suite::helm::breaks::Break;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::requirement::Requirement;
use http::StatusCode;

static EVIDENCE: LazyLock<Vec<Evidence>> =
    LazyLock::new(|| evidence::load(&folder()).expect("the evidence in the repository reads"));

/// The comparison of the whole suite with the evidence; it takes minutes.
static AGREEMENT: LazyLock<Agreement> = LazyLock::new(|| {
    let recorded = evidence::read(&folder()).expect("the evidence in the repository reads");
    Agreement::of(&checks::all(), &recorded, Fault::ALL)
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("evidence")
}

#[test]
fn every_fault_was_observed_in_every_flow() {
    assert!(
        EVIDENCE.len() >= 8,
        "evidence of {} Helm versions",
        EVIDENCE.len()
    );
    let missing = AGREEMENT.unobserved.first();
    assert_eq!(missing, None, "run `observe` for this fault");
    for own in EVIDENCE.iter() {
        let stray = own
            .faults
            .keys()
            .find(|name| name.parse::<Fault>().is_err());
        assert_eq!(stray, None, "helm {}: an unknown fault", own.helm);
        assert_eq!(
            own.without_fault,
            Vec::new(),
            "helm {} works without faults",
            own.helm
        );
    }
}

#[test]
fn evidence_is_as_observe_writes_it() {
    for own in EVIDENCE.iter() {
        let written =
            fs::read_to_string(folder().join(own.file_name())).expect("it was read before");
        assert_eq!(
            written,
            own.to_json(),
            "{} was edited by hand",
            own.file_name()
        );
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the scores are printed with --no-capture"
)]
fn declarations_and_predictions_agree_with_what_helm_did() {
    let scores = score::score(&AGREEMENT.compared);
    println!("{}", score::table(&scores));
    let open = AGREEMENT.open();
    assert!(
        open.is_empty(),
        "{} disagreements\n{}",
        open.len(),
        agreement::list(&open)
    );
}

#[test]
fn every_exception_still_disagrees() {
    for exception in &AGREEMENT.exceptions {
        let fault = &exception.fault;
        assert!(!exception.reason.trim().is_empty(), "{fault}: no reason");
    }
    assert_eq!(AGREEMENT.stale(), Vec::new(), "obsolete exceptions");
}

/// The error of `show` in Helm 3.7 for any failed download.
const SHOW_OF_3_7: &str = "failed to download \"oci://{host}/{repo}\" at version";

/// The prefix of every error of `dependency update`.
const DEPENDENCY: &str = "could not download oci://{host}/{repo}: ";

/// The words of a break occur in an error of Helm, in each version and flow that the break names, with one of the
/// requirement's own faults and with the status at which Helm stopped. Breaks under a condition are left out, because no
/// flow was run under it.
#[test]
fn every_symptom_was_observed_in_every_version_and_flow_of_its_break() {
    let mut unseen = String::new();
    for requirement in checks::all() {
        let unconditional = |brk: &&Break| brk.condition.is_none();
        for brk in requirement.breaks.iter().filter(unconditional) {
            let printed = other_words(requirement, brk);
            if printed.is_empty() {
                continue;
            }
            let _ = writeln!(
                unseen,
                "{}: not observed: {:?}",
                requirement.id, brk.symptom
            );
            for (error, cells) in printed {
                let _ = writeln!(unseen, "    {}: `{error}`", cells.join(" "));
            }
        }
    }
    assert!(unseen.is_empty(), "{unseen}");
}

/// The errors that Helm printed instead of the symptom, with the versions and flows in which none of the requirement's
/// faults made it print the symptom.
fn other_words(requirement: &Requirement, brk: &Break) -> BTreeMap<String, Vec<String>> {
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for own in EVIDENCE.iter() {
        for flow in brk.flows.iter().filter(|flow| brk.hits(&own.helm, **flow)) {
            let errors = errors(requirement, own, *flow);
            let occurs = |(error, status): &(String, Option<StatusCode>)| {
                let symptom = match status {
                    Some(status) => brk.symptom.with_status(*status),
                    None => brk.symptom.into(),
                };
                symptom.occurs_in(error, &own.helm)
            };
            if errors.iter().any(occurs) {
                continue;
            }
            for (error, _) in errors {
                let cell = format!("{}/{flow}", own.helm);
                words.entry(error).or_default().push(cell);
            }
        }
    }
    words
}

/// The errors of a Helm in a flow that one of the requirement's faults broke, each with the status at which it stopped.
fn errors(
    requirement: &Requirement,
    own: &Evidence,
    flow: Flow,
) -> BTreeSet<(String, Option<StatusCode>)> {
    let failed = requirement
        .faults
        .iter()
        .filter_map(|fault| own.of(fault.name(), flow))
        .filter(|seen| seen.result == FlowResult::Fails);
    let errors = failed.filter_map(|seen| Some((seen.error.as_deref()?, seen.status())));
    errors
        .filter(|(error, _)| !error.starts_with(SHOW_OF_3_7))
        .map(|(error, status)| {
            let reason = error.strip_prefix(DEPENDENCY).unwrap_or(error);
            (reason.to_owned(), status)
        })
        .collect()
}
