//! Tag lists, and what Helm resolves from them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use semver::VersionReq;

use crate::api::{TagList, obstacle};
use crate::era::{Break, Flow, HELM_3, HELM_4, OLD_LISTING, ORAS, SINCE_3_8};
use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::resolve;
use crate::session::{Reply, Session};
use crate::source::{DISTRIBUTION, HELM_DOCS, helm, observed, oras_go};
use crate::verdict::{CheckResult, Stop};

/// Pushes one manifest under each of these tags.
async fn tagged(session: &Session, tags: &[&str]) -> Result<(), Stop> {
    if tags == ["1.0.0"] && session.adopted().is_some() {
        return session.list_tags().await.map(|_| ());
    }
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    for tag in tags {
        session.arrange_manifest(tag, &chart.manifest).await?;
        // A tag that is not where it was pushed is another requirement's business.
        if tag.contains('_') {
            let there = session.get_manifest(tag).await?;
            if there.status.as_u16() == 404 {
                return Err(obstacle("find the tag that was pushed", &there));
            }
        }
    }
    // The first list after a push is judged by `tags/listed-at-once`.
    session.list_tags().await.map(|_| ())
}

/// The tags of an answer; anything but a list is an obstacle.
fn listed(reply: &Reply) -> Result<Vec<String>, Stop> {
    let list: Option<TagList> = serde_json::from_slice(&reply.body).ok();
    let tags = list
        .filter(|_| reply.status.is_success())
        .and_then(|list| list.tags);
    tags.ok_or_else(|| obstacle("list tags", reply))
}

/// The target of the first `Link`, as oras-go reads it: what stands between `<` and `>`, whatever its `rel`.
fn next_link(reply: &Reply) -> Option<String> {
    let link = reply.header("link")?;
    let rest = link.trim_start().strip_prefix('<')?;
    rest.split_once('>').map(|(url, _)| url.to_owned())
}

/// All pages from the first, at most `limit` of them; a page that cannot be read is an obstacle.
async fn pages(session: &Session, query: &str, limit: usize) -> Result<Vec<Reply>, Stop> {
    let mut pages = vec![session.list_tags_with(query).await?];
    while pages.len() < limit {
        let last = &pages[pages.len() - 1];
        listed(last)?;
        let Some(link) = next_link(last) else { break };
        let next = session.resolve(&last.uri, &link)?;
        pages.push(session.call_uri(http::Method::GET, Ok(next)).send().await?);
    }
    Ok(pages)
}

/// The pages of the list that Helm asks for, at most `limit` of them, and the tags on them.
async fn whole_list(session: &Session, limit: usize) -> Result<(Vec<Reply>, Vec<String>), Stop> {
    let pages = pages(session, "", limit).await?;
    let mut tags = Vec::new();
    for page in &pages {
        tags.extend(listed(page)?);
    }
    Ok((pages, tags))
}

/// More pages than a handful of tags has.
const FEW: usize = 8;

requirement! {
    /// `GET tags/list` without parameters answers 200 with a JSON object that holds the tags.
    ///
    /// ## Why Helm needs it
    /// Without it there is no range and no "latest version": `helm pull` without `--version` fails.
    ///
    /// ## How it is checked
    /// A chart is pushed and the list is read.
    SHAPE = "tags/list-answers" {
        level: Must,
        title: "`tags/list` answers 200 with `{\"name\":…,\"tags\":[…]}`",
        covers: ["REG-TAG-01", "A04", "B37"],
        sources: [
            DISTRIBUTION.says("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            helm("v3.8.0", "pkg/registry/client.go:591", "lists tags when the version is empty or a range"),
        ],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 404"),
            Break::new(ORAS, Flow::LISTINGS, "GET \"{url}/tags/list\": response status code 404: Not Found"),
        ],
        faults: [TagListMissing, TagListNotAllowed, TagListAsHtml, TagListWithoutTags],
        consequences: [TagListNeedsMoreThanPull],
        check: shape,
    }
}

