//! The name of a target, taken apart: the registry, its version, and the options of its set-up.

use crate::record::{TargetIdentity, TargetKind, TargetRecord};

/// The longest name that is used, in characters.
const LONGEST: usize = 200;

/// The parts of a target's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetName {
    /// The registry.
    pub(super) registry: String,
    /// The options of the set-up, such as `+htpasswd+tls`.
    pub(super) options: String,
    /// The version.
    pub(super) version: Option<String>,
}

impl TargetName {
    /// The parts of the name, with the version from the identity if the name has none. `suite` is the version of the
    /// program, which contains the reference registry.
    pub(super) fn of(target: &TargetRecord, suite: &str) -> Self {
        let name: String = target.name.chars().take(LONGEST).collect();
        let identity = &target.identity;
        if is_address(&name, identity) {
            return Self {
                registry: name,
                options: String::new(),
                version: None,
            };
        }
        let (name, options) = match name.split_once('+') {
            Some((name, options)) => (name, format!("+{options}")),
            None => (name.as_str(), String::new()),
        };
        let (registry, own) = match name.rsplit_once(':') {
            Some((registry, version)) if is_version(version) => (registry, Some(version)),
            _ => (name, None),
        };
        let of_suite = (identity.kind == TargetKind::Reference).then_some(suite);
        let tag = || {
            identity
                .image
                .as_deref()?
                .rsplit_once(':')
                .map(|(_, tag)| tag)
        };
        let version = own
            .or(identity.version.as_deref())
            .or(of_suite)
            .or_else(|| tag().filter(|tag| is_version(tag)));
        let version = version.map(|version| version.chars().take(LONGEST).collect());
        Self {
            registry: registry.to_owned(),
            options,
            version,
        }
    }
}

/// True for a name that is where the registry was reached.
fn is_address(name: &str, identity: &TargetIdentity) -> bool {
    let host = name.split('/').next().unwrap_or_default();
    let mut url = identity.url.iter();
    name.contains("://") || (identity.kind == TargetKind::Url && url.any(|url| url.ends_with(host)))
}

fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str, identity: TargetIdentity) -> (String, String, Option<String>) {
        let parts = TargetName::of(&TargetRecord::new(name, identity), "0.1.0");
        (parts.registry, parts.options, parts.version)
    }

    #[test]
    fn a_name_has_a_registry_options_and_a_version() {
        use TargetKind::{Container, Process, Reference, Url};
        let at = |url: &str| TargetIdentity {
            url: Some(url.to_owned()),
            ..TargetIdentity::of_kind(Url)
        };
        let labelled = TargetIdentity {
            version: Some("4.2.0".into()),
            image: Some("example.com/ours:latest".into()),
            ..TargetIdentity::of_kind(Container)
        };
        let tagged = TargetIdentity {
            version: None,
            image: Some("example.com/ours:4.1".into()),
            ..labelled.clone()
        };
        let kind = TargetIdentity::of_kind;
        for (name, identity, expected) in [
            (
                "zot:2.1.20+tls",
                kind(Container),
                ("zot", "+tls", Some("2.1.20")),
            ),
            ("ours", labelled, ("ours", "", Some("4.2.0"))),
            ("ours", tagged, ("ours", "", Some("4.1"))),
            (
                "reference+basic",
                kind(Reference),
                ("reference", "+basic", Some("0.1.0")),
            ),
            (
                "process:/bin/x -a",
                kind(Process),
                ("process:/bin/x -a", "", None),
            ),
            (
                "https://r.example:5000/a",
                at("https://r.example:5000"),
                ("https://r.example:5000/a", "", None),
            ),
            (
                "localhost:5000",
                at("http://localhost:5000"),
                ("localhost:5000", "", None),
            ),
            (
                "localhost:5000/a",
                at("http://localhost:5000"),
                ("localhost:5000/a", "", None),
            ),
            (
                "harbor:2.11.0",
                at("https://demo.example"),
                ("harbor", "", Some("2.11.0")),
            ),
            (
                "production",
                at("https://demo.example"),
                ("production", "", None),
            ),
        ] {
            let (registry, options, version) = parts(name, identity);
            let found = (registry.as_str(), options.as_str(), version.as_deref());
            assert_eq!(found, expected, "{name}");
        }
    }
}
