//! The evidence: observations of real Helm binaries with each fault, recorded by `observe`.
//!
//! A file contains one Helm version. It is complete: if no observation of a fault names a flow, the flow was tried or
//! replayed, and the fault altered no response in it, so Helm cannot notice it. [`agreement`] compares the evidence
//! with the declarations and predictions of the suite, [`difference`] with another observation of the same Helm version.

pub mod agreement;
pub mod class;
pub mod difference;
mod files;
pub mod generated;
pub mod score;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use helm_oci_fixtures::fault::Fault;
use http::StatusCode;
use semver::Version;
use serde::{Deserialize, Serialize};

pub use self::files::{EvidenceError, Recorded, load, read, recorded};
use crate::helm::flow::Flow;
use crate::requirement::Setup;

/// All observations of one Helm version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The version that the binary reports.
    pub helm: Version,
    /// The digest of its binary.
    pub binary: String,
    /// The version of the suite whose faults and flows these are.
    pub suite: String,
    /// The draw of the faults, if they are generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Draw>,
    /// The flows that were tried, by set-up of the registry: those that work there without a fault.
    pub flows: BTreeMap<Setup, Vec<Flow>>,
    /// The flows that fail without a fault, and were therefore not tried with one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_fault: Vec<Observation>,
    /// The faults that were tried, each with the observations of flows in which it altered a response.
    pub faults: BTreeMap<String, Vec<Observation>>,
}

/// A draw of generated faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The seed.
    pub seed: u64,
    /// The number of faults.
    pub count: usize,
}

/// The same observation in some flows with one fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Observation {
    /// The set-up of the registry. Another one than [`Setup::Open`] appears only if the fault alters a response there
    /// that it does not alter on an open registry.
    pub setup: Setup,
    /// The result.
    pub result: FlowResult,
    /// The flows with this result.
    pub flows: Vec<Flow>,
    /// The exit code; none if Helm timed out and was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The text after `Error: ` in the output, with `{d}` for a digest, `{url}` for the repository and so on; or, in
    /// parentheses, a description if Helm printed no error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last exchange that was altered or rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
}

/// The result of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowResult {
    /// Exit code 0, and the expected effect.
    Works,
    /// Another exit code, a wrong effect, or a timeout.
    Fails,
}

impl Observation {
    /// Adds the observation to a list, where it is merged with one that differs only in the flows.
    pub fn merge_into(&self, observations: &mut Vec<Self>) {
        let same = |old: &&mut Self| {
            Self {
                flows: self.flows.clone(),
                ..(**old).clone()
            } == *self
        };
        match observations.iter_mut().find(same) {
            Some(old) => {
                old.flows.extend(&self.flows);
                old.flows.sort();
            }
            None => observations.push(self.clone()),
        }
    }

    /// The status of the exchange that stopped Helm, if there is one.
    pub fn status(&self) -> Option<StatusCode> {
        let (_, status) = self.stopped_at.as_deref()?.rsplit_once(' ')?;
        status.parse().ok()
    }
}

impl Evidence {
    /// The name of the file that holds it.
    pub fn file_name(&self) -> String {
        format!("helm-{}.json", self.helm)
    }

    /// The observation of a flow with a fault, on the set-up on which it failed; if it failed on none, on the simplest.
    /// `None` if the fault alters no response.
    pub fn of(&self, fault: &str, flow: Flow) -> Option<&Observation> {
        let all = self.faults.get(fault).into_iter().flatten();
        let mut seen: Vec<&Observation> = all.filter(|seen| seen.flows.contains(&flow)).collect();
        seen.sort_by_key(|seen| (seen.result == FlowResult::Works, seen.setup));
        seen.into_iter().next()
    }

    /// The result of a flow with a fault; `None` if it was not tried.
    pub fn result(&self, fault: &str, flow: Flow) -> Option<FlowResult> {
        let is_tried = self.faults.contains_key(fault)
            && self.flows.values().any(|flows| flows.contains(&flow));
        is_tried.then(|| {
            self.of(fault, flow)
                .map_or(FlowResult::Works, |seen| seen.result)
        })
    }

    /// The same evidence, with the observations of some faults and flows replaced by those of `other`. Faults that no longer
    /// exist are left out.
    #[must_use]
    pub fn updated(self, observed: Self) -> Self {
        let mut faults = self.faults;
        for (name, new) in observed.faults {
            let seen = faults.entry(name).or_default();
            for old in &mut *seen {
                let is_observed =
                    |flow: &Flow| observed.flows.values().any(|all| all.contains(flow));
                old.flows.retain(|flow| !is_observed(flow));
            }
            seen.retain(|old| !old.flows.is_empty());
            for one in &new {
                one.merge_into(seen);
            }
            seen.sort();
        }
        faults.retain(|name, _| name.parse::<Fault>().is_ok());
        let mut flows = self.flows;
        for (setup, new) in observed.flows {
            let tried = flows.entry(setup).or_default();
            tried.extend(new);
            tried.sort();
            tried.dedup();
        }
        Self {
            flows,
            faults,
            ..observed
        }
    }

