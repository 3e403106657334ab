//! The tags that a list must contain, and those that it must not.

use super::{PAGE_LIMIT, RELEASES, all_tags, push_one_tag, push_tags};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::range as resolve;
use crate::helm::version::SINCE_3_8;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm, observed};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The tag list contains each of a few tags of a repository.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later compute the newest version from the list. If a page loses a tag, or ends early without a `Link`,
    /// they silently install an old version, or find none.
    ///
    /// ## How it is checked
    /// The check pushes one manifest under four tags one after the other, lists the tags, and follows `Link` headers as
    /// Helm does. A tag that is missing, although GET returns its manifest, is a violation.
    EACH = "tags/each-tag-listed" {
        level: Must,
        title: "the tag list contains each of a few tags",
        fix: "Return every tag of the repository, or `Link` to the rest. Check the limit of the query, and the first and last tag where the list is cut into pages.",
        covers: ["REG-TAG-02", "A06"],
        sources: [
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<tag1>`, `<tag2>`, and `<tag3>` are each tags on the repository."),
            observed("3.1", "Helm computes the version from one list and does not retry"),
        ],
        breaks: [
            Break::when("where the missing tag is the right one", SINCE_3_8, &[Flow::PullRange], Symptom::NoMatchingVersion),
            Break::when("where the missing tag is the newest version", SINCE_3_8, &[Flow::PullUnversioned], Symptom::AnotherChartPulled),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::AnotherChartPulled),
        ],
        faults: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        shares: "releases",
        check: each,
    }
}

async fn each(session: &Session) -> CheckResult {
    push_tags(session, &RELEASES).await?;
    let (pages, list) = all_tags(session, PAGE_LIMIT).await?;
    let missing = RELEASES
        .iter()
        .find(|tag| !list.iter().any(|own| own == *tag));
    let Some(missing) = missing else {
        return Ok(());
    };
    // A tag that cannot be read either was not stored; other requirements judge that.
    let read = session.get_manifest(missing).await?;
    if !read.status.is_success() {
        return Err(obstacle("read one of six tags", &read));
    }
    let mut shown: Vec<&Reply> = pages.iter().collect();
    shown.push(&read);
    Err(expect::violated(
        format!("`{missing}` in the list"),
        format!("a list of {list:?}"),
        &shown,
    ))
}

requirement! {
    /// The highest version in the tag list can be read.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later pull the tag that they select from the list. If the list has a tag without a manifest, as that of
    /// a cache in front of another registry may, a pull without a version fails.
    ///
    /// ## How it is checked
    /// The check pushes a chart, lists the tags, and reads the highest release in the list. The status must not be 404.
    READABLE = "tags/listed-is-readable" {
        level: Must,
        title: "the highest version in the tag list can be read",
        fix: "List only tags whose manifest GET returns. Remove a tag with its manifest; a pull-through cache must fetch a manifest whose tag it lists.",
        covers: ["REG-TAG-02", "REG-PUL-02"],
        sources: [
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<tag1>`, `<tag2>`, and `<tag3>` are each tags on the repository."),
            helm("v3.8.0", "pkg/registry/util.go:51", "sorts by SemVer and takes the first match"),
        ],
        breaks: [
            Break::new(SINCE_3_8, &[Flow::PullUnversioned], Symptom::ListedTagNotFound),
            Break::when("where the tag is in the range", SINCE_3_8, &[Flow::PullRange], Symptom::ListedTagNotFound),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::ListedTagNotFound),
        ],
        faults: [ListsAbsentTags],
        shares: "chart",
        check: readable,
    }
}

async fn readable(session: &Session) -> CheckResult {
    push_one_tag(session).await?;
    let (pages, list) = all_tags(session, PAGE_LIMIT).await?;
    let own = session.tag("1.0.0");
    let highest = resolve::pick(&list, None);
    let Some(highest) = highest.filter(|tag| tag != own) else {
        return Ok(());
    };
    let reply = session.get_manifest(&highest).await?;
    let mut shown: Vec<&Reply> = pages.iter().collect();
    shown.push(&reply);
    expect::holds(
        reply.status.as_u16() != 404,
        format!("the manifest of `{highest}`, which the list contains"),
        format!("status {}", reply.status),
        &shown,
    )
}
