//! The tags in a list, and the version that Helm resolves from them.

use semver::VersionReq;

use super::{PAGE_LIMIT, RELEASES, all_tags, described, push_tags, tags_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::range as resolve;
use crate::helm::version::{ALL, SINCE_3_8};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, HELM_DOCS, helm, observed};
use crate::session::{Reply, Session, expect};
use crate::verdict::CheckResult;

requirement! {
    /// The registry lists tags under the names under which they can be read: it changes neither `_`, `-` nor `.`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later replace `_` with `+` to get a version, and pull the tag that they compute from it.
    ///
    /// ## How it is checked
    /// The check pushes tags with each of these characters and with upper case. The list must contain every one of
    /// them unchanged, or in another case if GET of that tag returns a manifest: Helm pulls the tag that is listed.
    /// `names/tag-case` judges a registry that ignores case.
    VERBATIM = "tags/listed-verbatim" {
        level: Must,
        title: "the registry lists tags as they can be read",
        fix: "List a tag as it was pushed. Do not convert `_` to `+` or `-`, do not change its case, and omit none.",
        covers: ["REG-TAG-07", "REG-NAM-06"],
        sources: [
            helm("v3.8.0", "pkg/registry/client.go:607", "maps every `_` of a listed tag to `+`"),
            HELM_DOCS.states(
                "oci-feature-deprecation-and-behavior-changes-with-v380",
                "SemVer tags that include build information can be pushed and used. OCI registries don't support `+` as a tag character. Helm translates the `+` to `_` when stored as a tag.",
            ),
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<tag1>`, `<tag2>`, and `<tag3>` are each tags on the repository."),
        ],
        breaks: [
            Break::when("for versions with build metadata or upper case", SINCE_3_8, Flow::LISTINGS, Symptom::ManifestNotFound),
        ],
        faults: [ListsTagsLowerCased, ListsUnderscoresAsPlus, ListsUnderscoresAsDashes, HidesUnderscoreTags],
        consequences: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        check: verbatim,
    }
}

async fn verbatim(session: &Session) -> CheckResult {
    let tags = ["0.2.0_build.5", "0.3.0-RC.1", "0.4.0-x-y.7"];
    push_tags(session, &tags).await?;
    let (pages, list) = all_tags(session, PAGE_LIMIT).await?;
    let mut shown: Vec<&Reply> = pages.iter().collect();
    for tag in tags {
        if list.iter().any(|listed| listed == tag) {
            continue;
        }
        let listed = list.iter().find(|listed| listed.eq_ignore_ascii_case(tag));
        let read = match listed {
            Some(listed) => Some(session.get_manifest(listed).await?),
            None => None,
        };
        if read.as_ref().is_some_and(|read| read.status.is_success()) {
            continue;
        }
        shown.extend(&read);
        return Err(expect::violated(
            format!("`{tag}` in the list"),
            format!("a list of {list:?}"),
            &shown,
        ));
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
    NON_SEMVER = "tags/foreign-tags-listed" {
        level: May,
        title: "the registry lists tags that are not SemVer versions as well",
        fix: "List every tag of the repository, also `latest`, `v1.2.3` and the tags of signatures. Remove the filter for SemVer from `tags/list`.",
        covers: ["REG-TAG-14", "C16"],
        sources: [
            observed("3.1", "Helm ignores `latest`, `v9.9.9`, `1.0` and signature tags"),
            DISTRIBUTION.states("listing-tags", "`<name>` is the namespace of the repository, and `<tag1>`, `<tag2>`, and `<tag3>` are each tags on the repository."),
        ],
        breaks: [],
        faults: [HidesForeignTags],
        consequences: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        check: non_semver,
    }
}

async fn non_semver(session: &Session) -> CheckResult {
    let tags = ["1.0.0", "latest", "v1.2.3", "sha256-0123.sig"];
    push_tags(session, &tags).await?;
    let (pages, list) = all_tags(session, PAGE_LIMIT).await?;
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
        fix: "Sort all tags before the list is cut into pages. Distribution 2.8 returns them in the order of a directory.",
        covers: ["REG-TAG-08", "B38"],
        sources: [DISTRIBUTION.states(
            "listing-tags",
            "If the list is not empty, the tags MUST be in lexical order (i.e. case-insensitive alphanumeric order).",
        )],
        breaks: [],
        faults: [ReversesTags],
        shares: "releases",
        check: order,
    }
}

async fn order(session: &Session) -> CheckResult {
    push_tags(session, &RELEASES).await?;
    let reply = session.list_tags().await?;
    let list = tags_of(&reply)?;
    expect::holds(
        list.is_sorted(),
        "tags in lexical order",
        format!("{list:?}"),
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
        fix: "List every version that GET returns, with `_` in place of the `+` of its build metadata. Check which tags a filter or a conversion changes in `tags/list`.",
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
        consequences: [CutsTagListsToOne],
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
    push_tags(session, &pushed).await?;
    let (pages, mut list) = all_tags(session, PAGE_LIMIT).await?;
    // `tags/listed-is-readable` judges other tags.
    list.retain(|tag| pushed.contains(&tag.replace('+', "_").as_str()));
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
            format!(
                "{} for {}",
                described(wanted),
                range.unwrap_or("no version")
            ),
            format!("{} from a list of {list:?}", described(got)),
            &shown,
        )?;
    }
    Ok(())
}
