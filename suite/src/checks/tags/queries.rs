//! The parameters `n` and `last` of a tag list.

use super::{first_page, push_three_tags, tags_of};
use crate::oci::TagList;
use crate::requirement::requirement;
use crate::requirement::source::DISTRIBUTION;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

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
        fix: "Return at most `n` tags, with `Link` to the next page if more follow. Distribution does so since 3.0.",
        covers: ["REG-TAG-09", "B39"],
        sources: [
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<int>` is an integer specifying the number of tags requested."),
            DISTRIBUTION.states("listing-tags", "The response to such a request MAY return fewer than `<int>` results, but only when the total number of tags attached to the repository is less than `<int>` or a `Link` header is provided. Otherwise, the response MUST include `<int>` results."),
        ],
        breaks: [],
        faults: [IgnoresTagQuery],
        consequences: [ListsAbsentTags],
        shares: "three-tags",
        check: honours_n,
    }
}

async fn honours_n(session: &Session) -> CheckResult {
    push_three_tags(session).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let list = tags_of(&reply)?;
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
        fix: "Return 200 with the largest page that the registry allows if `n` is larger, with `Link` if more tags follow. Distribution does so since 3.1.1.",
        covers: ["REG-TAG-09", "B38"],
        sources: [DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code.")],
        breaks: [],
        faults: [RefusesLargePages, LargePagesFail],
        shares: "three-tags",
        check: large_n,
    }
}

async fn large_n(session: &Session) -> CheckResult {
    push_three_tags(session).await?;
    tags_of(&session.list_tags().await?)?;
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
        fix: "Return only the tags that follow `last` in the order of the list, and not `last` itself. Check that the parameter reaches the query.",
        covers: ["REG-TAG-09", "B38"],
        sources: [
            DISTRIBUTION.states("listing-tags", "That is to say, `<tagname>` will not be included in the results, but up to `<int>` tags *after* `<tagname>` will be returned."),
        ],
        breaks: [],
        faults: [IgnoresLast],
        shares: "three-tags",
        check: last,
    }
}

/// Skips registries that accept no `last` but the one in their own `Link`: Helm sends no other.
fn is_cursor_free(reply: &Reply) -> CheckResult {
    match reply.status.as_u16() {
        400 => Err(Stop::not_offered(
            "the registry accepts no `last` but its own",
            reply.status,
        )),
        _ => Ok(()),
    }
}

async fn last(session: &Session) -> CheckResult {
    let first = first_page(session).await?;
    if tags_of(&first)?.len() > 2 {
        return Err(Stop::condition_not_met("the registry ignores `n`"));
    }
    let reply = session.list_tags_with("?n=2&last=0.2.0").await?;
    is_cursor_free(&reply)?;
    let list = tags_of(&reply)?;
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
        fix: "Return 200 with `\"tags\":[]` if no tag follows `last`, even if `last` is no existing tag. Select the tags that sort after it, instead of a search for it.",
        covers: ["REG-TAG-09", "B38"],
        sources: [
            DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            DISTRIBUTION.states("listing-tags", "That is to say, `<tagname>` will not be included in the results, but up to `<int>` tags *after* `<tagname>` will be returned."),
        ],
        breaks: [],
        faults: [RefusesListsPastTheEnd, ListsAnewPastTheEnd],
        consequences: [IgnoresLast],
        shares: "three-tags",
        check: past_the_end,
    }
}

async fn past_the_end(session: &Session) -> CheckResult {
    let first = first_page(session).await?;
    if tags_of(&first)?.len() > 2 {
        return Err(Stop::condition_not_met("the registry ignores `n`"));
    }
    let reply = session.list_tags_with("?n=2&last=9.0.0").await?;
    is_cursor_free(&reply)?;
    expect::success(&reply)?;
    // Helm reads `null` as an empty list as well.
    let list: TagList = expect::json(&reply, "with a list of tags")?;
    let tags = list.tags.unwrap_or_default();
    expect::holds(tags.is_empty(), "no tags", format!("{tags:?}"), &[&reply])
}
