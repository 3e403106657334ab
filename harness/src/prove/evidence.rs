//! Compares predictions and declarations of the suite with the evidence: the recordings of real Helm binaries.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use helm_oci_suite::evidence::Recorded;
use helm_oci_suite::evidence::agreement::{self, Agreement, EvidenceCell, Exception};
use helm_oci_suite::evidence::score::{self, Score};
use semver::Version;
use serde::Serialize;

/// The maximum number of lines of cells that are printed.
const LONGEST_LIST: usize = 20;

/// The agreement of the suite with the evidence.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// One entry for each Helm version, oldest first.
    pub helm_versions: Vec<Row>,
    /// The sum.
    pub all: Score,
    /// The known exceptions.
    pub exceptions: Vec<Exception>,
    /// The disagreements that no exception covers.
    pub disagreements: Vec<Disagreement>,
    /// Cells of exceptions without a disagreement: the exception is stale.
    pub stale: Vec<EvidenceCell>,
    /// Cells that are missing in the evidence, so that they were not compared.
    pub unobserved: Vec<EvidenceCell>,
    #[serde(skip)]
    agreement: Agreement,
}

/// One Helm version in the agreement table.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its version.
    pub helm: Version,
    /// The digest of the binary that was observed.
    pub binary: String,
    /// The version of the suite with which it was observed.
    pub suite: String,
    /// Its agreement.
    #[serde(flatten)]
    pub score: Score,
}

/// A disagreement that no exception covers.
#[derive(Debug, Serialize)]
pub struct Disagreement {
    /// The cell.
    #[serde(flatten)]
    pub cell: EvidenceCell,
    /// The disagreement in words.
    pub difference: String,
}

impl Measured {
    /// True if every disagreement is covered by an exception, and no exception is stale.
    pub fn holds(&self) -> bool {
        self.disagreements.is_empty() && self.stale.is_empty()
    }

    /// The agreement as text.
    pub fn summary(&self) -> String {
        let mut page = format!("Evidence of {}.\n\n", self.covered());
        page.push_str(&score::table(&score::score(&self.agreement.compared)));
        self.tell_exceptions(&mut page);
        if !self.disagreements.is_empty() {
            page.push_str("\nDisagreements that no exception covers:\n");
            page.push_str(&agreement::list(&self.agreement.open()));
        }
        list_cells(
            &mut page,
            "Stale exceptions: no disagreement any more",
            &self.stale,
        );
        list_cells(
            &mut page,
            "Missing in the evidence, not compared",
            &self.unobserved,
        );
        let _ = writeln!(page, "\n{}", self.conclusion());
        page
    }

    /// The Helm versions, with the versions of the suite that observed them.
    fn covered(&self) -> String {
        let helm_versions: Vec<String> = self
            .helm_versions
            .iter()
            .map(|row| row.helm.to_string())
            .collect();
        let suites: BTreeSet<&str> = self
            .helm_versions
            .iter()
            .map(|row| row.suite.as_str())
            .collect();
        let suites: Vec<&str> = suites.into_iter().collect();
        format!(
            "Helm {}, recorded by suite {}; this is {}",
            helm_versions.join(", "),
            suites.join(" and "),
            env!("CARGO_PKG_VERSION")
        )
    }

    fn tell_exceptions(&self, page: &mut String) {
        if self.exceptions.is_empty() {
            return;
        }
        page.push_str("\nExceptions, with reasons:\n");
        for exception in &self.exceptions {
            let helm_versions: Vec<String> =
                exception.helm.iter().map(ToString::to_string).collect();
            let flows: Vec<&str> = exception.flows.iter().map(|flow| flow.name()).collect();
            let _ = writeln!(
                page,
                "{}, helm {}, {}: {} cells\n      {}",
                exception.fault,
                helm_versions.join(" "),
                flows.join(" "),
                exception.cells().count(),
                exception.reason
            );
        }
    }

    fn conclusion(&self) -> String {
        let disagreeing = self.agreement.compared.iter().filter(|one| !one.agrees());
        let open = self.disagreements.len();
        let known = disagreeing.count() - open;
        format!(
            "{} cells, {known} known exceptions, {open} disagreements, {} stale exceptions; {}",
            self.all.cells,
            self.stale.len(),
            if self.holds() {
                "the suite agrees with the evidence"
            } else {
                "the suite does NOT agree with the evidence"
            }
        )
    }
}

