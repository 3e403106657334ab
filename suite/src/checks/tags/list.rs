//! The tag list as a whole.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::Method;

use super::{all_tags, push_one_tag, tags_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, SINCE_3_8};
use crate::oci::TagList;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm, observed};
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
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
        fix: "Return 200 with `{\"name\":\"<name>\",\"tags\":[\"1.0.0\"]}` to `GET /v2/<name>/tags/list` if the client may pull. Check the route, and return an array and not `null`.",
        covers: ["REG-TAG-01", "A04", "B37"],
        sources: [
            DISTRIBUTION.states("listing-tags", "Assuming a repository is found, this request MUST return a `200 OK` response code."),
            DISTRIBUTION.states("listing-tags", "Upon success, the response MUST be a json body in the following format: `{ \"name\": \"<name>\", \"tags\": [ \"<tag1>\", \"<tag2>\", \"<tag3>\" ] }`"),
            helm("v3.8.0", "pkg/registry/client.go:591", "lists tags when the version is empty or a range"),
        ],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::TagList),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::TagList),
        ],
        faults: [TagListMissing, TagListNotAllowed, TagListUnauthorized, TagListForbidden, TagListFails, TagListAsHtml, TagListWithoutTags],
        consequences: [TagListNeedsMoreThanPull],
        shares: "chart",
        check: shape,
    }
}

async fn shape(session: &Session) -> CheckResult {
    push_one_tag(session).await?;
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
    REPOSITORY_NAME = "tags/list-names-repository" {
        level: Should,
        title: "the `name` in a tag list is the repository name",
        fix: "Write the name of the request, with its namespace, into `name`. Check a proxy that maps one repository to another.",
        covers: ["REG-TAG-01"],
        sources: [
            DISTRIBUTION.states("listing-tags", "Upon success, the response MUST be a json body in the following format: `{ \"name\": \"<name>\", \"tags\": [ \"<tag1>\", \"<tag2>\", \"<tag3>\" ] }` `<name>` is the namespace of the repository"),
        ],
        breaks: [],
        faults: [TagListNamesOther],
        shares: "chart",
        check: repository_name,
    }
}

async fn repository_name(session: &Session) -> CheckResult {
    push_one_tag(session).await?;
    let reply = session.list_tags().await?;
    tags_of(&reply)?;
    let list: TagList = expect::json(&reply, "with `name` and `tags`")?;
    expect::holds(
        session.repository() == &list.name,
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
    /// The check pushes one manifest under 101 tags, as pages often have 100, then reads the list and follows `Link` headers as Helm does. No tag
    /// may be missing whose manifest GET returns.
    COMPLETE = "tags/complete" {
        level: Must,
        title: "the pages of a tag list contain every tag",
        fix: "Return all tags, or send `Link: </v2/<name>/tags/list?n=100&last=1.0.0>; rel=\"next\"` with each page but the last. `last` is the last tag of the page.",
        covers: ["REG-TAG-02", "A06"],
        sources: [
            DISTRIBUTION.states("listing-tags", "In addition to fetching the whole list of tags, a subset of the tags can be fetched by providing the `n` query parameter."),
            DISTRIBUTION.states("listing-tags", "A `Link` header MAY be included in the response when additional tags are available."),
        ],
        specification: Stated,
        breaks: [
            Break::when("in repositories with many tags", ALL, Flow::LISTINGS, Symptom::NoMatchingVersion),
            Break::when("for a dependency with a range", SINCE_3_8, &[Flow::DependencyUpdate], Symptom::NoMatchingVersion),
        ],
        faults: [CutsTagLists, LosesTheFirstTagOfLaterPages],
        consequences: [CutsTagListsToOne, LosesATagOfEachPage, LosesTheLastTagOfEachPage],
        check: complete,
    }
}

async fn complete(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let wanted: Vec<String> = (0..101).map(|n| format!("1.1.{n}")).collect();
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
    let (pages, seen) = all_tags(session, 200).await?;
    let seen: BTreeSet<String> = seen.into_iter().collect();
    let missing: Vec<&String> = wanted.iter().filter(|tag| !seen.contains(*tag)).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    // A tag that cannot be read either was not stored; other requirements judge that.
    let read = session.get_manifest(first).await?;
    if !read.status.is_success() {
        return Err(obstacle("read one of the tags", &read));
    }
    let mut shown: Vec<&Reply> = pages.iter().take(2).collect();
    shown.push(&read);
    Err(expect::violated(
        format!("all {} pushed tags in the list", wanted.len()),
        format!(
            "{} missing from a list of {} page(s), `{first}` among them",
            missing.len(),
            pages.len()
        ),
        &shown,
    ))
}

requirement! {
    /// The registry returns a 4xx status or a list without tags to `GET tags/list` in a repository that does not exist.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later print different messages for 404 and an empty list. With a 5xx the user cannot distinguish an
    /// unknown chart from a broken registry.
    ///
    /// ## How it is checked
    /// The check sends `GET tags/list` in a repository to which nothing was ever pushed. The response must be a 4xx, or
    /// 200 with a list without tags.
    UNKNOWN_REPOSITORY = "tags/unknown-repository" {
        level: Should,
        title: "`tags/list` of an unknown repository returns a 4xx status or no tags",
        fix: "Return 404 with the code `NAME_UNKNOWN`, or 200 with `\"tags\":[]`, for an unknown repository. Map the error \"not found\" of the storage to one of them.",
        covers: ["REG-TAG-11", "B24"],
        sources: [observed("3.1", "Helm prints different messages for an empty list and for 404")],
        breaks: [],
        faults: [UnknownRepositoryListFails],
        consequences: [TagListAsHtml, RedirectsToSignIn, ServesSignInEverywhere, TagListFails],
        check: unknown,
    }
}

async fn unknown(session: &Session) -> CheckResult {
    // In a read-only run the repository of the check exists.
    let unknown = match session.existing_chart() {
        Some(_) => session.sibling("unknown"),
        None => session.repository().clone(),
    };
    let path = format!("/v2/{unknown}/tags/list");
    let reply = session.call(Method::GET, &path).send().await?;
    if reply.status.as_u16() == 200 {
        let list: TagList = expect::json(&reply, "with a list of tags")?;
        let tags = list.tags.unwrap_or_default();
        return expect::holds(tags.is_empty(), "no tags", format!("{tags:?}"), &[&reply]);
    }
    expect::holds(
        reply.status.is_client_error(),
        "a 4xx status, or 200 without tags",
        format!("status {}", reply.status),
        &[&reply],
    )
}
