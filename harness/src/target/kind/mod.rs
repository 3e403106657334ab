//! The kinds of targets. The text that names a target is parsed here, once.

mod error;
mod image;
mod options;
mod process;
mod recipe;
mod release;
mod url;

use helm_oci_reports::record::TargetKind;
use helm_oci_suite::oci::RepositoryName;
use http::Uri;

pub use self::error::TargetError;
pub use self::image::ImageTarget;
pub use self::options::{
    DistributionOption, OlaregOption, Options, ReferenceOption, TargetOption, ZotOption,
};
pub use self::process::ProcessTarget;
pub use self::recipe::Recipe;
pub use self::release::Release;
pub use self::url::RegistryUrl;
use super::spec::TargetSpec;

/// A target, as the text that names it describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The embedded reference registry.
    Reference(Options<ReferenceOption>),
    /// CNCF Distribution, in a container.
    Distribution(Release<DistributionOption>),
    /// zot, in a container.
    Zot(Release<ZotOption>),
    /// olareg, in a container.
    Olareg(Release<OlaregOption>),
    /// Any other registry, in a container.
    Image(ImageTarget),
    /// A registry that is a program on this machine.
    Process(ProcessTarget),
    /// A registry that exists already.
    Url(RegistryUrl),
}

impl Kind {
    /// Parses the text that names a target. A host without a scheme is reached over TLS, unless plain HTTP is
    /// requested.
    pub fn parse(spec: &TargetSpec) -> Result<Self, TargetError> {
        let text = spec.target.as_str();
        if let Some(reference) = text.strip_prefix("image:") {
            return Ok(Self::Image(ImageTarget::parse(spec, reference)?));
        }
        if let Some(command) = text.strip_prefix("process:") {
            return Ok(Self::Process(ProcessTarget::parse(spec, command)?));
        }
        if let Some(key) = spec.launch_key() {
            let target = text.to_owned();
            return Err(TargetError::LaunchKey { target, key });
        }
        let (base, options) = split(text, '+');
        let (name, version) = split(base, ':');
        Ok(match (name, version) {
            ("reference", None) => Self::Reference(Options::parse(options)?),
            ("distribution", version) => Self::Distribution(Release::parse(version, options)?),
            ("zot", version) => Self::Zot(Release::parse(version, options)?),
            ("olareg", version) => Self::Olareg(Release::parse(version, options)?),
            _ => Self::Url(RegistryUrl::parse(text, spec.plain_http)?),
        })
    }

    /// The kind in a run record.
    pub const fn recorded(&self) -> TargetKind {
        match self {
            Self::Reference(_) => TargetKind::Reference,
            Self::Distribution(_) | Self::Zot(_) | Self::Olareg(_) | Self::Image(_) => {
                TargetKind::Container
            }
            Self::Process(_) => TargetKind::Process,
            Self::Url(_) => TargetKind::Url,
        }
    }

    /// True if its users are not created by this program, so that credentials may be given for it.
    pub const fn accepts_credentials(&self) -> bool {
        match self {
            Self::Image(_) | Self::Process(_) | Self::Url(_) => true,
            Self::Reference(_) | Self::Distribution(_) | Self::Zot(_) | Self::Olareg(_) => false,
        }
    }

    /// True if the registry exists before the run and after it.
    pub const fn is_persistent(&self) -> bool {
        matches!(self, Self::Url(_))
    }

    /// The host of a persistent registry, with its port if one is given: the key under which a login is stored.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Url(url) => url.host(),
            _ => None,
        }
    }

    /// The namespace in which a run may create repositories.
    pub fn namespace(&self) -> Option<&RepositoryName> {
        match self {
            Self::Url(url) => url.namespace.as_ref(),
            _ => None,
        }
    }

    /// The host and port that only one target can use at a time. Targets with the same endpoint are examined one
    /// after the other.
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Self::Url(url) => url.endpoint(),
            Self::Process(process) => process.port.map(|port| format!("127.0.0.1:{port}")),
            _ => None,
        }
    }
}

/// Parses the URL of a registry that has no namespace.
pub fn origin(given: &str) -> Result<Uri, TargetError> {
    RegistryUrl::parse(given, false)?.into_origin(given)
}

/// The forms in which a target is named, for messages.
fn forms() -> String {
    let [reference, distribution, zot, olareg] = [
        options::usage::<ReferenceOption>(),
        options::usage::<DistributionOption>(),
        options::usage::<ZotOption>(),
        options::usage::<OlaregOption>(),
    ];
    format!(
        "reference{reference}, distribution[:VERSION]{distribution}, zot[:VERSION]{zot}, olareg[:VERSION]{olareg}, \
         image:NAME[:TAG|@DIGEST], process:PATH, http(s)://HOST[:PORT][/NAMESPACE]"
    )
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Kind {
        Kind::parse(&TargetSpec::named(text)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn each_form_is_parsed_to_its_kind() {
        for (text, recorded, accepts_credentials) in [
            ("reference+bearer+tls", TargetKind::Reference, false),
            ("distribution", TargetKind::Container, false),
            ("zot:v2.1.20+minimal", TargetKind::Container, false),
            ("olareg:0.2.2", TargetKind::Container, false),
            ("image:mine", TargetKind::Container, true),
            ("process:/bin/cat -u", TargetKind::Process, true),
            ("localhost:5000/team", TargetKind::Url, true),
        ] {
            let kind = parse(text);
            assert_eq!(kind.recorded(), recorded, "{text}");
            assert_eq!(kind.accepts_credentials(), accepts_credentials, "{text}");
            assert_eq!(kind.is_persistent(), recorded == TargetKind::Url, "{text}");
        }
    }

    #[test]
    fn targets_on_one_port_share_an_endpoint() {
        for (text, endpoint) in [
            ("https://R.example/a", Some("r.example:443")),
            ("https://r.example:443/b", Some("r.example:443")),
            ("http://r.example", Some("r.example:80")),
            ("process:/bin/cat", None),
            ("zot", None),
        ] {
            assert_eq!(parse(text).endpoint().as_deref(), endpoint, "{text}");
        }
        let spec = TargetSpec {
            port: Some(5000),
            ..TargetSpec::named("process:/bin/cat")
        };
        let kind = Kind::parse(&spec).expect("it is valid");
        assert_eq!(kind.endpoint().as_deref(), Some("127.0.0.1:5000"));
    }

    #[test]
    fn launch_settings_are_rejected_where_nothing_is_launched_from_them() {
        let spec = TargetSpec {
            port: Some(5000),
            ..TargetSpec::named("zot")
        };
        let error = Kind::parse(&spec).expect_err("zot has no port setting");
        assert!(error.to_string().starts_with("`port`"), "{error}");
    }

    #[test]
    fn an_unknown_target_is_rejected_with_the_valid_forms() {
        let error = Kind::parse(&TargetSpec::named("zott")).expect_err("it is unknown");
        let text = error.to_string();
        for form in [
            "reference[+basic][+bearer][+expiring][+tls], distribution[:VERSION][+htpasswd][+tls][+no-deletes], ",
            "zot[:VERSION][+htpasswd][+tls][+minimal][+docker2s2][+access-control], ",
            "olareg[:VERSION][+basic][+bearer][+tls][+no-deletes], image:",
        ] {
            assert!(text.contains(form), "{text}");
        }
    }
}
