//! The flows of real Helm binaries in the table: a flow that failed breaks, whatever was predicted.

use semver::Version;

use super::table::{Cause, Cell, FlowVerdict};
use crate::helm::era::Era;
use crate::helm::flow::Flow;

/// A flow of a real Helm binary that failed.
#[derive(Debug, Clone, Copy)]
pub struct FailedFlow<'a> {
    /// Its id, such as `helm-3.10.1/flow/push`.
    pub id: &'a str,
    /// The Helm version.
    pub helm: &'a Version,
    /// The flow.
    pub flow: Flow,
    /// The message of Helm.
    pub error: &'a str,
}

/// Enters a failed flow into the table. A cell that breaks already has its causes; any other gets the flow as its cause.
pub fn enter(cells: &mut [Cell], failed: FailedFlow<'_>) {
    let era = Era::of(failed.helm);
    let mut cells = cells.iter_mut();
    let cell = cells.find(|cell| Some(cell.era) == era && cell.flow == failed.flow);
    let Some(cell) = cell else {
        return;
    };
    match cell.verdict {
        FlowVerdict::Breaks if !cell.because.iter().all(is_observed) => return,
        FlowVerdict::Breaks => {}
        FlowVerdict::Works | FlowVerdict::Unknown => {
            cell.verdict = FlowVerdict::Breaks;
            cell.because.clear();
        }
    }
    cell.because.push(Cause {
        requirement: failed.id.to_owned(),
        versions: failed.helm.to_string(),
        symptom: failed.error.to_owned(),
    });
}

/// True if the cause is a flow of a real Helm binary.
fn is_observed(cause: &Cause) -> bool {
    cause.requirement.starts_with("helm-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(flow: Flow, verdict: FlowVerdict, because: &[&str]) -> Cell {
        let because = because.iter().map(|requirement| Cause {
            requirement: (*requirement).to_owned(),
            versions: ">=3.8.0".to_owned(),
            symptom: String::new(),
        });
        Cell {
            era: Era::Containerd,
            flow,
            verdict,
            because: because.collect(),
        }
    }

    #[test]
    fn a_flow_that_failed_breaks_and_names_itself_where_nothing_else_is_known() {
        use FlowVerdict::{Breaks, Unknown, Works};
        let observed = ["helm-3.10.1/flow/pull", "helm-3.17.3/flow/pull"];
        for (verdict, because, expected) in [
            (Works, &[][..], &observed[..]),
            (Unknown, &["pull/any"], &observed),
            (Breaks, &["pull/any"], &["pull/any"]),
        ] {
            let mut cells = [
                cell(Flow::Push, Works, &[]),
                cell(Flow::Pull, verdict, because),
            ];
            for helm in [Version::new(3, 10, 1), Version::new(3, 17, 3)] {
                let failed = FailedFlow {
                    id: &format!("helm-{helm}/flow/pull"),
                    helm: &helm,
                    flow: Flow::Pull,
                    error: "EOF",
                };
                enter(&mut cells, failed);
            }
            assert_eq!(cells[0], cell(Flow::Push, Works, &[]));
            assert_eq!(cells[1].verdict, Breaks);
            let causes = cells[1]
                .because
                .iter()
                .map(|cause| cause.requirement.as_str());
            assert_eq!(causes.collect::<Vec<_>>(), expected);
        }
    }
}
