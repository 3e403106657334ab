//! The flows of a user, each in the command line of its era: what has to be there before, what is run, and
//! what must have come of it.
//!
//! An exit code of 0 is not enough: what was pushed must be there byte for byte, and what was pulled must be
//! what was pushed.

mod chart;
mod dependency;
mod effect;
mod login;
mod pull;
mod push;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use helm_oci_fixtures::chart::ChartPackage;
use helm_oci_fixtures::digest::sha256;
use helm_oci_fixtures::manifest::Shape;
use helm_oci_suite::helm::era::Flow;
use helm_oci_suite::session::Session;
use helm_oci_suite::session::target::{Credentials, Target};
use helm_oci_suite::verdict::Stop;
use semver::Version;
use thiserror::Error;

use self::effect::Effect;
use super::{Ended, Exit, Helm, HelmError, Home, Names, last_words};

/// How long one run of Helm may take. Helm 3.18 and later wait up to 7 s between attempts.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// 2026-01-01T00:00:00Z: the modification time of archives, which Helm 3.17 and later push as `created`.
const MODIFIED: Duration = Duration::from_secs(1_767_225_600);

/// A Helm in a home, in front of a registry.
pub struct Scene<'a> {
    /// The Helm.
    pub helm: &'a Helm,
    /// Where it lives.
    pub home: &'a Home,
    /// The registry as one arranges it: it has the origin that Helm is told.
    pub target: Target,
    /// What stands in texts for what differs from run to run, but for home, registry and repository, which
    /// the flow fills in.
    pub names: Names,
    /// The absolute path of a kubeconfig whose cluster takes dry runs. Without one Helm 4 alone can be asked for
    /// a dry run: Helm 3 wants a cluster for it, whatever its help says.
    pub kubeconfig: Option<PathBuf>,
}

/// A flow that is ready to be played: what it needs is there.
pub struct Prepared {
    acts: Vec<Act>,
}

/// One run of Helm in a repository of its own, and what must come of it.
struct Act {
    session: Arc<Session>,
    arguments: Vec<String>,
    input: Option<String>,
    effect: Effect,
    /// Whether it works on what the act before it left in the cache.
    needs_cache: bool,
}

/// How a flow went.
#[derive(Debug, Clone)]
pub struct Played {
    /// The runs of Helm, in order; after one that failed there are no more.
    pub runs: Vec<Ended>,
    /// Why the flow failed, if it did, in words without what differs from run to run.
    pub failure: Option<String>,
}

/// Why a flow could not be played; nothing of this is the registry's or Helm's doing.
#[derive(Debug, Error)]
pub enum FlowError {
    /// What the flow needs beforehand could not be arranged.
    #[error("cannot arrange {flow}: {what}")]
    Arrangement {
        /// The flow.
        flow: Flow,
        /// What happened.
        what: String,
    },
    /// Helm could not be run.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// A file could not be written or read.
    #[error("cannot work in the home of Helm")]
    Home(#[from] io::Error),
}

/// Arranges what a flow needs, in an emptied home.
///
/// With a user name and a password in the target, Helm is logged in first, unless that is the flow. A token stands
/// where a login would have left it.
pub async fn prepare(scene: &Scene<'_>, flow: Flow) -> Result<Prepared, FlowError> {
    scene.home.clear()?;
    let backstage = Backstage {
        scene,
        flow,
        session: scene.session(&format!("flow/{flow}")),
    };
    match &scene.target.credentials {
        Some(Credentials::Login(_)) if flow != Flow::Login => {
            backstage.succeed(&login::act(&backstage)).await?;
        }
        Some(token) => scene.home.keep(scene.host(), token)?,
        None => {}
    }
    let acts = match flow {
        Flow::ChartPush => chart::push(&backstage)?,
        Flow::ChartPull => chart::pull(&backstage).await?,
        Flow::Push => push::push(&backstage, "1.0.0")?,
        Flow::PushPlus => push::push(&backstage, "1.0.0+build.5")?,
        Flow::RePush => push::again(&backstage).await?,
        Flow::PushChanged => push::changed(&backstage).await?,
        Flow::PushProv => push::signed(&backstage)?,
        Flow::Pull => pull::exact(&backstage, "1.0.0").await?,
        Flow::PullPlus => pull::exact(&backstage, "1.0.0+build.5").await?,
        Flow::PullProv => pull::signed(&backstage).await?,
        Flow::PullRange => pull::range(&backstage).await?,
        Flow::PullUnversioned => pull::unversioned(&backstage).await?,
        Flow::PullDigest => pull::pinned(&backstage).await?,
        Flow::DependencyUpdate => dependency::acts(&backstage).await?,
        Flow::Show => pull::show(&backstage).await?,
        Flow::Login => vec![login::act(&backstage), login::logout(&backstage)],
    };
    Ok(Prepared { acts })
}

impl Prepared {
    /// Runs Helm through the flow, with a fresh cache each time, and looks at what came of it.
    pub async fn play(&self, scene: &Scene<'_>) -> Result<Played, FlowError> {
        let mut played = Played {
            runs: Vec::new(),
            failure: None,
        };
        for act in &self.acts {
            if !act.needs_cache {
                scene.home.fresh()?;
            }
            let ended = scene.run(act).await?;
            let trouble = if ended.is_success() {
                let trouble = act.effect.trouble(&act.session, scene.home, &ended).await;
                trouble.map(|why| format!("({why})"))
            } else {
                Some(match last_words(&ended) {
                    words if words.is_empty() => "(it said nothing)".to_owned(),
                    words => words,
                })
            };
            played.runs.push(ended);
            if let Some(trouble) = trouble {
                played.failure = Some(self.names(scene).normalise(&trouble));
                break;
            }
        }
        Ok(played)
    }

