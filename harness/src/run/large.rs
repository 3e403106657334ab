//! The few checks that move many bytes: when their turn is, and whether the budget has room for them.

use std::collections::BTreeMap;

use helm_oci_suite::requirement::Requirement;

use crate::target::policy::{Budget, Size};

/// How many mebibytes a run takes beside them, with room to spare.
const ORDINARY: u64 = 32;

/// A requirement and its position in the plan.
pub(super) type Placed = (usize, &'static Requirement);

/// The plan in groups that run side by side. What moves many bytes is the first group, one after the other: it
/// begins at once, so that the run does not wait for it in the end, and leaves the line to the others but for one.
pub(super) fn groups(requirements: &[&'static Requirement]) -> Vec<Vec<Placed>> {
    let placed = requirements.iter().copied().enumerate();
    let (large, others): (Vec<Placed>, Vec<Placed>) =
        placed.partition(|(_, requirement)| requirement.moves > 0);
    let mut groups = vec![large];
    groups.extend(others.into_iter().map(|placed| vec![placed]));
    groups
}

/// What is not done because the budget leaves no room for it beside all the rest, and why: the smaller go first.
pub(super) fn without_room(
    requirements: &[&'static Requirement],
    budget: Budget,
) -> BTreeMap<&'static str, String> {
    let Some(size) = budget.bytes else {
        return BTreeMap::new();
    };
    let mut large: Vec<_> = requirements
        .iter()
        .filter(|requirement| requirement.moves > 0)
        .collect();
    large.sort_by_key(|requirement| requirement.moves);
    let mut needed = ORDINARY;
    let why = large.into_iter().filter_map(|requirement| {
        needed += requirement.moves;
        let why = || {
            let moves = requirement.moves;
            format!("it moves {moves} MiB, and the run {size} in all: {needed} MiB would do")
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
    fn what_is_large_begins_first_and_alone() {
        let all = checks::all();
        let groups = groups(&all);
        let first: Vec<&str> = groups[0].iter().map(|(_, own)| own.id).collect();
        assert_eq!(first, [SMALLER, LARGER]);
        assert!(groups[1..].iter().all(|group| group.len() == 1));
        let mut positions: Vec<usize> = groups.iter().flatten().map(|placed| placed.0).collect();
        positions.sort_unstable();
        assert_eq!(positions, (0..all.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_small_budget_is_kept_for_the_others() {
        let left_out = |bytes: Option<&str>| {
            let bytes = bytes.map(|size| size.parse().expect("a size"));
            let budget = Budget {
                requests: None,
                bytes,
            };
            without_room(&checks::all(), budget)
        };
        assert!(left_out(None).is_empty());
        assert!(left_out(Some("304M")).is_empty());
        let of_300 = left_out(Some("300M"));
        assert_eq!(of_300.keys().copied().collect::<Vec<_>>(), [LARGER]);
        let why = "it moves 200 MiB, and the run 300 MiB in all: 304 MiB would do";
        assert_eq!(of_300[LARGER], why);
        assert_eq!(left_out(Some("20M")).len(), 2);
    }
}
