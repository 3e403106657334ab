//! The content of a tag list, and the version that Helm resolves from it.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use semver::VersionReq;

use super::{FEW, listed, named, tagged, whole_list};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::range as resolve;
use crate::helm::version::{ALL, SINCE_3_8};
use crate::oci::TagList;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::session::expect;
use crate::session::{Reply, Session};
use crate::verdict::CheckResult;

requirement! {
    /// The registry returns 200 to `GET tags/list` without parameters, with a JSON object that contains the tags.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later compute a version range and the newest version from this list. Without it `helm pull`
    /// without `--version` fails.
    ///
    /// ## How it is checked
    /// The check pushes a chart and sends `GET tags/list`. The response must be 200 with a JSON body that has a
    /// `tags` array.
    SHAPE = "tags/list-answers" {
        level: Must,
        title: "`tags/list` returns 200 with `{\"name\":…,\"tags\":[…]}`",
        covers: ["REG-TAG-01", "A04", "B37"],
        sources: [
            DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            helm("v3.8.0", "pkg/registry/client.go:591", "lists tags when the version is empty or a range"),
        ],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagList),
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
    /// The `name` field of a tag list is the name of the requested repository.
    ///
    /// ## Why Helm needs it
    /// No Helm version reads the field. Other clients do, and a wrong name indicates a proxy that mixes up
    /// repositories.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list`. The `name` field must be the name of the repository.
    NAME = "tags/list-names-repository" {
        level: Should,
        title: "the `name` in a tag list is the repository name",
        covers: ["REG-TAG-01"],
        sources: [DISTRIBUTION.states("listing-tags", "Upon success, the response MUST be a json body in the following format:")],
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
    /// The tag list contains every tag of the repository, across all its pages.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later compute the newest version from the list. If the registry truncates the list without a
    /// `Link` header, Helm silently installs an old version.
    ///
    /// ## How it is checked
    /// The check pushes one manifest under 120 tags, then reads the list and follows `Link` headers as Helm does.
    /// Fewer than 20 of the tags may be missing; single lost tags are the subject of other requirements.
    COMPLETE = "tags/complete" {
        level: Must,
        title: "the pages of a tag list contain every tag",
        covers: ["REG-TAG-02", "A06"],
        sources: [DISTRIBUTION.states(
            "listing-tags",
            "If the list is not empty, the tags MUST be in lexical order (i.e. case-insensitive alphanumeric order).",
        )],
        specification: Stated,
        breaks: [
            Break::when("in repositories with many tags", ALL, Flow::LISTINGS, Symptom::NoMatchingVersion),
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
    // One or two missing tags are lost, not truncated; other requirements cover single tags.
    let shown: Vec<&Reply> = pages.iter().take(2).collect();
    expect::holds(
        missing < 20,
        format!("{} tags over all pages", wanted.len()),
        format!("{missing} of them missing from {} page(s)", pages.len()),
        &shown,
    )
}

requirement! {
    /// The registry lists tags exactly as they were pushed: it changes neither case nor `_`, `-` and `.`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later replace `_` with `+` to get a version, and pull the tag that they compute from it.
    ///
    /// ## How it is checked
    /// The check pushes tags with each of these characters and with upper case. The list must contain every one of
    /// them unchanged.
    VERBATIM = "tags/listed-verbatim" {
        level: Must,
        title: "the registry lists tags exactly as they were pushed",
        covers: ["REG-TAG-07", "REG-NAM-06"],
        sources: [
            helm("v3.8.0", "pkg/registry/client.go:607", "maps every `_` of a listed tag to `+`"),
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
        ],
        breaks: [
            Break::when("for versions with build metadata or upper case", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
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
            format!("a list of {list:?}"),
            &shown,
        )?;
    }
    Ok(())
}

requirement! {
    /// The registry lists tags that are not chart versions like any other tag.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: Helm ignores such tags itself. A registry that hides them hides images and signatures
    /// from all clients.
    ///
    /// ## How it is checked
    /// The check pushes `latest`, `v1.2.3` and the tag of a signature in addition to a version. The list must contain
    /// all of them.
    FOREIGN = "tags/foreign-tags-listed" {
        level: May,
        title: "the registry lists tags that are not SemVer versions as well",
        covers: ["REG-TAG-14", "C16"],
        sources: [observed("3.1", "Helm ignores `latest`, `v9.9.9`, `1.0` and signature tags")],
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
        "a list with every pushed tag",
        format!("a list without {missing:?}"),
        &shown,
    )
}

requirement! {
    /// The registry lists tags in lexical order, the same on every page.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later sort the tags themselves. Pagination over an order that changes loses tags.
    ///
    /// ## How it is checked
    /// The check pushes four tags out of order and sends `GET tags/list`. The tags must come back sorted.
    ORDER = "tags/lexical-order" {
        level: Should,
        title: "the registry lists tags in lexical order",
        covers: ["REG-TAG-08", "B38"],
        sources: [DISTRIBUTION.states(
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
    /// The registry returns 404 or an empty list to `GET tags/list` in a repository that does not exist.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later print different messages for the two cases. With a 5xx the user cannot distinguish an
    /// unknown chart from a broken registry.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list` in a repository to which nothing was ever pushed. The response must be 200 or
    /// a 4xx.
    UNKNOWN = "tags/unknown-repository" {
        level: Should,
        title: "`tags/list` of an unknown repository returns 404 or no tags",
        covers: ["REG-TAG-11", "B24"],
        sources: [observed("3.1", "Helm prints different messages for an empty list and for 404")],
        breaks: [],
        faults: [UnknownRepositoryListFails],
        check: unknown,
    }
}

async fn unknown(session: &Session) -> CheckResult {
    let reply = session.list_tags().await?;
    if reply.status.as_u16() == 200 {
        // `tags/list-answers` judges a body that is not a list.
        return Ok(());
    }
    expect::holds(
        reply.status.is_client_error(),
        "status 404, or 200 without tags",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// From the tag list Helm resolves the right version: without a version the highest release, for a range the
    /// highest match. Versions with build metadata count, tags that are not versions do not.
    ///
    /// ## Why Helm needs it
    /// This is what Helm 3.8 and later use the list for: `helm pull` without a version, and ranges in `Chart.yaml`.
    ///
    /// ## How it is checked
    /// The check pushes releases, a prerelease, a version with build metadata and tags that are not versions. It
    /// applies Helm's resolution to the pushed tags and to the list of the registry; both must give the same tag.
    RESOLVES = "tags/range-resolves" {
        level: Must,
        title: "the tag list resolves ranges to the right version",
        covers: ["REG-TAG-02", "REG-TAG-07", "REG-TAG-14", "C16"],
        sources: [
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "When setting a chart in the dependencies as OCI, the version can be set to a range like other dependencies.",
            ),
            helm("v3.8.0", "pkg/registry/util.go:51", "sorts by SemVer and takes the first match"),
        ],
        breaks: [
            Break::new(ALL, &[Flow::PullRange], Symptom::NoMatchingVersion),
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
            format!("{} from a list of {list:?}", named(got)),
            &shown,
        )?;
    }
    Ok(())
}
