//! Errors in the text that names a target, or in its entry in a targets file.

use thiserror::Error;

use super::forms;

/// A target that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The text has none of the known forms.
    #[error("unknown target `{text}`; valid targets: {forms}", forms = forms())]
    Unknown {
        /// The text.
        text: String,
    },
    /// The version is not the tag of a release.
    #[error("invalid version `{version}` of {kind}; use a release such as {kind}:{example}")]
    Version {
        /// The kind of target.
        kind: &'static str,
        /// The version, as given.
        version: String,
        /// A valid version.
        example: &'static str,
    },
    /// An option after the name is unknown, or repeated.
    #[error("unknown or repeated option `+{option}` for {kind}; valid options: {valid}")]
    Option {
        /// The kind of target.
        kind: &'static str,
        /// The option, as given.
        option: String,
        /// All options of this kind.
        valid: String,
    },
    /// The image reference is not pinned, or malformed.
    #[error(
        "invalid image `{reference}`; use image:NAME:TAG or image:NAME@sha256:DIGEST, \
         with a tag other than `latest`, which does not identify an image"
    )]
    Image {
        /// The reference, as given.
        reference: String,
    },
    /// A launch setting of a target that is not launched from settings.
    #[error("`{key}` does not apply to {target}; it is valid for image: and process: targets only")]
    LaunchKey {
        /// The target.
        target: String,
        /// The key of the setting.
        key: &'static str,
    },
    /// The program is missing.
    #[error(
        "`process:` names no program; use process:PATH, followed by its arguments if there are any"
    )]
    Program,
    /// A file of a process is outside the folder that is created for it.
    #[error(
        "file `{path}` of {target} is outside the folder of the process; use a relative path without `..`"
    )]
    Outside {
        /// The target.
        target: String,
        /// The path.
        path: String,
    },
    /// The URL contains a user name or a password.
    #[error("the URL of {host} contains credentials; use --username and --password-stdin instead")]
    Credentials {
        /// The host.
        host: String,
    },
    /// The URL is not that of a registry.
    #[error("invalid registry URL `{url}`: {reason}")]
    Url {
        /// The URL, as given.
        url: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
}
