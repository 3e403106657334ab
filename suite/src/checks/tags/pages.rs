//! Pagination of tag lists.

use super::{FEW, first_page, listed, next_link, pages, tagged};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::SINCE_3_8;
use crate::oci::TagList;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, oras_go};
use crate::session::Session;
use crate::session::expect;
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// If the registry returns only a part of the list, it sends the URL of the next page: `Link: <URL>; rel="next"`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later take the text between `<` and `>` of the first `Link` header. Without the angle brackets
    /// the listing fails.
    ///
    /// ## How it is checked
    /// The check requests a page of two tags from a repository with three. A `Link` header must contain a URL in
    /// angle brackets. The requirement does not apply to registries that never truncate a list.
    LINK = "tags/link-form" {
        level: Must,
        title: "a truncated tag list has `Link: <URL>; rel=\"next\"`",
        covers: ["REG-TAG-03", "A07"],
        sources: [
            DISTRIBUTION.states(
                "listing-tags",
                "If included, the `Link` header MUST be set according to [RFC5988](https://www.rfc-editor.org/rfc/rfc5988.html) with the Relation Type `rel=\"next\"`.",
            ),
            oras_go("v2.6.1", "registry/remote/utils.go:39", "a `Link` must begin with `<`"),
        ],
        breaks: [
            Break::when("where the list is cut", SINCE_3_8, Flow::LISTINGS, Symptom::NextLink),
        ],
        faults: [LinkWithoutBrackets],
        check: link,
    }
}

async fn link(session: &Session) -> CheckResult {
    let reply = first_page(session).await?;
    let Some(link) = reply.header("link") else {
        return Ok(());
    };
    expect::holds(
        next_link(&reply).is_some(),
        "`link: <URL>; rel=\"next\"`",
        format!("`link: {link}`"),
        &[&reply],
    )
}

/// The number of bytes that Helm reads of a page.
const LARGEST: usize = 4 * 1024 * 1024;

requirement! {
    /// A page of the tag list is no larger than 4 MiB.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later read at most 4 MiB of a page, and a truncated page is not valid JSON.
    ///
    /// ## How it is checked
    /// The check pushes one tag and sends `GET tags/list` without parameters, as Helm does. The body must have at
    /// most 4 MiB.
    LARGEST_PAGE = "tags/page-within-4-mib" {
        level: Must,
        title: "a page of tags has at most 4 MiB",
        covers: ["REG-TAG-06", "C14"],
        sources: [oras_go("v2.6.1", "registry/remote/utils.go:33", "reads 4 MiB of a page")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagListCut),
        ],
        faults: [PadsTagLists],
        check: largest_page,
    }
}

async fn largest_page(session: &Session) -> CheckResult {
    tagged(session, &["1.0.0"]).await?;
    let reply = session.list_tags().await?;
    expect::holds(
        reply.body.len() <= LARGEST,
        format!("a page of at most {LARGEST} bytes"),
        format!("a page of {} bytes", reply.body.len()),
        &[&reply],
    )
}

requirement! {
    /// The last page of the tag list has no `Link` header.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later follow every `Link`, whatever the page contains. If a link leads back, Helm never
    /// terminates.
    ///
    /// ## How it is checked
    /// The check pushes three tags, lists them without parameters and follows the links. It must reach a page without
    /// a link within eight pages.
    LAST_PAGE = "tags/last-page-has-no-link" {
        level: Must,
        title: "the last page of a tag list has no `Link` header",
        covers: ["REG-TAG-05", "C13"],
        sources: [DISTRIBUTION.states("listing-tags", "When `n` is zero, this endpoint MUST return an empty list, and MUST NOT include a `Link` header.")],
        specification: Stated,
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::EndlessList),
        ],
        faults: [LinkOnLastPage],
        check: last_page,
    }
}

async fn last_page(session: &Session) -> CheckResult {
    tagged(session, &["0.1.0", "0.2.0", "0.3.0"]).await?;
    let pages = pages(session, "", FEW).await?;
    let last = &pages[pages.len() - 1];
    expect::holds(
        next_link(last).is_none() || pages.len() < FEW,
        "a page without a `link` header within eight pages, for three tags",
        "a `link` header on the eighth page",
        &[last],
    )
}

