//! The examination of one target that is available: preflight, capabilities, checks, flows of real Helm versions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join;
use helm_oci_reports::record::{CheckRecord, TargetIdentity, TargetRecord};
use helm_oci_suite::checks;
use helm_oci_suite::oci::url;
use helm_oci_suite::requirement::outcome::Rules;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::existing_chart::ExistingChart;
use helm_oci_suite::session::target::Target;
use helm_oci_suite::session::write_mode::WriteMode;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind, Stop};
use helm_oci_suite::wire::Request;
use http::Method;
use tokio::time::timeout;

use super::deadline::within;
use super::flows::CheckResults;
use super::order::Planned;
use super::preflight::{Preflight, preflight};
use super::results::{Done, Results};
use super::settle::Settler;
use super::{
    Checked, DEADLINE, Event, Events, Pace, Plan, capabilities, check_record, flows, order,
    repositories, soak,
};
use crate::target::policy::Policy;

/// The time limit of the connection test before the preflight.
const CONNECTION: Duration = Duration::from_secs(2);

/// The examination of one target.
pub(super) struct TargetExamination<'a> {
    pub(super) plan: &'a Plan,
    /// The name of the target in reports.
    pub(super) name: &'a str,
    /// The policy of the run on the target.
    pub(super) policy: &'a Policy,
    /// The file of additional root certificates, for real Helm binaries.
    pub(super) ca_file: Option<&'a Path>,
    /// The number of checks that run concurrently.
    pub(super) concurrency: usize,
    /// The number of times that a failure is confirmed.
    pub(super) retries: usize,
    /// The number of rounds of the soak.
    pub(super) soak: usize,
    /// The pace of the run on the target.
    pub(super) pace: &'a Pace,
    /// The time limit of one check.
    pub(super) deadline: Duration,
    pub(super) events: &'a Events,
    /// The results as they come in.
    pub(super) results: &'a Results,
}

