//! The CNCF Distribution registry, from its official image.

use super::TargetError;
use super::container::{Image, version};

const DEFAULT: &str = "3.0.0";

/// A launcher for `version`; deleting is allowed, as most installations have it.
pub(super) fn launcher(name: &str, given: Option<&str>) -> Result<Image, TargetError> {
    Ok(Image {
        target: name.to_owned(),
        repository: "registry",
        tag: version("distribution", given, DEFAULT)?,
        environment: &[("REGISTRY_STORAGE_DELETE_ENABLED", "true")],
        port: 5000,
    })
}
