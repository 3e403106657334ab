//! Challenges, and what is refused.

use http::{HeaderValue, Method};

use super::{bearer, challenged, credentials, endpoint, scope, token_of};
use crate::helm::era::{
    BEFORE_3_7, BEFORE_CONTAINERD_1_7, Break, CONTAINERD, CONTAINERD_1_5, CONTAINERD_1_7, Flow,
    HARDENED, NOT_HARDENED, OLD_LISTING, ORAS, Span, Versions,
};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, helm, observed, oras_go};
use crate::session::challenge::{self, Challenge};
use crate::session::expect;
use crate::session::steps::{ACCEPT_CONTAINERD, obstacle};
use crate::session::target::Login;
use crate::session::{Session, digest_of};
use crate::verdict::{CheckResult, Stop};
use crate::wire::exchange::redact_url;

requirement! {
    /// A request that lacks authority is answered 401 with `WWW-Authenticate`, on every endpoint and method.
    ///
    /// ## Why Helm needs it
    /// Every operation starts anonymously; credentials are sent only in answer to a challenge. Helm never asks
    /// `/v2/` before it pushes or pulls, so a challenge there alone is of no use.
    ///
    /// ## How it is checked
    /// Anonymous HEAD of a manifest and of a blob, POST of an upload, GET of tags: each that is refused must be
    /// a 401 with a challenge that can be parsed.
    EVERYWHERE = "auth/challenge-everywhere" {
        level: Must,
        title: "every 401 carries a challenge",
        covers: ["REG-AUT-01", "A12"],
        sources: [
            HTTP.says(
                "status.401",
                "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
            ),
            observed("4.3", "every operation starts anonymous; credentials are used only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(BEFORE_3_7, &[Flow::ChartPush], "unexpected response: 401 Unauthorized"),
            Break::new(CONTAINERD_1_5, Flow::WRITES, "unexpected status: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, Flow::WRITES, "unexpected status from HEAD request to {url}/blobs/{d}: 401 Unauthorized"),
            Break::new(BEFORE_CONTAINERD_1_7, Flow::EXACT_PULLS, "status code [manifests {tag}]: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, Flow::EXACT_PULLS, "unexpected status from HEAD request to {url}/manifests/{tag}: 401 Unauthorized"),
            Break::new(CONTAINERD_1_7, &[Flow::PullDigest], "unexpected status from HEAD request to {url}/manifests/{d}: 401 Unauthorized"),
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 401: unauthorized"),
        ],
        faults: [ChallengesOnlyAtBase],
        proven_on: Bearer,
        check: everywhere,
    }
}

async fn everywhere(session: &Session) -> CheckResult {
    challenged(session).await?;
    let digest = digest_of(b"nothing");
    let requests = [
        (Method::HEAD, session.manifest_path("1.0.0")),
        (Method::GET, session.manifest_path("1.0.0")),
        (Method::HEAD, session.blob_path(&digest)),
        (
            Method::POST,
            format!("/v2/{}/blobs/uploads/", session.repository()),
        ),
        (
            Method::GET,
            format!("/v2/{}/tags/list", session.repository()),
        ),
    ];
    for (method, path) in requests {
        let reply = session.call(method, &path).anonymous().send().await?;
        if reply.status.as_u16() == 401 {
            expect::holds(
                !Challenge::all(&reply.headers).is_empty(),
                "a `www-authenticate` header with a challenge",
                match reply.header("www-authenticate") {
                    Some(value) => format!("`www-authenticate: {value}`"),
                    None => "no `www-authenticate` header".to_owned(),
                },
                &[&reply],
            )?;
        }
    }
    Ok(())
}

requirement! {
    /// The schemes of challenges are spelled as usual: `Basic`, `Bearer`.
    ///
    /// ## Why Helm needs it
    /// It does not: every tested Helm reads them in any case, as it should. Other clients do not.
    ///
    /// ## How it is checked
    /// The challenges of a 401 are read as they came.
    SPELLING = "auth/usual-spelling" {
        level: May,
        title: "`Basic` and `Bearer` are spelled as usual",
        covers: ["REG-AUT-25"],
        sources: [observed("4.3", "`bearer` and `basic` in lower case work in every tested Helm")],
        breaks: [],
        faults: [ChallengeSchemeIsLowerCase],
        proven_on: Bearer,
        check: spelling,
    }
}

async fn spelling(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let offered = reply.headers.get_all("www-authenticate").iter();
    let schemes = offered.filter_map(|value| value.to_str().ok()?.split(' ').next());
    let is_odd = |scheme: &&str| {
        let known = ["Basic", "Bearer"];
        let is_known = known.iter().any(|known| scheme.eq_ignore_ascii_case(known));
        is_known && !known.contains(scheme)
    };
    match schemes.into_iter().find(is_odd) {
        None => Ok(()),
        Some(odd) => Err(expect::violated(
            "`Basic` or `Bearer`, spelled so",
            format!("`{odd}`"),
            &[&reply],
        )),
    }
}

requirement! {
    /// The first `WWW-Authenticate` header is `Basic` or `Bearer`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later read one header only.
    ///
    /// ## How it is checked
    /// The order of the headers of a 401 is read.
    FIRST = "auth/known-scheme-first" {
        level: Must,
        title: "the first challenge is `Basic` or `Bearer`",
        covers: ["REG-AUT-02", "B35"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go", "reads the first `WWW-Authenticate` header only")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 401: unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
        ],
        faults: [OffersNegotiateFirst],
        proven_on: Bearer,
        check: first,
    }
}

async fn first(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let challenges = Challenge::all(&reply.headers);
    let Some(first) = challenges.first() else {
        return Err(obstacle("find a challenge", &reply));
    };
    expect::holds(
        matches!(first.scheme.as_str(), "basic" | "bearer"),
        "`Basic` or `Bearer` first",
        format!("`{}` first", first.scheme),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries an absolute `realm`.
    ///
    /// ## Why Helm needs it
    /// It is where the token comes from.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    REALM = "auth/realm-absolute" {
        level: Must,
        title: "the realm of a Bearer challenge is an absolute URL",
        covers: ["REG-AUT-03", "A11"],
        sources: [observed("4.3", "the realm is used as it stands")],
        breaks: [
            Break::new(NOT_HARDENED, Flow::ALL, "unsupported protocol scheme \"\""),
            Break::new(HARDENED, Flow::ALL, "bearer realm \"…\" uses unsupported scheme \"\""),
        ],
        faults: [RealmIsRelative],
        proven_on: Bearer,
        check: realm,
    }
}

async fn realm(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let realm = challenge.parameter("realm").unwrap_or_default().to_owned();
    expect::holds(
        realm.starts_with("https://") || realm.starts_with("http://"),
        "an absolute URL as `realm`",
        format!("`realm=\"{}\"`", redact_url(&realm)),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries `scope`.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 have no scope of their own.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    SCOPE = "auth/challenge-carries-scope" {
        level: Should,
        title: "a Bearer challenge carries `scope`",
        covers: ["REG-AUT-04", "B34"],
        sources: [observed("4.3", "a challenge without scope: 3.0 to 3.2 fail")],
        breaks: [
            Break::new(Versions(&[Span::new((3, 0, 0), (3, 3, 0))]), &[Flow::ChartPush, Flow::ChartPull], "no scope specified for token auth challenge"),
        ],
        faults: [ChallengeWithoutScope],
        proven_on: Bearer,
        check: challenge_scope,
    }
}

async fn challenge_scope(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("scope").is_some(),
        "a `scope` parameter",
        "no `scope`",
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge carries `service`.
    ///
    /// ## Why Helm needs it
    /// It echoes it; a token endpoint that wants it must name it.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD is parsed.
    SERVICE = "auth/challenge-carries-service" {
        level: May,
        title: "a Bearer challenge carries `service`",
        covers: ["REG-AUT-03"],
        sources: [observed("4.3", "a challenge without service works in every Helm")],
        breaks: [],
        faults: [ChallengeWithoutService],
        proven_on: Bearer,
        check: challenge_service,
    }
}

async fn challenge_service(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    expect::holds(
        challenge.parameter("service").is_some(),
        "a `service` parameter",
        "no `service`",
        &[&reply],
    )
}

requirement! {
    /// The scope of a challenge names the repository and asks for no more than the request needs.
    ///
    /// ## Why Helm needs it
    /// Helm asks for what the challenge names together with its own scope. A robot that may only pull gets no
    /// token for more.
    ///
    /// ## How it is checked
    /// The challenge of a HEAD must name this repository and not ask for `push`, `delete` or `*`.
    NARROW = "auth/scope-is-narrow" {
        level: Should,
        title: "the scope of a pull is `repository:<name>:pull`",
        covers: ["REG-AUT-05", "REG-PUL-19", "A05", "B34"],
        sources: [observed("4.3", "the union of challenge and own scope is requested")],
        breaks: [],
        faults: [ChallengeDemandsEverything],
        proven_on: Bearer,
        check: narrow,
    }
}

async fn narrow(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let Some(named) = challenge.parameter("scope") else {
        return Err(obstacle("find a scope in the challenge", &reply));
    };
    let wanted = scope(session, "pull");
    expect::holds(
        named == wanted,
        format!("`scope=\"{wanted}\"`"),
        format!("`scope=\"{named}\"`"),
        &[&reply],
    )
}

requirement! {
    /// A token that the registry cannot read is answered 401, with a challenge.
    ///
    /// ## Why Helm needs it
    /// A client negotiates anew after 401 only: a token that expired, or that another registry made, must not
    /// end in 400.
    ///
    /// ## How it is checked
    /// HEAD of a manifest with a token of our own making.
    BAD_TOKEN = "auth/bad-token-is-401" {
        level: Should,
        title: "a token the registry cannot read is answered 401",
        covers: ["REG-AUT-22", "B40", "C23"],
        sources: [HTTP.says(
            "status.401",
            "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
        )],
        breaks: [],
        faults: [BadTokensAnswer400],
        proven_on: Bearer,
        check: bad_token,
    }
}

async fn bad_token(session: &Session) -> CheckResult {
    bearer(session).await?;
    let path = session.manifest_path("1.0.0");
    let reply = session
        .call(Method::HEAD, &path)
        .accept(ACCEPT_CONTAINERD)
        .authorization(HeaderValue::from_static("Bearer not-a-token"))
        .send()
        .await?;
    expect::status(&reply, &[401])
}

requirement! {
    /// A wrong password is refused.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` says "Login Succeeded" to whatever the registry accepts; the mistake shows up
    /// hours later, in a job.
    ///
    /// ## How it is checked
    /// The credentials of the run with another password, at `/v2/` and at the token endpoint.
    WRONG_PASSWORD = "auth/wrong-password-refused" {
        level: Must,
        title: "a wrong password is refused",
        covers: ["REG-AUT-20", "REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "login stores what `/v2/` accepts")],
        breaks: [],
        faults: [AcceptsAnyPassword],
        proven_on: Bearer,
        check: wrong_password,
    }
}

async fn wrong_password(session: &Session) -> CheckResult {
    let reply = challenged(session).await?;
    let known = credentials(session)?;
    let wrong = Login {
        username: known.username.clone(),
        password: format!("{}-wrong", known.password),
    };
    let wrong = challenge::basic(&wrong);
    let answer = match Challenge::all(&reply.headers)
        .into_iter()
        .find(|challenge| challenge.scheme == "bearer")
    {
        Some(challenge) => {
            let (realm, service) = endpoint(&reply, &challenge)?;
            session
                .token(
                    &realm,
                    service.as_deref(),
                    &[&scope(session, "pull,push")],
                    Some(wrong),
                )
                .await?
        }
        None => {
            session
                .call(Method::GET, "/v2/")
                .authorization(wrong)
                .send()
                .await?
        }
    };
    let bearer = answer.uri.path() != "/v2/";
    if bearer && answer.status.is_success() {
        token_of(&answer)?;
    }
    expect::holds(
        !answer.status.is_success(),
        "401",
        format!("status {}", answer.status),
        &[&answer],
    )
}

requirement! {
    /// `/v2/` challenges an anonymous caller where the registry has private content.
    ///
    /// ## Why Helm needs it
    /// Login sends the password only after a challenge. Without one, any password "succeeds".
    ///
    /// ## How it is checked
    /// Only where a repository asks for credentials: an anonymous GET `/v2/`.
    BASE = "auth/base-challenges" {
        level: Should,
        title: "`/v2/` answers 401 to anonymous callers of a private registry",
        covers: ["REG-API-03", "B26"],
        sources: [helm("v4.2.4", "pkg/registry/client.go:258", "no challenge at `/v2/`: the password is never sent")],
        breaks: [],
        faults: [BaseOpenToAnonymous],
        proven_on: Basic,
        check: base,
    }
}

async fn base(session: &Session) -> CheckResult {
    challenged(session).await?;
    let reply = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if !matches!(reply.status.as_u16(), 200 | 401) {
        return Err(obstacle("ask for the version of the API", &reply));
    }
    expect::status(&reply, &[401])
}

requirement! {
    /// The scheme that is offered first works.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later take the first challenge, and so does the list of tags of Helm 3.8 to 3.17. No Helm tries
    /// another one when that fails.
    ///
    /// ## How it is checked
    /// The list of tags is asked for without authority. Where `Basic` is the first of several challenges, the credentials
    /// must be taken.
    FIRST_WORKS = "auth/first-scheme-works" {
        level: Must,
        title: "the scheme that is offered first works",
        covers: ["REG-AUT-24", "B35"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go", "reads the first `WWW-Authenticate` header only")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, "GET \"{url}/tags/list\": unexpected status code 401: unauthorized"),
            Break::new(ORAS, Flow::WRITES, "failed to perform \"Exists\" on destination: HEAD \"{url}/manifests/{d}\": response status code 401: Unauthorized"),
            Break::new(ORAS, Flow::PULLS, "GET \"{url}/…\": response status code 401: unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
        ],
        faults: [OffersBasicFirstInVain],
        proven_on: Bearer,
        check: first_works,
    }
}

async fn first_works(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = format!("/v2/{}/tags/list", session.repository());
    let list = || session.call(Method::GET, &path);
    let stranger = list().anonymous().send().await?;
    let challenges = Challenge::all(&stranger.headers);
    let is_basic = challenges
        .first()
        .is_some_and(|first| first.scheme == "basic");
    if stranger.status.as_u16() != 401 || !is_basic || challenges.len() < 2 {
        return Err(Stop::NotApplicable(
            "`Basic` is not the first of several challenges".to_owned(),
        ));
    }
    let earned = list().send().await?;
    if !earned.status.is_success() {
        return Err(obstacle("list tags with any authority", &earned));
    }
    let basic = challenge::basic(credentials(session)?);
    let reply = list().authorization(basic).send().await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the list with `Basic`, which is offered first",
        format!("status {}", reply.status),
        &[&stranger, &earned, &reply],
    )
}

requirement! {
    /// Every scheme that a registry offers at `/v2/` opens it by itself.
    ///
    /// ## Why Helm needs it
    /// Helm up to 3.17 takes the scheme it likes best, Helm 3.18 and later the one that is named first. No Helm tries
    /// the other one.
    ///
    /// ## How it is checked
    /// The challenges of `/v2/` are read; with `Basic` the credentials, with `Bearer` a token without a scope must open
    /// it.
    EACH_SCHEME = "auth/each-scheme-works" {
        level: Must,
        title: "each scheme that `/v2/` offers opens it",
        covers: ["REG-AUT-24"],
        sources: [observed("4.3", "up to 3.17 by preference, later the first challenge; never a second one")],
        breaks: [
            Break::new(CONTAINERD, &[Flow::Login], "login attempt to https://{host}/v2/ failed with status: 401 Unauthorized"),
            Break::new(ORAS, &[Flow::Login], "authenticating to \"{host}\": GET \"https://{host}/v2/\": response status code 401: unauthorized"),
        ],
        faults: [RefusesScopelessTokensAtBase, OffersBasicFirstInVain],
        proven_on: Bearer,
        check: each_scheme,
    }
}

async fn each_scheme(session: &Session) -> CheckResult {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() != 401 {
        return Err(Stop::NotApplicable(
            "`/v2/` asks for no credentials".to_owned(),
        ));
    }
    let basic = challenge::basic(credentials(session)?);
    for challenge in Challenge::all(&base.headers) {
        let authorization = match challenge.scheme.as_str() {
            "basic" => basic.clone(),
            "bearer" => {
                let (realm, service) = endpoint(&base, &challenge)?;
                let answer = session
                    .token(&realm, service.as_deref(), &[], Some(basic.clone()))
                    .await?;
                challenge::bearer(&token_of(&answer)?)
                    .ok_or_else(|| obstacle("use the token in a header", &answer))?
            }
            // No Helm knows another one.
            _ => continue,
        };
        let opened = session
            .call(Method::GET, "/v2/")
            .authorization(authorization)
            .send()
            .await?;
        expect::holds(
            !matches!(opened.status.as_u16(), 401 | 403),
            format!("200 with `{}`, which is offered", challenge.scheme),
            format!("status {}", opened.status),
            &[&base, &opened],
        )?;
    }
    Ok(())
}