async fn shape(session: &Session) -> CheckResult {
    tagged(session, &["1.0.0"]).await?;
    let reply = session.list_tags().await?;
    expect::status(&reply, &[200])?;
    let list: TagList = expect::json(&reply, "with `name` and `tags`")?;
    expect::holds(
        list.tags.is_some(),
        "a `tags` array",
        "no `tags` array",
        &[&reply],
    )
}

requirement! {
    /// The list names the repository that was asked for.
    ///
    /// ## Why Helm needs it
    /// It does not look; other clients do, and a wrong name tells of a proxy that mixes things up.
    ///
    /// ## How it is checked
    /// The `name` field is compared.
    NAME = "tags/list-names-repository" {
        level: Should,
        title: "the `name` of a tag list is the repository",
        covers: ["REG-TAG-01"],
        sources: [DISTRIBUTION.says("listing-tags", "Upon success, the response MUST be a json body in the following format:")],
        breaks: [],
        faults: [TagListNamesOther],
        check: name,
    }
}

async fn name(session: &Session) -> CheckResult {
    tagged(session, &["1.0.0"]).await?;
    let reply = session.list_tags().await?;
    listed(&reply)?;
    let list: TagList = expect::json(&reply, "with `name` and `tags`")?;
    expect::holds(
        list.name == session.repository(),
        format!("`\"name\": \"{}\"`", session.repository()),
        format!("`\"name\": \"{}\"`", list.name),
        &[&reply],
    )
}

requirement! {
    /// Every tag is in the list, over all its pages.
    ///
    /// ## Why Helm needs it
    /// Helm computes the newest version itself. A list that is cut without a `Link` installs an old version,
    /// silently.
    ///
    /// ## How it is checked
    /// One manifest is pushed under 120 tags; all pages are read as Helm reads them.
    COMPLETE = "tags/complete" {
        level: Must,
        title: "every tag is listed, over all pages",
        covers: ["REG-TAG-02", "A06"],
        sources: [DISTRIBUTION.says(
            "listing-tags",
            "If the list is not empty, the tags MUST be in lexical order (i.e. case-insensitive alphanumeric order).",
        )],
        specification: Stated,
        breaks: [
            Break::when("in repositories with many tags", HELM_3, Flow::LISTINGS, "Could not locate a version matching provided version string"),
            Break::when("in repositories with many tags", HELM_4, Flow::LISTINGS, "could not locate a version matching provided version string"),
        ],
        faults: [CutsTagLists],
        check: complete,
    }
}

async fn complete(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let wanted: Vec<String> = (0..120).map(|n| format!("1.1.{n}")).collect();
    for group in wanted.chunks(8) {
        for pushed in join_all(
            group
                .iter()
                .map(|tag| session.arrange_manifest(tag, &chart.manifest)),
        )
        .await
        {
            pushed?;
        }
    }
    session.list_tags().await?;
    let (pages, seen) = whole_list(session, 200).await?;
    let seen: BTreeSet<String> = seen.into_iter().collect();
    let missing = wanted.iter().filter(|tag| !seen.contains(*tag)).count();
    // One or two that are missing are lost, not cut; other requirements look at single tags.
    let shown: Vec<&Reply> = pages.iter().take(2).collect();
    expect::holds(
        missing < 20,
        format!("{} tags over all pages", wanted.len()),
        format!("{missing} of them missing on {} page(s)", pages.len()),
        &shown,
    )
}

/// Three tags on a repository, and the first page of two.
async fn first_page(session: &Session) -> Result<Reply, Stop> {
    tagged(session, &["0.1.0", "0.2.0", "0.3.0"]).await?;
    let reply = session.list_tags_with("?n=2").await?;
    let tags = listed(&reply)?;
    if tags.len() > 2 && reply.header("link").is_none() {
        return Err(Stop::NotApplicable(
            "the registry does not cut its tag lists".to_owned(),
        ));
    }
    Ok(reply)
}

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

