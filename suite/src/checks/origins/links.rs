//! The `Link` headers of a tag list.

use http::Method;

use crate::checks::tags::{first_page, next_link, push_one_tag, push_three_tags, tags_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{CHECKS_LINKS, FOLLOWS_ANY_LINK, SINCE_3_8};
use crate::oci::url::is_same_origin;
use crate::requirement::requirement;
use crate::requirement::source::{observed, oras_go};
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// The URL of the next page has the same origin as the registry.
    ///
    /// ## Why Helm needs it
    /// Helm 3.22, 4.3 and later abort if host, port or scheme differ. Earlier versions follow the `Link`: behind a proxy
    /// they cannot reach an internal host.
    ///
    /// Most registries cut only long lists, of 100 or 1000 tags, and an ordinary run is not affected.
    ///
    /// ## How it is checked
    /// The check requests a page of two tags from a repository with three. If the response has a `Link`, its URL must
    /// have the origin of the registry.
    LINK_HOST = "origins/link-on-the-registry" {
        level: Must,
        title: "the `Link` to the next page has the registry's own origin",
        fix: "Send `Link` as a path: `</v2/<name>/tags/list?n=2&last=1.0.0>; rel=\"next\"`, as zot does. For a full URL use the host, port and scheme that the client used, not a configured name.",
        covers: ["REG-TAG-04", "A08"],
        sources: [oras_go("v2.6.2", "registry/remote/utils.go", "the next link must be of the same origin")],
        breaks: [
            Break::when("where the list is cut", CHECKS_LINKS, Flow::LISTINGS, Symptom::NextLinkOrigin),
            Break::when("where the list is cut and the other host is out of reach", FOLLOWS_ANY_LINK, Flow::LISTINGS, Symptom::NoSuchHost),
        ],
        faults: [LinkOnOtherHost, LinkDowngraded],
        consequences: [ContinuesListsOnOtherHost],
        shares: "three-tags",
        check: link_origin,
    }
}

async fn link_origin(session: &Session) -> CheckResult {
    let reply = first_page(session).await?;
    match next_link(&reply) {
        Some(link) => is_on_the_registry(session, &reply, &link),
        None => Ok(()),
    }
}

requirement! {
    /// If the registry cuts a list of three tags that a client requests whole, the URL of the next page has the same
    /// origin as the registry.
    ///
    /// ## Why Helm needs it
    /// Helm requests a list without `n`. Helm 3.22, 4.3 and later abort at a `Link` to another host, port or scheme,
    /// and find no version in a repository whose list is cut.
    ///
    /// ## How it is checked
    /// The check pushes three tags and sends `GET tags/list` without parameters, as Helm does. If the response has a
    /// `Link`, its URL must have the origin of the registry.
    CUT_LIST = "origins/cut-list-stays-on-the-registry" {
        level: Must,
        title: "a tag list that is cut without a request for it continues on the registry's own origin",
        fix: "Send `Link` as a path, `</v2/<name>/tags/list?last=1.0.0>; rel=\"next\"`, or with the host, port and scheme that the client used.",
        covers: ["REG-TAG-04", "A08"],
        sources: [oras_go("v2.6.2", "registry/remote/utils.go", "the next link must be of the same origin")],
        breaks: [
            Break::new(CHECKS_LINKS, Flow::LISTINGS, Symptom::NextLinkOrigin),
            Break::when("for a dependency with a range", CHECKS_LINKS, &[Flow::DependencyUpdate], Symptom::NextLinkOrigin),
            Break::when("where the other host is out of reach", FOLLOWS_ANY_LINK, Flow::LISTINGS, Symptom::NoSuchHost),
        ],
        faults: [ContinuesListsOnOtherHost],
        shares: "three-tags",
        check: cut_list,
    }
}

async fn cut_list(session: &Session) -> CheckResult {
    let (reply, link) = cut_list_of_three(session).await?;
    is_on_the_registry(session, &reply, &link)
}

