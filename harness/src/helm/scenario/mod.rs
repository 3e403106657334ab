//! The flows of a user in the command lines of each era: preconditions, invocations, and effects.
//!
//! An exit code of 0 is not enough: the registry must store the pushed bytes, and a pull must return them.

mod arrangement;
mod chart;
mod dependency;
mod effect;
mod login;
mod pull;
mod push;
mod stored;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use helm_oci_fixtures::manifest::Shape;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{Credentials, Target};
use semver::Version;
use thiserror::Error;

use self::arrangement::Arrangement;
use self::effect::Effect;
use super::{Exit, Helm, HelmError, Home, Placeholders, ProcessOutput, final_error};

/// The time limit of one run of Helm. Helm 3.18 and later wait up to 7 s between retries.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// 2026-01-01T00:00:00Z: the modification time of archives, which Helm 3.17 and later push as `created`.
const MODIFIED: Duration = Duration::from_secs(1_767_225_600);

/// A Helm binary with a home directory and a registry.
pub struct Scenario<'a> {
    /// The binary.
    pub helm: &'a Helm,
    /// Its home directory.
    pub home: &'a Home,
    /// The registry for the arrangement, with the origin that Helm uses.
    pub target: Target,
    /// Placeholders in output; the flow adds home directory, registry and repository.
    pub placeholders: Placeholders,
    /// The absolute path of a kubeconfig of a cluster for dry runs. Without one only Helm 4 does dry runs: Helm 3
    /// connects to a cluster, contrary to its help.
    pub kubeconfig: Option<PathBuf>,
}

/// A flow with its preconditions arranged.
pub struct Prepared {
    invocations: Vec<Invocation>,
}

/// One run of Helm in a repository of its own, and its expected effect.
struct Invocation {
    session: Arc<Session>,
    arguments: Vec<String>,
    input: Option<String>,
    effect: Effect,
    /// True if it needs the cache of the previous invocation.
    needs_cache: bool,
}

/// The result of a flow.
#[derive(Debug, Clone)]
pub struct ScenarioResult {
    /// The runs of Helm, in order, up to the first failure.
    pub runs: Vec<ProcessOutput>,
    /// The reason of a failure; values that differ from run to run are replaced by placeholders.
    pub failure: Option<String>,
}

/// A reason why a flow could not be run that is caused neither by Helm nor by the registry's handling of Helm.
#[derive(Debug, Error)]
pub enum FlowError {
    /// A precondition could not be arranged.
    #[error("cannot arrange {flow}: {what}")]
    Arrangement {
        /// The flow.
        flow: Flow,
        /// The cause.
        what: String,
    },
    /// Helm could not be run.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// A file in the home directory could not be written or read.
    #[error("cannot read or write in the temporary home directory of Helm")]
    Home(#[from] io::Error),
}

/// Empties the home directory and arranges the preconditions of a flow.
///
/// If the target has a user name and a password, Helm logs in first, unless that is the flow. A token is stored in the
/// credentials files.
pub async fn prepare(scenario: &Scenario<'_>, flow: Flow) -> Result<Prepared, FlowError> {
    scenario.home.clear()?;
    let arrangement = Arrangement {
        scenario,
        flow,
        session: scenario.session(&format!("flow/{flow}")),
    };
    match &scenario.target.credentials {
        Some(Credentials::Login(_)) if flow != Flow::Login => {
            arrangement
                .succeed(&login::invocation(&arrangement))
                .await?;
        }
        Some(token) => scenario.home.store_token(scenario.host(), token)?,
        None => {}
    }
    let invocations = match flow {
        Flow::ChartPush => chart::push(&arrangement)?,
        Flow::ChartPull => chart::pull(&arrangement).await?,
        Flow::Push => push::push(&arrangement, "1.0.0")?,
        Flow::PushPlus => push::push(&arrangement, "1.0.0+build.5")?,
        Flow::RePush => push::again(&arrangement).await?,
        Flow::PushChanged => push::changed(&arrangement).await?,
        Flow::PushProv => push::signed(&arrangement)?,
        Flow::PushPull if scenario.helm.is_since(3, 7, 0) => push::and_pull(&arrangement)?,
        Flow::PushPull => chart::push_and_pull(&arrangement)?,
        Flow::Pull => pull::exact(&arrangement, "1.0.0").await?,
        Flow::PullPlus => pull::exact(&arrangement, "1.0.0+build.5").await?,
        Flow::PullProv => pull::signed(&arrangement).await?,
        Flow::PullRange => pull::range(&arrangement).await?,
        Flow::PullUnversioned => pull::unversioned(&arrangement).await?,
        Flow::PullDigest => pull::pinned(&arrangement).await?,
        Flow::DependencyUpdate => dependency::invocations(&arrangement).await?,
        Flow::DependencyRange => dependency::ranges(&arrangement).await?,
        Flow::Show => pull::show(&arrangement).await?,
        Flow::Login => vec![login::invocation(&arrangement), login::logout(&arrangement)],
    };
    Ok(Prepared { invocations })
}

impl Prepared {
    /// Runs the invocations of the flow, each with an empty cache, and checks their effects.
    pub async fn run(&self, scenario: &Scenario<'_>) -> Result<ScenarioResult, FlowError> {
        let mut result = ScenarioResult {
            runs: Vec::new(),
            failure: None,
        };
        for invocation in &self.invocations {
            if !invocation.needs_cache {
                scenario.home.clear_cache()?;
            }
            let ended = scenario.run(invocation).await?;
            let failure = if ended.is_success() {
                let failure = invocation
                    .effect
                    .failure(&invocation.session, scenario.home, &ended)
                    .await;
                failure.map(|why| format!("({why})"))
            } else {
                Some(match final_error(&ended) {
                    words if words.is_empty() => "(no output)".to_owned(),
                    words => words,
                })
            };
            result.runs.push(ended);
            if let Some(failure) = failure {
                result.failure = Some(self.placeholders(scenario).normalise(&failure));
                break;
            }
        }
        Ok(result)
    }

