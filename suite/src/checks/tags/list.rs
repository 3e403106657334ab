//! What a tag list says, and what Helm resolves from it.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use semver::VersionReq;

use super::{FEW, listed, named, tagged, whole_list};
use crate::helm::era::{Break, Flow, HELM_3, HELM_4, OLD_LISTING, ORAS, SINCE_3_8};
use crate::helm::range as resolve;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::session::expect;
use crate::session::steps::TagList;
use crate::session::{Reply, Session};
use crate::verdict::CheckResult;

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
