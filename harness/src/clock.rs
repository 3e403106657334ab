//! The only clock: the current time, durations, and random seeds.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The current time in UTC as RFC 3339, to the second.
pub fn now() -> String {
    let now = present()
        .replace_nanosecond(0)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    now.format(&Rfc3339)
        .expect("the present has a year of four digits")
}

/// The current date in UTC, such as `2026-11-23`.
pub fn today() -> String {
    present().date().to_string()
}

/// The date this many days from now.
pub fn day_in(days: i64) -> String {
    (present() + time::Duration::days(days)).date().to_string()
}

/// The current time in seconds since 1970.
pub fn seconds() -> i64 {
    present().unix_timestamp()
}

/// Parses the date of an HTTP header, in seconds since 1970.
pub fn read_date(header: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(header).ok()?;
    Some(OffsetDateTime::from(date).unix_timestamp())
}

/// A random seed, short enough to be typed after `--seed`.
pub fn seed() -> u64 {
    let now = present().unix_timestamp_nanos().unsigned_abs();
    let mixed = now / 1_000 + (u128::from(std::process::id()) << 24);
    u64::try_from(mixed % 1_000_000_000).expect("a remainder is small")
}

/// A stopwatch.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the only clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The time since the start, in whole milliseconds.
    pub fn milliseconds(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The time since the first call.
pub fn uptime() -> Duration {
    static START: LazyLock<Stopwatch> = LazyLock::new(Stopwatch::start);
    START.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "this is the only clock")]
fn present() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_so_that_their_text_is_in_their_order() {
        let (today, later) = (today(), day_in(90));
        assert_eq!(today.len(), "2026-11-23".len());
        assert!(today < later && later < day_in(91), "{today} {later}");
    }

    #[test]
    fn a_date_is_read_as_http_writes_it() {
        let date = read_date("Sun, 22 Nov 2026 21:00:00 GMT");
        assert_eq!(date, Some(1_795_381_200));
        assert_eq!(read_date("2026-11-22"), None);
    }
}
