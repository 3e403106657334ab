//! A tag list in pages.

use super::{FEW, first_page, listed, next_link, pages, tagged};
use crate::helm::era::{Break, Flow, SINCE_3_8};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, oras_go};
use crate::session::Session;
use crate::session::expect;
use crate::session::steps::TagList;
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// A list that is cut says where it goes on: `Link: <URL>; rel="next"`.
    ///
    /// ## Why Helm needs it
    /// Helm takes what stands between `<` and `>` of the first `Link`. Without the brackets the listing fails.
    ///
    /// ## How it is checked
    /// A page of two out of three tags is asked for. Registries that never cut a list are not concerned.
    LINK = "tags/link-form" {
        level: Must,
        title: "a cut list carries `Link: <URL>; rel=\"next\"`",
        covers: ["REG-TAG-03", "A07"],
        sources: [
            DISTRIBUTION.says(
                "listing-tags",
                "If included, the `Link` header MUST be set according to [RFC5988](https://www.rfc-editor.org/rfc/rfc5988.html) with the Relation Type `rel=\"next\"`.",
            ),
            oras_go("v2.6.1", "registry/remote/utils.go:39", "a `Link` must begin with `<`"),
        ],
        breaks: [
            Break::when("where the list is cut", SINCE_3_8, Flow::LISTINGS, "invalid next link \"…\": missing '<'"),
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

/// What Helm reads of a page.
const LARGEST: usize = 4 * 1024 * 1024;

requirement! {
    /// A page of tags is no larger than 4 MiB.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later read so much of a page and no more; what is cut is no JSON.
    ///
    /// ## How it is checked
    /// One tag is pushed, and the page that Helm asks for is measured.
    LARGEST_PAGE = "tags/page-within-4-mib" {
        level: Must,
        title: "a page of tags stays within 4 MiB",
        covers: ["REG-TAG-06", "C14"],
        sources: [oras_go("v2.6.1", "registry/remote/utils.go:33", "reads 4 MiB of a page")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, "GET \"{url}/tags/list\": failed to decode response: unexpected EOF"),
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
        format!("a page of {LARGEST} bytes at the most"),
        format!("{} bytes", reply.body.len()),
        &[&reply],
    )
}

requirement! {
    /// The last page carries no `Link`.
    ///
    /// ## Why Helm needs it
    /// Helm follows every link without looking at the page. One that leads back makes it run for ever.
    ///
    /// ## How it is checked
    /// Three tags are listed without parameters; links are followed, and must end.
    LAST_PAGE = "tags/last-page-has-no-link" {
        level: Must,
        title: "the pages of a tag list come to an end",
        covers: ["REG-TAG-05", "C13"],
        sources: [DISTRIBUTION.says("listing-tags", "When `n` is zero, this endpoint MUST return an empty list, and MUST NOT include a `Link` header.")],
        specification: Stated,
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, "(Helm does not end)"),
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
        "a page without `link` within eight pages of three tags",
        "a `link` on the eighth page",
        &[last],
    )
}

requirement! {
    /// `n` limits a page.
    ///
    /// ## Why Helm needs it
    /// Helm sends no `n`; it follows the registry's own links. Other clients page through long lists.
    ///
    /// ## How it is checked
    /// `n=2` over three tags must answer two.
    N = "tags/n-honoured" {
        level: Should,
        title: "`n` limits a page of tags",
        covers: ["REG-TAG-09", "B39"],
        sources: [DISTRIBUTION.says("listing-tags", "Otherwise, the response MUST include `<int>` results.")],
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
        "two tags",
        format!("{} tags", list.len()),
        &[&reply],
    )
}

requirement! {
    /// A large `n` is answered, with as many tags as the registry likes.
    ///
    /// ## Why Helm needs it
    /// It sends none; tools that want the whole list at once do.
    ///
    /// ## How it is checked
    /// `n=10000` over three tags.
    LARGE_N = "tags/large-n-answered" {
        level: Should,
        title: "a large `n` is not refused",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.says("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code.")],
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
    /// `last` continues after a tag.
    ///
    /// ## Why Helm needs it
    /// A registry that answers page one for every `last` makes Helm follow its links for ever.
    ///
    /// ## How it is checked
    /// `n=2&last=0.2.0` over three tags must not answer what came before. Registries that ignore `n` are not
    /// concerned.
    LAST = "tags/last-honoured" {
        level: Should,
        title: "`last` continues the list after a tag",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.says(
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
        return Err(Stop::NotApplicable("the registry ignores `n`".to_owned()));
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
    /// Past the last tag a list is empty.
    ///
    /// ## Why Helm needs it
    /// Helm follows the links of the registry. If the tags that a link leads to are deleted before it is followed,
    /// an error there ends the resolution of a range, and a list that begins anew never ends for whoever pages
    /// with `last`.
    ///
    /// ## How it is checked
    /// `n=2&last=9.0.0` over three lower tags. Registries that ignore `n` are not concerned.
    PAST_THE_END = "tags/nothing-past-the-end" {
        level: Should,
        title: "past the last tag a list is empty",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.says("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code.")],
        breaks: [],
        faults: [RefusesListsPastTheEnd, ListsAnewPastTheEnd],
        consequences: [IgnoresLast],
        check: past_the_end,
    }
}

async fn past_the_end(session: &Session) -> CheckResult {
    let first = first_page(session).await?;
    if listed(&first)?.len() > 2 {
        return Err(Stop::NotApplicable("the registry ignores `n`".to_owned()));
    }
    let reply = session.list_tags_with("?n=2&last=9.0.0").await?;
    expect::success(&reply)?;
    // `null` is no tag either, to Helm.
    let list: TagList = expect::json(&reply, "with a list of tags")?;
    let tags = list.tags.unwrap_or_default();
    expect::holds(tags.is_empty(), "no tags", format!("{tags:?}"), &[&reply])
}
