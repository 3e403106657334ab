//! The modelled Helm versions: one for each behaviour on the wire, and what some of them have in common.

use helm_oci_fixtures::manifest::Shape;

use super::{ClientModel, Quirk, TransportLibrary};

impl ClientModel {
    /// The shape of the charts that it pushes, its transport library, and whether it states the type of a blob, in lower
    /// case. Versions with one name write in the same way.
    pub(crate) fn writes(&self) -> String {
        let is_typed = !self.has(Quirk::BlobPutWithoutContentType);
        format!("{:?}-{:?}-{is_typed}", self.shape, self.library).to_lowercase()
    }

    /// The shape of the charts that it reads, and its transport library, in lower case. Versions with one name read the same
    /// charts in the same way.
    pub(crate) fn reads(&self) -> String {
        format!("{:?}-{:?}", self.read_shape(), self.library).to_lowercase()
    }

    /// True if it sorts the layers of a manifest by their digests.
    pub(crate) fn sorts_layers(&self) -> bool {
        self.shape >= Shape::Helm38
    }

    /// True if the push of an existing chart writes nothing: containerd compares the digest of the tag.
    pub(crate) fn repeats_without_writes(&self) -> bool {
        self.library == TransportLibrary::Containerd
    }

    /// The shape of the charts that it reads. The last of those that differ in nothing that it reads.
    pub(crate) fn read_shape(&self) -> Shape {
        match self.shape {
            Shape::Helm37 | Shape::Helm38 => Shape::Helm38,
            Shape::Helm312 | Shape::Helm313 => Shape::Helm313,
            Shape::Legacy => Shape::Legacy,
        }
    }
}

/// Helm 3.2.4.
pub(crate) const HELM_3_2: ClientModel = ClientModel {
    version: (3, 2, 4),
    agent: "containerd/1.3.2+unknown",
    login_agent: "oras",
    library: TransportLibrary::Containerd,
    quirks: &[
        Quirk::BlobPutWithoutContentType,
        Quirk::RequiresScope,
        Quirk::NoIndexSupport,
    ],
    shape: Shape::Legacy,
};
/// Helm 3.6.2.
pub(crate) const HELM_3_6: ClientModel = ClientModel {
    version: (3, 6, 2),
    agent: "containerd/1.4.4+unknown",
    login_agent: "oras",
    library: TransportLibrary::Containerd,
    quirks: &[Quirk::AcceptsStatus202],
    shape: Shape::Legacy,
};
/// The commands `helm chart` of Helm 3.6.2, which read no index.
pub(crate) const HELM_3_6_CHART: ClientModel = ClientModel {
    quirks: &[Quirk::AcceptsStatus202, Quirk::NoIndexSupport],
    ..HELM_3_6
};
/// Helm 3.7.2.
pub(crate) const HELM_3_7: ClientModel = ClientModel {
    version: (3, 7, 2),
    agent: "Helm/3.7.2",
    login_agent: "Helm/3.7.2",
    library: TransportLibrary::Containerd,
    quirks: &[Quirk::AcceptsStatus202],
    shape: Shape::Helm37,
};
/// Helm 3.10.1.
pub(crate) const HELM_3_10: ClientModel = ClientModel {
    version: (3, 10, 1),
    agent: "Helm/3.10.1",
    login_agent: "Helm/3.10.1",
    library: TransportLibrary::Containerd,
    quirks: &[
        Quirk::AcceptsStatus202,
        Quirk::FallsBackToGetOn400,
        Quirk::ResumesTransfers,
        Quirk::ListsOverTlsFirst,
    ],
    shape: Shape::Helm38,
};
/// Helm 3.12.3.
pub(crate) const HELM_3_12: ClientModel = ClientModel {
    version: (3, 12, 3),
    agent: "Helm/3.12.3",
    login_agent: "Helm/3.12.3",
    library: TransportLibrary::Containerd,
    quirks: &[
        Quirk::FallsBackToGetOn400,
        Quirk::ResumesTransfers,
        Quirk::ListsOverTlsFirst,
    ],
    shape: Shape::Helm312,
};
/// Helm 3.17.3.
pub(crate) const HELM_3_17: ClientModel = ClientModel {
    version: (3, 17, 3),
    agent: "Helm/3.17.3",
    login_agent: "Helm/3.17.3",
    library: TransportLibrary::Containerd,
    quirks: &[
        Quirk::FallsBackToGetOn400,
        Quirk::RequestsBroaderToken,
        Quirk::PushesUnchecked,
        Quirk::ResumesTransfers,
        Quirk::ForgetsTokensBeforeProvenance,
    ],
    shape: Shape::Helm313,
};
/// Helm 3.18.6.
pub(crate) const HELM_3_18: ClientModel = ClientModel {
    version: (3, 18, 6),
    agent: "Helm/3.18.6",
    login_agent: "Helm/3.18.6",
    library: TransportLibrary::OrasGo,
    quirks: &[Quirk::NoIndexSupport, Quirk::PullTokenBeforePush],
    shape: Shape::Helm313,
};
/// Helm 3.21.1.
pub(crate) const HELM_3_21: ClientModel = ClientModel {
    version: (3, 21, 1),
    agent: "Helm/3.21.1",
    login_agent: "Helm/3.21.1",
    library: TransportLibrary::OrasGo,
    quirks: &[Quirk::PullTokenBeforePush, Quirk::ChecksUrls],
    shape: Shape::Helm313,
};
/// Helm 4.2.4.
pub(crate) const HELM_4_2: ClientModel = ClientModel {
    version: (4, 2, 4),
    agent: "Helm/4.2.4",
    login_agent: "Helm/4.2.4",
    library: TransportLibrary::OrasGo,
    quirks: &[Quirk::ChecksUrls],
    shape: Shape::Helm313,
};
/// Helm 4.3.1.
pub(crate) const HELM_4_3: ClientModel = ClientModel {
    version: (4, 3, 1),
    agent: "Helm/4.3.1",
    login_agent: "Helm/4.3.1",
    library: TransportLibrary::OrasGo,
    quirks: &[Quirk::ChecksUrls, Quirk::ChecksLinks],
    shape: Shape::Helm313,
};