    /// What stands in texts for what differs from run to run.
    pub fn names(&self, scene: &Scene<'_>) -> Names {
        let origin = scene.target.origin().to_string();
        let repositories = self
            .acts
            .iter()
            .map(|act| act.session.repository().to_owned());
        Names {
            home: scene.home.root().display().to_string(),
            origin: origin.trim_end_matches('/').to_owned(),
            repositories: repositories.collect(),
            ..scene.names.clone()
        }
    }
}

impl Played {
    /// How the last run ended.
    pub fn exit(&self) -> Option<Exit> {
        self.runs.last().map(|run| run.exit)
    }
}

impl Scene<'_> {
    async fn run(&self, act: &Act) -> Result<Ended, HelmError> {
        self.helm
            .run(self.home, &act.arguments, act.input.as_deref(), DEADLINE)
            .await
    }

    /// A session whose repository no other Helm uses, so that several can come to one registry.
    fn session(&self, id: &str) -> Arc<Session> {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.helm.version;
        let pre = self.helm.version.pre.to_lowercase();
        let id = match pre.as_str() {
            "" => format!("helm-{major}.{minor}.{patch}/{id}"),
            pre => format!("helm-{major}.{minor}.{patch}-{pre}/{id}"),
        };
        Arc::new(Session::new(self.target.clone(), &id))
    }

    /// Host and port, as references have them.
    fn host(&self) -> &str {
        self.target
            .origin()
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// The flag that `command` needs to speak with a registry that has no TLS.
    fn transport(&self, command: &str) -> Option<String> {
        self.is_plain()
            .then(|| self.helm.plain_http(command))
            .flatten()
            .map(ToOwned::to_owned)
    }

    /// Whether `command` can speak with the registry at all: with TLS, with a flag, or because Helm up to 3.17
    /// speaks plain HTTP with its own machine.
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

    /// The manifest that this Helm writes.
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

/// Where a flow is made ready.
struct Backstage<'a> {
    scene: &'a Scene<'a>,
    flow: Flow,
    session: Arc<Session>,
}

impl Backstage<'_> {
    /// The same with another repository, so that one run of Helm takes nothing from the allowance of the next.
    fn elsewhere(&self, name: &str) -> Self {
        Self {
            scene: self.scene,
            flow: self.flow,
            session: self.scene.session(&format!("flow/{}-{name}", self.flow)),
        }
    }

    /// `oci://host/namespace`, which charts are pushed to.
    fn namespace(&self) -> String {
        let chart = self.chart_url();
        chart
            .rsplit_once('/')
            .map_or(chart.clone(), |(namespace, _)| namespace.to_owned())
    }

    /// `oci://host/namespace/name`, which charts are pulled from.
    fn chart_url(&self) -> String {
        format!("oci://{}/{}", self.scene.host(), self.session.repository())
    }

    /// A command of Helm's, with the flag that a registry without TLS needs.
    fn act(&self, command: &str, arguments: &[&str], effect: Effect) -> Act {
        let words = command
            .split(' ')
            .chain(arguments.iter().copied())
            .map(ToOwned::to_owned);
        let arguments = words.chain(self.scene.transport(command)).collect();
        Act {
            session: Arc::clone(&self.session),
            arguments,
            input: None,
            effect,
            needs_cache: false,
        }
    }

    /// Puts a chart into the registry in the shape this Helm writes, under the tag of its version.
    async fn store(
        &self,
        version: &str,
        is_signed: bool,
    ) -> Result<helm_oci_suite::session::steps::Chart, FlowError> {
        let package = self.session.package(version);
        let provenance = is_signed.then(|| helm_oci_fixtures::provenance::sign(&package));
        self.store_package(package, provenance, &version.replace('+', "_"))
            .await
    }

