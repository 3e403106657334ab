//! Whole flows: the requests of one Helm version in their order, with its headers and its `Accept`.
//!
//! From the wire alone, these checks find the response at which a Helm version aborts. They have no faults of their own:
//! a fault must turn one red exactly if another requirement states that it breaks the flow.
//!
//! Each row of the table at the end is a requirement. What the requirements of one kind share is in its [`kinds::Kind`].

mod arrangement;
mod kinds;
mod read_kinds;
mod replays;
mod spans;

use kinds::{FIRST_PUSH, PUSH, PUSH_CHANGED, PUSH_PLUS, PUSH_PROV, PUSH_PULL, RE_PUSH};
use read_kinds::{
    DEPENDENCY, DEPENDENCY_RANGE, LIST, LOGIN, PROV, PULL, PULL_DIGEST, PULL_PLUS, RESOLVE, SHOW,
};
use replays::{
    dependency, first_push, list, login, prov, pull, pull_digest, pull_plus, push, push_changed,
    push_plus, push_prov, push_pull, re_push, replay, resolve, show,
};
use spans::{
    HARDENED_3, HARDENED_4, OF_3_5, OF_3_7, OF_3_11, OF_3_12, OF_3_17, SINCE_3_7, SINCE_3_11,
    SINCE_3_12, SINCE_3_13, SINCE_4_2_4, TO_3_2, TO_3_6, TO_3_10, TO_3_11, TO_4_2_3,
};

use crate::client::{
    HELM_3_2, HELM_3_6, HELM_3_6_CHART, HELM_3_7, HELM_3_10, HELM_3_12, HELM_3_17, HELM_3_18,
    HELM_3_21, HELM_4_2, HELM_4_3,
};
use crate::helm::flow::Flow;
use crate::helm::version::{BEFORE_3_7, CHECKS_LINKS, HARDENED, ORAS_2_6_1, ORAS_UNCHECKED};
use crate::requirement::source::observed;
use crate::requirement::{Level, Requirement, Setup};

/// One row: the kind with its check, the flow and the Helm version that are replayed, the Helm versions with the same
/// requests, the set-up on which it is proven, the id and the title, and the place of the recording.
macro_rules! replay {
    ($kind:ident by $check:ident, $flow:ident, $client:ident for $versions:ident, $setup:ident, $id:literal, $title:literal, $section:literal, $recorded:literal) => {
        &Requirement {
            id: $id,
            title: $title,
            fix: None,
            doc: $kind.doc,
            level: Level::Must,
            covers: $kind.covers,
            sources: &[observed(
                $section,
                concat!("trace ", $recorded, ": the recorded requests"),
            )],
            declared_specification: None,
            breaks: &[],
            faults: &[],
            consequences: &[],
            replays: Some((Flow::$flow, $client.version)),
            represents: $versions,
            mebibytes: 0,
            proven_on: Setup::$setup,
            check: |session| {
                Box::pin(replay(session, &$kind, &$client, |session| {
                    Box::pin($check(session, &$client))
                }))
            },
            file: file!(),
            line: line!(),
        }
    };
}