requirement! {
    /// The registry returns at most as many tags as the parameter `n` requests.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: Helm sends no `n` and follows the registry's own links. Other clients use it to page
    /// through long lists.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list?n=2` in a repository with three tags. The response must contain at most two.
    N = "tags/n-honoured" {
        level: Should,
        title: "`n` limits the number of tags in a page",
        covers: ["REG-TAG-09", "B39"],
        sources: [DISTRIBUTION.states("listing-tags", "Otherwise, the response MUST include `<int>` results.")],
        breaks: [],
        faults: [IgnoresTagQuery],
        check: limit,
    }
}

async fn limit(session: &Session) -> CheckResult {
    tagged(session, &["0.1.0", "0.2.0", "0.3.0"]).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let list = listed(&reply)?;
    expect::holds(
        list.len() <= 2,
        "at most two tags",
        format!("{} tags", list.len()),
        &[&reply],
    )
}

requirement! {
    /// The registry returns a list for a large `n`, with as many tags as it chooses.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: Helm sends no `n`. Other tools send a large one to get the whole list at once.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list?n=10000` in a repository with three tags. The response must be a 2xx.
    LARGE_N = "tags/large-n-answered" {
        level: Should,
        title: "the registry accepts a large `n`",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code.")],
        breaks: [],
        faults: [RefusesLargePages],
        check: large_n,
    }
}

async fn large_n(session: &Session) -> CheckResult {
    tagged(session, &["0.1.0", "0.2.0", "0.3.0"]).await?;
    listed(&session.list_tags().await?)?;
    let reply = session.list_tags_with("?n=10000").await?;
    expect::success(&reply)
}

requirement! {
    /// With the parameter `last`, the registry returns the tags after that tag.
    ///
    /// ## Why Helm needs it
    /// If a registry returns page one for every `last`, Helm 3.8 and later follow its links without end.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list?n=2&last=0.2.0` in a repository with three tags. The response must not contain
    /// the tag before `0.2.0`. The requirement does not apply to registries that ignore `n`.
    LAST = "tags/last-honoured" {
        level: Should,
        title: "`last` continues the list after a tag",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.states(
            "listing-tags",
            "The tags MUST be in lexical order.",
        )],
        breaks: [],
        faults: [IgnoresLast],
        check: last,
    }
}

async fn last(session: &Session) -> CheckResult {
    let first = first_page(session).await?;
    if listed(&first)?.len() > 2 {
        return Err(Stop::condition_not_met("the registry ignores `n`"));
    }
    let reply = session.list_tags_with("?n=2&last=0.2.0").await?;
    let list = listed(&reply)?;
    expect::holds(
        !list.iter().any(|tag| tag == "0.1.0"),
        "only tags after `0.2.0`",
        format!("{list:?}"),
        &[&reply],
    )
}

requirement! {
    /// With `last` at or after the last tag, the registry returns an empty list.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later follow the registry's own links. If the tags of the next page are deleted before Helm
    /// follows the link, an error there ends the resolution of a range. A list that starts over never ends for
    /// clients that page with `last`.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list?n=2&last=9.0.0` in a repository with three lower tags. The response must be a
    /// 2xx without tags. The requirement does not apply to registries that ignore `n`.
    PAST_THE_END = "tags/nothing-past-the-end" {
        level: Should,
        title: "the list after the last tag is empty",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code.")],
        breaks: [],
        faults: [RefusesListsPastTheEnd, ListsAnewPastTheEnd],
        consequences: [IgnoresLast],
        check: past_the_end,
    }
}

async fn past_the_end(session: &Session) -> CheckResult {
    let first = first_page(session).await?;
    if listed(&first)?.len() > 2 {
        return Err(Stop::condition_not_met("the registry ignores `n`"));
    }
    let reply = session.list_tags_with("?n=2&last=9.0.0").await?;
    expect::success(&reply)?;
    // Helm reads `null` as an empty list as well.
    let list: TagList = expect::json(&reply, "with a list of tags")?;
    let tags = list.tags.unwrap_or_default();
    expect::holds(tags.is_empty(), "no tags", format!("{tags:?}"), &[&reply])
}
