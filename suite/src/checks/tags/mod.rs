//! Tag lists, and the versions that Helm resolves from them.

mod entries;
mod list;
mod pages;
mod present;
mod queries;

use crate::oci::{Link, TagList};
use crate::requirement::Requirement;
use crate::session::steps::{Chart, obstacle};
use crate::session::{Reply, Session};
use crate::verdict::Stop;

/// Three tags, which fill more than one page of two.
pub(super) const THREE: [&str; 3] = ["0.1.0", "0.2.0", "0.3.0"];

/// Tags in another order than that of a list.
pub(super) const RELEASES: [&str; 6] = ["0.3.0", "0.1.0", "0.4.0-beta", "0.2.0", "1.0.0", "1.1.0"];

/// Arranges a repository with three tags.
pub(super) async fn push_three_tags(session: &Session) -> Result<(), Stop> {
    push_tags(session, &THREE).await.map(|_| ())
}

/// Arranges a repository with one tag.
pub(super) async fn push_one_tag(session: &Session) -> Result<(), Stop> {
    session.arrange_chart("1.0.0").await?;
    // `consistency/tag-listed-at-once` judges the first list after a push.
    session.list_tags().await.map(|_| ())
}

/// Pushes one manifest under each of these tags.
pub(super) async fn push_tags(session: &Session, tags: &[&str]) -> Result<Chart, Stop> {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    for tag in tags {
        session.arrange_manifest(tag, &chart.manifest).await?;
        // Another requirement judges a tag that cannot be read after its push.
        if tag.contains('_') {
            let read = session.get_manifest(tag).await?;
            if read.status.as_u16() == 404 {
                return Err(obstacle("read the pushed tag", &read));
            }
        }
    }
    // As above.
    session.list_tags().await?;
    Ok(chart)
}

/// The tags of a response; anything but a list is an obstacle.
pub(super) fn tags_of(reply: &Reply) -> Result<Vec<String>, Stop> {
    let list: Option<TagList> = serde_json::from_slice(&reply.body).ok();
    let tags = list
        .filter(|_| reply.status.is_success())
        .and_then(|list| list.tags);
    tags.ok_or_else(|| obstacle("list tags", reply))
}

/// The URL of the first `Link` header, as oras-go reads it: the text between `<` and `>`, whatever its `rel`.
pub(super) fn next_link(reply: &Reply) -> Option<String> {
    let link = Link::parse(reply.header("link")?)?;
    Some(link.target.to_owned())
}

/// All pages, at most `limit` of them; a page that cannot be read is an obstacle.
async fn pages(session: &Session, query: &str, limit: usize) -> Result<Vec<Reply>, Stop> {
    let mut pages = vec![session.list_tags_with(query).await?];
    while pages.len() < limit {
        let last = &pages[pages.len() - 1];
        tags_of(last)?;
        let Some(link) = next_link(last) else { break };
        let next = session.resolve(&last.uri, &link)?;
        pages.push(session.call_uri(http::Method::GET, Ok(next)).send().await?);
    }
    Ok(pages)
}

/// The pages of the list that Helm requests, at most `limit` of them, and their tags.
pub(super) async fn all_tags(
    session: &Session,
    limit: usize,
) -> Result<(Vec<Reply>, Vec<String>), Stop> {
    let pages = pages(session, "", limit).await?;
    let mut tags = Vec::new();
    for page in &pages {
        tags.extend(tags_of(page)?);
    }
    Ok((pages, tags))
}

/// A page limit that a handful of tags never reaches.
const PAGE_LIMIT: usize = 8;

/// Pushes three tags and returns the first page of two.
pub(super) async fn first_page(session: &Session) -> Result<Reply, Stop> {
    push_three_tags(session).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let tags = tags_of(&reply)?;
    if tags.len() > 2 && reply.header("link").is_none() {
        return Err(Stop::condition_not_met(
            "the registry does not truncate tag lists",
        ));
    }
    Ok(reply)
}

/// The resolved tag as text for a finding.
pub(super) fn described(tag: Option<String>) -> String {
    tag.map_or_else(|| "no tag".to_owned(), |tag| format!("tag {tag}"))
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &list::SHAPE,
    &list::REPOSITORY_NAME,
    &list::COMPLETE,
    &present::EACH,
    &present::READABLE,
    &pages::LARGEST_PAGE,
    &pages::LINK_FORM,
    &pages::LAST_PAGE,
    &entries::VERBATIM,
    &entries::NON_SEMVER,
    &entries::ORDER,
    &queries::N,
    &queries::LARGE_N,
    &queries::LAST,
    &queries::PAST_THE_END,
    &list::UNKNOWN_REPOSITORY,
    &entries::RESOLVES,
];
