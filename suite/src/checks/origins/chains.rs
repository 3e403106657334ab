//! The length of a chain of redirects, and redirects of HEAD.

use std::collections::BTreeSet;

use http::Method;

use super::{redirected, resolved, target};
use crate::checks::upload::content;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD_SINCE_3_7, NOT_HARDENED, ORAS};
use crate::oci::url::is_same_origin;
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, observed};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The registry serves HEAD of a blob itself, or redirects it to a URL that accepts HEAD.
    ///
    /// ## Why Helm needs it
    /// Helm follows the redirect with HEAD. A URL that an object store signed for GET returns 403 to HEAD.
    ///
    /// ## How it is checked
    /// If HEAD of a blob is redirected, the check follows the redirect with HEAD, without credentials if it leaves the
    /// origin. The response must be a 2xx.
    REDIRECTED_HEAD = "origins/redirected-head-works" {
        level: Must,
        title: "the target of a redirected blob HEAD accepts HEAD",
        fix: "Return 200 with `Content-Length` to HEAD of a blob from the registry itself, and redirect only GET. A URL that is signed for GET returns 403 to HEAD.",
        covers: ["REG-BLB-04", "B08"],
        sources: [HTTP.states(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::RePush, Flow::PushChanged], Symptom::RedirectedBlobHead),
            Break::new(ORAS, &[Flow::PushChanged], Symptom::RedirectedBlobHead),
        ],
        faults: [RedirectsBlobHead],
        shares: "blob",
        check: redirected_head,
    }
}

async fn redirected_head(session: &Session) -> CheckResult {
    let digest = session.arrange_blob(&content(session, "a blob")).await?;
    let head = session.call(Method::HEAD, &session.blob_path(&digest));
    let head = head.unfollowed().send().await?;
    if !head.status.is_redirection() {
        return Err(Stop::condition_not_met("HEAD of a blob is not redirected"));
    }
    let uri = resolved(session, &head)?;
    // Helm sends its authorization again where the redirect stays on the origin.
    let is_own_origin = is_same_origin(&uri, session.target().origin());
    let mut call = session.call_uri(Method::HEAD, Ok(uri)).unfollowed();
    if is_own_origin {
        call = call.with_repository_authorization();
    } else {
        call = call.anonymous();
    }
    expect::success(&call.send().await?)
}

/// The number of redirects after which a check stops to follow a chain.
const MAX_STEPS: usize = 20;

/// The number of redirects that Go follows: it gives up at the tenth.
const MAX_REDIRECTS: usize = 9;

/// The responses from the first redirect to the end of the chain, or until a URL occurs twice.
pub(super) async fn chain(session: &Session) -> Result<Vec<Reply>, Stop> {
    let mut replies = vec![redirected(session).await?];
    let mut visited = BTreeSet::from([replies[0].uri.to_string()]);
    while replies.len() <= MAX_STEPS {
        let last = &replies[replies.len() - 1];
        if !last.status.is_redirection() {
            break;
        }
        let next = target(session, last)?;
        if !visited.insert(next.to_string()) {
            break;
        }
        let call = session
            .call_uri(Method::GET, Ok(next))
            .reading_archive()
            .unfollowed()
            .anonymous();
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
    REDIRECT_ENDS = "origins/redirect-ends" {
        level: Must,
        title: "the redirects of a blob end",
        fix: "Redirect GET of a blob to the storage that holds it, and never to a URL that was requested before. Check rewrite rules of the proxy, and the configured URL of the storage.",
        covers: ["REG-PUL-13"],
        sources: [HTTP.states(
            "status.3xx",
            "A client SHOULD detect and intervene in cyclical redirections (i.e., \"infinite\" redirection loops).",
        )],
        breaks: [
            Break::new(ALL, Flow::PULLS, Symptom::RedirectLoop),
        ],
        faults: [RedirectsBlobsInCircles],
        shares: "chart",
        check: redirect_ends,
    }
}

async fn redirect_ends(session: &Session) -> CheckResult {
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
    AT_MOST_NINE = "origins/few-redirects" {
        level: Must,
        title: "a blob is at most nine redirects away",
        fix: "Redirect GET of a blob directly to its final URL: one redirect instead of a chain. Helm gives up at the tenth.",
        covers: ["REG-PUL-13"],
        sources: [observed("7.6", "a chain of redirects ends with `stopped after 10 redirects`, except in Helm 3.21.1 and 4.2.4")],
        breaks: [
            Break::new(NOT_HARDENED, Flow::PULLS, Symptom::RedirectLoop),
        ],
        faults: [RedirectsBlobsTenTimes],
        shares: "chart",
        check: at_most_nine,
    }
}

async fn at_most_nine(session: &Session) -> CheckResult {
    let replies = chain(session).await?;
    let (first, last) = (&replies[0], &replies[replies.len() - 1]);
    if last.status.is_redirection() {
        return Err(obstacle("follow the redirects to their end", last));
    }
    let count = replies.len() - 1;
    expect::holds(
        count <= MAX_REDIRECTS,
        format!("at most {MAX_REDIRECTS} redirects"),
        format!("{count} redirects"),
        &[first, last],
    )
}
