//! The results of a target while they come in, so that an interrupted run reports what it examined before.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use helm_oci_reports::record::{
    Capability, CheckRecord, FlowRecord, HelmRecord, RecoveredRecord, TargetRecord,
};
use helm_oci_suite::checks;
use helm_oci_suite::prediction::table::{Prediction, Responses, Verdicts};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Verdict};

use super::{Checked, Plan, blocked, capabilities, causes, failures, flows, models, read_only};

/// The results on one target.
#[derive(Default)]
pub(super) struct Results(Mutex<Collected>);

#[derive(Default)]
struct Collected {
    /// The record, while checks, flows or the soak run.
    record: Option<TargetRecord>,
    checks: Vec<Done>,
    flows: Vec<DoneFlow>,
}

/// A check that ended.
pub(super) struct Done {
    /// Its place in the plan.
    pub(super) position: usize,
    pub(super) requirement: &'static Requirement,
    pub(super) record: CheckRecord,
    pub(super) checked: Checked,
}

/// A flow of a real Helm binary that ended.
pub(super) struct DoneFlow {
    /// Its place in the plan.
    pub(super) position: usize,
    /// The place of the binary in the plan.
    pub(super) helm: usize,
    pub(super) record: FlowRecord,
}

impl Results {
    /// Does a part of the examination, and keeps the record of the target for an interruption meanwhile.
    pub(super) async fn keeping(
        &self,
        record: TargetRecord,
        work: impl Future<Output = ()>,
    ) -> TargetRecord {
        self.lock().record = Some(record);
        work.await;
        let record = self.lock().record.take();
        record.expect("only an interruption takes it, which ends the work")
    }

    /// Enters the capabilities into the record that is kept.
    pub(super) fn enter_capabilities(&self, capabilities: Vec<Capability>) {
        if let Some(record) = &mut self.lock().record {
            record.capabilities = capabilities;
        }
    }

    /// Adds a check.
    pub(super) fn add(&self, done: Done) {
        self.lock().checks.push(done);
    }

    /// Adds a flow of a real Helm binary.
    pub(super) fn add_flow(&self, done: DoneFlow) {
        self.lock().flows.push(done);
    }

    /// Enters the checks that ended, in the order of the plan, the table and the client models. Returns the verdicts.
    pub(super) fn enter_checks(
        &self,
        plan: &Plan,
        is_read_only: bool,
        record: &mut TargetRecord,
    ) -> Verdicts {
        let mut done = mem::take(&mut self.lock().checks);
        done.sort_by_key(|one| one.position);
        let mut verdicts = Verdicts::new();
        let mut responses = Responses::new();
        let mut recovered = BTreeMap::new();
        for one in done {
            let (requirement, checked) = (one.requirement, one.checked);
            // A check that the budget or the write mode did not allow is as unknown as one that was not selected.
            let is_unknown = matches!(
                &checked.verdict,
                Verdict::NotApplicable(reason) if reason.lies_in_the_run()
            );
            for what in &checked.recovered {
                *recovered.entry(what.clone()).or_insert(0) += 1;
            }
            // A requirement that is satisfied at times says nothing about a flow.
            let is_open = checked.is_intermittent() && checked.is_contradicted();
            if !is_unknown && !is_open {
                responses.insert(requirement.id, checked.violating_responses());
                verdicts.insert(requirement.id, checked.verdict);
            }
            record.checks.push(one.record);
        }
        let recovered = recovered.into_iter();
        record.line.recovered = recovered
            .map(|(what, count)| RecoveredRecord { what, count })
            .collect();
        blocked::note_known_causes(&mut record.checks);
        capabilities::note_left_out(record);
        if !plan.requirements.is_empty() {
            record.eras = Prediction::of(&checks::all(), &verdicts).table(&responses);
            if is_read_only {
                read_only::settle(record, &plan.requirements, &verdicts);
            }
        }
        models::separate(record, &verdicts);
        causes::note(record);
        verdicts
    }