    /// The placeholders of this run.
    pub fn placeholders(&self, scenario: &Scenario<'_>) -> Placeholders {
        let origin = scenario.target.origin().to_string();
        let repositories = self
            .invocations
            .iter()
            .map(|invocation| invocation.session.repository().to_string());
        Placeholders {
            home: scenario.home.root().display().to_string(),
            origin: origin.trim_end_matches('/').to_owned(),
            repositories: repositories.collect(),
            ..scenario.placeholders.clone()
        }
    }
}

impl ScenarioResult {
    /// The end of the last run.
    pub fn exit(&self) -> Option<Exit> {
        self.runs.last().map(|run| run.exit)
    }
}

impl Scenario<'_> {
    async fn run(&self, invocation: &Invocation) -> Result<ProcessOutput, HelmError> {
        self.helm
            .run(
                self.home,
                &invocation.arguments,
                invocation.input.as_deref(),
                DEADLINE,
            )
            .await
    }

    /// A session in a repository of this Helm version, so that several versions can use one registry.
    fn session(&self, id: &str) -> Arc<Session> {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.helm.version;
        let mut helm = format!("helm-{major}.{minor}.{patch}");
        // Empty parts would give two separators in a row, which a repository name cannot have.
        let pre = self.helm.version.pre.to_lowercase();
        for part in pre.split(['.', '-']).filter(|part| !part.is_empty()) {
            helm.push('-');
            helm.push_str(part);
        }
        let id = format!("{helm}/{id}");
        Arc::new(Session::new(self.target.clone(), &id))
    }

