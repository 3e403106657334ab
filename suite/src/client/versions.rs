//! The Helms that are modelled: one for each way of the wire.

use helm_oci_fixtures::manifest::Shape;

use super::{Client, Line, Way};

/// Helm 3.2.4.
pub(crate) const HELM_3_2: Client = Client {
    version: (3, 2, 4),
    agent: "containerd/1.3.2+unknown",
    login_agent: "oras",
    line: Line::Containerd,
    ways: &[Way::SendsBlobsUntyped, Way::NeedsScope, Way::KnowsNoIndex],
    shape: Shape::Legacy,
};
/// Helm 3.6.2.
pub(crate) const HELM_3_6: Client = Client {
    version: (3, 6, 2),
    agent: "containerd/1.4.4+unknown",
    login_agent: "oras",
    line: Line::Containerd,
    ways: &[Way::Takes202],
    shape: Shape::Legacy,
};
/// Helm 3.7.2.
pub(crate) const HELM_3_7: Client = Client {
    version: (3, 7, 2),
    agent: "Helm/3.7.2",
    login_agent: "Helm/3.7.2",
    line: Line::Containerd,
    ways: &[Way::Takes202],
    shape: Shape::Helm37,
};
/// Helm 3.10.1.
pub(crate) const HELM_3_10: Client = Client {
    version: (3, 10, 1),
    agent: "Helm/3.10.1",
    login_agent: "Helm/3.10.1",
    line: Line::Containerd,
    ways: &[Way::Takes202, Way::AsksAgainAfter400],
    shape: Shape::Helm38,
};
/// Helm 3.12.3.
pub(crate) const HELM_3_12: Client = Client {
    version: (3, 12, 3),
    agent: "Helm/3.12.3",
    login_agent: "Helm/3.12.3",
    line: Line::Containerd,
    ways: &[Way::AsksAgainAfter400],
    shape: Shape::Helm312,
};
/// Helm 3.17.3.
pub(crate) const HELM_3_17: Client = Client {
    version: (3, 17, 3),
    agent: "Helm/3.17.3",
    login_agent: "Helm/3.17.3",
    line: Line::Containerd,
    ways: &[
        Way::AsksAgainAfter400,
        Way::AsksForMore,
        Way::ForgetsBeforeProvenance,
    ],
    shape: Shape::Helm313,
};
/// Helm 3.18.6.
pub(crate) const HELM_3_18: Client = Client {
    version: (3, 18, 6),
    agent: "Helm/3.18.6",
    login_agent: "Helm/3.18.6",
    line: Line::Oras,
    ways: &[Way::KnowsNoIndex, Way::BeginsPushWithPull],
    shape: Shape::Helm313,
};
/// Helm 3.21.1.
pub(crate) const HELM_3_21: Client = Client {
    version: (3, 21, 1),
    agent: "Helm/3.21.1",
    login_agent: "Helm/3.21.1",
    line: Line::Oras,
    ways: &[Way::BeginsPushWithPull, Way::ChecksUrls],
    shape: Shape::Helm313,
};
/// Helm 4.2.4.
pub(crate) const HELM_4_2: Client = Client {
    version: (4, 2, 4),
    agent: "Helm/4.2.4",
    login_agent: "Helm/4.2.4",
    line: Line::Oras,
    ways: &[Way::ChecksUrls],
    shape: Shape::Helm313,
};
