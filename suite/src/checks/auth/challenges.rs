//! Challenges, and the schemes and credentials that a registry accepts.

use http::{HeaderValue, Method};

use super::{bearer, challenged, credentials, endpoint, scope, token_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, OLD_LISTING, ORAS, Span, Versions};
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
    /// The registry returns 401 with `WWW-Authenticate` to a request without sufficient authorization, on every
    /// endpoint and for every method.
    ///
    /// ## Why Helm needs it
    /// Every operation of Helm starts anonymously, and Helm sends credentials only in response to a challenge. Helm
    /// does not request `/v2/` before a push or a pull, so a challenge there alone is not enough.
    ///
    /// ## How it is checked
    /// The check sends anonymous requests: HEAD and GET of a manifest, HEAD of a blob, POST of an upload, GET of the
    /// tag list. Every 401 must have a challenge that can be parsed.
    EVERYWHERE = "auth/challenge-everywhere" {
        level: Must,
        title: "every 401 has a challenge",
        covers: ["REG-AUT-01", "A12"],
        sources: [
            HTTP.states(
                "status.401",
                "The server generating a 401 response MUST send a WWW-Authenticate header field (Section 11.6.1) containing at least one challenge applicable to the target resource.",
            ),
            observed("4.3", "every operation starts without credentials; Helm sends them only after a 401 with a challenge"),
        ],
        breaks: [
            Break::new(ALL, Flow::WRITES, Symptom::PushStart),
            Break::new(CONTAINERD, Flow::DIRECT_PULLS, Symptom::PullStart),
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
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
    /// The registry spells the authentication schemes in challenges as usual: `Basic`, `Bearer`.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: every tested Helm version compares schemes without regard to case, as it should. Other
    /// clients do not.
    ///
    /// ## How it is checked
    /// The check reads the challenges of a 401. Their schemes must be spelled `Basic` and `Bearer`.
    SPELLING = "auth/usual-spelling" {
        level: May,
        title: "`Basic` and `Bearer` have their usual spelling",
        covers: ["REG-AUT-25"],
        sources: [observed("4.3", "`bearer` and `basic` in lower case work in every tested Helm version")],
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
            "a scheme spelled `Basic` or `Bearer`",
            format!("`{odd}`"),
            &[&reply],
        )),
    }
}

