//! A registry that is there already.

use std::sync::Arc;

use helm_oci_reports::record::TargetIdentity;
use helm_oci_suite::requirement::BoxFuture;
use http::Uri;
use http::uri::Authority;

use super::{Held, LaunchError, Launched, Launcher, Settings, TargetError};
use crate::http::Http;
use crate::target::repositories::is_repository;

#[derive(Debug)]
pub(super) struct External {
    name: String,
    origin: Uri,
    namespace: Option<String>,
}

impl External {
    /// Reads `http(s)://host[:port][/namespace]`; without a scheme, or with `oci`, the flag decides.
    pub(super) fn parse(given: &str, plain_http: bool) -> Result<Self, TargetError> {
        // What stands before an `@` may be a password: it is neither used nor repeated.
        if let Some((_, rest)) = given.rsplit_once('@') {
            let host = rest.split('/').next().unwrap_or(rest).to_owned();
            return Err(TargetError::Credentials { host });
        }
        let default = if plain_http { "http" } else { "https" };
        let (scheme, rest) = match given.split_once("://") {
            Some(("oci", rest)) => (default, rest),
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            Some(_) => {
                let why = "its scheme is none of http, https and oci";
                return Err(TargetError::Url {
                    url: given.to_owned(),
                    why,
                });
            }
            None if looks_like_host(given) => (default, given),
            None => {
                return Err(TargetError::Unknown {
                    name: given.to_owned(),
                });
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let wrong = |why| TargetError::Url {
            url: given.to_owned(),
            why,
        };
        if path.contains(['?', '#']) || authority.contains(['?', '#']) {
            return Err(wrong("it has a query or a fragment"));
        }
        let origin: Uri = format!("{scheme}://{authority}")
            .parse()
            .map_err(|_| wrong("its host or port is not one"))?;
        let after_host = authority
            .rsplit_once(']')
            .map_or(authority, |(_, rest)| rest);
        let port_is_odd = after_host.contains(':') && origin.port_u16().is_none();
        if origin.host().is_none_or(str::is_empty) || port_is_odd || origin.port_u16() == Some(0) {
            return Err(wrong("its host or port is not one"));
        }
        let namespace = path.trim_end_matches('/');
        if !namespace.is_empty() && !is_repository(namespace) {
            return Err(wrong(
                "its namespace is outside the grammar of repository names",
            ));
        }
        Ok(Self {
            name: given.trim_end_matches('/').to_owned(),
            origin,
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        })
    }

    /// Where it is, if the URL says no more than that.
    pub(super) fn into_origin(self) -> Result<Uri, TargetError> {
        match self.namespace {
            None => Ok(self.origin),
            Some(_) => Err(TargetError::Url {
                url: self.name,
                why: "it has a path",
            }),
        }
    }
}

impl Launcher for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn host(&self) -> Option<&str> {
        self.origin.authority().map(Authority::as_str)
    }

    fn place(&self) -> Option<String> {
        let host = self.origin.host()?.to_ascii_lowercase();
        let default = match self.origin.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let port = self.origin.port_u16().unwrap_or(default);
        Some(format!("{host}:{port}"))
    }

    fn takes_credentials(&self) -> bool {
        true
    }

    fn stays(&self) -> bool {
        true
    }

    fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    fn launch<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Launched, LaunchError>> {
        let port = Http::new(self.origin.clone(), &settings.trust, settings.limits);
        Box::pin(std::future::ready(port.map_err(LaunchError::from).map(
            |port| Launched {
                identity: TargetIdentity {
                    url: Some(self.origin.to_string().trim_end_matches('/').to_owned()),
                    ..TargetIdentity::of_kind("url")
                },
                registry: Arc::new(port),
                credentials: settings.credentials.clone(),
                namespace: self.namespace.clone(),
                held: Held::Nothing,
            },
        )))
    }
}

/// Whether a word without a scheme can be meant as a host: it has a dot, a port, or is `localhost`.
fn looks_like_host(given: &str) -> bool {
    let authority = given.split('/').next().unwrap_or(given);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let has_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !host.is_empty() && (has_port || port.is_empty() && (host.contains('.') || host == "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &str, plain_http: bool) -> Result<(String, Option<String>), TargetError> {
        let external = External::parse(given, plain_http)?;
        Ok((external.origin.to_string(), external.namespace))
    }

    #[test]
    fn urls_are_read_with_and_without_scheme_and_namespace() {
        for (given, plain, origin, namespace) in [
            (
                "http://127.0.0.1:5000",
                false,
                "http://127.0.0.1:5000/",
                None,
            ),
            (
                "https://r.example/team/charts/",
                false,
                "https://r.example/",
                Some("team/charts"),
            ),
            (
                "oci://r.example/charts",
                false,
                "https://r.example/",
                Some("charts"),
            ),
            ("oci://localhost:5000", true, "http://localhost:5000/", None),
            (
                "localhost:5000/a",
                true,
                "http://localhost:5000/",
                Some("a"),
            ),
            ("[::1]:5000", true, "http://[::1]:5000/", None),
        ] {
            let namespace = namespace.map(ToOwned::to_owned);
            assert_eq!(
                parse(given, plain),
                Ok((origin.to_owned(), namespace)),
                "{given}"
            );
        }
    }

    #[test]
    fn what_is_no_registry_is_refused_and_no_password_is_repeated() {
        for given in [
            "zott",
            "distributoin:3.0.0",
            "ftp://r.example",
            "http://",
            "http://r.example:port",
            "http://r.example:",
            "https://r.example/Team",
            "https://r.example/a?b=c",
            "https://r.example/a//b",
            "https://user:canary@r.example/a",
            "https://user:can/ary@r.example/a",
            "ftp://user:canary@r.example",
            "user:canary@r.example",
        ] {
            let error = parse(given, false).expect_err(given).to_string();
            assert!(
                !error.contains("canary") && !error.contains("can/"),
                "{error}"
            );
        }
    }
}
