//! Counts of outcomes.

use helm_oci_suite::requirement::outcome::Outcome;

/// The number of checks with each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutcomeCounts {
    counts: [usize; Outcome::ALL.len()],
}

impl OutcomeCounts {
    /// Counts outcomes.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            tally.counts[place(outcome)] += 1;
        }
        tally
    }

    /// The number of checks with this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.counts[place(outcome)]
    }

    /// The number of checks.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The outcomes that occur with their counts, in the order of summaries.
    pub fn occurring(&self) -> impl Iterator<Item = (Outcome, usize)> {
        let all = Outcome::ALL.iter().copied().zip(self.counts);
        all.filter(|(_, count)| *count > 0)
    }
}

fn place(outcome: Outcome) -> usize {
    let mut all = Outcome::ALL.iter();
    all.position(|one| *one == outcome)
        .expect("`ALL` holds every outcome")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_once() {
        let tally = OutcomeCounts::of(Outcome::ALL.iter().copied());
        for outcome in Outcome::ALL {
            assert_eq!(tally.count(*outcome), 1, "{outcome:?}");
        }
        assert_eq!(tally.total(), Outcome::ALL.len());
        assert_eq!(tally.occurring().count(), Outcome::ALL.len());
    }
}
