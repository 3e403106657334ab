//! The order of checks: the few that transfer large charts come first, and are skipped if the budget is too small.

use std::collections::BTreeMap;

use helm_oci_suite::requirement::Requirement;

use crate::target::policy::{Budget, Size};

/// An upper bound for the mebibytes that all other checks transfer.
const ORDINARY: u64 = 32;

/// The distance in the plan of checks that start one after the other: neighbours often share steps, and the second would
/// wait for the first.
const APART: usize = 16;

/// A requirement and its position in the plan.
pub(super) type Planned = (usize, &'static Requirement);

/// The plan in groups that run concurrently.
///
/// The first group holds the checks that transfer large charts, one after the other: they start at once, so that the
/// run does not wait for them at the end, and only one of them uses the connection at a time. The others begin with the
/// flows, which take the most steps; with a budget they end with them, because the flows would use up a small one.
pub(super) fn groups(requirements: &[&'static Requirement], budget: Budget) -> Vec<Vec<Planned>> {
    let planned = requirements.iter().copied().enumerate();
    let (large, mut others): (Vec<Planned>, Vec<Planned>) =
        planned.partition(|(_, requirement)| requirement.mebibytes > 0);
    let mut groups = vec![large];
    let apart = if budget == Budget::default() {
        others.reverse();
        APART
    } else {
        1
    };
    let starts = (0..apart).flat_map(|first| others.iter().skip(first).step_by(apart));
    groups.extend(starts.map(|planned| vec![*planned]));
    groups
}

/// The requirements that the budget is too small for, each with the reason. Smaller charts have priority.
pub(super) fn over_budget(
    requirements: &[&'static Requirement],
    budget: Budget,
) -> BTreeMap<&'static str, String> {
    let Some(size) = budget.bytes else {
        return BTreeMap::new();
    };
    let mut large: Vec<_> = requirements
        .iter()
        .filter(|requirement| requirement.mebibytes > 0)
        .collect();
    large.sort_by_key(|requirement| requirement.mebibytes);
    let mut needed = ORDINARY;
    let why = large.into_iter().filter_map(|requirement| {
        needed += requirement.mebibytes;
        let why = || {
            let moves = requirement.mebibytes;
            format!("transfers {moves} MiB, and --max-bytes allows {size}; {needed} MiB are enough")
        };
        (size < Size::mebibytes(needed)).then(|| (requirement.id, why()))
    });
    why.collect()
}

#[cfg(test)]
mod tests {
    use helm_oci_suite::checks;

    use super::*;

    const SMALLER: &str = "limits/chart-of-36-mebibytes";
    const LARGER: &str = "limits/chart-of-100-mebibytes";

    #[test]
    fn large_charts_start_first_and_one_after_the_other() {
        let all = checks::all();
        let groups = groups(&all, Budget::default());
        let first: Vec<&str> = groups[0].iter().map(|(_, own)| own.id).collect();
        assert_eq!(first, [SMALLER, LARGER]);
        assert!(groups[1..].iter().all(|group| group.len() == 1));
        let mut positions: Vec<usize> = groups.iter().flatten().map(|planned| planned.0).collect();
        positions.sort_unstable();
        assert_eq!(positions, (0..all.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_small_budget_skips_the_largest_charts_first() {
        let left_out = |bytes: Option<&str>| {
            let bytes = bytes.map(|size| size.parse().expect("a size"));
            let budget = Budget {
                requests: None,
                bytes,
            };
            over_budget(&checks::all(), budget)
        };
        assert!(left_out(None).is_empty());
        assert!(left_out(Some("304M")).is_empty());
        let of_300 = left_out(Some("300M"));
        assert_eq!(of_300.keys().copied().collect::<Vec<_>>(), [LARGER]);
        let why = "transfers 200 MiB, and --max-bytes allows 300 MiB; 304 MiB are enough";
        assert_eq!(of_300[LARGER], why);
        assert_eq!(left_out(Some("20M")).len(), 2);
    }
}
