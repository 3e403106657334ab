//! The `Location` of an upload, and redirects of its PUT.

use http::Uri;

use super::resolved;
use crate::checks::upload::{fresh_location, upload_blob};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, HARDENED};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, oras_go};
use crate::session::steps::obstacle;
use crate::session::{Session, expect};
use crate::verdict::{CheckResult, Stop};

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
        fix: "Send `Location` as a path, or with the host and port that the client used; the proxy must forward both. In Distribution, `http.relativeurls` sends paths.",
        covers: ["REG-BLB-08", "A09"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:921", "refuses an upload URL on another host")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, Symptom::LocationOnOtherHost),
        ],
        faults: [UploadLocationOnOtherHost],
        shares: "upload",
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
        fix: "Send `Location` as a path, or with `https`. Let the proxy that terminates TLS forward the scheme; in Distribution, `http.relativeurls` sends paths.",
        covers: ["REG-BLB-09", "A10"],
        sources: [oras_go("v2.6.1", "registry/remote/repository.go:923", "refuses an upload URL that downgrades the scheme")],
        breaks: [
            Break::new(HARDENED, Flow::PUSHES, Symptom::LocationWithoutTls),
        ],
        faults: [UploadLocationDowngraded],
        shares: "upload",
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
    PUT_NOT_REDIRECTED = "origins/put-not-redirected" {
        level: Must,
        title: "the PUT of an upload does not return 301, 302 or 303",
        fix: "Return 201 to the PUT at the URL of `Location`, without a redirect; if one is needed, use 307 or 308. Check rules that redirect http to https, or one spelling of a path to another.",
        covers: ["REG-BLB-11", "B09"],
        sources: [HTTP.states(
            "status.301",
            "For historical reasons, a user agent MAY change the request method from POST to GET for the subsequent request.",
        )],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPutRedirected),
        ],
        faults: [RedirectsBlobPut],
        shares: "blob",
        check: put_not_redirected,
    }
}

async fn put_not_redirected(session: &Session) -> CheckResult {
    let (reply, _) = upload_blob(session, "a blob").await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 301..=303),
        "a status other than 301, 302 and 303",
        format!("status {}", reply.status),
        &[&reply],
    )
}
