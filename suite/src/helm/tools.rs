//! Tools that contain Helm, so that a user of the tool finds his era.

use semver::Version;

use super::era::Era;

/// One release of a tool with the Helm version in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Its name and version.
    pub name: &'static str,
    helm: (u64, u64, u64),
    /// The file that names the Helm version.
    pub source: &'static str,
    /// The date of that file or of the release.
    pub date: &'static str,
}

/// The tools, by name. A tool that runs the `helm` of the machine has the era of that program and is not listed.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "Argo CD 3.6",
        helm: (4, 2, 4),
        source: "hack/tool-versions.sh",
        date: "2026-08-22",
    },
    Tool {
        name: "Flux source-controller 1.10.1",
        helm: (4, 3, 1),
        source: "go.mod",
        date: "2026-10-26",
    },
    Tool {
        name: "helmfile 1.8.0 (its Helm 3 SDK)",
        helm: (3, 22, 0),
        source: "go.mod",
        date: "2026-11-26",
    },
    Tool {
        name: "helmfile 1.8.0 (its Helm 4 SDK)",
        helm: (4, 3, 0),
        source: "go.mod",
        date: "2026-11-26",
    },
    Tool {
        name: "Pulumi Kubernetes provider",
        helm: (3, 18, 6),
        source: "go.mod",
        date: "2026-01",
    },
];

impl Tool {
    /// The Helm version in it.
    pub const fn helm(&self) -> Version {
        let (major, minor, patch) = self.helm;
        Version::new(major, minor, patch)
    }
}

/// The tools whose Helm version lies in an era.
pub fn of(era: Era) -> impl Iterator<Item = &'static Tool> {
    TOOLS
        .iter()
        .filter(move |tool| era.span().contains(&tool.helm()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_listed_once_with_a_released_helm() {
        let counted: usize = Era::ALL.iter().map(|era| of(*era).count()).sum();
        assert_eq!(counted, TOOLS.len());
        for tool in TOOLS {
            let releases = Era::ALL
                .iter()
                .flat_map(|era| super::super::releases::of(*era));
            let mut versions = releases.map(|release| release.version);
            assert!(
                versions.any(|version| version == tool.helm()),
                "{}",
                tool.name
            );
        }
    }
}
