//! The only clock that reaches a record.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The present as RFC 3339 in UTC, in seconds.
pub fn now() -> String {
    let now = OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    now.format(&Rfc3339)
        .expect("the present has a year of four digits")
}

/// A seed that differs from run to run, and is short enough to be typed again after `--seed`.
pub fn seed() -> u64 {
    let now = OffsetDateTime::now_utc()
        .unix_timestamp_nanos()
        .unsigned_abs();
    let mixed = now / 1_000 + (u128::from(std::process::id()) << 24);
    u64::try_from(mixed % 1_000_000_000).expect("a remainder is small")
}