requirement! {
    /// The next page is on the registry itself.
    ///
    /// ## Why Helm needs it
    /// Behind a proxy an internal host in the `Link` is out of reach; builds with oras-go 2.6.2 refuse any
    /// other origin.
    ///
    /// ## How it is checked
    /// The link of a page is resolved and its origin compared.
    LINK_ORIGIN = "tags/link-on-the-registry" {
        level: Must,
        title: "the next page is on the registry's own origin",
        covers: ["REG-TAG-04", "A08"],
        sources: [oras_go("v2.6.2", "registry/remote/utils.go", "the next link must be of the same origin")],
        breaks: [
            Break::when("where the list is cut and the other host is out of reach", SINCE_3_8, Flow::LISTINGS, "no such host"),
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
        next.scheme() == own.scheme() && next.authority() == own.authority(),
        "a link on the registry's own origin",
        format!(
            "a link on `{}`",
            next.authority().map_or("?", |authority| authority.as_str())
        ),
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
    /// A tag list carries no `Link` of another kind.
    ///
    /// ## Why Helm needs it
    /// Helm follows the first `Link` whatever its `rel`; a style sheet that a content network wants preloaded
    /// is read as a page of tags.
    ///
    /// ## How it is checked
    /// A complete list is read; a `Link` on it must be a `next`.
    ONE_LINK = "tags/no-foreign-link" {
        level: Must,
        title: "a tag list carries no `Link` but `rel=\"next\"`",
        covers: ["REG-TAG-03", "C12"],
        sources: [observed("7.6", "`Link` without `rel` is followed by every Helm since 3.8")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"https://{host}/…\": unexpected status code 404"),
            Break::new(ORAS, Flow::LISTINGS, "GET \"https://{host}/…\": response status code 404"),
        ],
        faults: [AddsPreloadLink],
        check: one_link,
    }
}

async fn one_link(session: &Session) -> CheckResult {
    tagged(session, &["0.1.0"]).await?;
    let reply = session.list_tags().await?;
    listed(&reply)?;
    match reply.header("link") {
        Some(link) if !link.contains("next") => Err(expect::violated(
            "no `link` other than `rel=\"next\"`",
            format!("`link: {link}`"),
            &[&reply],
        )),
        _ => Ok(()),
    }
}

requirement! {
    /// Tags are listed as they were pushed: case, `_`, `-` and `.` unchanged.
    ///
    /// ## Why Helm needs it
    /// Helm turns `_` back into `+` and pulls the tag it computes from the list.
    ///
    /// ## How it is checked
    /// Tags with each of them are pushed; each must be in the list.
    VERBATIM = "tags/listed-verbatim" {
        level: Must,
        title: "tags are listed exactly as they were pushed",
        covers: ["REG-TAG-07", "REG-NAM-06"],
        sources: [
            helm("v3.8.0", "pkg/registry/client.go:607", "maps every `_` of a listed tag to `+`"),
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
        ],
        breaks: [
            Break::when("for versions with build metadata or upper case", SINCE_3_8, Flow::LISTINGS, "{ref}: not found"),
        ],
        faults: [ListsTagsLowerCased, ListsUnderscoresAsPlus, ListsUnderscoresAsDashes, HidesUnderscoreTags],
        consequences: [FoldsTagCase],
        check: verbatim,
    }
}

async fn verbatim(session: &Session) -> CheckResult {
    let tags = ["0.2.0_build.5", "0.3.0-RC.1", "0.4.0-x-y.7"];
    tagged(session, &tags).await?;
    let (pages, list) = whole_list(session, FEW).await?;
    let shown: Vec<&Reply> = pages.iter().collect();
    for tag in tags {
        expect::holds(
            list.iter().any(|listed| listed == tag),
            format!("`{tag}` in the list"),
            format!("the list {list:?}"),
            &shown,
        )?;
    }
    Ok(())
}

requirement! {
    /// Tags that are no chart versions are listed like any other.
    ///
    /// ## Why Helm needs it
    /// It drops them itself; a registry that hides them hides images and signatures from everybody.
    ///
    /// ## How it is checked
    /// `latest`, `v1.2.3` and a signature's tag are pushed beside a version; each must be in the list.
    FOREIGN = "tags/foreign-tags-listed" {
        level: May,
        title: "tags that are no SemVer are listed as well",
        covers: ["REG-TAG-14", "C16"],
        sources: [observed("3.1", "`latest`, `v9.9.9`, `1.0` and signature tags vanish in the client")],
        breaks: [],
        faults: [HidesForeignTags],
        check: foreign,
    }
}

async fn foreign(session: &Session) -> CheckResult {
    let tags = ["1.0.0", "latest", "v1.2.3", "sha256-0123.sig"];
    tagged(session, &tags).await?;
    let (pages, list) = whole_list(session, FEW).await?;
    let shown: Vec<&Reply> = pages.iter().collect();
    let missing: Vec<&str> = tags
        .into_iter()
        .filter(|tag| !list.iter().any(|own| own == tag))
        .collect();
    expect::holds(
        missing.is_empty(),
        "every tag in the list",
        format!("{missing:?} missing"),
        &shown,
    )
}

requirement! {
    /// Tags come in one order that does not change from page to page.
    ///
    /// ## Why Helm needs it
    /// Helm sorts by itself, but paging over an unstable order loses tags.
    ///
    /// ## How it is checked
    /// Four tags are pushed out of order; the list must be sorted, by bytes or without regard to case.
    ORDER = "tags/lexical-order" {
        level: Should,
        title: "tags are listed in lexical order",
        covers: ["REG-TAG-08", "B38"],
        sources: [DISTRIBUTION.says(
            "listing-tags",
            "If the list is not empty, the tags MUST be in lexical order (i.e. case-insensitive alphanumeric order).",
        )],
        breaks: [],
        faults: [ReversesTags],
        check: order,
    }
}

async fn order(session: &Session) -> CheckResult {
    tagged(session, &["0.3.0", "0.1.0", "0.4.0-beta", "0.2.0"]).await?;
    let reply = session.list_tags().await?;
    let list = listed(&reply)?;
    expect::holds(
        list.is_sorted(),
        "tags in lexical order",
        format!("{list:?}"),
        &[&reply],
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
    /// A tag is listed as soon as its push was answered.
    ///
    /// ## Why Helm needs it
    /// A job that pushes a chart and then updates dependencies with a range expects the new version.
    ///
    /// ## How it is checked
    /// Three times: a tag is pushed and the list read at once.
    AT_ONCE = "tags/listed-at-once" {
        level: Must,
        title: "a tag is listed as soon as it is pushed",
        covers: ["REG-TAG-10", "C15", "B05"],
        sources: [observed("3.1", "the version is computed from one listing; nothing is asked twice")],
        breaks: [
            Break::when("right after a push", HELM_3, Flow::LISTINGS, "Unable to locate any tags in provided repository: oci://{host}/{repo}"),
            Break::when("right after a push", HELM_4, Flow::LISTINGS, "unable to locate any tags in provided repository: oci://{host}/{repo}"),
        ],
        faults: [TagListLags],
        check: at_once,
    }
}

async fn at_once(session: &Session) -> CheckResult {
    let chart = session.arrange_chart_blobs("1.0.0").await?;
    for tag in ["0.1.0", "0.2.0", "0.3.0"] {
        session.arrange_manifest(tag, &chart.manifest).await?;
        let reply = session.list_tags().await?;
        let list = listed(&reply)?;
        if list.iter().any(|listed| listed == tag) {
            continue;
        }
        let again = session.list_tags().await?;
        // A tag that is never listed is lost, not late: other requirements look at that.
        if listed(&again)?.iter().any(|listed| listed == tag) {
            return Err(expect::violated(
                format!("`{tag}` in the list, at once"),
                format!("the list {list:?}"),
                &[&reply, &again],
            ));
        }
    }
    Ok(())
}

requirement! {
    /// The list of a repository that does not exist is a 404, or empty.
    ///
    /// ## Why Helm needs it
    /// Its message tells the user whether the chart is unknown or the registry is broken.
    ///
    /// ## How it is checked
    /// The tags of a repository that was never written to.
    UNKNOWN = "tags/unknown-repository" {
        level: Should,
        title: "the tags of an unknown repository are a 404 or none",
        covers: ["REG-TAG-11", "B24"],
        sources: [observed("3.1", "empty list and 404 have messages of their own")],
        breaks: [],
        faults: [UnknownRepositoryListFails],
        check: unknown,
    }
}

async fn unknown(session: &Session) -> CheckResult {
    let reply = session.list_tags().await?;
    if reply.status.as_u16() == 200 {
        // A page that is no list is judged by `tags/list-answers`.
        return Ok(());
    }
    expect::holds(
        reply.status.is_client_error(),
        "404, or 200 with no tags",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// From the list Helm resolves the version it should: the highest release for none, the highest match for
    /// a range, build metadata included, foreign tags left out.
    ///
    /// ## Why Helm needs it
    /// It is the purpose of the list: `helm pull` without a version, ranges in `Chart.yaml`.
    ///
    /// ## How it is checked
    /// Releases, a prerelease, a version with build metadata and foreign tags are pushed; Helm's resolution is
    /// applied to what the registry lists, and must pick what it picks from what was pushed.
    RESOLVES = "tags/range-resolves" {
        level: Must,
        title: "ranges resolve to the version they should",
        covers: ["REG-TAG-02", "REG-TAG-07", "REG-TAG-14", "C16"],
        sources: [
            HELM_DOCS.says(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "When setting a chart in the dependencies as OCI, the version can be set to a range like other dependencies.",
            ),
            helm("v3.8.0", "pkg/registry/util.go:51", "sorts by SemVer and takes the first match"),
        ],
        breaks: [
            Break::new(HELM_3, &[Flow::PullRange], "Could not locate a version matching provided version string"),
            Break::new(HELM_4, &[Flow::PullRange], "could not locate a version matching provided version string"),
        ],
        faults: [HidesUnderscoreTags, ListsUnderscoresAsDashes],
        check: resolves,
    }
}

async fn resolves(session: &Session) -> CheckResult {
    let pushed = [
        "0.1.0",
        "0.2.0_build.5",
        "1.0.0",
        "1.1.0-rc.1",
        "latest",
        "v9.9.9",
    ];
    tagged(session, &pushed).await?;
    let (pages, list) = whole_list(session, FEW).await?;
    let shown: Vec<&Reply> = pages.iter().collect();
    let pushed = pushed.map(ToOwned::to_owned);
    for range in [None, Some("<1.0.0"), Some(">0.1.0, <0.3.0")] {
        let parsed = range.and_then(|range| VersionReq::parse(range).ok());
        let (wanted, got) = (
            resolve::pick(&pushed, parsed.as_ref()),
            resolve::pick(&list, parsed.as_ref()),
        );
        expect::holds(
            wanted == got,
            format!("{} for {}", named(wanted), range.unwrap_or("no version")),
            format!("{} from the list {list:?}", named(got)),
            &shown,
        )?;
    }
    Ok(())
}

/// A resolved tag in words.
fn named(tag: Option<String>) -> String {
    tag.map_or_else(|| "no tag".to_owned(), |tag| format!("tag {tag}"))
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[
    &SHAPE,
    &NAME,
    &COMPLETE,
    &LINK,
    &LINK_ORIGIN,
    &LAST_PAGE,
    &ONE_LINK,
    &VERBATIM,
    &FOREIGN,
    &ORDER,
    &N,
    &LARGE_N,
    &LAST,
    &AT_ONCE,
    &UNKNOWN,
    &RESOLVES,
];
