//! The search for the number of concurrent checks from which on a registry delays its responses.

use std::time::Duration;

/// The number of responses whose mean duration is compared before and after the concurrency was raised.
const WINDOW: u32 = 64;

/// The mean duration of responses from which on waiting for the network is what takes the time.
const WORTHWHILE: Duration = Duration::from_millis(5);

/// The search on one target.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// The responses of the current window, and their total duration.
    responses: u32,
    total: Duration,
    /// The mean duration of a response before the concurrency was raised, and the concurrency of then.
    before: Option<(Duration, usize)>,
    is_over: bool,
}

impl Growth {
    /// The concurrency after a response of this duration: half as much more after each window of responses, until they take
    /// longer because of it.
    pub(super) fn next(&mut self, allowed: usize, most: usize, duration: Duration) -> usize {
        if self.is_over {
            return allowed;
        }
        self.responses += 1;
        self.total += duration;
        if self.responses < WINDOW {
            return allowed;
        }
        let mean = self.total / self.responses;
        (self.responses, self.total) = (0, Duration::ZERO);
        if let Some((before, earlier)) = self.before
            && mean > before * 5 / 4
        {
            self.is_over = true;
            return allowed.min(earlier);
        }
        if mean < WORTHWHILE || allowed >= most {
            self.is_over = true;
            return allowed;
        }
        self.before = Some((mean, allowed));
        (allowed + allowed.div_ceil(2)).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The concurrency after windows of responses with these mean durations in milliseconds.
    fn after(most: usize, means: &[u64]) -> usize {
        let (mut growth, mut allowed) = (Growth::default(), 16);
        for mean in means {
            for _ in 0..WINDOW {
                allowed = growth.next(allowed, most, Duration::from_millis(*mean));
            }
        }
        allowed
    }

    #[test]
    fn a_slow_network_gets_more_concurrent_checks_until_responses_are_delayed() {
        assert_eq!(after(64, &[20]), 24);
        assert_eq!(after(64, &[20, 21]), 36);
        assert_eq!(after(64, &[20, 21, 20, 22, 21, 20]), 64, "the limit");
        assert_eq!(after(64, &[20, 30]), 16, "the registry is the bottleneck");
        assert_eq!(after(64, &[20, 30, 20, 20]), 16, "and remains it");
        assert_eq!(after(64, &[1, 1, 20, 20]), 16, "a near registry");
        assert_eq!(after(16, &[20, 20, 20]), 16, "a fixed concurrency");
    }
}
