//! What a session does with credentials: which challenges it can answer, and where it takes nothing.

mod elsewhere;
mod listener;

use futures_util::FutureExt;
use helm_oci_suite::session::target::Credentials;
use helm_oci_suite::verdict::Stop;
use http::{Method, StatusCode};

use crate::listener::{Listener, TOKEN, bearer_of, challenged, status};

const OWN: &str = "https://registry.test";
const REALM: &str = "https://auth.test/token";

/// What no third party may see.
const CANARY: &str = "canary-of-a-password";

fn login() -> Credentials {
    Credentials::user("alice", CANARY)
}

/// A registry that wants tokens, and a token endpoint that gives them in the ways named here.
fn wants_tokens(challenge: &'static str, ways: &'static [&'static str]) -> Listener {
    Listener::new(OWN, move |asked| {
        if asked.is_for(REALM) {
            return if ways.contains(&asked.method.as_str()) {
                bearer_of(TOKEN)
            } else {
                status(405)
            };
        }
        if asked.authorization.as_deref() == Some("Bearer the-token") {
            status(200)
        } else {
            challenged(challenge)
        }
    })
}

const BEARER: &str =
    r#"Bearer realm="https://auth.test/token",service="s",scope="repository:a/b:pull""#;

#[test]
fn nobody_gets_a_token_for_everybody() {
    let listener = wants_tokens(BEARER, &["GET"]);
    let reply = listener.ask(None, Method::GET, "/v2/a/b/tags/list");
    assert_eq!(reply.status, StatusCode::OK);
    let heard = listener.heard();
    assert_eq!(
        heard[1].uri,
        "https://auth.test/token?service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Aa%2Fb%3Apull"
    );
    assert_eq!(heard[1].authorization, None);
}

#[test]
fn a_login_is_traded_by_get_and_where_that_is_not_known_by_post() {
    let listener = wants_tokens(BEARER, &["GET", "POST"]);
    assert_eq!(listener.ask(Some(login()), Method::GET, "/v2/").status, 200);
    assert_eq!(listener.methods(), ["GET", "GET", "GET"]);
    let listener = wants_tokens(BEARER, &["POST"]);
    assert_eq!(listener.ask(Some(login()), Method::GET, "/v2/").status, 200);
    assert_eq!(listener.methods(), ["GET", "GET", "POST", "GET"]);
    let form = &listener.heard()[2].body;
    for field in ["grant_type=password", "username=alice", "service=s", CANARY] {
        assert!(form.contains(field), "{form}");
    }
}

#[test]
fn an_identity_token_is_traded_by_post_and_where_that_is_not_known_by_get() {
    let token = || Some(Credentials::IdentityToken(CANARY.to_owned()));
    let listener = wants_tokens(BEARER, &["GET", "POST"]);
    assert_eq!(listener.ask(token(), Method::GET, "/v2/").status, 200);
    assert_eq!(listener.methods(), ["GET", "POST", "GET"]);
    let form = &listener.heard()[1].body;
    assert!(
        form.contains("grant_type=refresh_token&refresh_token=canary"),
        "{form}"
    );
    let listener = wants_tokens(BEARER, &["GET"]);
    assert_eq!(listener.ask(token(), Method::GET, "/v2/").status, 200);
    assert_eq!(listener.methods(), ["GET", "POST", "GET", "GET"]);
}

#[test]
fn a_token_that_is_ready_goes_to_the_registry_alone() {
    let listener = wants_tokens(BEARER, &["GET", "POST"]);
    let token = Credentials::RegistryToken("the-token".to_owned());
    assert_eq!(listener.ask(Some(token), Method::GET, "/v2/").status, 200);
    assert!(listener.heard().iter().all(|asked| asked.is_for(OWN)));
    assert_eq!(listener.heard().len(), 2, "what is answered is not doubted");
}

#[test]
fn a_ready_token_that_expires_is_no_fault_of_the_registry() {
    let ready = || Credentials::RegistryToken(TOKEN.to_owned());
    let refuses = |refused: &'static [&'static str]| {
        Listener::new(OWN, move |asked| {
            let is_refused = refused.iter().any(|path| asked.uri.ends_with(path));
            if asked.authorization.is_none() || is_refused {
                challenged(BEARER)
            } else {
                status(200)
            }
        })
    };
    let alive = refuses(&["/tags/list"]);
    let reply = alive.ask(Some(ready()), Method::GET, "/v2/a/b/tags/list");
    assert_eq!(reply.status, 401, "this path alone");
    let expired = refuses(&["/tags/list", "/v2/"]);
    let session = expired.session(Some(ready()));
    let asked = session.call(Method::GET, "/v2/a/b/tags/list").send();
    match asked.now_or_never().expect("nothing waits") {
        Err(Stop::Inconclusive(obstacle)) => {
            assert!(obstacle.what.contains("has expired"));
            assert_eq!(
                obstacle.exchanges,
                [1, 2],
                "the refusal, and that of `/v2/`"
            );
        }
        other => panic!("{other:?}"),
    }
    let reply = expired.ask(Some(ready()), Method::GET, "/v2/");
    assert_eq!(reply.status, 401, "nothing else can tell");
}

