//! The realm of a Bearer challenge.

use http::Uri;

use crate::checks::auth::{bearer, endpoint};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::HARDENED;
use crate::oci::url::is_private;
use crate::requirement::requirement;
use crate::requirement::source::oras_go;
use crate::session::steps::obstacle;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};
use crate::wire::redaction::redact_url;

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
        fix: "Write the realm with `https://`. Let the proxy that terminates TLS forward the scheme, or set the external URL of the registry or token service.",
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
        fix: "Write the public host name of the token service into the realm, not an address of the internal network. Check the configured external URL.",
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
