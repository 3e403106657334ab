//! A connection to a registry that exists already.

use std::sync::Arc;

use helm_oci_reports::record::{TargetIdentity, TargetKind};

use super::{Held, LaunchError, Launched};
use crate::http::Http;
use crate::target::kind::RegistryUrl;
use crate::target::resolved::Connection;

/// Creates the HTTP client of the registry; nothing is sent yet.
pub(super) fn connect(url: &RegistryUrl, connection: &Connection) -> Result<Launched, LaunchError> {
    let port = Http::new(url.origin.clone(), &connection.trust, connection.limits)?;
    Ok(Launched {
        identity: TargetIdentity {
            url: Some(url.origin.to_string().trim_end_matches('/').to_owned()),
            ..TargetIdentity::of_kind(TargetKind::Url)
        },
        registry: Arc::new(port),
        credentials: connection.credentials.clone(),
        namespace: url.namespace.clone(),
        held: Held::Nothing,
    })
}