/// The requirements of this area, in reading order.
#[rustfmt::skip]
pub(super) static REQUIREMENTS: &[&Requirement] = &[
    replay!(PUSH by push, ChartPush, HELM_3_2 for TO_3_2, Open, "flow/push-3.0", "`helm chart push` succeeds with Helm 3.0 to 3.2", "7.4", "T1"),
    replay!(PUSH by push, ChartPush, HELM_3_6 for TO_3_6, Open, "flow/push-3.3", "`helm chart push` succeeds with Helm 3.3 to 3.6", "7.4", "T3"),
    replay!(PUSH by push, Push, HELM_3_7 for OF_3_7, Open, "flow/push-3.7", "a push succeeds with Helm 3.7", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_10 for TO_3_10, Open, "flow/push-3.8", "a push succeeds with Helm 3.8 to 3.10", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_17 for SINCE_3_11, Open, "flow/push-3.12", "a push succeeds with Helm 3.11 to 3.17", "7.4", "T4"),
    replay!(PUSH by push, Push, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/push-3.18", "a push succeeds with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH by push, Push, HELM_4_2 for HARDENED, Open, "flow/push-4.2", "a push succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T11"),
    replay!(FIRST_PUSH by first_push, ChartPush, HELM_3_2 for TO_3_2, Bearer, "flow/first-push-3.0", "a first push succeeds with Helm 3.0 to 3.2 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, ChartPush, HELM_3_6 for TO_3_6, Bearer, "flow/first-push-3.3", "a first push succeeds with Helm 3.3 to 3.6 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_7 for OF_3_7, Bearer, "flow/first-push-3.7", "a first push succeeds with Helm 3.7 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_10 for TO_3_10, Bearer, "flow/first-push-3.8", "a first push succeeds with Helm 3.8 to 3.10 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_12 for OF_3_11, Bearer, "flow/first-push-3.12", "a first push succeeds with Helm 3.11 and 3.12 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_17 for SINCE_3_13, Bearer, "flow/first-push-3.13", "a first push succeeds with Helm 3.13 to 3.17 (one token for both scopes)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_18 for ORAS_UNCHECKED, Bearer, "flow/first-push-3.18", "a first push succeeds with Helm 3.18 to 4.2.0 (pull token first)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_3_21 for TO_4_2_3, Bearer, "flow/first-push-3.21", "a first push succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3 (pull token first)", "7.5", "push"),
    replay!(FIRST_PUSH by first_push, Push, HELM_4_2 for SINCE_4_2_4, Bearer, "flow/first-push-4.2", "a first push succeeds with Helm 3.22, 4.2.4 and later (push token from the start)", "7.5", "push"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_7 for OF_3_7, Open, "flow/re-push-3.7", "a repeated push succeeds with Helm 3.7", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_10 for TO_3_10, Open, "flow/re-push-3.8", "a repeated push succeeds with Helm 3.8 to 3.10", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_17 for SINCE_3_11, Open, "flow/re-push-3.12", "a repeated push succeeds with Helm 3.11 to 3.17", "7.4", "T5"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/re-push-3.18", "a repeated push succeeds with Helm 3.18 to 4.2.0", "7.4", "T12"),
    replay!(RE_PUSH by re_push, RePush, HELM_3_21 for TO_4_2_3, Open, "flow/re-push-3.21", "a repeated push succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3", "7.4", "T12"),
    replay!(RE_PUSH by re_push, RePush, HELM_4_2 for SINCE_4_2_4, Open, "flow/re-push-4.2", "a repeated push succeeds with Helm 3.22, 4.2.4 and later", "7.4", "T12"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_3_7 for OF_3_7, Open, "flow/push-changed-3.7", "a push of a changed chart succeeds with Helm 3.7", "7.4", "T5"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_3_10 for TO_3_10, Open, "flow/push-changed-3.8", "a push of a changed chart succeeds with Helm 3.8 to 3.10", "7.4", "T5"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_3_17 for SINCE_3_11, Open, "flow/push-changed-3.12", "a push of a changed chart succeeds with Helm 3.11 to 3.17", "7.4", "T5"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/push-changed-3.18", "a push of a changed chart succeeds with Helm 3.18 to 4.2.0", "7.4", "T12"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_3_21 for TO_4_2_3, Open, "flow/push-changed-3.21", "a push of a changed chart succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3", "7.4", "T12"),
    replay!(PUSH_CHANGED by push_changed, PushChanged, HELM_4_2 for SINCE_4_2_4, Open, "flow/push-changed-4.2", "a push of a changed chart succeeds with Helm 3.22, 4.2.4 and later", "7.4", "T12"),
    replay!(PUSH_PLUS by push_plus, PushPlus, HELM_3_10 for TO_3_10, Open, "flow/push-plus-3.8", "a push of a version with build metadata succeeds with Helm 3.8 to 3.10", "7.4", "T4"),
    replay!(PUSH_PLUS by push_plus, PushPlus, HELM_3_17 for SINCE_3_11, Open, "flow/push-plus-3.12", "a push of a version with build metadata succeeds with Helm 3.11 to 3.17", "7.4", "T4"),
    replay!(PUSH_PLUS by push_plus, PushPlus, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/push-plus-3.18", "a push of a version with build metadata succeeds with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH_PLUS by push_plus, PushPlus, HELM_3_21 for TO_4_2_3, Open, "flow/push-plus-3.21", "a push of a version with build metadata succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3", "7.4", "T11"),
    replay!(PUSH_PLUS by push_plus, PushPlus, HELM_4_2 for SINCE_4_2_4, Open, "flow/push-plus-4.2", "a push of a version with build metadata succeeds with Helm 3.22, 4.2.4 and later", "7.4", "T11"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_7 for OF_3_7, Open, "flow/push-prov-3.7", "a push of a signed chart succeeds with Helm 3.7", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_10 for TO_3_10, Open, "flow/push-prov-3.8", "a push of a signed chart succeeds with Helm 3.8 to 3.10", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_17 for SINCE_3_11, Open, "flow/push-prov-3.12", "a push of a signed chart succeeds with Helm 3.11 to 3.17", "7.4", "T6"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/push-prov-3.18", "a push of a signed chart succeeds with Helm 3.18 to 4.2.0", "7.4", "T11"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_3_21 for TO_4_2_3, Open, "flow/push-prov-3.21", "a push of a signed chart succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3", "7.4", "T11"),
    replay!(PUSH_PROV by push_prov, PushProv, HELM_4_2 for SINCE_4_2_4, Open, "flow/push-prov-4.2", "a push of a signed chart succeeds with Helm 3.22, 4.2.4 and later", "7.4", "T11"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_2 for TO_3_2, Open, "flow/push-pull-3.0", "a pull right after a push succeeds with Helm 3.0 to 3.2", "7.4", "T1, T2"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_6_CHART for TO_3_6, Open, "flow/push-pull-3.3", "a pull right after a push succeeds with Helm 3.3 to 3.6", "7.4", "T3"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_7 for OF_3_7, Open, "flow/push-pull-3.7", "a pull right after a push succeeds with Helm 3.7", "7.4", "T4, T8"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_10 for TO_3_10, Open, "flow/push-pull-3.8", "a pull right after a push succeeds with Helm 3.8 to 3.10", "7.4", "T4, T8"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_17 for SINCE_3_11, Open, "flow/push-pull-3.12", "a pull right after a push succeeds with Helm 3.11 to 3.17", "7.4", "T4, T8"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/push-pull-3.18", "a pull right after a push succeeds with Helm 3.18 to 4.2.0", "7.4", "T11, T13"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_3_21 for TO_4_2_3, Open, "flow/push-pull-3.21", "a pull right after a push succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3", "7.4", "T11, T13"),
    replay!(PUSH_PULL by push_pull, PushPull, HELM_4_2 for SINCE_4_2_4, Open, "flow/push-pull-4.2", "a pull right after a push succeeds with Helm 3.22, 4.2.4 and later", "7.4", "T11, T13"),
    replay!(PULL by pull, ChartPull, HELM_3_2 for TO_3_2, Open, "flow/pull-3.0", "`helm chart pull` succeeds with Helm 3.0 to 3.2", "7.4", "T2"),
    replay!(PULL by pull, ChartPull, HELM_3_6_CHART for TO_3_6, Open, "flow/pull-3.3", "`helm chart pull` succeeds with Helm 3.3 to 3.6", "7.4", "T2"),
    replay!(PULL by pull, Pull, HELM_3_6 for OF_3_5, Open, "flow/pull-3.5", "a pull succeeds with Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(PULL by pull, Pull, HELM_3_7 for OF_3_7, Open, "flow/pull-3.7", "a pull succeeds with Helm 3.7", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_10 for TO_3_11, Open, "flow/pull-3.8", "a pull succeeds with Helm 3.8 to 3.11", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_17 for SINCE_3_12, Open, "flow/pull-3.12", "a pull succeeds with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(PULL by pull, Pull, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/pull-3.18", "a pull succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PULL by pull, Pull, HELM_4_2 for HARDENED, Open, "flow/pull-4.2", "a pull succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(PULL_PLUS by pull_plus, PullPlus, HELM_3_10 for TO_3_11, Open, "flow/pull-plus-3.8", "a pull of a version with build metadata succeeds with Helm 3.8 to 3.11", "7.4", "T8"),
    replay!(PULL_PLUS by pull_plus, PullPlus, HELM_3_17 for SINCE_3_12, Open, "flow/pull-plus-3.12", "a pull of a version with build metadata succeeds with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(PULL_PLUS by pull_plus, PullPlus, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/pull-plus-3.18", "a pull of a version with build metadata succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PULL_PLUS by pull_plus, PullPlus, HELM_4_2 for HARDENED, Open, "flow/pull-plus-4.2", "a pull of a version with build metadata succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(PULL_DIGEST by pull_digest, PullDigest, HELM_3_17 for OF_3_17, Open, "flow/pull-digest-3.17", "a pull by digest succeeds with Helm 3.17", "7.4", "T8"),
    replay!(PULL_DIGEST by pull_digest, PullDigest, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/pull-digest-3.18", "a pull by digest succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PULL_DIGEST by pull_digest, PullDigest, HELM_4_2 for HARDENED, Open, "flow/pull-digest-4.2", "a pull by digest succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_3_7 for OF_3_7, Open, "flow/prov-3.7", "a pull with provenance succeeds with Helm 3.7", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_10 for TO_3_11, Open, "flow/prov-3.8", "a pull with provenance succeeds with Helm 3.8 to 3.11", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_12 for OF_3_12, Open, "flow/prov-3.12", "a pull with provenance succeeds with Helm 3.12", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_17 for SINCE_3_13, Open, "flow/prov-3.13", "a pull with provenance succeeds with Helm 3.13 to 3.17", "7.4", "T10"),
    replay!(PROV by prov, PullProv, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/prov-3.18", "a pull with provenance succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(PROV by prov, PullProv, HELM_4_2 for HARDENED, Open, "flow/prov-4.2", "a pull with provenance succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(SHOW by show, Show, HELM_3_7 for OF_3_7, Open, "flow/show-3.7", "`helm show` and `helm template` succeed with Helm 3.7", "7.4", "T8"),
    replay!(SHOW by show, Show, HELM_3_10 for TO_3_11, Open, "flow/show-3.8", "`helm show` and `helm template` succeed with Helm 3.8 to 3.11", "7.4", "T8"),
    replay!(SHOW by show, Show, HELM_3_17 for SINCE_3_12, Open, "flow/show-3.12", "`helm show` and `helm template` succeed with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(SHOW by show, Show, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/show-3.18", "`helm show` and `helm template` succeed with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(SHOW by show, Show, HELM_3_21 for HARDENED_3, Open, "flow/show-3.21", "`helm show` and `helm template` succeed with Helm 3.21.1 and later", "7.4", "T13"),
    replay!(SHOW by show, Show, HELM_4_2 for HARDENED_4, Open, "flow/show-4.2", "`helm show` and `helm template` succeed with Helm 4.2.1 and later", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_3_10 for TO_3_11, Open, "flow/list-3.8", "a pull without a version succeeds with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_12 for OF_3_12, Open, "flow/list-3.12", "a pull without a version succeeds with Helm 3.12", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_17 for SINCE_3_13, Open, "flow/list-3.13", "a pull without a version succeeds with Helm 3.13 to 3.17", "7.4", "T9"),
    replay!(LIST by list, PullUnversioned, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/list-3.18", "a pull without a version succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_4_2 for ORAS_2_6_1, Open, "flow/list-4.2", "a pull without a version succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.4", "7.4", "T13"),
    replay!(LIST by list, PullUnversioned, HELM_4_3 for CHECKS_LINKS, Open, "flow/list-4.3", "a pull without a version succeeds with Helm 3.22, 4.3 and later", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_10 for TO_3_11, Open, "flow/resolve-3.8", "a pull of a version range succeeds with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_12 for OF_3_12, Open, "flow/resolve-3.12", "a pull of a version range succeeds with Helm 3.12", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_17 for SINCE_3_13, Open, "flow/resolve-3.13", "a pull of a version range succeeds with Helm 3.13 to 3.17", "7.4", "T9"),
    replay!(RESOLVE by resolve, PullRange, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/resolve-3.18", "a pull of a version range succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_4_2 for ORAS_2_6_1, Open, "flow/resolve-4.2", "a pull of a version range succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.4", "7.4", "T13"),
    replay!(RESOLVE by resolve, PullRange, HELM_4_3 for CHECKS_LINKS, Open, "flow/resolve-4.3", "a pull of a version range succeeds with Helm 3.22, 4.3 and later", "7.4", "T13"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_3_6 for OF_3_5, Open, "flow/dependency-3.5", "`helm dependency update` succeeds with Helm 3.5 and 3.6", "7.4", "T3"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_3_7 for OF_3_7, Open, "flow/dependency-3.7", "`helm dependency update` succeeds with Helm 3.7", "7.4", "T8"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_3_10 for TO_3_11, Open, "flow/dependency-3.8", "`helm dependency update` succeeds with Helm 3.8.1 to 3.11", "7.4", "T8"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_3_17 for SINCE_3_12, Open, "flow/dependency-3.12", "`helm dependency update` succeeds with Helm 3.12 to 3.17", "7.4", "T8"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/dependency-3.18", "`helm dependency update` succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(DEPENDENCY by dependency, DependencyUpdate, HELM_4_2 for HARDENED, Open, "flow/dependency-4.2", "`helm dependency update` succeeds with Helm 3.21.1, 4.2.1 and later", "7.4", "T13"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_3_10 for TO_3_11, Open, "flow/dependency-range-3.8", "`helm dependency update` with a range succeeds with Helm 3.8 to 3.11", "7.4", "T9"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_3_12 for OF_3_12, Open, "flow/dependency-range-3.12", "`helm dependency update` with a range succeeds with Helm 3.12", "7.4", "T9"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_3_17 for SINCE_3_13, Open, "flow/dependency-range-3.13", "`helm dependency update` with a range succeeds with Helm 3.13 to 3.17", "7.4", "T9"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_3_18 for ORAS_UNCHECKED, Open, "flow/dependency-range-3.18", "`helm dependency update` with a range succeeds with Helm 3.18 to 4.2.0", "7.4", "T13"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_4_2 for ORAS_2_6_1, Open, "flow/dependency-range-4.2", "`helm dependency update` with a range succeeds with Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.4", "7.4", "T13"),
    replay!(DEPENDENCY_RANGE by resolve, DependencyRange, HELM_4_3 for CHECKS_LINKS, Open, "flow/dependency-range-4.3", "`helm dependency update` with a range succeeds with Helm 3.22, 4.3 and later", "7.4", "T13"),
    replay!(LOGIN by login, Login, HELM_3_2 for BEFORE_3_7, Bearer, "flow/login-3.0", "a login succeeds with Helm 3.0 to 3.6", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10 for SINCE_3_7, Bearer, "flow/login-3.7", "a login succeeds with Helm 3.7 to 3.17", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18 for ORAS_UNCHECKED, Bearer, "flow/login-3.18", "a login succeeds with Helm 3.18.3 to 4.2.0", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2 for HARDENED, Bearer, "flow/login-4.2", "a login succeeds with Helm 3.21.1, 4.2.1 and later", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_2 for BEFORE_3_7, Basic, "flow/basic-login-3.0", "a login without a token endpoint succeeds with Helm 3.0 to 3.6", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_10 for SINCE_3_7, Basic, "flow/basic-login-3.7", "a login without a token endpoint succeeds with Helm 3.7 to 3.17", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_3_18 for ORAS_UNCHECKED, Basic, "flow/basic-login-3.18", "a login without a token endpoint succeeds with Helm 3.18.3 to 4.2.0", "7.5", "login"),
    replay!(LOGIN by login, Login, HELM_4_2 for HARDENED, Basic, "flow/basic-login-4.2", "a login without a token endpoint succeeds with Helm 3.21.1, 4.2.1 and later", "7.5", "login"),
];
