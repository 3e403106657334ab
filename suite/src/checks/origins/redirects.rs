//! Blobs that are somewhere else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use http::{Method, Uri};

use crate::helm::era::{Break, CONTAINERD, Flow, HARDENED, NOT_HARDENED, ORAS};
use crate::oci::url::is_same_origin;
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, observed};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};
use crate::wire::exchange::redact_url;

/// More redirects than anybody means well with.
const MANY: usize = 20;

/// How many redirects Go follows: it gives up at the tenth.
const FOLLOWED: usize = 9;

/// The answer to GET of a chart's layer that is a redirect; where there is none, there is nothing to look at.
async fn redirected(session: &Session) -> Result<Reply, Stop> {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if first.status.is_redirection() {
        Ok(first)
    } else {
        Err(Stop::NotApplicable("blobs are not redirected".to_owned()))
    }
}

/// Where a redirect leads.
fn target(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location)
}

/// The answers from the first redirect to the end, or until a place is named twice.
async fn chain(session: &Session) -> Result<Vec<Reply>, Stop> {
    let mut replies = vec![redirected(session).await?];
    let mut places = BTreeSet::from([replies[0].uri.to_string()]);
    while replies.len() <= MANY {
        let last = &replies[replies.len() - 1];
        if !last.status.is_redirection() {
            break;
        }
        let next = target(session, last)?;
        if !places.insert(next.to_string()) {
            break;
        }
        let call = session.call_uri(Method::GET, Ok(next)).anonymous();
        replies.push(call.send().await?);
    }
    Ok(replies)
}

requirement! {
    /// Where a blob is redirected, the chain comes to an end.
    ///
    /// ## Why Helm needs it
    /// Most Helms give up; Helm 3.21.1 and 4.2.1 and later go round for ever.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the chain is followed by hand until a place is named twice, or for twenty steps.
    ENDS = "origins/redirect-ends" {
        level: Must,
        title: "the redirects of a blob come to an end",
        covers: ["REG-PUL-13"],
        sources: [HTTP.says(
            "status.3xx",
            "A client SHOULD detect and intervene in cyclical redirections (i.e., \"infinite\" redirection loops).",
        )],
        breaks: [
            Break::new(NOT_HARDENED, Flow::PULLS, "stopped after 10 redirects"),
            Break::new(HARDENED, Flow::PULLS, "(Helm does not end)"),
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
        "an answer that is no redirect",
        format!(
            "after {} redirects one more, to where it was before",
            replies.len()
        ),
        &[first, last],
    )
}

requirement! {
    /// Where a blob is redirected, nine redirects lead to it at the most.
    ///
    /// ## Why Helm needs it
    /// The HTTP library of Helm gives up at the tenth. Helm 3.21.1 and 4.2.1 and later do not count.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the chain is followed by hand, and counted.
    FEW = "origins/few-redirects" {
        level: Must,
        title: "nine redirects at the most lead to a blob",
        covers: ["REG-PUL-13"],
        sources: [observed("7.6", "a chain of redirects ends with `stopped after 10 redirects`, but for 3.21.1 and 4.2.4")],
        breaks: [
            Break::new(NOT_HARDENED, Flow::PULLS, "stopped after 10 redirects"),
        ],
        faults: [RedirectsBlobsTenTimes],
        check: few,
    }
}

async fn few(session: &Session) -> CheckResult {
    let replies = chain(session).await?;
    let (first, last) = (&replies[0], &replies[replies.len() - 1]);
    if last.status.is_redirection() {
        return Err(obstacle("find the end of the redirects", last));
    }
    let count = replies.len() - 1;
    expect::holds(
        count <= FOLLOWED,
        format!("{FOLLOWED} redirects at the most"),
        format!("{count} redirects"),
        &[first, last],
    )
}

requirement! {
    /// Where a blob is redirected, the other end serves it without credentials.
    ///
    /// ## Why Helm needs it
    /// Helm drops `Authorization` when a redirect leaves the host, and since 3.21.1 and 4.2.1 when it leaves
    /// the origin.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the redirect is followed without credentials.
    OPEN = "origins/redirect-needs-no-credentials" {
        level: Must,
        title: "a redirected blob is served without credentials",
        covers: ["REG-PUL-14", "B07"],
        sources: [observed("4.3", "`Authorization` is dropped when the host changes")],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "failed open: unexpected status code {url}/blobs/{d}: 401 Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"…\": response status code 401: Unauthorized"),
        ],
        faults: [RedirectsBlobsToPrivateStore],
        check: redirect_open,
    }
}

