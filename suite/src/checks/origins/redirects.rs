//! Redirects of blobs.

use std::collections::BTreeSet;
use std::net::IpAddr;

use http::{Method, Uri};

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, NOT_HARDENED};
use crate::oci::url::is_same_origin;
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};
use crate::wire::exchange::redact_url;

/// The number of redirects after which a check stops to follow a chain.
const MANY: usize = 20;

/// The number of redirects that Go follows: it gives up at the tenth.
const FOLLOWED: usize = 9;

/// The redirect in response to GET of a chart's layer; skips registries that do not redirect blobs.
async fn redirected(session: &Session) -> Result<Reply, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if first.status.is_redirection() {
        Ok(first)
    } else {
        Err(Stop::condition_not_met(
            "the registry does not redirect blobs",
        ))
    }
}

/// The target of a redirect.
fn target(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location)
}

/// The responses from the first redirect to the end of the chain, or until a URL occurs twice.
async fn chain(session: &Session) -> Result<Vec<Reply>, Stop> {
    let mut replies = vec![redirected(session).await?];
    let mut visited = BTreeSet::from([replies[0].uri.to_string()]);
    while replies.len() <= MANY {
        let last = &replies[replies.len() - 1];
        if !last.status.is_redirection() {
            break;
        }
        let next = target(session, last)?;
        if !visited.insert(next.to_string()) {
            break;
        }
        let call = session.call_uri(Method::GET, Ok(next)).anonymous();
        replies.push(call.send().await?);
    }
    Ok(replies)
}

requirement! {
    /// If the registry redirects a blob, the chain of redirects ends.
    ///
    /// ## Why Helm needs it
    /// Most Helm versions give up after ten redirects. Helm 3.21.1, 4.2.1 and later follow a loop without end.
    ///
    /// ## How it is checked
    /// If a blob is redirected, the check follows the chain without credentials, up to twenty steps. It must end
    /// before a URL occurs twice.
    ENDS = "origins/redirect-ends" {
        level: Must,
        title: "the redirects of a blob end",
        covers: ["REG-PUL-13"],
        sources: [HTTP.states(
            "status.3xx",
            "A client SHOULD detect and intervene in cyclical redirections (i.e., \"infinite\" redirection loops).",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::RedirectLoop),
        ],
        faults: [RedirectsBlobsInCircles],
        check: ends,
    }
}

async fn ends(session: &Session) -> CheckResult {
    let replies = chain(session).await?;
    let (first, last) = (&replies[0], &replies[replies.len() - 1]);
    expect::holds(
        !last.status.is_redirection(),
        "a chain of redirects that ends",
        format!("no end after {} redirects", replies.len()),
        &[first, last],
    )
}

requirement! {
    /// If the registry redirects a blob, at most nine redirects lead to it.
    ///
    /// ## Why Helm needs it
    /// The HTTP client of Helm gives up at the tenth redirect. Helm 3.21.1, 4.2.1 and later have no limit.
    ///
    /// ## How it is checked
    /// If a blob is redirected, the check follows the chain without credentials. It must end after at most nine
    /// redirects.
    FEW = "origins/few-redirects" {
        level: Must,
        title: "a blob is at most nine redirects away",
        covers: ["REG-PUL-13"],
        sources: [observed("7.6", "a chain of redirects ends with `stopped after 10 redirects`, except in Helm 3.21.1 and 4.2.4")],
        breaks: [
            Break::new(NOT_HARDENED, Flow::PULLS, Symptom::RedirectLoop),
        ],
        faults: [RedirectsBlobsTenTimes],
        check: few,
    }
}

async fn few(session: &Session) -> CheckResult {
    let replies = chain(session).await?;
    let (first, last) = (&replies[0], &replies[replies.len() - 1]);
    if last.status.is_redirection() {
        return Err(obstacle("follow the redirects to their end", last));
    }
    let count = replies.len() - 1;
    expect::holds(
        count <= FOLLOWED,
        format!("at most {FOLLOWED} redirects"),
        format!("{count} redirects"),
        &[first, last],
    )
}

requirement! {
    /// If the registry redirects a blob, the target serves it without credentials.
    ///
    /// ## Why Helm needs it
    /// Helm drops `Authorization` if a redirect leaves the host; Helm 3.21.1, 4.2.1 and later drop it if the redirect
    /// leaves the origin.
    ///
    /// ## How it is checked
    /// If a blob is redirected, the check follows the redirect without credentials. The target must not return 401 or
    /// 403.
    OPEN = "origins/redirect-needs-no-credentials" {
        level: Must,
        title: "a redirected blob needs no credentials",
        covers: ["REG-PUL-14", "B07"],
        sources: [observed("4.3", "Helm drops `Authorization` when the host changes")],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::BlobGet),
        ],
        faults: [RedirectsBlobsToPrivateStore],
        check: redirect_open,
    }
}

async fn redirect_open(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if !first.status.is_redirection() {
        return Err(Stop::condition_not_met(
            "the registry does not redirect blobs",
        ));
    }
    let reply = session.follow_blob(&chart.layer_digest()).await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the blob from the target of the redirect, without credentials",
        format!("status {}", reply.status),
        &[&first, &reply],
    )
}