requirement! {
    /// The first `WWW-Authenticate` header is a `Basic` or a `Bearer` challenge.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later, and the tag listing of Helm 3.8 to 3.17, read only the first header.
    ///
    /// ## How it is checked
    /// The check reads the challenges of a 401 in their order. The first must be `Basic` or `Bearer`.
    FIRST = "auth/known-scheme-first" {
        level: Must,
        title: "the first challenge is `Basic` or `Bearer`",
        covers: ["REG-AUT-02", "B35"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go", "reads the first `WWW-Authenticate` header only")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::WRITES, Symptom::PushStart),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
            Break::new(ORAS, &[Flow::Login], Symptom::LoginRefused),
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
        "`Basic` or `Bearer` as the first challenge",
        format!("`{}` as the first challenge", first.scheme),
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge has a `realm` that is an absolute URL.
    ///
    /// ## Why Helm needs it
    /// Every Helm version requests its tokens at this URL.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The `realm` of the challenge must begin with `http://` or
    /// `https://`.
    REALM = "auth/realm-absolute" {
        level: Must,
        title: "the `realm` of a Bearer challenge is an absolute URL",
        covers: ["REG-AUT-03", "A11"],
        sources: [observed("4.3", "Helm uses the realm unchanged")],
        breaks: [
            Break::new(ALL, Flow::ALL, Symptom::RealmWithoutScheme),
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
    /// A Bearer challenge has a `scope` parameter.
    ///
    /// ## Why Helm needs it
    /// Helm 3.0 to 3.2 know no other scope and fail without it. Later versions add their own.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The challenge must have a `scope`.
    SCOPE = "auth/challenge-carries-scope" {
        level: Should,
        title: "a Bearer challenge has a `scope`",
        covers: ["REG-AUT-04", "B34"],
        sources: [observed("4.3", "Helm 3.0 to 3.2 fail on a challenge without scope")],
        breaks: [
            Break::new(Versions(&[Span::new((3, 0, 0), (3, 3, 0))]), &[Flow::ChartPush, Flow::ChartPull], Symptom::ChallengeWithoutScope),
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
        "no `scope` parameter",
        &[&reply],
    )
}

requirement! {
    /// A Bearer challenge has a `service` parameter.
    ///
    /// ## Why Helm needs it
    /// Helm does not need it: Helm only echoes the parameter. A token endpoint that requires `service` must name it
    /// in the challenge.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The challenge must have a `service`.
    SERVICE = "auth/challenge-carries-service" {
        level: May,
        title: "a Bearer challenge has a `service`",
        covers: ["REG-AUT-03"],
        sources: [observed("4.3", "every Helm version accepts a challenge without service")],
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
        "no `service` parameter",
        &[&reply],
    )
}

requirement! {
    /// The `scope` of a challenge names the repository and requests no more than the operation needs.
    ///
    /// ## Why Helm needs it
    /// Helm requests the scope of the challenge together with its own. An account that may only pull receives no
    /// token for more.
    ///
    /// ## How it is checked
    /// The check sends an anonymous HEAD of a manifest. The `scope` of the challenge must name this repository and
    /// `pull` alone.
    NARROW = "auth/scope-is-narrow" {
        level: Should,
        title: "the challenge for a pull has `scope=\"repository:<name>:pull\"`",
        covers: ["REG-AUT-05", "REG-PUL-19", "A05", "B34"],
        sources: [observed("4.3", "Helm requests the union of the challenge's scope and its own")],
        breaks: [],
        faults: [ChallengeDemandsEverything],
        proven_on: Bearer,
        check: narrow,
    }
}

async fn narrow(session: &Session) -> CheckResult {
    let (reply, challenge) = bearer(session).await?;
    let Some(named) = challenge.parameter("scope") else {
        return Err(obstacle("read the scope of the challenge", &reply));
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
    /// The registry returns 401 with a challenge for a token that it cannot validate.
    ///
    /// ## Why Helm needs it
    /// Clients request a new token only after a 401. A token that has expired, or that another registry issued, must
    /// not lead to 400.
    ///
    /// ## How it is checked
    /// The check sends HEAD of a manifest with a token that no registry issued. The status must be 401.
    BAD_TOKEN = "auth/bad-token-is-401" {
        level: Should,
        title: "the registry returns 401 for an invalid token",
        covers: ["REG-AUT-22", "B40", "C23"],
        sources: [HTTP.states(
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
    /// The registry rejects a wrong password.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` prints "Login Succeeded" for every password that the registry accepts. The mistake
    /// appears hours later, in a job.
    ///
    /// ## How it is checked
    /// The check sends the user name of the run with another password: to the token endpoint, or to `/v2/` if there
    /// is none. The response must not be a 2xx.
    WRONG_PASSWORD = "auth/wrong-password-refused" {
        level: Must,
        title: "the registry rejects a wrong password",
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
        "status 401 for a wrong password",
        format!("status {}", answer.status),
        &[&answer],
    )
}

requirement! {
    /// If a registry has private content, `/v2/` returns a challenge to an anonymous request.
    ///
    /// ## Why Helm needs it
    /// `helm registry login` sends the password only after a challenge. Without one, it succeeds with any password.
    ///
    /// ## How it is checked
    /// If a manifest requires credentials, the check sends an anonymous `GET /v2/`. The status must be 401.
    BASE = "auth/base-challenges" {
        level: Should,
        title: "`/v2/` of a private registry returns 401 to anonymous requests",
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
        return Err(obstacle("get `/v2/`", &reply));
    }
    expect::status(&reply, &[401])
}

requirement! {
    /// The registry accepts the authentication scheme of its first challenge.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later use the first challenge, and so does the tag listing of Helm 3.8 to 3.17. No Helm version
    /// tries another scheme after a failure.
    ///
    /// ## How it is checked
    /// The check sends an anonymous `GET tags/list`. If `Basic` is the first of several challenges, the registry must
    /// accept the credentials of the run.
    FIRST_WORKS = "auth/first-scheme-works" {
        level: Must,
        title: "the scheme of the first challenge works",
        covers: ["REG-AUT-24", "B35"],
        sources: [oras_go("v2.6.1", "registry/remote/auth/client.go", "reads the first `WWW-Authenticate` header only")],
        breaks: [
            Break::new(OLD_LISTING, Flow::LISTINGS, Symptom::TagList),
            Break::new(ORAS, Flow::WRITES, Symptom::PushStart),
            Break::new(ORAS, Flow::PULLS, Symptom::PullStart),
            Break::new(ORAS, &[Flow::Login], Symptom::LoginRefused),
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
    let anonymous = list().anonymous().send().await?;
    let challenges = Challenge::all(&anonymous.headers);
    let is_basic = challenges
        .first()
        .is_some_and(|first| first.scheme == "basic");
    if anonymous.status.as_u16() != 401 || !is_basic || challenges.len() < 2 {
        return Err(Stop::condition_not_met(
            "`Basic` is not the first of several challenges",
        ));
    }
    let authorized = list().send().await?;
    if !authorized.status.is_success() {
        return Err(obstacle("list tags with any scheme", &authorized));
    }
    let basic = challenge::basic(credentials(session)?);
    let reply = list().authorization(basic).send().await?;
    expect::holds(
        !matches!(reply.status.as_u16(), 401 | 403),
        "the tag list with `Basic`, the scheme of the first challenge",
        format!("status {}", reply.status),
        &[&anonymous, &authorized, &reply],
    )
}

requirement! {
    /// The registry accepts every authentication scheme that it offers at `/v2/`.
    ///
    /// ## Why Helm needs it
    /// Helm up to 3.17 selects the scheme that it prefers, Helm 3.18 and later the first one. No Helm version tries a
    /// second one.
    ///
    /// ## How it is checked
    /// The check reads the challenges of `/v2/`. It sends `GET /v2/` with the credentials for `Basic`, and with a
    /// token without scope for `Bearer`. The registry must not return 401 or 403.
    EACH_SCHEME = "auth/each-scheme-works" {
        level: Must,
        title: "`/v2/` accepts each scheme that it offers",
        covers: ["REG-AUT-24"],
        sources: [observed("4.3", "Helm up to 3.17 selects a challenge by preference, later versions the first; none tries a second")],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RefusesScopelessTokensAtBase, OffersBasicFirstInVain],
        proven_on: Bearer,
        check: each_scheme,
    }
}

async fn each_scheme(session: &Session) -> CheckResult {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() != 401 {
        return Err(Stop::condition_not_met("`/v2/` requires no credentials"));
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
                    .ok_or_else(|| obstacle("send the token in a header", &answer))?
            }
            // No Helm version supports another scheme.
            _ => continue,
        };
        let opened = session
            .call(Method::GET, "/v2/")
            .authorization(authorization)
            .send()
            .await?;
        expect::holds(
            !matches!(opened.status.as_u16(), 401 | 403),
            format!("status 200 with the offered scheme `{}`", challenge.scheme),
            format!("status {}", opened.status),
            &[&base, &opened],
        )?;
    }
    Ok(())
}
