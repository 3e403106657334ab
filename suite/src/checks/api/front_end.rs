//! Redirects and pages of a front end in place of the responses of the API.

use http::Method;

use super::endpoint::{base, followed};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, BEFORE_3_7, CONTAINERD, CONTAINERD_SINCE_3_7, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, helm, observed};
use crate::session::steps::ACCEPT_ORAS;
use crate::session::{Reply, Session, expect};
use crate::verdict::{CheckResult, Stop};

requirement! {
    /// `/v2/` itself returns the 401 that asks for credentials, and does not redirect to a place that does.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` of Helm 3.0 to 3.17 fails if `/v2/` redirects, for example to `/v2` without the slash.
    ///
    /// ## How it is checked
    /// The check sends an anonymous `GET /v2/`. If the response is a redirect, it is followed: it must not lead to a 401.
    NOT_REDIRECTED = "api/base-not-redirected" {
        level: Must,
        title: "`/v2/` does not redirect to the place that asks for credentials",
        fix: "Return 401 with the challenge at `/v2/` itself. Remove the redirect, for example a rule of the front end that strips the trailing slash.",
        covers: ["REG-API-01", "REG-API-02"],
        sources: [
            DISTRIBUTION.states(
                "determining-support",
                "To check whether or not the registry implements this specification, perform a `GET` request to the following endpoint: `/v2/`",
            ),
            observed("4.2", "login sends `GET /v2/` up to 3.17 as Docker does, and later as oras-go does"),
        ],
        breaks: [
            Break::new(CONTAINERD, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [VersionCheckRedirects],
        proven_on: Basic,
        check: not_redirected,
    }
}

async fn not_redirected(session: &Session) -> CheckResult {
    let (first, last) = base(session).await?;
    expect::holds(
        !first.status.is_redirection() || last.status.as_u16() != 401,
        "status 401 from `/v2/` itself",
        format!("status {}, which leads to a 401", first.status),
        &[&first, &last],
    )
}

/// True for a body that is an HTML page.
fn is_page(reply: &Reply) -> bool {
    let body = String::from_utf8_lossy(&reply.body).to_ascii_lowercase();
    let body = body.trim_start();
    body.starts_with("<!doctype html") || body.starts_with("<html")
}

requirement! {
    /// The registry does not return the HTML page of a sign-in with status 200 to every request.
    ///
    /// ## Why Helm needs it
    /// Helm reads the page as a manifest, a blob or a list of tags. Every push and every pull fails, with errors that do not
    /// mention the page.
    ///
    /// ## How it is checked
    /// The check sends an anonymous `GET /v2/` and an anonymous GET of an absent manifest and follows redirects. At least
    /// one response must be no HTML page with status 200.
    NO_SIGN_IN = "api/no-page-for-every-request" {
        level: Must,
        title: "the registry does not return an HTML page with status 200 to every request",
        fix: "Exempt `/v2/` and every path below it from the sign-in page of the front end. Return 401 with a challenge where credentials are missing, and 404 for absent content.",
        covers: ["REG-API-03", "REG-ERR-03", "B36"],
        sources: [DISTRIBUTION.states(
            "pulling-manifests",
            "If the manifest is not found in the repository, the response code MUST be `404 Not Found`.",
        )],
        breaks: [
            Break::new(CONTAINERD, Flow::WRITES, Symptom::ManifestPutWithoutDigest),
            Break::new(CONTAINERD_SINCE_3_7, Flow::DIRECT_PULLS, Symptom::NoLayers),
            Break::new(BEFORE_3_7, &[Flow::ChartPull], Symptom::NotInCache),
            Break::new(BEFORE_3_7, &[Flow::Pull, Flow::DependencyUpdate], Symptom::NoLayers),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TokenNotJson),
            Break::new(ORAS, Flow::WRITES, Symptom::PageReadBack),
            Break::new(ORAS, Flow::EXACT_PULLS, Symptom::PagePulled),
            Break::new(ORAS, &[Flow::PullDigest], Symptom::PagePulledByDigest),
            Break::new(ORAS, Flow::LISTINGS, Symptom::TokenNotJson),
        ],
        faults: [RedirectsToSignIn, RedirectsAnonymousToSignIn, ServesSignInEverywhere],
        proven_on: Basic,
        check: no_sign_in,
    }
}

async fn no_sign_in(session: &Session) -> CheckResult {
    let (_, root) = base(session).await?;
    if !is_page(&root) || root.status.as_u16() != 200 {
        return Ok(());
    }
    let path = session.manifest_path("0.0.1");
    let get = session.call(Method::GET, &path).accept(ACCEPT_ORAS);
    let first = get.anonymous().send().await?;
    let last = followed(session, first).await?;
    expect::holds(
        !is_page(&last) || last.status.as_u16() != 200,
        "status 404 for a manifest that does not exist",
        "the HTML page that `/v2/` returns as well",
        &[&root, &last],
    )
}

requirement! {
    /// `/v2/` does not return an HTML page with status 200.
    ///
    /// ## Why Helm needs it
    /// A sign-in page in front of the registry returns 200 to everything. Then `helm registry login` succeeds with any
    /// password, and the first push or pull fails.
    ///
    /// ## How it is checked
    /// The check sends an anonymous `GET /v2/` and follows redirects. The body of a 200 must be no HTML page.
    NO_PAGE = "api/base-is-no-page" {
        level: Should,
        title: "`/v2/` is no HTML page, such as that of a sign-in",
        fix: "Exempt `/v2/` from the sign-in page of the front end, and let the registry return its own 401 with a challenge, or 200 if no credentials are required.",
        covers: ["REG-API-03", "B26", "B36"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "no challenge at `/v2/`: the password is never sent")],
        breaks: [
            Break::when("with a wrong password", ALL, &[Flow::Login], Symptom::WrongPasswordAccepted),
        ],
        faults: [RedirectsToSignIn, RedirectsAnonymousToSignIn, ServesSignInEverywhere],
        proven_on: Basic,
        check: no_page,
    }
}

async fn no_page(session: &Session) -> CheckResult {
    let (_, last) = base(session).await?;
    if last.status.as_u16() != 200 {
        return Err(Stop::condition_not_met("`/v2/` does not return 200"));
    }
    expect::holds(
        !is_page(&last),
        "a body that is no HTML page",
        "an HTML page",
        &[&last],
    )
}
