//! URLs that a registry returns: locations, redirects, links and realms.

mod redirects;

use http::{Method, Uri};

use super::auth::{bearer, endpoint};
use super::tags::{first_page, listed, next_link, tagged};
use super::upload::{content, fresh_location, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD_SINCE_3_7, HARDENED, ORAS, SINCE_3_8};
use crate::oci::url::{is_private, is_same_origin};
use crate::requirement::source::{HTTP, observed, oras_go};
use crate::requirement::{Requirement, requirement};
use crate::session::expect;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session};
use crate::verdict::{CheckResult, Stop};
use crate::wire::exchange::redact_url;

/// The URL in the `Location` of a response, resolved; an invalid one is a violation.
fn resolved(session: &Session, reply: &Reply) -> Result<Uri, Stop> {
    let location = expect::header(reply, "location")?;
    session.resolve(&reply.uri, location).map_err(|_| {
        expect::violated(
            "a valid URL in `location`",
            format!("`location: {}`", redact_url(location)),
            &[reply],
        )
    })
}

requirement! {
    /// The registry serves HEAD of a blob itself, or redirects it to a URL that accepts HEAD.
    ///
    /// ## Why Helm needs it
    /// Helm follows the redirect with HEAD. A URL that an object store signed for GET returns 403 to HEAD.
    ///
    /// ## How it is checked
    /// If HEAD of a blob is redirected, the check follows the redirect with HEAD and without credentials. The
    /// response must be a 2xx.
    REDIRECTED_HEAD = "origins/redirected-head-works" {
        level: Must,
        title: "the target of a redirected blob HEAD accepts HEAD",
        covers: ["REG-BLB-04", "B08"],
        sources: [HTTP.states(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::new(CONTAINERD_SINCE_3_7, &[Flow::RePush, Flow::PushChanged], Symptom::RedirectedBlobHead),
            Break::new(ORAS, &[Flow::PushChanged], Symptom::RedirectedBlobHead),
        ],
        faults: [RedirectsBlobHead],
        check: redirected_head,
    }
}

async fn redirected_head(session: &Session) -> CheckResult {
    let digest = session
        .arrange_blob(&content(session, "redirected"))
        .await?;
    let head = session.head_blob(&digest).await?;
    if !head.status.is_redirection() {
        return Err(Stop::condition_not_met("HEAD of a blob is not redirected"));
    }
    let end = session
        .call_uri(Method::HEAD, resolved(session, &head))
        .anonymous()
        .send()
        .await?;
    expect::success(&end)
}

requirement! {
    /// The `Location` of an upload has the same host and port as the registry.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1, 4.2.1 and later refuse to follow it to another host. Earlier versions send the chart there, and
    /// some of them the credentials.
    ///
    /// ## How it is checked
    /// The check opens an upload. The resolved `Location` must have the host and port of the registry; a default port
    /// equals no port.
    LOCATION_HOST = "origins/location-on-the-registry" {
        level: Must,
        title: "the `Location` of an upload has the registry's own host and port",
        covers: ["REG-BLB-08", "A09"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:921", "refuses an upload URL on another host")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, Symptom::LocationOnOtherHost),
        ],
        faults: [UploadLocationOnOtherHost],
        check: same_host,
    }
}

async fn same_host(session: &Session) -> CheckResult {
    let (reply, _) = fresh_location(session).await?;
    let (own, other) = (
        host_and_port(session.target().origin()),
        host_and_port(&resolved(session, &reply)?),
    );
    let same_host = own.0 == other.0;
    // A change of scheme alone changes the default port; `origins/location-keeps-tls` judges that.
    let same_port = own.1 == other.1 || (other.1 == Some(80) && own.1 == Some(443));
    expect::holds(
        same_host && same_port,
        format!("a `location` on the host `{}`", own.0),
        format!(
            "a `location` on the host `{}`, port {}",
            other.0,
            other.1.unwrap_or_default()
        ),
        &[&reply],
    )
}

/// The host in lower case, and the port or the default port of the scheme.
fn host_and_port(uri: &Uri) -> (String, Option<u16>) {
    let default = match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    (
        uri.host().unwrap_or_default().to_ascii_lowercase(),
        uri.port_u16().or(default),
    )
}

requirement! {
    /// If the registry uses TLS, the `Location` of an upload is an `https` URL or relative.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1, 4.2.1 and later refuse the downgrade. Earlier versions since 3.18 send the chart and the
    /// credentials in clear text. The usual cause is a proxy that terminates TLS and does not forward the scheme to
    /// the registry.
    ///
    /// ## How it is checked
    /// The check opens an upload. The scheme of the resolved `Location` must be `https`. The requirement does not
    /// apply to registries on plain HTTP.
    LOCATION_TLS = "origins/location-keeps-tls" {
        level: Must,
        title: "the `Location` of an upload does not downgrade from https",
        covers: ["REG-BLB-09", "A10"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:923", "refuses an upload URL that downgrades the scheme")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, Symptom::LocationWithoutTls),
        ],
        faults: [UploadLocationDowngraded],
        check: same_scheme,
    }
}

async fn same_scheme(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::condition_not_met("the registry uses plain HTTP"));
    }
    let (reply, _) = fresh_location(session).await?;
    let resolved = resolved(session, &reply)?;
    if resolved.host() != session.target().origin().host() {
        return Err(obstacle(
            "get a `Location` on the registry's own host",
            &reply,
        ));
    }
    let scheme = resolved.scheme_str().unwrap_or_default().to_owned();
    expect::holds(
        scheme == "https",
        "an `https` or a relative `location`",
        format!("an `{scheme}` URL in `location`"),
        &[&reply],
    )
}