    /// The file: one line for each observation, so that a change of behaviour is a changed line.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\n");
        for (key, value) in [
            ("helm", self.helm.to_string()),
            ("binary", self.binary.clone()),
        ] {
            let _ = writeln!(out, "  \"{key}\": {},", line(&value));
        }
        let _ = writeln!(out, "  \"suite\": {},", line(&self.suite));
        if let Some(draw) = &self.generated {
            let _ = writeln!(out, "  \"generated\": {},", line(draw));
        }
        out.push_str("  \"flows\": {\n");
        let flows = self
            .flows
            .iter()
            .map(|(setup, flows)| format!("    {}: {}", line(setup), line(flows)));
        out.push_str(&flows.collect::<Vec<_>>().join(",\n"));
        out.push_str("\n  },\n");
        if !self.without_fault.is_empty() {
            let _ = writeln!(
                out,
                "  \"without_fault\": {},",
                lines(&self.without_fault, "  ")
            );
        }
        out.push_str("  \"faults\": {\n");
        let faults = self
            .faults
            .iter()
            .map(|(fault, seen)| format!("    {}: {}", line(fault), lines(seen, "    ")));
        out.push_str(&faults.collect::<Vec<_>>().join(",\n"));
        out.push_str("\n  }\n}\n");
        out
    }
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("evidence serialises")
}

fn lines(observations: &[Observation], indent: &str) -> String {
    if observations.is_empty() {
        return "[]".to_owned();
    }
    let lines: Vec<String> = observations
        .iter()
        .map(|seen| format!("{indent}  {}", line(seen)))
        .collect();
    format!("[\n{}\n{indent}]", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Evidence {
        let works = Observation {
            setup: Setup::Open,
            result: FlowResult::Works,
            flows: vec![Flow::Push],
            exit: Some(0),
            error: None,
            stopped_at: None,
        };
        let fails = Observation {
            setup: Setup::Bearer,
            result: FlowResult::Fails,
            flows: vec![Flow::Push, Flow::Pull],
            exit: Some(1),
            error: Some("{ref}: not found".to_owned()),
            stopped_at: Some("HEAD {url}/manifests/1.0.0 404".to_owned()),
        };
        Evidence {
            helm: Version::new(3, 10, 1),
            binary: "sha256:ab".to_owned(),
            suite: "0.1.0".to_owned(),
            generated: None,
            flows: [(Setup::Open, vec![Flow::Push, Flow::Pull, Flow::Show])].into(),
            without_fault: Vec::new(),
            faults: [
                ("adds-charset".to_owned(), Vec::new()),
                ("cuts-blobs".to_owned(), vec![works, fails]),
            ]
            .into(),
        }
    }

    #[test]
    fn a_file_has_one_line_for_each_observation() {
        let written = evidence().to_json();
        assert_eq!(
            serde_json::from_str::<Evidence>(&written).expect("it reads"),
            evidence()
        );
        assert_eq!(
            written.lines().count(),
            15,
            "one line for each observation: {written}"
        );
    }

    #[test]
    fn an_update_replaces_the_observed_faults_only() {
        let mut recorded = evidence();
        recorded.faults.insert("retired".to_owned(), Vec::new());
        let mut observed = evidence();
        observed.binary = "sha256:cd".to_owned();
        let now = [(
            "adds-charset".to_owned(),
            observed.faults["cuts-blobs"].clone(),
        )];
        observed.faults = now.into();
        let updated = recorded.updated(observed);
        assert_eq!(updated.binary, "sha256:cd");
        let faults: Vec<&String> = updated.faults.keys().collect();
        assert_eq!(faults, ["adds-charset", "cuts-blobs"]);
        assert_eq!(updated.faults["adds-charset"], updated.faults["cuts-blobs"]);
    }

    #[test]
    fn an_update_keeps_other_flows() {
        let recorded = evidence();
        let before = recorded.faults["cuts-blobs"].len();
        let mut observed = evidence();
        observed.flows = [(Setup::Open, vec![Flow::PushPull])].into();
        let seen = Observation {
            flows: vec![Flow::PushPull],
            ..recorded.faults["cuts-blobs"][0].clone()
        };
        observed.faults = [("cuts-blobs".to_owned(), vec![seen])].into();
        let updated = recorded.clone().updated(observed);
        let kept = &updated.faults["cuts-blobs"];
        assert_eq!(
            kept.len(),
            before,
            "merged with the observation that differs in the flow only"
        );
        assert!(kept[0].flows.contains(&Flow::PushPull), "{kept:?}");
        assert!(updated.flows[&Setup::Open].contains(&Flow::PushPull));
        for flow in &recorded.flows[&Setup::Open] {
            assert_eq!(
                updated.result("cuts-blobs", *flow),
                recorded.result("cuts-blobs", *flow)
            );
        }
    }

    #[test]
    fn a_failure_on_any_set_up_is_the_result() {
        let evidence = evidence();
        assert_eq!(
            evidence.result("cuts-blobs", Flow::Push),
            Some(FlowResult::Fails)
        );
        assert_eq!(
            evidence.result("cuts-blobs", Flow::Show),
            Some(FlowResult::Works)
        );
        assert_eq!(
            evidence.result("adds-charset", Flow::Pull),
            Some(FlowResult::Works)
        );
        assert_eq!(
            evidence.result("adds-charset", Flow::Login),
            None,
            "not tried"
        );
        assert_eq!(evidence.result("unknown", Flow::Pull), None, "not tried");
    }
}