requirement! {
    /// If the registry cuts a list of three tags and continues it on another origin, the next page needs no credentials.
    ///
    /// ## Why Helm needs it
    /// Helm up to 3.21 and 4.2 follows the `Link`, and knows no credentials for the other host: `basic credential not
    /// found`, or status 401 of the token endpoint there.
    ///
    /// ## How it is checked
    /// The check pushes three tags and sends `GET tags/list` without parameters, as Helm does. If the response has a
    /// `Link` to another origin, the check requests that page without credentials. The response must be a 2xx.
    NEXT_PAGE = "origins/next-page-needs-no-credentials" {
        level: Must,
        title: "the next page of a tag list on another origin needs no credentials",
        fix: "Serve the next page of a tag list on the registry's own host, with a path in `Link`. A page on another host must return 200 without credentials.",
        covers: ["REG-TAG-04", "A08"],
        sources: [observed("7.6", "Helm 3.8 to 3.21.4 and 4.0 to 4.2.4 follow a `Link` to another host without credentials")],
        breaks: [
            Break::new(FOLLOWS_ANY_LINK, Flow::LISTINGS, Symptom::NextPageCredentials),
            Break::when("for a dependency with a range", FOLLOWS_ANY_LINK, &[Flow::DependencyUpdate], Symptom::NextPageCredentials),
        ],
        faults: [ContinuesListsOnOtherHost],
        proven_on: Basic,
        shares: "three-tags",
        check: next_page,
    }
}

async fn next_page(session: &Session) -> CheckResult {
    let (reply, link) = cut_list_of_three(session).await?;
    let next = session.resolve(&reply.uri, &link)?;
    if is_same_origin(&next, session.target().origin()) {
        return Ok(());
    }
    let page = session.call_uri(Method::GET, Ok(next)).unfollowed();
    expect::success(&page.anonymous().send().await?)
}

/// A tag list that the registry cuts although no part of it is requested, with its `Link`.
async fn cut_list_of_three(session: &Session) -> Result<(Reply, String), Stop> {
    push_three_tags(session).await?;
    let reply = session.list_tags().await?;
    tags_of(&reply)?;
    match next_link(&reply) {
        Some(link) => Ok((reply, link)),
        None => Err(Stop::condition_not_met("a list of three tags is not cut")),
    }
}

/// The `link` of a page has the origin of the registry.
fn is_on_the_registry(session: &Session, reply: &Reply, link: &str) -> CheckResult {
    let next = session.resolve(&reply.uri, link)?;
    let own = session.target().origin();
    expect::holds(
        is_same_origin(&next, own),
        "a `link` to the registry's own origin",
        format!(
            "a `link` to `{}`",
            next.authority().map_or("?", |authority| authority.as_str())
        ),
        &[reply],
    )
}

requirement! {
    /// A tag list has no `Link` header with another relation than `next`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later follow the first `Link` whatever its `rel`. If a content delivery network adds a `Link` to
    /// preload a style sheet, Helm reads that file as a page of tags.
    ///
    /// ## How it is checked
    /// The check reads a complete tag list. A `Link` in the response must have `rel="next"`.
    NO_FOREIGN_LINK = "origins/no-foreign-link" {
        level: Must,
        title: "a tag list has no `Link` except `rel=\"next\"`",
        fix: "Remove `Link` headers with another relation than `next` from `tags/list`. Turn off preload headers for `/v2/` in a CDN or proxy.",
        covers: ["REG-TAG-03", "C12"],
        sources: [observed("7.6", "Helm 3.8 and later follow a `Link` without `rel`")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::LinkedPage),
        ],
        faults: [AddsPreloadLink],
        shares: "chart",
        check: one_link,
    }
}

async fn one_link(session: &Session) -> CheckResult {
    push_one_tag(session).await?;
    let reply = session.list_tags().await?;
    tags_of(&reply)?;
    match reply.header("link") {
        Some(link) if !link.contains("next") => Err(expect::violated(
            "no `link` header except `rel=\"next\"`",
            format!("`link: {link}`"),
            &[&reply],
        )),
        _ => Ok(()),
    }
}
