//! Flows: the operations of Helm users, and the Helm versions that have them.

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use super::era::Era;
use super::version::{
    ALL, BEFORE_3_7, PUSHES_BUILD_METADATA, SINCE_3_5, SINCE_3_7, SINCE_3_8, SINCE_3_17, Versions,
};

/// An operation of a Helm user on a registry.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Flow {
    /// `helm chart push` of 3.0 to 3.6.
    ChartPush,
    /// `helm chart pull` of 3.0 to 3.6.
    ChartPull,
    /// `helm push` of a chart that the registry does not have.
    Push,
    /// `helm push` of the same archive again.
    RePush,
    /// `helm push` of another archive under an existing version.
    PushChanged,
    /// `helm push` of a version with build metadata.
    PushPlus,
    /// `helm push` of a chart with a provenance file.
    PushProv,
    /// A push, and at once a pull of what was pushed.
    PushPull,
    /// `helm pull --version` with an exact version.
    Pull,
    /// `helm pull --prov` or `--verify`.
    PullProv,
    /// `helm pull --version` with build metadata.
    PullPlus,
    /// `helm pull --version` with a range.
    PullRange,
    /// `helm pull` without a version: the highest release.
    PullUnversioned,
    /// `helm pull` by digest, without a tag.
    PullDigest,
    /// `helm dependency update` with an `oci://` repository, `build` from its lock, `package --dependency-update`.
    DependencyUpdate,
    /// `helm dependency update` with a range of versions.
    DependencyRange,
    /// `helm show` and `helm template`; in Helm 4 also a dry run of an installation.
    Show,
    /// `helm registry login` and `logout`.
    Login,
}

impl Flow {
    /// All flows, in the order in which reports list them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The flows that send blobs and a manifest that the registry does not have.
    pub const PUSHES: &'static [Self] = &[
        Self::ChartPush,
        Self::Push,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
    ];

    /// The flows that push into a repository that does not exist yet.
    pub const FIRST_PUSHES: &'static [Self] =
        &[Self::ChartPush, Self::Push, Self::PushPlus, Self::PushProv];

    /// The flows that read a manifest and its blobs.
    pub const PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that read a chart under a tag.
    pub const TAG_PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that read a chart under a given tag; the others list tags first, or pull by digest.
    pub const EXACT_PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that read a chart under a given tag or digest, without a list of tags.
    pub const DIRECT_PULLS: &'static [Self] = &[
        Self::ChartPull,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that send a chart, the repeated push included.
    pub const WRITES: &'static [Self] = &[
        Self::ChartPush,
        Self::Push,
        Self::RePush,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
    ];

    /// The flows that read or write charts: all except login.
    pub const CHARTS: &'static [Self] = &[
        Self::ChartPush,
        Self::ChartPull,
        Self::Push,
        Self::RePush,
        Self::PushChanged,
        Self::PushPlus,
        Self::PushProv,
        Self::Pull,
        Self::PullProv,
        Self::PullPlus,
        Self::PullRange,
        Self::PullUnversioned,
        Self::PullDigest,
        Self::DependencyUpdate,
        Self::Show,
    ];

    /// The flows that list tags.
    pub const LISTINGS: &'static [Self] = &[Self::PullRange, Self::PullUnversioned];

    /// The flows that this one consists of in an era; empty if it is a flow of its own. What breaks a part breaks the
    /// whole.
    pub const fn parts(self, era: Era) -> &'static [Self] {
        match (self, era) {
            (Self::PushPull, Era::Chart) => &[Self::ChartPush, Self::ChartPull],
            (Self::PushPull, _) => &[Self::Push, Self::Pull],
            (Self::DependencyRange, _) => &[Self::PullRange, Self::DependencyUpdate],
            _ => &[],
        }
    }

    /// True if the flow is one of these, or consists of one of them in this era.
    pub fn is_among(self, flows: &[Self], era: Era) -> bool {
        flows.contains(&self) || self.parts(era).iter().any(|part| flows.contains(part))
    }

    /// The name used in reports, such as `pull-range`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The Helm versions in which the flow exists and works against a good registry.
    pub const fn offered_by(self) -> Versions {
        match self {
            Self::ChartPush | Self::ChartPull => BEFORE_3_7,
            Self::Push
            | Self::RePush
            | Self::PushChanged
            | Self::PushProv
            | Self::PullProv
            | Self::Show => SINCE_3_7,
            Self::PushPlus => PUSHES_BUILD_METADATA,
            Self::PullPlus | Self::PullRange | Self::PullUnversioned | Self::DependencyRange => {
                SINCE_3_8
            }
            Self::PullDigest => SINCE_3_17,
            Self::Pull | Self::DependencyUpdate => SINCE_3_5,
            Self::Login | Self::PushPull => ALL,
        }
    }

    /// True if any version of the era has the flow.
    pub fn in_era(self, era: Era) -> bool {
        !self.offered_by().within(&era.span()).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_serialisation() {
        for flow in Flow::ALL {
            assert_eq!(serde_json::to_value(flow).expect("serialises"), flow.name());
        }
        assert_eq!(Flow::PushProv.to_string(), "push-prov");
    }

    #[test]
    fn a_flow_of_several_parts_is_concerned_by_each_of_them() {
        let pulls = [Flow::ChartPull, Flow::PullRange];
        for (flow, era, expected) in [
            (Flow::PushPull, Era::Chart, true),
            (Flow::PushPull, Era::Containerd, false),
            (Flow::DependencyRange, Era::Containerd, true),
            (Flow::DependencyUpdate, Era::Containerd, false),
            (Flow::PullRange, Era::Oras3, true),
        ] {
            assert_eq!(flow.is_among(&pulls, era), expected, "{flow} of {era}");
        }
        for flow in Flow::ALL {
            for era in Era::ALL.iter().filter(|era| flow.in_era(**era)) {
                let parts = flow.parts(*era).iter();
                let offered = parts.filter(|part| part.in_era(*era)).count();
                assert_eq!(offered, flow.parts(*era).len(), "{flow} of {era}");
            }
        }
    }
}
