//! What no Helm writes yet: informational.

use bytes::Bytes;
use helm_oci_fixtures::media_type;

use crate::expect;
use crate::requirement::{Requirement, requirement};
use crate::session::Session;
use crate::source::observed;
use crate::verdict::CheckResult;

requirement! {
    /// An index over a chart is stored and served.
    ///
    /// ## Why Helm needs it
    /// Most Helms pull a chart through an index; tools that attach attestations write one.
    ///
    /// ## How it is checked
    /// An index over a chart's manifest is pushed under a tag.
    INDEX = "next/index-accepted" {
        level: Should,
        title: "an index over a chart is accepted",
        covers: ["REG-PUL-22"],
        sources: [observed("3.4", "OCI index: accepted by 3.7 to 3.17, 3.20.1 and later, 4.1.2 and later")],
        breaks: [],
        faults: [RefusesIndexes],
        check: index,
    }
}

async fn index(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let index = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{{\"mediaType\":\"{}\",\"digest\":\"{}\",\"size\":{}}}]}}",
        media_type::OCI_INDEX,
        media_type::OCI_MANIFEST,
        chart.digest,
        chart.manifest.len()
    );
    let reply = session
        .put_manifest_as("1.0.0-index", media_type::OCI_INDEX, &Bytes::from(index))
        .await?;
    expect::success(&reply)
}

/// The requirements of this area, in reading order.
pub(super) static ALL_OF_THEM: &[&Requirement] = &[&INDEX];
