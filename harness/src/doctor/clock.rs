//! The clock: tokens and certificates hold for a time, and a clock that is wrong makes them invalid.

use time::OffsetDateTime;

use super::Finding;

const ABOUT: &str = "clock";

/// No clock that is right shows an earlier year: this program was not written yet.
const FIRST_YEAR: i32 = 2026;

/// A difference that is more than the way of the answer, in seconds.
const TOLERANCE: u64 = 60;

/// What a registry that was asked says about the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The registry.
    pub target: String,
    /// When its answer came, by our own clock, in seconds since 1970.
    pub at: i64,
    /// Its `Date` in seconds since 1970, nothing if it has none that reads; or why there was no answer.
    pub date: Result<Option<i64>, String>,
}

/// What the time means, and what a registry says about it.
pub(super) fn findings(now: i64, asked: Option<&Asked>) -> Vec<Finding> {
    let mut findings = vec![own(now)];
    findings.extend(asked.map(compared));
    findings
}

fn own(now: i64) -> Finding {
    let present = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (present.year(), u8::from(present.month()), present.day());
    let seen = format!("it is {year}-{month:02}-{day:02} by this machine");
    if year < FIRST_YEAR {
        let advice = "set it; certificates are not valid yet by this clock";
        Finding::problem(ABOUT, seen, advice)
    } else {
        Finding::ok(ABOUT, seen)
    }
}

fn compared(asked: &Asked) -> Finding {
    let target = &asked.target;
    match &asked.date {
        Err(why) => Finding::problem(
            ABOUT,
            format!("{target} did not answer: {why}"),
            "check the URL; `run` says more",
        ),
        Ok(None) => Finding::warning(
            ABOUT,
            format!("{target} answers without a readable Date"),
            "its clock cannot be compared with ours",
        ),
        Ok(Some(date)) => {
            let apart = asked.at.abs_diff(*date);
            let way = if *date > asked.at {
                "behind"
            } else {
                "ahead of"
            };
            if apart > TOLERANCE {
                let seen = format!("this machine is {apart} s {way} {target}");
                Finding::problem(
                    ABOUT,
                    seen,
                    "set the one that is wrong; tokens fail meanwhile",
                )
            } else {
                let seen = format!("{target} agrees, within {TOLERANCE} s");
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

    fn asked(date: Result<Option<i64>, String>) -> Asked {
        Asked {
            target: "http://registry".to_owned(),
            at: NOW,
            date,
        }
    }

    #[test]
    fn a_clock_before_the_program_is_wrong() {
        let found = findings(0, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].grade, Grade::Problem);
        assert_eq!(found[0].seen, "it is 1970-01-01 by this machine");
        assert_eq!(findings(NOW, None)[0].grade, Grade::Ok);
    }

    #[test]
    fn a_registry_whose_clock_differs_is_told_which_way() {
        let seen = |date| {
            let found = findings(NOW, Some(&asked(Ok(Some(date)))));
            (found[1].grade, found[1].seen.clone())
        };
        assert_eq!(seen(NOW + 60).0, Grade::Ok);
        assert_eq!(
            seen(NOW + 61),
            (
                Grade::Problem,
                "this machine is 61 s behind http://registry".to_owned()
            )
        );
        assert_eq!(
            seen(NOW - 3600),
            (
                Grade::Problem,
                "this machine is 3600 s ahead of http://registry".to_owned()
            )
        );
    }

    #[test]
    fn a_registry_that_does_not_say_the_time_is_told() {
        assert_eq!(
            findings(NOW, Some(&asked(Ok(None))))[1].grade,
            Grade::Warning
        );
        let found = findings(NOW, Some(&asked(Err("connection refused".to_owned()))));
        assert_eq!(found[1].grade, Grade::Problem);
        assert_eq!(
            found[1].seen,
            "http://registry did not answer: connection refused"
        );
    }
}
