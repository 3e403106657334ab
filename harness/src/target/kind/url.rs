//! The URL of a registry that exists already.

use helm_oci_suite::oci::RepositoryName;
use http::Uri;
use http::uri::Authority;

use super::TargetError;

/// A registry that exists already, and the namespace in which a run may work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryUrl {
    /// Scheme, host and port.
    pub origin: Uri,
    /// The namespace in which a run may create repositories.
    pub namespace: Option<RepositoryName>,
}

impl RegistryUrl {
    /// Parses `http(s)://HOST[:PORT][/NAMESPACE]`. Without a scheme, or with `oci`, the flag decides.
    pub(super) fn parse(given: &str, plain_http: bool) -> Result<Self, TargetError> {
        // The text before an `@` may be a password: it is neither used nor repeated.
        if let Some((_, rest)) = given.rsplit_once('@') {
            let host = rest.split('/').next().unwrap_or(rest).to_owned();
            return Err(TargetError::Credentials { host });
        }
        let invalid = |reason| TargetError::Url {
            url: given.to_owned(),
            reason,
        };
        let default = if plain_http { "http" } else { "https" };
        let (scheme, rest) = match given.split_once("://") {
            Some(("oci", rest)) => (default, rest),
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            Some(_) => return Err(invalid("use the scheme http, https or oci")),
            None if looks_like_host(given) => (default, given),
            None => {
                let text = given.to_owned();
                return Err(TargetError::Unknown { text });
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.contains(['?', '#']) || authority.contains(['?', '#']) {
            return Err(invalid("remove the query or fragment"));
        }
        let origin: Uri = format!("{scheme}://{authority}")
            .parse()
            .map_err(|_| invalid("the host or port is invalid"))?;
        let after_host = authority
            .rsplit_once(']')
            .map_or(authority, |(_, rest)| rest);
        let port_is_invalid =
            origin.port_u16() == Some(0) || after_host.contains(':') && origin.port_u16().is_none();
        if origin.host().is_none_or(str::is_empty) || port_is_invalid {
            return Err(invalid("the host or port is invalid"));
        }
        let namespace = match path.trim_end_matches('/') {
            "" => None,
            path => Some(path.parse().map_err(|_| {
                invalid("the namespace does not match the grammar of repository names")
            })?),
        };
        Ok(Self { origin, namespace })
    }

    /// The origin of a URL that has no namespace.
    pub(super) fn into_origin(self, given: &str) -> Result<Uri, TargetError> {
        match self.namespace {
            None => Ok(self.origin),
            Some(_) => Err(TargetError::Url {
                url: given.to_owned(),
                reason: "remove the path",
            }),
        }
    }

    /// The host, with its port if one is given.
    pub(super) fn host(&self) -> Option<&str> {
        self.origin.authority().map(Authority::as_str)
    }

    /// The host in lower case, and the port.
    pub(super) fn endpoint(&self) -> Option<String> {
        let host = self.origin.host()?.to_ascii_lowercase();
        let default = match self.origin.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let port = self.origin.port_u16().unwrap_or(default);
        Some(format!("{host}:{port}"))
    }
}

/// True if a text without a scheme can be a host: it has a dot, a port, or is `localhost`.
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
        let url = RegistryUrl::parse(given, plain_http)?;
        Ok((url.origin.to_string(), url.namespace.map(String::from)))
    }

    #[test]
    fn urls_are_parsed_with_and_without_scheme_and_namespace() {
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
    fn invalid_urls_are_rejected_and_passwords_are_not_repeated() {
        for given in [
            "zott",
            "distributoin:3.0.0",
            "ftp://r.example",
            "http://",
            "http://r.example:port",
            "http://r.example:",
            "https://r.example/Team",
            "https://r.example/team..charts",
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