requirement! {
    /// The registry does not redirect the PUT that completes an upload with a status that changes it into a GET.
    ///
    /// ## Why Helm needs it
    /// Helm's HTTP client follows 301, 302 and 303 with a GET without a body: the POST succeeds and the push fails.
    /// The usual cause is a redirect from http to https or to another spelling of the path.
    ///
    /// ## How it is checked
    /// The check uploads a blob. The status of the PUT must not be 301, 302 or 303.
    PUT_STAYS = "origins/put-not-redirected" {
        level: Must,
        title: "the PUT of an upload does not return 301, 302 or 303",
        covers: ["REG-BLB-11", "B09"],
        sources: [HTTP.states(
            "status.301",
            "For historical reasons, a user agent MAY change the request method from POST to GET for the subsequent request.",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPutRedirected),
        ],
        faults: [RedirectsBlobPut],
        check: put_stays,
    }
}

async fn put_stays(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "in its place").await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 301..=303),
        "a status other than 301, 302 and 303",
        format!("status {}", reply.status),
        &[&reply],
    )
}

requirement! {
    /// The URL of the next page has the same origin as the registry.
    ///
    /// ## Why Helm needs it
    /// Behind a proxy, Helm cannot reach an internal host in the `Link`. Builds with oras-go 2.6.2 refuse any other
    /// origin.
    ///
    /// ## How it is checked
    /// The check requests a page of two tags from a repository with three. If the response has a `Link`, its URL must
    /// have the origin of the registry.
    LINK_HOST = "origins/link-on-the-registry" {
        level: Must,
        title: "the `Link` to the next page has the registry's own origin",
        covers: ["REG-TAG-04", "A08"],
        sources: [oras_go("v2.6.2", "registry/remote/utils.go", "the next link must be of the same origin")],
        breaks: [
            Break::when("where the list is cut and the other host is out of reach", SINCE_3_8, Flow::LISTINGS, Symptom::NoSuchHost),
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
        is_same_origin(&next, own),
        "a `link` to the registry's own origin",
        format!(
            "a `link` to `{}`",
            next.authority().map_or("?", |authority| authority.as_str())
        ),
        &[&reply],
    )
}

requirement! {
    /// A tag list has no `Link` header with another relation than `next`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.8 and later follow the first `Link` whatever its `rel`. If a content delivery network adds a `Link` to
    /// preload a style sheet, Helm reads that file as a page of tags.
    ///
    /// ## How it is checked
    /// The check reads a complete tag list. A `Link` in the response must have `rel="next"`.
    NO_FOREIGN_LINK = "origins/no-foreign-link" {
        level: Must,
        title: "a tag list has no `Link` except `rel=\"next\"`",
        covers: ["REG-TAG-03", "C12"],
        sources: [observed("7.6", "Helm 3.8 and later follow a `Link` without `rel`")],
        breaks: [
            Break::new(SINCE_3_8, Flow::LISTINGS, Symptom::LinkedPage),
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
            "no `link` header except `rel=\"next\"`",
            format!("`link: {link}`"),
            &[&reply],
        )),
        _ => Ok(()),
    }
}

