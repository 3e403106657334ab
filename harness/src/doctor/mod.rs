//! The machine examined: what stands in the way of a run, of real Helms, or of believing what they say.
//!
//! Each part is two things: facts, gathered here or handed over, and a pure function that makes findings of
//! them. A finding says what was seen and what to do; nothing is changed, and no secret is repeated.

mod clock;
mod credentials;
mod engine;
mod helms;
mod plugins;
mod proxies;
mod surroundings;

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

pub use self::clock::Asked;
pub use self::surroundings::{Surroundings, VARIABLES};
use crate::launch;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// Something works otherwise than one may think, or not at all.
    Warning,
    /// Something that was set up or asked for cannot work.
    Problem,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub grade: Grade,
    /// What it is about, in a word.
    pub about: &'static str,
    /// What was seen.
    pub seen: String,
    /// What to do, where there is something to do.
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

/// Everything that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Whether nothing is a problem; warnings are none.
    pub fn is_healthy(&self) -> bool {
        self.count(Grade::Problem) == 0
    }

    /// The diagnosis for a person.
    pub fn summary(&self) -> String {
        let mut page = String::new();
        for finding in &self.findings {
            let grade = match finding.grade {
                Grade::Ok => "ok",
                Grade::Warning => "warning",
                Grade::Problem => "problem",
            };
            let _ = writeln!(page, "{grade:9}{:13}{}", finding.about, finding.seen);
            if let Some(advice) = &finding.advice {
                let _ = writeln!(page, "{:22}→ {advice}", "");
            }
        }
        let _ = writeln!(
            page,
            "\n{} problems, {} warnings",
            self.count(Grade::Problem),
            self.count(Grade::Warning)
        );
        page
    }

    fn count(&self, grade: Grade) -> usize {
        let same = |finding: &&Finding| finding.grade == grade;
        self.findings.iter().filter(same).count()
    }
}

/// Looks at everything. `helms` are binaries beside those on the search path; `asked` is what a registry says
/// about the time, if one was asked.
pub async fn examine(
    surroundings: &Surroundings,
    helms: Vec<PathBuf>,
    asked: Option<Asked>,
) -> Diagnosis {
    let mut findings = engine::findings(
        &launch::survey()
            .await
            .map_err(|error| crate::error::chain(&error)),
    );
    let met = helms::meet(surroundings, helms).await;
    let gate = surroundings.text("HELM_EXPERIMENTAL_OCI");
    findings.extend(helms::findings(&met, gate.as_deref()));
    findings.extend(plugins::findings(&plugins::installed(surroundings)));
    let files = credentials::files(surroundings);
    findings.extend(credentials::findings(&files, &surroundings.search_path()));
    findings.extend(proxies::findings(surroundings));
    findings.extend(clock::findings(crate::clock::seconds(), asked.as_ref()));
    Diagnosis { findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_problem_is_enough_and_warnings_are_not() {
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

1 problems, 1 warnings
";
        assert_eq!(diagnosis.summary(), page);
    }
}
