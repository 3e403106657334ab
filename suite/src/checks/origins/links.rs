//! The `Link` headers of a tag list.

use crate::checks::tags::{first_page, next_link, push_tags, tags_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::SINCE_3_8;
use crate::oci::url::is_same_origin;
use crate::requirement::requirement;
use crate::requirement::source::{observed, oras_go};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The URL of the next page has the same origin as the registry.
    ///
    /// ## Why Helm needs it
    /// Behind a proxy, Helm cannot reach an internal host in the `Link`. Builds with oras-go 2.6.2 refuse any other
    /// origin.
    ///
    /// ## How it is checked
    /// The check requests a page of two tags from a repository with three. If the response has a `Link`, its URL must
    /// have the origin of the registry.
    LINK_HOST = "origins/link-on-the-registry" {
        level: Must,
        title: "the `Link` to the next page has the registry's own origin",
        covers: ["REG-TAG-04", "A08"],
        sources: [oras_go("v2.6.2", "registry/remote/utils.go", "the next link must be of the same origin")],
        breaks: [
            Break::when("where the list is cut and the other host is out of reach", SINCE_3_8, Flow::LISTINGS, Symptom::NoSuchHost),
        ],
        faults: [LinkOnOtherHost, LinkDowngraded],
        check: link_origin,
    }
}

async fn link_origin(session: &Session) -> CheckResult {
    let reply = first_page(session).await?;
    let Some(link) = next_link(&reply) else {
        return Ok(());
    };
    let next = session.resolve(&reply.uri, &link)?;
    let own = session.target().origin();
    expect::holds(
        is_same_origin(&next, own),
        "a `link` to the registry's own origin",
        format!(
            "a `link` to `{}`",
            next.authority().map_or("?", |authority| authority.as_str())
        ),
        &[&reply],
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
        covers: ["REG-TAG-03", "C12"],
        sources: [observed("7.6", "Helm 3.8 and later follow a `Link` without `rel`")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::LinkedPage),
        ],
        faults: [AddsPreloadLink],
        check: one_link,
    }
}

async fn one_link(session: &Session) -> CheckResult {
    push_tags(session, &["0.1.0"]).await?;
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
