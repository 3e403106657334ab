//! The clock. Tokens and certificates expire, so a wrong clock makes them invalid.

use time::OffsetDateTime;

use super::Finding;

const ABOUT: &str = "clock";

/// The year of the first release of this program. An earlier year is wrong.
const FIRST_YEAR: i32 = 2026;

/// The largest difference that latency explains, in seconds.
const TOLERANCE: u64 = 60;

/// The time of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTime {
    /// The registry.
    pub target: String,
    /// The time at which the response arrived, by the local clock, in seconds since 1970.
    pub received: i64,
    /// The `Date` header in seconds since 1970, `None` if it is missing or malformed; or the error of the request.
    pub date: Result<Option<i64>, String>,
}

/// Findings on the local time, and on its difference to the time of a registry.
pub(super) fn findings(now: i64, server: Option<&ServerTime>) -> Vec<Finding> {
    let mut findings = vec![local(now)];
    findings.extend(server.map(compared));
    findings
}

fn local(now: i64) -> Finding {
    let present = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (present.year(), u8::from(present.month()), present.day());
    let seen = format!("the date of this machine is {year}-{month:02}-{day:02}");
    if year < FIRST_YEAR {
        let advice = "set the clock; certificates are not valid yet at this date";
        Finding::problem(ABOUT, seen, advice)
    } else {
        Finding::ok(ABOUT, seen)
    }
}

fn compared(server: &ServerTime) -> Finding {
    let target = &server.target;
    match &server.date {
        Err(error) => Finding::problem(
            ABOUT,
            format!("{target} did not respond: {error}"),
            "check the URL; `run` reports details",
        ),
        Ok(None) => Finding::warning(
            ABOUT,
            format!("the response of {target} has no valid Date header"),
            "compare its clock with that of this machine by another means",
        ),
        Ok(Some(date)) => {
            let difference = server.received.abs_diff(*date);
            let direction = if *date > server.received {
                "behind"
            } else {
                "ahead of"
            };
            if difference > TOLERANCE {
                let seen =
                    format!("the clock of this machine is {difference} s {direction} {target}");
                Finding::problem(
                    ABOUT,
                    seen,
                    "correct the wrong clock; until then tokens may be rejected",
                )
            } else {
                let seen = format!("the clock of {target} agrees within {TOLERANCE} s");
                Finding::ok(ABOUT, seen)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    /// 2026-11-22T21:00:00Z.
    const NOW: i64 = 1_795_381_200;

    fn server(date: Result<Option<i64>, String>) -> ServerTime {
        ServerTime {
            target: "http://registry".to_owned(),
            received: NOW,
            date,
        }
    }

    #[test]
    fn a_date_before_the_first_release_is_a_problem() {
        let found = findings(0, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Problem);
        assert_eq!(found[0].seen, "the date of this machine is 1970-01-01");
        assert_eq!(findings(NOW, None)[0].grade, Grade::Ok);
    }

    #[test]
    fn a_difference_is_reported_with_its_direction() {
        let seen = |date| {
            let found = findings(NOW, Some(&server(Ok(Some(date)))));
            (found[1].grade, found[1].seen.clone())
        };
        assert_eq!(seen(NOW + 60).0, Grade::Ok);
        assert_eq!(
            seen(NOW + 61),
            (
                Grade::Problem,
                "the clock of this machine is 61 s behind http://registry".to_owned()
            )
        );
        assert_eq!(
            seen(NOW - 3600),
            (
                Grade::Problem,
                "the clock of this machine is 3600 s ahead of http://registry".to_owned()
            )
        );
    }

    #[test]
    fn a_missing_time_is_reported() {
        assert_eq!(
            findings(NOW, Some(&server(Ok(None))))[1].grade,
            Grade::Warning
        );
        let found = findings(NOW, Some(&server(Err("connection refused".to_owned()))));
        assert_eq!(found[1].grade, Grade::Problem);
        assert_eq!(
            found[1].seen,
            "http://registry did not respond: connection refused"
        );
    }
}
