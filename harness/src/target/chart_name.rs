//! The name of an existing chart, as Helm users write it.

use helm_oci_suite::oci::{RepositoryName, Tag};
use thiserror::Error;

/// The repository and tag of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartName {
    /// Its repository, without the host.
    pub repository: RepositoryName,
    /// Its tag.
    pub tag: Tag,
}

/// A text that is not the name of a chart on the target.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChartNameError {
    /// The text has another form.
    #[error(
        "invalid chart name `{given}`; use a name such as oci://HOST/charts/nginx:1.2.3, or nginx:1.2.3"
    )]
    Form {
        /// The text, as given.
        given: String,
    },
    /// The chart is in another registry.
    #[error("the chart {given} is not on the target {host}; name a chart on {host}")]
    Elsewhere {
        /// The text, as given.
        given: String,
        /// The host of the target.
        host: String,
    },
}

impl ChartName {
    /// Parses `oci://HOST/REPOSITORY:VERSION` with this host, or `NAME:VERSION` in this namespace. The `+` of a version
    /// becomes `_` in its tag.
    pub fn parse(
        given: &str,
        host: Option<&str>,
        namespace: Option<&RepositoryName>,
    ) -> Result<Self, ChartNameError> {
        let invalid = || ChartNameError::Form {
            // The text before an `@` may be a password.
            given: given.rsplit('@').next().unwrap_or(given).to_owned(),
        };
        let (name, version) = given.rsplit_once(':').ok_or_else(invalid)?;
        let repository = match (name.strip_prefix("oci://"), namespace) {
            (Some(path), _) => {
                let (own, repository) = path.split_once('/').ok_or_else(invalid)?;
                if own.contains('@') {
                    return Err(invalid());
                }
                if let Some(host) = host.filter(|host| *host != own) {
                    return Err(ChartNameError::Elsewhere {
                        given: given.to_owned(),
                        host: host.to_owned(),
                    });
                }
                repository.to_owned()
            }
            (None, Some(namespace)) => format!("{namespace}/{name}"),
            (None, None) => name.to_owned(),
        };
        Ok(Self {
            repository: repository.try_into().map_err(|_| invalid())?,
            tag: Tag::of_version(version).map_err(|_| invalid())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_named_as_in_helm_or_within_the_namespace() {
        let host = Some("r.example:5000");
        for (given, namespace, repository, tag) in [
            (
                "oci://r.example:5000/a/nginx:1.2.3",
                None,
                "a/nginx",
                "1.2.3",
            ),
            (
                "oci://r.example:5000/a/nginx:1.2.3+b.5",
                Some("x"),
                "a/nginx",
                "1.2.3_b.5",
            ),
            (
                "nginx:1.2.3",
                Some("team/charts"),
                "team/charts/nginx",
                "1.2.3",
            ),
            ("a/nginx:latest", None, "a/nginx", "latest"),
        ] {
            let namespace = namespace.map(|text: &str| text.parse().expect("a name"));
            let chart = ChartName::parse(given, host, namespace.as_ref()).expect(given);
            assert_eq!(
                (&*chart.repository, &*chart.tag),
                (repository, tag),
                "{given}"
            );
        }
        for given in [
            "nginx",
            "nginx:",
            "oci://r.example:5000",
            "Nginx:1",
            "nginx:1/2",
            "oci://other/a:1",
            "a..b:1",
        ] {
            ChartName::parse(given, host, None).expect_err(given);
        }
        let secret = ChartName::parse("oci://me:canary@r.example:5000/a:1", host, None);
        assert!(
            !secret
                .expect_err("no credentials")
                .to_string()
                .contains("canary")
        );
    }
}