impl TargetExamination<'_> {
    /// Examines the target; everything between its launch and the clean-up.
    pub(super) async fn record(
        &self,
        mut target: Target,
        identity: TargetIdentity,
    ) -> TargetRecord {
        let plan = self.plan;
        // The HTTP client learns whether connections can be used again; the preflight finds everything else.
        if let Ok(base) = url::with_path(target.origin(), "/v2/") {
            let read = target.registry.send_alone(Request::new(Method::GET, base));
            let _ = timeout(CONNECTION, read).await;
        }
        let Preflight {
            server,
            mut obstacle,
            exchanges,
            advice,
            preemptive,
        } = self.preflight(&target).await;
        target.preemptive.store(preemptive, Ordering::Relaxed);
        if obstacle.is_none() {
            obstacle = repositories::occupied(&target).await;
        }
        if obstacle.is_none() {
            obstacle = Box::pin(read_chart(&mut target)).await;
        }
        let identity = TargetIdentity { server, ..identity };
        let mut record = TargetRecord::new(self.name, identity);
        if obstacle.is_some() {
            record.obstacle = obstacle;
            record.exchanges = exchanges;
            return record;
        }
        record.advice = advice;
        let probing = Box::pin(capabilities::begin(&mut target)).await;
        // The repositories that `plan` prints are those of the checks.
        target.shared = (!plan.is_planned).then(Arc::default);
        self.events.send(Event::Started {
            checks: plan.requirements.len() + plan.flow_count(),
        });
        let results = self.results;
        let identity = record.identity.clone();
        let probes = async { results.enter_capabilities(Box::pin(probing.finish()).await) };
        let checks = self.check_all(&target, &identity);
        let work = async {
            join(checks, probes).await;
        };
        let mut record = results.keeping(record, work).await;
        let is_read_only = target.write_mode.is_read_only();
        let verdicts = results.enter_checks(plan, is_read_only, &mut record);
        if plan.flow_count() > 0 {
            let of_checks = CheckResults {
                violated: checks_with_finding(&record),
                verdicts: &verdicts,
            };
            let flows = flows::examine(self, &target, &of_checks);
            record = results.keeping(record, flows).await;
            results.enter_flows(plan, &mut record);
        }
        if self.soak > 0 {
            let mut soak = None;
            let soaking = async { soak = Some(Box::pin(soak::soak(&target, self.soak)).await) };
            record = results.keeping(record, soaking).await;
            record.soak = soak;
        }
        record
    }

    /// The preflight; again if it fails on a registry that responds and does not ask for other credentials, because one
    /// lost response must not end a run.
    async fn preflight(&self, target: &Target) -> Preflight {
        let mut ended = Box::pin(preflight(target)).await;
        for attempt in 1..=u32::try_from(self.retries).unwrap_or(u32::MAX) {
            let mut responses = ended
                .exchanges
                .iter()
                .flat_map(|one| &one.response)
                .peekable();
            let is_settled = ended.obstacle.is_none()
                || responses.peek().is_none()
                || responses.any(|one| matches!(one.status.as_u16(), 401 | 403));
            if is_settled {
                break;
            }
            let again = Target {
                attempt,
                ..target.clone()
            };
            ended = Box::pin(preflight(&again)).await;
        }
        ended
    }

    /// Runs every check of the plan.
    async fn check_all(&self, target: &Target, identity: &TargetIdentity) {
        let plan = self.plan;
        let over_budget = &order::over_budget(&plan.requirements, self.policy.budget);
        let settler = &Settler {
            target,
            deadline: self.deadline,
            retries: self.retries,
            pace: self.pace,
            obstacles: Mutex::new(BTreeMap::new()),
        };
        let check_one = async |(position, requirement): Planned| {
            let is_skipped = checks::is_matched(&self.policy.skip, requirement.id);
            let left_out = plan.preset.leaves_out(requirement);
            let checked = match left_out.as_ref().or(over_budget.get(requirement.id)) {
                Some(why) => Checked::not_run(why),
                None if is_skipped => Checked::not_run("the targets file skips it on this target"),
                None => settler.check(requirement).await,
            };
            let listed = plan.deviations.of(requirement, self.name, identity);
            let rules = Rules {
                strict: plan.strict,
                deviates: listed.is_some(),
            };
            let mut record = check_record::record(requirement, &checked, rules);
            record.deviation = listed.map(Into::into);
            self.events.send(Event::Checked {
                id: record.id.clone(),
                is_flow: requirement.replays.is_some(),
                outcome: record.outcome,
                milliseconds: record.milliseconds,
            });
            self.results.add(Done {
                position,
                requirement,
                record,
                checked,
            });
        };
        let groups = order::groups(&plan.requirements, self.policy.budget);
        let groups = groups.into_iter().map(async |group| {
            for planned in group {
                check_one(planned).await;
            }
        });
        futures_util::stream::iter(groups)
            .buffer_unordered(self.concurrency.max(1))
            .collect::<()>()
            .await;
    }
}

/// Reads the chart that a read-only run examines; returns an obstacle if it cannot be read.
async fn read_chart(target: &mut Target) -> Option<Obstacle> {
    let WriteMode::ReadOnly(mut content) = target.write_mode.clone() else {
        return None;
    };
    let tag = content.tag.clone()?;
    let session = Session::new(target.clone(), "adopt");
    match within(DEADLINE, &session, ExistingChart::read(&session, &tag)).await {
        Some(Ok(adopted)) => {
            content.chart = Some(Arc::new(adopted));
            target.write_mode = WriteMode::ReadOnly(content);
            None
        }
        Some(Err(Stop::Inconclusive(obstacle))) => {
            Some(Obstacle::new(obstacle.kind, obstacle.what))
        }
        Some(Err(_)) | None => {
            let what = format!("the chart with tag {tag} could not be read");
            Some(Obstacle::new(ObstacleKind::Arrangement, what))
        }
    }
}

/// The violated requirements of a target.
fn checks_with_finding(record: &TargetRecord) -> Vec<CheckRecord> {
    let violated = record.checks.iter().filter(|check| check.finding.is_some());
    violated.cloned().collect()
}