    async fn store_package(
        &self,
        package: ChartPackage,
        provenance: Option<Bytes>,
        tag: &str,
    ) -> Result<helm_oci_suite::session::steps::Chart, FlowError> {
        let stored = async {
            let chart = self
                .session
                .arrange_blobs_of(package, self.scene.shape(), provenance)
                .await?;
            self.session.arrange_manifest(tag, &chart.manifest).await?;
            self.settle(&chart.blobs(), &chart.digest).await?;
            Ok(chart)
        };
        stored.await.map_err(|stop| self.refused(stop))
    }

    /// Looks at a chart from all sides, as time and others do before somebody else comes for it: what lags
    /// behind a push has caught up.
    async fn settle(&self, blobs: &[Bytes], manifest: &str) -> Result<(), Stop> {
        for blob in blobs {
            self.session.head_blob(&sha256(blob)).await?;
        }
        self.session.head_manifest(manifest).await?;
        self.session.list_tags().await?;
        Ok(())
    }

    /// Runs Helm in preparation; it must succeed.
    async fn succeed(&self, act: &Act) -> Result<(), FlowError> {
        let ended = self.scene.run(act).await?;
        if ended.is_success() {
            return Ok(());
        }
        let what = format!(
            "`helm {}` failed: {}",
            act.arguments.join(" "),
            last_words(&ended)
        );
        Err(FlowError::Arrangement {
            flow: self.flow,
            what,
        })
    }

    fn refused(&self, stop: Stop) -> FlowError {
        let what = match stop {
            Stop::Inconclusive(obstacle) => obstacle.what,
            Stop::NotApplicable(why) => why,
            Stop::Violated(finding) => finding.actual,
        };
        FlowError::Arrangement {
            flow: self.flow,
            what,
        }
    }

    /// Writes a file into the working folder, with a time that does not change.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.scene.home.work().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        fs::write(&path, bytes)?;
        File::options()
            .write(true)
            .open(&path)?
            .set_modified(SystemTime::UNIX_EPOCH + MODIFIED)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use helm_oci_fixtures::registry::Access;

    use super::super::{Stage, Wings};
    use super::*;

    /// The acts of a flow of a Helm that knows no flags.
    async fn acts(version: &str, origin: &str, kubeconfig: Option<&str>, flow: Flow) -> Vec<Act> {
        let helm = Helm {
            path: PathBuf::from("helm"),
            version: version.parse().expect("a version"),
            plain_http: BTreeSet::new(),
        };
        let stage = Arc::new(Stage::new(Access::Open, &[]));
        let origin = origin.parse().expect("an origin");
        let home = Home::new().expect("a home");
        let scene = Scene {
            helm: &helm,
            home: &home,
            target: Target::new(Arc::new(Wings::new(stage, origin)), 1),
            names: Names::default(),
            kubeconfig: kubeconfig.map(PathBuf::from),
        };
        let prepared = prepare(&scene, flow).await.expect("it can be arranged");
        prepared.acts
    }

    #[tokio::test]
    async fn a_dry_run_is_had_from_helm_4_and_from_others_with_a_cluster() {
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
            let acts = acts(version, "https://registry.example", kubeconfig, Flow::Show).await;
            let found: Vec<&String> = acts.iter().map(|act| &act.arguments[0]).collect();
            assert_eq!(found, commands, "{version}");
            for act in acts.iter().skip(2) {
                let words = act.arguments.join(" ");
                assert!(words.ends_with(dry_run), "{version}: {words}");
            }
        }
    }

    #[tokio::test]
    async fn what_cannot_reach_the_registry_is_left_out() {
        let flow = Flow::DependencyUpdate;
        for (version, origin, count) in [
            ("3.10.1", "http://registry.example:5000", 1),
            ("3.10.1", "http://localhost:5000", 3),
            ("3.10.1", "https://registry.example", 3),
            ("3.7.2", "http://localhost:5000", 2),
            ("3.18.6", "http://localhost:5000", 1),
        ] {
            let acts = acts(version, origin, None, flow).await;
            assert_eq!(acts.len(), count, "{version}, {origin}");
        }
    }

    #[tokio::test]
    async fn each_act_of_each_helm_has_a_repository_of_its_own() {
        let mut repositories = BTreeSet::new();
        for version in ["3.10.1", "3.10.2", "4.3.0-RC.1+build.5"] {
            let flow = Flow::DependencyUpdate;
            for act in acts(version, "https://registry.example", None, flow).await {
                let repository = act.session.repository().to_owned();
                assert_eq!(repository, repository.to_lowercase());
                assert!(repositories.insert(repository.clone()), "{repository}");
            }
        }
        assert_eq!(repositories.len(), 9);
    }

    #[tokio::test]
    async fn both_orders_of_layers_are_pushed() {
        let acts = acts("4.2.4", "https://registry.example", None, Flow::PushProv).await;
        let is_first = acts.iter().map(|act| match &act.effect {
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
