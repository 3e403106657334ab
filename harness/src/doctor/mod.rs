//! Checks of the local environment: problems that prevent a run, or that affect real Helm binaries.
//!
//! Each part has two halves: it gathers facts, and a pure function derives findings from them. A finding names the
//! observation and the next step. Nothing is changed, and no secret is repeated.

mod clock;
mod credentials;
mod engine;
mod helm;
mod plugins;
mod proxies;

use std::fmt::Write as _;
use std::path::PathBuf;

use helm_oci_reports::text::plural;
use serde::Serialize;
use strum::Display;

use crate::environment::Environment;
use crate::launch;

pub use self::clock::ServerTime;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Grade {
    /// As expected.
    Ok,
    /// Something works in an unexpected way, or not at all.
    Warning,
    /// Something that is configured or requested cannot work.
    Problem,
}

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its severity.
    pub grade: Grade,
    /// Its subject, in one word.
    pub about: &'static str,
    /// The observation.
    pub seen: String,
    /// The next step, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn ok(about: &'static str, seen: impl Into<String>) -> Self {
        Self {
            grade: Grade::Ok,
            about,
            seen: seen.into(),
            advice: None,
        }
    }

    fn warning(about: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            grade: Grade::Warning,
            about,
            seen: seen.into(),
            advice: Some(advice.into()),
        }
    }

    fn problem(about: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            grade: Grade::Problem,
            ..Self::warning(about, seen, advice)
        }
    }
}

/// All findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The findings, in the order of the checks.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// True if no finding is a problem. Warnings are not problems.
    pub fn is_healthy(&self) -> bool {
        self.count(Grade::Problem) == 0
    }

    /// The findings as text.
    pub fn summary(&self) -> String {
        let mut page = String::new();
        for finding in &self.findings {
            let Finding {
                grade, about, seen, ..
            } = finding;
            let _ = writeln!(page, "{grade:9}{about:13}{seen}");
            if let Some(advice) = &finding.advice {
                let _ = writeln!(page, "{:22}→ {advice}", "");
            }
        }
        let _ = writeln!(
            page,
            "\n{}, {}",
            plural(self.count(Grade::Problem), "problem"),
            plural(self.count(Grade::Warning), "warning")
        );
        page
    }

    fn count(&self, grade: Grade) -> usize {
        let same = |finding: &&Finding| finding.grade == grade;
        self.findings.iter().filter(same).count()
    }
}

/// Runs all checks. `helm_binaries` are binaries in addition to those on the search path; `time` is the time of a registry, if
/// one was queried.
pub async fn examine(
    environment: &Environment,
    helm_binaries: Vec<PathBuf>,
    time: Option<ServerTime>,
) -> Diagnosis {
    let mut findings = engine::findings(
        &launch::survey()
            .await
            .map_err(|error| crate::error::chain(&error)),
    );
    let binaries = helm::probe(environment, helm_binaries).await;
    let gate = environment.text("HELM_EXPERIMENTAL_OCI");
    findings.extend(helm::findings(&binaries, gate.as_deref()));
    findings.extend(plugins::findings(&plugins::installed(environment)));
    let files = credentials::files(environment);
    findings.extend(credentials::findings(&files, &environment.search_path()));
    findings.extend(proxies::findings(environment));
    findings.extend(clock::findings(crate::clock::seconds(), time.as_ref()));
    Diagnosis { findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_makes_the_diagnosis_unhealthy_and_a_warning_does_not() {
        let mut diagnosis = Diagnosis {
            findings: vec![
                Finding::ok("helm", "Helm 3.10.1"),
                Finding::warning("proxy", "HTTP_PROXY is set", "unset it"),
            ],
        };
        assert!(diagnosis.is_healthy());
        diagnosis
            .findings
            .push(Finding::problem("clock", "it is 1970", "set it"));
        assert!(!diagnosis.is_healthy());
        let page = "\
ok       helm         Helm 3.10.1
warning  proxy        HTTP_PROXY is set
                      → unset it
problem  clock        it is 1970
                      → set it

1 problem, 1 warning
";
        assert_eq!(diagnosis.summary(), page);
    }
}