    /// Enters the flows of real Helm binaries that ended, in the order of the plan.
    pub(super) fn enter_flows(&self, plan: &Plan, record: &mut TargetRecord) {
        let mut done = mem::take(&mut self.lock().flows);
        done.sort_by_key(|one| one.position);
        let mut records: Vec<HelmRecord> =
            plan.helm_binaries.all.iter().map(flows::identity).collect();
        for one in done {
            records[one.helm].flows.push(one.record);
        }
        records.retain(|helm| !helm.flows.is_empty());
        record.helm_versions = records;
        failures::enter_failures(record);
        causes::note(record);
    }

    /// The record of an examination that was interrupted; `None` if its checks had not begun.
    pub(super) fn interrupted(&self, plan: &Plan, is_read_only: bool) -> Option<TargetRecord> {
        let mut record = self.lock().record.take()?;
        let are_entered = !record.checks.is_empty() || !record.models.is_empty();
        if !are_entered {
            self.enter_checks(plan, is_read_only, &mut record);
        }
        if record.helm_versions.is_empty() {
            self.enter_flows(plan, &mut record);
        }
        let done = record.checks.len() + record.flows().count();
        let all = plan.requirements.len() + plan.flow_count();
        record.obstacle = Some(obstacle(&format!(
            "interrupted after {done} of {all} checks and flows; the results are incomplete"
        )));
        Some(record)
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The obstacle of an interrupted examination.
pub(super) fn obstacle(what: &str) -> Obstacle {
    Obstacle::new(ObstacleKind::Arrangement, what)
}

#[cfg(test)]
mod tests {
    use helm_oci_reports::record::RunRecord;
    use helm_oci_suite::prediction::table::FlowVerdict;

    use super::super::{
        Event, Events, Interrupt, Interrupted, Job, Schedule, TargetEvent, examine,
    };
    use super::*;
    use crate::environment::Environment;
    use crate::target::policy::Concurrency;
    use crate::target::resolved::ParsedTarget;
    use crate::target::spec::TargetSpec;

    fn job() -> Job {
        let target = ParsedTarget::parse(TargetSpec::named("reference")).expect("it is a target");
        let target = target.resolve("run".to_owned(), None, &Environment::of(&[]));
        Job::new(target.expect("there is nothing to read"))
    }

    /// The record of a run that is interrupted after this number of checks.
    async fn interrupted_after(checks: usize) -> RunRecord {
        crate::http::install_cryptography();
        let (signal, interrupt) = Interrupt::channel();
        let (events, mut received) = Events::channel();
        tokio::spawn(async move {
            let mut done = 0;
            while let Some(TargetEvent { event, .. }) = received.recv().await {
                done += usize::from(matches!(event, Event::Checked { .. }));
                let is_due = matches!(event, Event::Launching | Event::Checked { .. });
                if is_due && done == checks {
                    let _ = signal.send(true);
                }
            }
        });
        let plan = Plan::new(checks::all(), 7);
        let schedule = Schedule {
            checks: Concurrency::fixed(1),
            ..Schedule::default()
        };
        let ended = examine(&plan, &[job()], schedule, &events, &interrupt).await;
        let Err(Interrupted { before, .. }) = ended else {
            panic!("the run was not interrupted");
        };
        *before
    }

    #[tokio::test]
    async fn an_interrupted_run_reports_what_it_examined_before() {
        let record = interrupted_after(3).await;
        assert_eq!(record.footer.exit_code, 130);
        let target = &record.targets[0];
        let done = target.checks.len() + target.flows().count();
        assert!((3..6).contains(&done), "{done}");
        let all = checks::all().len();
        let why = target.obstacle.as_ref().map(|obstacle| &*obstacle.what);
        let words = format!(
            "interrupted after {done} of {all} checks and flows; the results are incomplete"
        );
        assert_eq!(why, Some(&*words));
        assert!(target.requests > 0);
        // Only an executed flow decides a cell.
        let known = target
            .eras
            .iter()
            .filter(|cell| cell.verdict != FlowVerdict::Unknown);
        for cell in known {
            assert!(
                target.flows().any(|flow| flow.flow == cell.flow),
                "{cell:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_run_that_is_interrupted_at_once_has_no_results() {
        let record = interrupted_after(0).await;
        let target = &record.targets[0];
        assert_eq!((target.checks.len(), target.flows().count()), (0, 0));
        let why = target.obstacle.as_ref().map(|obstacle| &*obstacle.what);
        assert_eq!(why, Some("interrupted before the checks began"));
    }
}
