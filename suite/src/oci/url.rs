//! URLs of a registry: resolving a reference, comparing origins, private addresses.

use std::net::IpAddr;

use http::Uri;
use thiserror::Error;

/// The reference does not lead to a URL that a request can go to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not a usable URL")]
pub struct InvalidUrl {
    /// The reference, resolved. It may hold a signature: redact it before it is shown.
    pub text: String,
}

/// Resolves a reference against the absolute URL it came from, by RFC 3986 section 5; its fragment is dropped.
pub fn resolve(base: &Uri, reference: &str) -> Result<Uri, InvalidUrl> {
    let mut text = resolve_text(&base.to_string(), reference);
    text.truncate(text.find('#').unwrap_or(text.len()));
    let resolved = text.parse::<Uri>().ok();
    let resolved = resolved.filter(|uri| uri.scheme().is_some() && uri.authority().is_some());
    resolved.ok_or(InvalidUrl { text })
}

/// The same URL with another path and query.
pub fn with_path(base: &Uri, path_and_query: &str) -> Result<Uri, InvalidUrl> {
    let mut parts = base.clone().into_parts();
    let invalid = || InvalidUrl {
        text: path_and_query.to_owned(),
    };
    parts.path_and_query = Some(path_and_query.parse().map_err(|_| invalid())?);
    Uri::from_parts(parts).map_err(|_| invalid())
}

/// True if two URLs have scheme, host and port in common.
pub fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let same_host = match (one.host(), other.host()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    };
    one.scheme() == other.scheme() && same_host && port(one) == port(other)
}

/// The port of a URL, which is that of its scheme if it names none.
pub fn port(url: &Uri) -> u16 {
    url.port_u16().unwrap_or(match url.scheme_str() {
        Some("https") => 443,
        _ => 80,
    })
}

/// True if the host is an address that only its own network reaches.
pub fn is_private(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_unspecified()
        }
        Err(_) => false,
    }
}

/// The components of a URI reference, as appendix B of RFC 3986 tells them apart.
#[derive(Clone, Copy)]
struct Components<'t> {
    scheme: Option<&'t str>,
    authority: Option<&'t str>,
    path: &'t str,
    query: Option<&'t str>,
    fragment: Option<&'t str>,
}

