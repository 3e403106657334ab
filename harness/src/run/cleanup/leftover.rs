//! The leftovers of a clean-up, each with its reason, and with a command that deletes it where there is one.

use helm_oci_reports::record::{Leftover, LeftoverKind};
use helm_oci_suite::session::Session;
use helm_oci_suite::session::challenge::Challenge;
use helm_oci_suite::session::target::Credentials;
use http::{Method, StatusCode};

use super::sweep::{Item, State, Sweep, path};

/// The commands that delete leftovers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Commands {
    /// A `curl` command for each item, with or without an account.
    Curl {
        /// True if the registry requires an account.
        with_account: bool,
    },
    /// The `gc` of this program for everything that has a tag: the registry accepts tokens only, and `curl` cannot
    /// obtain one.
    Gc(String),
    /// None.
    None,
}

impl Commands {
    /// The commands for the target of a session. `gc` itself offers no `gc`.
    pub(super) async fn of(session: &Session, is_gc: bool) -> Self {
        let Some(credentials) = &session.target().credentials else {
            return Self::Curl {
                with_account: false,
            };
        };
        let is_login = matches!(credentials, Credentials::Login(_));
        if is_login && accepts_basic(session).await {
            return Self::Curl { with_account: true };
        }
        if is_gc { Self::None } else { Self::gc(session) }
    }

    fn gc(session: &Session) -> Self {
        let target = session.target();
        let namespace = target.namespace.as_deref();
        let namespace = namespace.map(|namespace| format!("/{namespace}"));
        let url = format!("{}{}", origin(session), namespace.unwrap_or_default());
        let login = match &target.credentials {
            Some(Credentials::Login(_)) => " --username USER --password-stdin",
            Some(Credentials::IdentityToken(_)) => " --identity-token-stdin",
            Some(Credentials::RegistryToken(_)) => " --registry-token-stdin",
            None => "",
        };
        let run = target.run();
        Self::Gc(format!("helm-oci-conformance gc {url} --run {run}{login}"))
    }
}

/// True if the registry offers HTTP Basic.
async fn accepts_basic(session: &Session) -> bool {
    let reply = session.call(Method::GET, "/v2/").anonymous().send().await;
    reply.is_ok_and(|reply| {
        let challenges = Challenge::all(&reply.headers);
        challenges.iter().any(|one| one.scheme == "basic")
    })
}

fn origin(session: &Session) -> String {
    let origin = session.target().origin().to_string();
    origin.trim_end_matches('/').to_owned()
}

impl Sweep<'_> {
    /// The items that are not deleted, with the reason; `pending` is the reason of those that were not tried.
    pub(super) fn leftovers(&self, pending: &str, commands: &Commands) -> Vec<Leftover> {
        let left = self.left().clone();
        let leftovers = left.iter().filter(|((repository, kind, name), state)| {
            // A tag that was not tried is left because its manifest is.
            let manifest = || self.stored[repository].tags[name].as_deref();
            *kind != LeftoverKind::Tag
                || **state != State::Pending
                || !manifest().is_some_and(|digest| {
                    let item = (
                        repository.clone(),
                        LeftoverKind::Manifest,
                        digest.to_owned(),
                    );
                    left.contains_key(&item)
                })
        });
        let has_tag = |repository: &str| {
            let mut items = left.keys();
            items.any(|(own, kind, _)| own == repository && *kind == LeftoverKind::Tag)
        };
        leftovers
            .map(|(item, state)| {
                let (why, can_be_deleted) = self.reason(item, state, pending);
                let (repository, kind, name) = item.clone();
                let command = can_be_deleted
                    .then(|| self.command(item, commands, has_tag(&repository)))
                    .flatten();
                Leftover {
                    repository,
                    kind,
                    name,
                    why,
                    command,
                }
            })
            .collect()
    }

    /// The reason why an item is left, and whether a command may delete it.
    fn reason(&self, (_, kind, _): &Item, state: &State, pending: &str) -> (String, bool) {
        match state {
            State::Pending => match self.refusal_of(*kind) {
                Some(status) => (incapable(*kind, status), false),
                None => (pending.to_owned(), true),
            },
            State::NoResponse(what) => (what.clone(), true),
            State::Refused(status, _) if self.is_incapable(*status, *kind) => {
                (incapable(*kind, *status), false)
            }
            State::Refused(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), code) => (
                format!(
                    "the registry returned {status} to DELETE{code}; use an account that may delete"
                ),
                false,
            ),
            State::Refused(status, code) => (
                format!("the registry returned {status} to DELETE{code}"),
                true,
            ),
            State::Kept(deleted, head) => (
                format!(
                    "the registry returned {deleted} to DELETE, and still returns {head} to HEAD"
                ),
                false,
            ),
            State::Listed { is_tried: true } => (
                "deleted, and still in the list of tags; ask its operator".to_owned(),
                false,
            ),
            State::Listed { is_tried: false } => (
                "its manifest is deleted, and it is still in the list of tags".to_owned(),
                true,
            ),
        }
    }

    /// The status with which the registry states that it deletes nothing of a kind.
    fn refusal_of(&self, kind: LeftoverKind) -> Option<StatusCode> {
        let left = self.left();
        let refused = left.iter().find_map(|((_, own, _), state)| match state {
            State::Refused(status, _) if *own == kind && self.is_incapable(*status, kind) => {
                Some(*status)
            }
            _ => None,
        });
        refused.or_else(|| self.refused.get(&kind).copied())
    }

    /// The command that deletes an item. It asks for the password.
    fn command(&self, item: &Item, commands: &Commands, has_tag: bool) -> Option<String> {
        match commands {
            Commands::Curl { with_account } => {
                let user = if *with_account { " --user USER" } else { "" };
                let origin = origin(self.session);
                Some(format!("curl -X DELETE{user} '{origin}{}'", path(item)))
            }
            Commands::Gc(command) => has_tag.then(|| command.clone()),
            Commands::None => None,
        }
    }
}

/// The reason of items of a kind that the registry does not delete.
fn incapable(kind: LeftoverKind, status: StatusCode) -> String {
    let kind = kind.name();
    format!(
        "the registry returned {status} to DELETE: it does not delete {kind}s over its API; ask its operator"
    )
}