/// A token endpoint that cannot be asked is in the way, unless a login is wanted as it is and there is one.
#[test]
fn what_nobody_offers_is_not_sent() {
    for (challenge, credentials) in [
        (r#"Bearer realm="/token""#, Some(login())),
        (r#"Bearer realm="/token", Basic realm="r""#, None),
    ] {
        let listener = wants_tokens(challenge, &["GET"]);
        let session = listener.session(credentials);
        let call = session.call(Method::GET, "/v2/a/b/tags/list").send();
        let Err(Stop::Inconclusive(obstacle)) = call.now_or_never().expect("nothing waits") else {
            panic!("{challenge}: it could not be asked for a token")
        };
        assert!(
            obstacle.what.contains("no token endpoint"),
            "{}",
            obstacle.what
        );
        assert_eq!(obstacle.exchanges, [0], "the challenge is shown");
        assert_eq!(listener.heard().len(), 1, "{challenge}");
    }
}

#[test]
fn of_several_challenges_bearer_is_answered_and_basic_where_no_token_is_to_be_had() {
    const BOTH: &str = r#"Basic realm="r", Bearer realm="https://auth.test/token",service="s""#;
    let listener = wants_tokens(BOTH, &["GET"]);
    assert_eq!(listener.ask(Some(login()), Method::GET, "/v2/").status, 200);
    for (challenge, ways) in [
        (BOTH, &[][..]),
        (r#"Bearer realm="/token", Basic realm="r""#, &["GET"]),
        (
            r#"Bearer realm="http://auth.test/token", Basic realm="r""#,
            &["GET"],
        ),
        (r#"Negotiate, Basic realm="r""#, &["GET"]),
    ] {
        let listener = wants_tokens(challenge, ways);
        listener.ask(Some(login()), Method::GET, "/v2/");
        let last = listener.heard().pop().expect("it asked");
        let scheme = last.authorization.unwrap_or_default();
        assert!(
            last.uri.starts_with(OWN) && scheme.starts_with("Basic "),
            "{challenge}"
        );
    }
}

#[test]
fn a_scope_that_nobody_gets_is_left_out() {
    let listener = Listener::new(OWN, |asked| {
        if asked.is_for(REALM) {
            return if asked.uri.contains("catalog") {
                status(403)
            } else {
                bearer_of(TOKEN)
            };
        }
        if asked.authorization.is_some() {
            return status(200);
        }
        challenged(
            r#"Bearer realm="https://auth.test/token",scope="registry:catalog:* repository:a/b:pull""#,
        )
    });
    let reply = listener.ask(Some(login()), Method::GET, "/v2/a/b/tags/list");
    assert_eq!(reply.status, 200);
}

#[test]
fn a_token_that_expires_is_traded_anew_once() {
    let listener = Listener::counting(OWN, REALM, BEARER);
    let session = listener.session(Some(login()));
    for _ in 0..3 {
        let reply = listener::answer(session.call(Method::GET, "/v2/a/b/tags/list").send());
        assert_eq!(reply.status, 200);
    }
    // Each token is good for one request: a challenge, a token and the request each time.
    assert_eq!(listener.heard().len(), 9);
}

#[test]
fn a_token_that_is_not_taken_is_traded_anew_once_and_once_for_the_read_alone() {
    let listener = Listener::new(OWN, |asked| {
        if asked.is_for(REALM) {
            bearer_of(TOKEN)
        } else {
            challenged(BEARER)
        }
    });
    let session = listener.session(Some(login()));
    for requests in [5, 10] {
        let reply = listener::answer(session.call(Method::GET, "/v2/a/b/tags/list").send());
        assert_eq!(reply.status, 401);
        assert_eq!(listener.heard().len(), requests);
    }
}