/// Compares the declarations and predictions for these faults with the evidence.
pub fn measure(recorded: &Recorded, faults: &[Fault]) -> Measured {
    let agreement = Agreement::of(&checks::all(), recorded, faults);
    let scores = score::score(&agreement.compared);
    let rows = recorded.evidence.iter().map(|own| Row {
        helm: own.helm.clone(),
        binary: own.binary.clone(),
        suite: own.suite.clone(),
        score: scores.get(&own.helm).copied().unwrap_or_default(),
    });
    let open = agreement.open();
    let disagreements = open.iter().map(|one| Disagreement {
        cell: one.cell(),
        difference: one.difference(),
    });
    Measured {
        helm_versions: rows.collect(),
        all: score::total(&scores),
        exceptions: agreement.exceptions.clone(),
        disagreements: disagreements.collect(),
        stale: agreement.stale(),
        unobserved: agreement.unobserved.clone(),
        agreement,
    }
}

/// Lists cells, one line for each fault and Helm version.
fn list_cells(page: &mut String, title: &str, cells: &[EvidenceCell]) {
    if cells.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{title}: {} cells", cells.len());
    let same = |one: &EvidenceCell, other: &EvidenceCell| {
        one.fault == other.fault && one.helm == other.helm
    };
    let groups = || cells.chunk_by(same);
    for group in groups().take(LONGEST_LIST) {
        let flows: Vec<&str> = group.iter().map(|cell| cell.flow.name()).collect();
        let EvidenceCell { fault, helm, .. } = &group[0];
        let _ = writeln!(page, "  {fault}, helm {helm}: {}", flows.join(" "));
    }
    let more = groups().count().saturating_sub(LONGEST_LIST);
    if more > 0 {
        let _ = writeln!(page, "  … and {more} more lines; --json contains all cells");
    }
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::evidence::{self, FlowResult};

    use super::*;

    /// The recorded evidence of one Helm version, and one fault that breaks its `push`.
    fn one_helm() -> (Recorded, Fault) {
        let mut recorded = evidence::recorded();
        recorded
            .evidence
            .retain(|own| own.helm == Version::new(3, 10, 1));
        recorded.exceptions.clear();
        let fault = "drops-upload-location".parse().expect("a fault");
        (recorded, fault)
    }

    #[test]
    fn what_was_observed_is_what_is_said() {
        let (recorded, fault) = one_helm();
        let measured = measure(&recorded, &[fault]);
        assert!(measured.holds(), "{}", measured.summary());
        assert!(measured.all.cells > 0);
        let page = measured.summary();
        assert!(
            page.starts_with("Evidence of Helm 3.10.1, recorded by suite "),
            "{page}"
        );
        assert!(page.contains(" 0 disagreements"), "{page}");
    }

    #[test]
    fn an_observation_that_contradicts_is_a_disagreement_unless_it_is_excepted() {
        let (mut recorded, fault) = one_helm();
        let seen = recorded.evidence[0]
            .faults
            .get_mut(fault.name())
            .expect("it was tried");
        let cells: usize = seen.iter().map(|one| one.flows.len()).sum();
        let flows = seen.iter().flat_map(|one| one.flows.clone()).collect();
        seen.clear();
        let measured = measure(&recorded, &[fault]);
        assert!(!measured.holds());
        assert_eq!(measured.disagreements.len(), cells);
        assert!(measured.summary().contains("does NOT agree"));

        recorded.exceptions.push(Exception {
            fault: fault.name().to_owned(),
            helm: vec![Version::new(3, 10, 1)],
            flows,
            observed: FlowResult::Works,
            reason: "A fault of this test.".to_owned(),
        });
        let measured = measure(&recorded, &[fault]);
        assert!(measured.holds(), "{}", measured.summary());
        assert!(measured.summary().contains("A fault of this test."));
    }

    #[test]
    fn an_exception_that_is_none_is_stale() {
        let (mut recorded, fault) = one_helm();
        recorded.exceptions.push(Exception {
            fault: fault.name().to_owned(),
            helm: vec![Version::new(3, 10, 1)],
            flows: vec![helm_oci_suite::helm::flow::Flow::Push],
            observed: FlowResult::Works,
            reason: "It works.".to_owned(),
        });
        let measured = measure(&recorded, &[fault]);
        assert_eq!(measured.stale.len(), 1);
        assert!(!measured.holds());
    }

    #[test]
    fn what_was_not_observed_is_told_and_no_disagreement() {
        let (mut recorded, fault) = one_helm();
        recorded.evidence[0].faults.clear();
        let measured = measure(&recorded, &[fault]);
        assert_eq!(measured.all.cells, 0);
        assert!(measured.unobserved.len() > 5);
        assert!(measured.holds());
    }
}
