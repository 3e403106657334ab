//! Places where no credentials go, whatever leads there.

use futures_util::FutureExt;
use helm_oci_suite::checks;
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::wire::credentials::Credentials;
use http::Method;

use crate::listener::{Asked, Listener, answer, bearer_of, challenged, leads, status};
use crate::{CANARY, OWN, login};

/// All that a run may have.
fn all() -> [Credentials; 3] {
    let token = CANARY.to_owned();
    [
        login(),
        Credentials::IdentityToken(token.clone()),
        Credentials::RegistryToken(token),
    ]
}

/// The canary reached none but these.
fn stayed_at(places: &[&str], heard: &[Asked]) {
    assert!(heard.len() > 1, "something was asked: {heard:?}");
    for asked in heard {
        if !places.iter().any(|place| asked.is_for(place)) {
            let is_bare = asked.authorization.is_none() && !asked.text.contains("canary");
            assert!(is_bare, "{asked:?}");
        }
    }
}

#[test]
fn a_token_endpoint_that_can_be_overheard_gets_nothing() {
    for (own, realm) in [
        (OWN, "http://registry.test/token"),
        (OWN, "http://auth.test/token"),
        ("http://registry.test:5000", "http://auth.test/token"),
        (
            "http://registry.test:5000",
            "http://registry.test.evil/token",
        ),
    ] {
        for credentials in all() {
            let listener = Listener::new(own, move |asked| {
                if asked.is_for(realm) {
                    bearer_of("stolen")
                } else {
                    challenged(&format!("Bearer realm=\"{realm}\""))
                }
            });
            let session = listener.session(Some(credentials));
            let call = session.call(Method::GET, "/v2/").send();
            let _ = call.now_or_never().expect("nothing waits");
            let heard = listener.heard();
            assert!(heard.iter().all(|asked| !asked.is_for(realm)), "{heard:?}");
        }
    }
}

#[test]
fn a_token_endpoint_without_tls_at_the_registry_itself_is_asked() {
    let (own, realm) = (
        "http://registry.test:5000",
        "http://registry.test:5001/token",
    );
    let listener = Listener::new(own, move |asked| {
        if asked.is_for(realm) {
            bearer_of("token")
        } else if asked.authorization.is_some() {
            status(200)
        } else {
            challenged(&format!("Bearer realm=\"{realm}\""))
        }
    });
    assert_eq!(listener.ask(Some(login()), Method::GET, "/v2/").status, 200);
}

#[test]
fn where_a_location_leads_gets_nothing() {
    for other in [
        "https://other.test/x",
        "http://registry.test/x",
        "https://registry.test:8443/x",
        "https://registry.test.evil/x",
    ] {
        for credentials in all() {
            let listener = Listener::new(OWN, move |asked| {
                if asked.is_for(OWN) && asked.authorization.is_none() {
                    challenged("Basic realm=\"r\"")
                } else if asked.is_for(OWN) {
                    leads(307, other)
                } else {
                    challenged("Basic realm=\"r\"")
                }
            });
            let session = listener.session(Some(credentials));
            let there = || session.uri("/").and(Ok(other.parse().expect("a URI")));
            answer(session.call_uri(Method::PUT, there()).send());
            let basic = "Basic canary".parse().expect("a value");
            answer(
                session
                    .call_uri(Method::PUT, there())
                    .authorization(basic)
                    .send(),
            );
            let _ = session.get_blob("sha256:00").now_or_never();
            stayed_at(&[OWN], &listener.heard());
        }
    }
}

/// A registry that leads away wherever it can.
fn leads_away() -> Listener {
    Listener::new(OWN, |asked| {
        if asked.is_for("https://auth.test/token") {
            return bearer_of(&format!("{CANARY}-token"));
        }
        if !asked.is_for(OWN) {
            return challenged("Basic realm=\"give it to me\"");
        }
        if asked.authorization.is_none() {
            return challenged("Bearer realm=\"https://auth.test/token\",service=\"s\"");
        }
        match asked.method {
            Method::POST => leads(202, "https://other.test/upload?_state=1"),
            Method::PUT | Method::PATCH => leads(201, "https://other.test/stored"),
            Method::GET | Method::HEAD => leads(307, "https://other.test/blob"),
            _ => status(405),
        }
    })
}

#[test]
fn no_check_takes_credentials_where_a_registry_leads_it() {
    let examine = |requirement: &'static Requirement| {
        let listener = leads_away();
        let session = listener.session(Some(login()));
        // Whatever it makes of this registry, it keeps what it has to itself.
        let _ = (requirement.check)(&session).now_or_never();
        let heard = listener.heard();
        if heard.len() > 1 {
            stayed_at(&[OWN, "https://auth.test/token"], &heard);
        }
        heard.len()
    };
    let asked: usize = checks::all().into_iter().map(examine).sum();
    assert!(asked > 500, "the checks did ask: {asked}");
}

#[test]
fn what_is_sent_back_is_not_kept() {
    let listener = Listener::new(OWN, |asked| {
        let mut answer = challenged("Basic realm=\"r\"");
        *answer.body_mut() = format!("you sent {}", asked.text).into();
        answer
    });
    let session = listener.session(Some(login()));
    answer(session.call(Method::GET, "/v2/").send());
    let kept = format!("{:?}", session.transcript());
    let sent = listener.heard().pop().and_then(|asked| asked.authorization);
    let sent = sent.expect("it sent something").replace("Basic ", "");
    assert!(kept.contains("you sent") && !kept.contains(&sent), "{kept}");
}