/// The realm as a URI; an invalid one is an obstacle.
async fn realm_uri(session: &Session) -> Result<(Reply, Uri), Stop> {
    let (reply, challenge) = bearer(session).await?;
    let (realm, _) = endpoint(&reply, &challenge)?;
    let uri = realm
        .parse()
        .map_err(|_| obstacle("parse the realm", &reply))?;
    Ok((reply, uri))
}

requirement! {
    /// If the registry uses TLS, the `realm` of its challenge is an `https` URL.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1, 4.2.1 and later refuse a downgrade. Earlier versions send the password in clear text.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The scheme of the `realm` must be `https`. The requirement
    /// does not apply to registries on plain HTTP.
    REALM_TLS = "origins/realm-keeps-tls" {
        level: Must,
        title: "the `realm` does not downgrade from https",
        covers: ["REG-AUT-16", "A11"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go:239", "refuses an `http` realm of an `https` registry")],
        breaks: [
            Break::new(HARDENED, Flow::ALL, Symptom::RealmWithoutTls),
        ],
        faults: [RealmDowngraded],
        consequences: [RealmOnPrivateAddress],
        proven_on: Bearer,
        check: realm_tls,
    }
}

async fn realm_tls(session: &Session) -> CheckResult {
    if session.target().origin().scheme_str() != Some("https") {
        return Err(Stop::condition_not_met("the registry uses plain HTTP"));
    }
    let (reply, uri) = realm_uri(session).await?;
    expect::holds(
        uri.scheme_str() == Some("https"),
        "an `https` URL as `realm`",
        format!("`{}`", redact_url(&uri.to_string())),
        &[&reply],
    )
}

requirement! {
    /// The `realm` is not a loopback, private or link-local address, unless the registry has the same host.
    ///
    /// ## Why Helm needs it
    /// Helm 3.21.1, 4.2.1 and later refuse such a `realm`. Other versions cannot reach it from outside the cluster.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The host of the `realm` must be public, or the host of the
    /// registry.
    REALM_PUBLIC = "origins/realm-reachable" {
        level: Must,
        title: "the `realm` is not a private address",
        covers: ["REG-AUT-17", "REG-AUT-18", "A11"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go:239", "refuses a realm that is a private address of another host")],
        breaks: [
            Break::new(HARDENED, Flow::ALL, Symptom::RealmWithoutTls),
            Break::when("where the realm has the scheme of the registry", HARDENED, Flow::ALL, Symptom::RealmPrivate),
        ],
        faults: [RealmOnPrivateAddress],
        proven_on: Bearer,
        check: realm_public,
    }
}

async fn realm_public(session: &Session) -> CheckResult {
    let (reply, uri) = realm_uri(session).await?;
    let own = session.target().origin().host() == uri.host();
    expect::holds(
        own || !is_private(&uri),
        "a `realm` with a public host",
        format!("`{}`", redact_url(&uri.to_string())),
        &[&reply],
    )
}

/// The requirements of this area, in reading order.
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    &REDIRECTED_HEAD,
    &LOCATION_HOST,
    &LOCATION_TLS,
    &PUT_STAYS,
    &redirects::ENDS,
    &redirects::FEW,
    &redirects::OPEN,
    &redirects::AUTHORITY,
    &redirects::REACHABLE,
    &redirects::TLS,
    &LINK_HOST,
    &NO_FOREIGN_LINK,
    &REALM_TLS,
    &REALM_PUBLIC,
];
