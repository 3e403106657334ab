//! The table of a read-only run: flows that only read are replayed on the existing chart, so their cells are known
//! although the run could not examine every requirement.

use helm_oci_reports::record::TargetRecord;
use helm_oci_suite::checks;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict, Verdicts};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::verdict::Verdict;

/// Settles the cells that are unknown only for requirements that the run could not examine: the flow works if every
/// model of a Helm version of the era went through it.
pub(super) fn settle(
    record: &mut TargetRecord,
    selected: &[&'static Requirement],
    verdicts: &Verdicts,
) {
    let is_left_out = |id: &str| {
        let mut selected = selected.iter();
        selected.any(|own| own.id == id) && !verdicts.contains_key(id)
    };
    for cell in &mut record.eras {
        let mut causes = cell.because.iter();
        let is_open = cell.verdict == FlowVerdict::Unknown
            && causes.all(|cause| is_left_out(&cause.requirement));
        if is_open && works_in_models(cell, verdicts) {
            cell.verdict = FlowVerdict::Works;
            cell.because.clear();
        }
    }
}

/// True if every model of the cell's Helm versions went through the flow, and there is one.
fn works_in_models(cell: &Cell, verdicts: &Verdicts) -> bool {
    let all = checks::all();
    let mut replayed = all
        .iter()
        .filter(|requirement| {
            let is_replayed = requirement
                .replays
                .is_some_and(|(flow, _)| flow == cell.flow);
            is_replayed && !requirement.represents.within(&cell.era.span()).is_empty()
        })
        .map(|requirement| verdicts.get(requirement.id))
        .peekable();
    replayed.peek().is_some() && replayed.all(|verdict| matches!(verdict, Some(Verdict::Satisfied)))
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::helm::era::Era;
    use helm_oci_suite::helm::flow::Flow;

    use super::*;

    #[test]
    fn every_era_with_pulls_has_a_model() {
        let satisfied: Verdicts = checks::all()
            .iter()
            .filter(|requirement| requirement.replays.is_some())
            .map(|requirement| (requirement.id, Verdict::Satisfied))
            .collect();
        for era in Era::ALL {
            for flow in [Flow::Pull, Flow::Show] {
                if !flow.in_era(*era) {
                    continue;
                }
                let cell = Cell {
                    era: *era,
                    flow,
                    verdict: FlowVerdict::Unknown,
                    because: Vec::new(),
                };
                assert!(works_in_models(&cell, &satisfied), "{era} {flow}");
                assert!(!works_in_models(&cell, &Verdicts::new()), "{era} {flow}");
            }
        }
    }
}