    /// Host and port, as in references.
    fn host(&self) -> &str {
        self.target
            .origin()
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// The flag of `command` for a registry without TLS, if it needs one.
    fn transport(&self, command: &str) -> Option<String> {
        self.is_plain()
            .then(|| self.helm.plain_http(command))
            .flatten()
            .map(ToOwned::to_owned)
    }

    /// True if `command` can connect to the registry: over TLS, with a flag, or because Helm up to 3.17 uses plain HTTP
    /// on its own machine.
    fn reaches(&self, command: &str) -> bool {
        let host = self.target.origin().host().unwrap_or_default();
        let is_local = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        !self.is_plain()
            || self.helm.plain_http(command).is_some()
            || (is_local && !self.helm.is_since(3, 18, 0))
    }

    fn is_plain(&self) -> bool {
        self.target.origin().scheme_str() == Some("http")
    }

    /// The shape of manifests of this Helm version.
    fn shape(&self) -> Shape {
        let since = |minor| self.helm.is_since(3, minor, 0);
        match () {
            () if since(13) => Shape::Helm313,
            () if since(12) => Shape::Helm312,
            () if since(8) => Shape::Helm38,
            () if since(7) => Shape::Helm37,
            () => Shape::Legacy,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use helm_oci_fixtures::digest::sha256;
    use helm_oci_fixtures::registry::Access;

    use super::super::{FaultServer, InProcessClient};
    use super::*;

    /// The invocations of a flow for a Helm version without `--plain-http`.
    async fn invocations(
        version: &str,
        origin: &str,
        kubeconfig: Option<&str>,
        flow: Flow,
    ) -> Vec<Invocation> {
        let helm = Helm {
            path: PathBuf::from("helm"),
            version: version.parse().expect("a version"),
            plain_http: BTreeSet::new(),
        };
        let server = Arc::new(FaultServer::new(Access::Open, &[]));
        let origin = origin.parse().expect("an origin");
        let home = Home::new().expect("a home");
        let scenario = Scenario {
            helm: &helm,
            home: &home,
            target: Target::new(Arc::new(InProcessClient::new(server, origin)), 1),
            placeholders: Placeholders::default(),
            kubeconfig: kubeconfig.map(PathBuf::from),
        };
        let prepared = prepare(&scenario, flow).await.expect("it can be arranged");
        prepared.invocations
    }

    #[tokio::test]
    async fn dry_runs_require_helm_4_or_a_cluster() {
        let cluster = Some("/home/user/kubeconfig");
        for (version, kubeconfig, commands, dry_run) in [
            ("3.7.2", cluster, vec!["show", "template"], ""),
            ("3.10.1", None, vec!["show", "template"], ""),
            (
                "3.12.3",
                cluster,
                vec!["show", "template", "install", "upgrade"],
                "--dry-run --kubeconfig /home/user/kubeconfig",
            ),
            (
                "3.21.1",
                cluster,
                vec!["show", "template", "install", "upgrade"],
                "--dry-run=client --kubeconfig /home/user/kubeconfig",
            ),
            (
                "4.2.4",
                None,
                vec!["show", "template", "install"],
                "--dry-run=client",
            ),
        ] {
            let invocations =
                invocations(version, "https://registry.example", kubeconfig, Flow::Show).await;
            let found: Vec<&String> = invocations
                .iter()
                .map(|invocation| &invocation.arguments[0])
                .collect();
            assert_eq!(found, commands, "{version}");
            for invocation in invocations.iter().skip(2) {
                let words = invocation.arguments.join(" ");
                assert!(words.ends_with(dry_run), "{version}: {words}");
            }
        }
    }

    #[tokio::test]
    async fn commands_that_cannot_reach_the_registry_are_left_out() {
        let flow = Flow::DependencyUpdate;
        for (version, origin, count) in [
            ("3.10.1", "http://registry.example:5000", 1),
            ("3.10.1", "http://localhost:5000", 3),
            ("3.10.1", "https://registry.example", 3),
            ("3.7.2", "http://localhost:5000", 2),
            ("3.18.6", "http://localhost:5000", 1),
        ] {
            let invocations = invocations(version, origin, None, flow).await;
            assert_eq!(invocations.len(), count, "{version}, {origin}");
        }
    }

    #[tokio::test]
    async fn each_invocation_of_each_helm_version_has_its_own_repository() {
        let mut repositories = BTreeSet::new();
        for version in ["3.10.1", "3.10.2", "4.3.0-RC.1+build.5"] {
            let flow = Flow::DependencyUpdate;
            for invocation in invocations(version, "https://registry.example", None, flow).await {
                let repository = invocation.session.repository().to_string();
                assert_eq!(repository, repository.to_lowercase());
                assert!(repositories.insert(repository.clone()), "{repository}");
            }
        }
        assert_eq!(repositories.len(), 9);
    }

    #[tokio::test]
    async fn both_orders_of_layers_are_pushed() {
        let invocations =
            invocations("4.2.4", "https://registry.example", None, Flow::PushProv).await;
        let is_first = invocations
            .iter()
            .map(|invocation| match &invocation.effect {
                Effect::Stored {
                    package,
                    provenance: Some(provenance),
                    ..
                } => sha256(provenance) < package.digest(),
                _ => panic!("a signed push stores a chart and its provenance"),
            });
        assert_eq!(is_first.collect::<Vec<_>>(), [false, true]);
    }
}