requirement! {
    /// A blob store on the registry's own host accepts requests with an `Authorization` header.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends the header again if a redirect stays on the host. Stores that sign their URLs reject
    /// a request with both a signature and the header.
    ///
    /// ## How it is checked
    /// If a blob is redirected within the registry's origin, the check follows the redirect with its authorization,
    /// and after a 4xx without. The requirement is violated if only the second request succeeds.
    AUTHORITY = "origins/store-takes-authorization" {
        level: Must,
        title: "a blob store on the registry's host accepts the registry's `Authorization`",
        covers: ["REG-PUL-15", "B06"],
        sources: [HTTP.states(
            "status.3xx",
            "Consider removing header fields that were not automatically generated by the implementation (i.e., those present in the request because they were added by the calling context) where there are security implications; this includes but is not limited to Authorization and Cookie.",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::BlobGet),
        ],
        faults: [StoreRefusesAuthorization],
        proven_on: Bearer,
        check: authority,
    }
}

async fn authority(session: &Session) -> CheckResult {
    let first = redirected(session).await?;
    let store = target(session, &first)?;
    if !is_same_origin(&store, session.target().origin()) {
        return Err(Stop::condition_not_met(
            "the registry redirects blobs to another origin",
        ));
    }
    let get = || session.call_uri(Method::GET, Ok(store.clone()));
    let with = get().as_in_repository().send().await?;
    if !with.status.is_client_error() {
        return Ok(());
    }
    let without = get().anonymous().send().await?;
    if !without.status.is_success() {
        return Err(obstacle(
            "read a blob from the target of its redirect",
            &without,
        ));
    }
    Err(expect::violated(
        "the blob, as without an `authorization` header",
        format!("status {}", with.status),
        &[&first, &with, &without],
    ))
}

/// The clients that can reach a host, as far as its name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Clients on the same machine.
    Machine,
    /// Clients in the same cluster.
    Cluster,
    /// All clients, as far as the name shows.
    Elsewhere,
}

impl Reach {
    fn of(uri: &Uri) -> Self {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_below = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        let is_machine = host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified());
        if is_machine || host == "localhost" || is_below("localhost") {
            Self::Machine
        } else if is_below("svc") || is_below("cluster.local") {
            Self::Cluster
        } else {
            Self::Elsewhere
        }
    }
}

requirement! {
    /// The registry redirects blobs to a host that all its clients can reach.
    ///
    /// ## Why Helm needs it
    /// No Helm version tries anything else if the host of a blob store does not resolve. A registry that uses the
    /// cluster-internal name of its store serves no client outside the cluster.
    ///
    /// ## How it is checked
    /// If a blob is redirected, the check reads the host of the target. A cluster-internal name (`….svc`,
    /// `….cluster.local`) or a name of the local machine is a violation, unless the registry has such a name itself.
    /// The check sends no request to the target.
    REACHABLE = "origins/redirect-reachable" {
        level: Should,
        title: "a blob redirect does not lead to a cluster-internal host",
        covers: ["REG-PUL-16"],
        sources: [observed("3.2", "Helm follows a redirect, and the pull ends if the host does not resolve")],
        breaks: [
            Break::when("outside the cluster", ALL, Flow::PULLS, Symptom::NoSuchHost),
        ],
        faults: [RedirectsBlobsIntoCluster],
        check: reachable,
    }
}

async fn reachable(session: &Session) -> CheckResult {
    let first = redirected(session).await?;
    let store = target(session, &first)?;
    let reach = Reach::of(&store);
    let is_as_near = reach == Reach::of(session.target().origin());
    expect::holds(
        reach == Reach::Elsewhere || is_as_near,
        "a redirect to a host that all clients of the registry can reach",
        format!("`{}`", redact_url(&store.to_string())),
        &[&first],
    )
}

requirement! {
    /// If the registry uses TLS, it redirects blobs to `https` URLs.
    ///
    /// ## Why Helm needs it
    /// Helm follows a redirect to `http` without a warning: a private chart travels in clear text.
    ///
    /// ## How it is checked
    /// If a blob is redirected and the registry uses TLS, the target of the redirect must be an `https` URL.
    TLS = "origins/redirect-keeps-tls" {
        level: Should,
        title: "a blob redirect does not downgrade from https",
        covers: ["REG-PUL-13", "REG-PUL-16"],
        sources: [observed("3.2", "every tested Helm version follows redirects to `http`")],
        breaks: [],
        faults: [RedirectsBlobsToPlainHttp],
        check: tls,
    }
}

async fn tls(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::condition_not_met("the registry uses plain HTTP"));
    }
    let first = redirected(session).await?;
    let store = target(session, &first)?;
    let scheme = store.scheme_str().unwrap_or_default().to_owned();
    expect::holds(
        scheme == "https",
        "a redirect to an `https` or a relative URL",
        format!("a redirect to an `{scheme}` URL"),
        &[&first],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_of_a_host_is_read_from_its_name() {
        for (host, expected) in [
            ("store.storage.svc", Reach::Cluster),
            ("store.storage.svc.cluster.local", Reach::Cluster),
            ("STORE.x.SVC.CLUSTER.LOCAL.", Reach::Cluster),
            ("localhost:9000", Reach::Machine),
            ("store.localhost", Reach::Machine),
            ("127.0.0.1:9000", Reach::Machine),
            ("[::1]:9000", Reach::Machine),
            ("10.0.0.5", Reach::Elsewhere),
            ("minio", Reach::Elsewhere),
            ("svc", Reach::Elsewhere),
            ("mysvc", Reach::Elsewhere),
            ("store.example", Reach::Elsewhere),
        ] {
            let uri: Uri = format!("https://{host}/a").parse().expect("a URI");
            assert_eq!(Reach::of(&uri), expected, "{host}");
        }
    }
}
