//! Days: the date of a run, and the number of days since then.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A day, by its number in the Julian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i32);

impl Day {
    /// The day of a date such as `2026-11-27`; none if it is not one.
    pub fn of_date(date: &str) -> Option<Self> {
        (date.len() == "2026-11-27".len()).then(|| Self::of_time(&format!("{date}T00:00:00Z")))?
    }

    /// The day of an RFC 3339 time; none if it is not one in the years 0 to 9999.
    pub(super) fn of_time(time: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(time, &Rfc3339).ok()?;
        Some(Self(time.date().to_julian_day()))
    }

    /// The days from this one to another; none if the other is earlier.
    pub fn days_to(self, other: Self) -> Option<u32> {
        u32::try_from(other.0 - self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_the_end_of_a_year() {
        let day = |date| Day::of_date(date).expect("a date");
        assert_eq!(day("2026-11-27").days_to(day("2027-02-25")), Some(90));
        assert_eq!(day("2026-11-27").days_to(day("2026-11-26")), None);
        assert_eq!(
            Day::of_time("2026-11-27T23:59:59Z"),
            Day::of_date("2026-11-27")
        );
        for wrong in ["2026-13-01", "2026-1-1", "tomorrow", "2026-11-27T", ""] {
            assert_eq!(Day::of_date(wrong), None, "{wrong}");
        }
    }
}
