//! The zot registry, from its official image with its default configuration.

use super::TargetError;
use super::container::{Image, version};

const DEFAULT: &str = "2.1.20";

/// A launcher for `version`.
pub(super) fn launcher(name: &str, given: Option<&str>) -> Result<Image, TargetError> {
    Ok(Image {
        target: name.to_owned(),
        repository: "ghcr.io/project-zot/zot",
        tag: format!("v{}", version("zot", given, DEFAULT)?),
        environment: &[],
        port: 5000,
    })
}
