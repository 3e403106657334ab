//! The authentication schemes that a registry offers.

use http::Method;

use super::{challenged, credentials, endpoint, token_of};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, OLD_LISTING, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{observed, oras_go};
use crate::session::challenge::Challenge;
use crate::session::steps::obstacle;
use crate::session::{Session, authorization, expect};
use crate::verdict::{CheckResult, Stop};

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
        fix: "Write `Basic` and `Bearer` in `WWW-Authenticate` with an upper-case first letter.",
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
        fix: "Send the `Bearer` or `Basic` challenge in the first `WWW-Authenticate` header, before `Negotiate` or `Digest`. Check where a front end inserts its own.",
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
        fix: "Send the challenge of the scheme that works first. Offer `Basic` only if the repository endpoints accept a user name and a password.",
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
        shares: "chart",
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
    let basic = authorization::basic(credentials(session)?);
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
        fix: "Accept at `/v2/` each scheme that its 401 offers, for `Bearer` also a token without scope. Remove a scheme from the challenges that does not work.",
        covers: ["REG-AUT-24"],
        sources: [observed("4.3", "Helm up to 3.17 selects a challenge by preference, later versions the first; none tries a second")],
        breaks: [
            Break::new(ALL, &[Flow::Login], Symptom::LoginRefused),
        ],
        faults: [RefusesScopelessTokensAtBase, ScopelessTokensChallengedWithBasic, OffersBasicFirstInVain],
        proven_on: Bearer,
        check: each_scheme,
    }
}

async fn each_scheme(session: &Session) -> CheckResult {
    let base = session.call(Method::GET, "/v2/").anonymous().send().await?;
    if base.status.as_u16() != 401 {
        return Err(Stop::condition_not_met("`/v2/` requires no credentials"));
    }
    let basic = authorization::basic(credentials(session)?);
    for challenge in Challenge::all(&base.headers) {
        let authorization = match challenge.scheme.as_str() {
            "basic" => basic.clone(),
            "bearer" => {
                let (realm, service) = endpoint(&base, &challenge)?;
                let response = session
                    .get_token(&realm, service.as_deref(), &[], Some(basic.clone()))
                    .await?;
                authorization::bearer(&token_of(&response)?)
                    .ok_or_else(|| obstacle("send the token in a header", &response))?
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
