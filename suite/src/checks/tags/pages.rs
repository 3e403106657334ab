//! The pages of a tag list.

use super::{PAGE_LIMIT, first_page, next_link, pages, push_one_tag, push_three_tags};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::SINCE_3_8;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, oras_go};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

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
    LINK_FORM = "tags/link-form" {
        level: Must,
        title: "a truncated tag list has `Link: <URL>; rel=\"next\"`",
        fix: "Write the URL of the next page in angle brackets: `Link: </v2/<name>/tags/list?n=2&last=1.0.0>; rel=\"next\"`. zot does so since 2.0.0.",
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
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::NextLink),
        ],
        faults: [LinkWithoutBrackets],
        shares: "three-tags",
        check: link_form,
    }
}

async fn link_form(session: &Session) -> CheckResult {
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
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

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
        fix: "Cut a long list into pages with `Link`, also without `n` in the request, for example after 1000 tags.",
        covers: ["REG-TAG-06", "C14"],
        sources: [oras_go("v2.6.1", "registry/remote/utils.go:33", "reads 4 MiB of a page")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagListCut),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::TagListCut),
        ],
        faults: [PadsTagLists],
        shares: "chart",
        check: largest_page,
    }
}

async fn largest_page(session: &Session) -> CheckResult {
    push_one_tag(session).await?;
    let reply = session.list_tags().await?;
    expect::holds(
        reply.body.len() <= MAX_PAGE_BYTES,
        format!("a page of at most {MAX_PAGE_BYTES} bytes"),
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
        fix: "Send `Link` only if another tag follows the page: read one tag more than the page has. Check that the URL in `Link` has the last tag of this page as `last`.",
        covers: ["REG-TAG-05", "C13"],
        sources: [
            DISTRIBUTION.states("listing-tags", "A `Link` header MAY be included in the response when additional tags are available."),
        ],
        specification: Stated,
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::EndlessList),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::EndlessList),
        ],
        faults: [LinkOnLastPage],
        shares: "three-tags",
        check: last_page,
    }
}

async fn last_page(session: &Session) -> CheckResult {
    push_three_tags(session).await?;
    let pages = pages(session, "", PAGE_LIMIT).await?;
    let last = &pages[pages.len() - 1];
    expect::holds(
        next_link(last).is_none() || pages.len() < PAGE_LIMIT,
        "a page without a `link` header within eight pages, for three tags",
        "a `link` header on the eighth page",
        &[last],
    )
}