async fn redirect_open(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let first = session.get_blob(&chart.layer_digest()).await?;
    if !first.status.is_redirection() {
        return Err(Stop::NotApplicable("blobs are not redirected".to_owned()));
    }
    let reply = session.follow_blob(&chart.layer_digest()).await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the blob, without credentials",
        format!("status {}", reply.status),
        &[&first, &reply],
    )
}

requirement! {
    /// A store behind the registry's own host does not mind an `Authorization`.
    ///
    /// ## Why Helm needs it
    /// Every Helm sends the header along while a redirect stays on the host. Stores that sign their URLs refuse what
    /// brings both.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected on the registry's own origin: the redirect is followed with the authority of the
    /// check, and if that is refused, without.
    AUTHORITY = "origins/store-takes-authorization" {
        level: Must,
        title: "a store on the registry's host takes the registry's `Authorization`",
        covers: ["REG-PUL-15", "B06"],
        sources: [HTTP.says(
            "status.3xx",
            "Consider removing header fields that were not automatically generated by the implementation (i.e., those present in the request because they were added by the calling context) where there are security implications; this includes but is not limited to Authorization and Cookie.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::PULLS, "failed open: unexpected status code {url}/blobs/{d}: 400 Bad Request"),
            Break::new(ORAS, Flow::PULLS, "failed to perform \"Fetch\" on source: GET \"…\": response status code 400: Bad Request"),
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
        return Err(Stop::NotApplicable(
            "blobs are redirected to another origin".to_owned(),
        ));
    }
    let at_store = || session.call_uri(Method::GET, Ok(store.clone()));
    let with = at_store().as_in_repository().send().await?;
    if !with.status.is_client_error() {
        return Ok(());
    }
    let without = at_store().anonymous().send().await?;
    if !without.status.is_success() {
        return Err(obstacle("read a blob where its redirect leads", &without));
    }
    Err(expect::violated(
        "the blob, as without `authorization`",
        format!("status {}", with.status),
        &[&first, &with, &without],
    ))
}

/// From where a host can be reached, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// From the same machine.
    Machine,
    /// From within one cluster.
    Cluster,
    /// From elsewhere, for all that can be told.
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
    /// A blob is redirected to a host that others can reach as well.
    ///
    /// ## Why Helm needs it
    /// No Helm tries anything else when the host of a store does not resolve. A registry that names its store as it knows
    /// it inside the cluster serves nobody outside.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected: the host is read. A name of a cluster (`….svc`, `….cluster.local`) or of this
    /// machine is a violation, unless the registry has such a name itself. Nothing is sent there.
    REACHABLE = "origins/redirect-reachable" {
        level: Should,
        title: "a redirect of a blob leads to no host of a cluster's inside",
        covers: ["REG-PUL-16"],
        sources: [observed("3.2", "a redirect is followed, and a host that does not resolve ends the pull")],
        breaks: [
            Break::when("outside the cluster", CONTAINERD, Flow::PULLS, "no such host"),
            Break::when("outside the cluster", ORAS, Flow::PULLS, "no such host"),
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
        "a host that can be reached where the registry can",
        format!("`{}`", redact_url(&store.to_string())),
        &[&first],
    )
}

requirement! {
    /// A registry behind TLS redirects blobs to `https`.
    ///
    /// ## Why Helm needs it
    /// Helm follows to `http` and says nothing: a private chart travels in the clear.
    ///
    /// ## How it is checked
    /// Only where a blob is redirected and the registry has TLS: the scheme is read.
    TLS = "origins/redirect-keeps-tls" {
        level: Should,
        title: "a redirect of a blob does not leave TLS",
        covers: ["REG-PUL-13", "REG-PUL-16"],
        sources: [observed("3.2", "redirects to `http` are followed by every tested Helm")],
        breaks: [],
        faults: [RedirectsBlobsToPlainHttp],
        check: tls,
    }
}

async fn tls(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::NotApplicable(
            "the registry is spoken to without TLS".to_owned(),
        ));
    }
    let first = redirected(session).await?;
    let store = target(session, &first)?;
    let scheme = store.scheme_str().unwrap_or_default().to_owned();
    expect::holds(
        scheme == "https",
        "an `https` or a relative location",
        format!("an `{scheme}` location"),
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
