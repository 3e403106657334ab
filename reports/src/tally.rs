//! Counts of outcomes, and the reasons behind those that are not a judgement.

use helm_oci_suite::requirement::outcome::Outcome;

use crate::record::CheckRecord;

/// How many checks had each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Satisfied.
    pub pass: usize,
    /// A Must is violated.
    pub fail: usize,
    /// A listed deviation is there.
    pub known: usize,
    /// A listed deviation is there no more.
    pub stale: usize,
    /// A Should is violated.
    pub warn: usize,
    /// A May is there.
    pub present: usize,
    /// A May is not there.
    pub absent: usize,
    /// Not applicable.
    pub skipped: usize,
    /// Could not be told.
    pub inconclusive: usize,
}

impl Tally {
    /// Counts the outcomes of some checks.
    pub fn of<'a>(checks: impl IntoIterator<Item = &'a CheckRecord>) -> Self {
        let mut tally = Self::default();
        for check in checks {
            tally.add(check.outcome);
        }
        tally
    }

    /// Counts one more.
    pub const fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Known => self.known += 1,
            Outcome::Stale => self.stale += 1,
            Outcome::Warn => self.warn += 1,
            Outcome::Present => self.present += 1,
            Outcome::Absent => self.absent += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Inconclusive => self.inconclusive += 1,
        }
    }

    /// How many had this outcome.
    pub const fn count(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Pass => self.pass,
            Outcome::Fail => self.fail,
            Outcome::Known => self.known,
            Outcome::Stale => self.stale,
            Outcome::Warn => self.warn,
            Outcome::Present => self.present,
            Outcome::Absent => self.absent,
            Outcome::Skipped => self.skipped,
            Outcome::Inconclusive => self.inconclusive,
        }
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        Outcome::ALL
            .iter()
            .map(|outcome| self.count(*outcome))
            .sum()
    }

    /// The outcomes that occur with their counts, in the order summaries show them.
    pub fn occurring(&self) -> impl Iterator<Item = (Outcome, usize)> {
        Outcome::ALL
            .iter()
            .map(|outcome| (*outcome, self.count(*outcome)))
            .filter(|(_, count)| *count > 0)
    }
}

/// The reasons for which checks were skipped, with how many each, in order of first appearance.
pub(crate) fn skip_reasons(checks: &[CheckRecord]) -> Vec<(&str, usize)> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for check in checks
        .iter()
        .filter(|check| check.outcome == Outcome::Skipped)
    {
        let reason = check.reason.as_deref().unwrap_or("no reason was recorded");
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_once() {
        let mut tally = Tally::default();
        for outcome in Outcome::ALL {
            tally.add(*outcome);
        }
        for outcome in Outcome::ALL {
            assert_eq!(tally.count(*outcome), 1, "{outcome:?}");
        }
        assert_eq!(tally.total(), Outcome::ALL.len());
    }
}