impl<'t> Components<'t> {
    fn parse(text: &'t str) -> Self {
        let (text, fragment) = split(text, '#');
        let (text, query) = split(text, '?');
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        Self {
            scheme,
            authority,
            path,
            query,
            fragment,
        }
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Section 5.2.2, strict: a reference with the scheme of the base is not relative.
fn resolve_text(base: &str, reference: &str) -> String {
    let base = Components::parse(base);
    let reference = Components::parse(reference);
    let fragment = reference.fragment;
    if reference.scheme.is_some() {
        return recompose(reference, &remove_dot_segments(reference.path));
    }
    if reference.authority.is_some() {
        let scheme = base.scheme;
        let target = Components {
            scheme,
            ..reference
        };
        return recompose(target, &remove_dot_segments(reference.path));
    }
    let inherited = Components { fragment, ..base };
    if reference.path.is_empty() {
        let query = reference.query.or(base.query);
        return recompose(Components { query, ..inherited }, base.path);
    }
    let query = reference.query;
    let target = Components { query, ..inherited };
    let path = if reference.path.starts_with('/') {
        remove_dot_segments(reference.path)
    } else {
        remove_dot_segments(&merge(&base, reference.path))
    };
    recompose(target, &path)
}

/// Section 5.2.3: the path of the base up to its last slash, and the relative path behind it.
fn merge(base: &Components<'_>, path: &str) -> String {
    if base.authority.is_some() && base.path.is_empty() {
        return format!("/{path}");
    }
    let end = base.path.rfind('/').map_or(0, |slash| slash + 1);
    format!("{}{path}", &base.path[..end])
}

/// Section 5.2.4.
fn remove_dot_segments(path: &str) -> String {
    let mut input = path;
    let mut output = String::new();
    while !input.is_empty() {
        if let Some(rest) = input
            .strip_prefix("../")
            .or_else(|| input.strip_prefix("./"))
        {
            input = rest;
        } else if input.starts_with("/./") {
            input = &input[2..];
        } else if input == "/." {
            input = "/";
        } else if input.starts_with("/../") || input == "/.." {
            input = if input == "/.." { "/" } else { &input[3..] };
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "." || input == ".." {
            input = "";
        } else {
            let end = input[1..].find('/').map_or(input.len(), |slash| slash + 1);
            output.push_str(&input[..end]);
            input = &input[end..];
        }
    }
    output
}

/// Section 5.3, with this path.
fn recompose(components: Components<'_>, path: &str) -> String {
    let part = |before: &str, part: Option<&str>, after: &str| {
        part.map_or_else(String::new, |part| format!("{before}{part}{after}"))
    };
    [
        part("", components.scheme, ":"),
        part("//", components.authority, ""),
        path.to_owned(),
        part("?", components.query, ""),
        part("#", components.fragment, ""),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3986, sections 5.4.1 and 5.4.2, whole.
    const EXAMPLES: &[(&str, &str)] = &[
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        // Abnormal ones.
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
        ("http:g", "http:g"),
    ];

    #[test]
    fn references_resolve_as_in_the_examples_of_rfc_3986() {
        for (reference, resolved) in EXAMPLES {
            let found = resolve_text("http://a/b/c/d;p?q", reference);
            assert_eq!(found, *resolved, "{reference}");
        }
    }

    #[test]
    fn a_path_is_appended_to_a_base_without_one() {
        assert_eq!(resolve_text("http://a", "g"), "http://a/g");
        assert_eq!(resolve_text("http://a?q", ""), "http://a?q");
    }

    #[test]
    fn what_a_registry_hands_out_leads_where_go_takes_it() {
        let base = Uri::from_static("https://r.test:5000/v2/a/blobs/uploads/?mount=x");
        for (reference, resolved) in [
            (
                "/v2/a/blobs/uploads/1?s=2",
                "https://r.test:5000/v2/a/blobs/uploads/1?s=2",
            ),
            (
                "/v2/a?next=https://x.test/y",
                "https://r.test:5000/v2/a?next=https://x.test/y",
            ),
            (
                "?next=https://x.test/y",
                "https://r.test:5000/v2/a/blobs/uploads/?next=https://x.test/y",
            ),
            ("//host.test/path", "https://host.test/path"),
            ("../x", "https://r.test:5000/v2/a/blobs/x"),
            ("1", "https://r.test:5000/v2/a/blobs/uploads/1"),
            ("", "https://r.test:5000/v2/a/blobs/uploads/?mount=x"),
            ("http://x.test/a/../b#part", "http://x.test/b"),
            ("HTTPS://x.test", "https://x.test/"),
            ("/v2//a", "https://r.test:5000/v2//a"),
        ] {
            let found = resolve(&base, reference).expect(reference);
            assert_eq!(found.to_string(), resolved, "{reference}");
        }
        for reference in ["https:/x", "mailto:me@x.test", "/a b", "https://", "//"] {
            resolve(&base, reference).expect_err(reference);
        }
    }

    #[test]
    fn another_path_keeps_the_origin() {
        let base = Uri::from_static("https://r.test:5000/v2/?a=b");
        let moved = with_path(&base, "//x?digest=y").expect("a path");
        assert_eq!(moved.host(), Some("r.test"));
        assert_eq!(moved.to_string(), "https://r.test:5000//x?digest=y");
        with_path(&base, "/a b").expect_err("no path");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let own = Uri::from_static("https://r.test");
        for (other, is_same) in [
            ("https://R.test:443/v2/", true),
            ("https://r.test:444/v2/", false),
            ("http://r.test/v2/", false),
            ("https://r.test.evil/v2/", false),
            ("https://r.test@evil/v2/", false),
        ] {
            assert_eq!(
                is_same_origin(&own, &Uri::from_static(other)),
                is_same,
                "{other}"
            );
        }
        let plain = Uri::from_static("http://r.test");
        assert!(is_same_origin(
            &plain,
            &Uri::from_static("http://r.test:80/")
        ));
    }

    #[test]
    fn a_private_host_is_an_address_that_only_its_own_network_reaches() {
        for (host, expected) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.16.0.1", true),
            ("192.168.1.1", true),
            ("169.254.169.254", true),
            ("0.0.0.0", true),
            ("8.8.8.8", false),
            ("172.32.0.1", false),
            ("[::1]", true),
            ("[fd00::1]", true),
            ("[fe80::1]", true),
            ("[::]", true),
            ("[2001:4860:4860::8888]", false),
            ("localhost", false),
            ("registry.test", false),
        ] {
            let uri: Uri = format!("http://{host}:5000/v2/").parse().expect("a URI");
            assert_eq!(is_private(&uri), expected, "{host}");
        }
    }
}
