//! The totals of a report that `junit-report` does not write: the number of skipped cases of each suite, and times in seconds
//! with three decimals. The time of a suite is that of its target: its cases run concurrently, and their sum is no time of
//! anything.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, Writer};

/// The totals of a suite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals {
    /// The number of skipped cases.
    pub(super) skipped: usize,
    /// The time in milliseconds.
    pub(super) milliseconds: u64,
}

/// The report with the totals of its suites.
pub(super) fn with_totals(xml: &str, suites: &[Totals]) -> Result<String, Error> {
    let mut suites = suites.iter();
    let mut reader = Reader::from_str(xml);
    let mut writer = Writer::new(Vec::with_capacity(xml.len()));
    loop {
        let event = match reader.read_event()? {
            Event::Eof => break,
            Event::Start(element) => Event::Start(timed(&element, &mut suites)),
            Event::Empty(element) => Event::Empty(timed(&element, &mut suites)),
            other => other,
        };
        writer
            .write_event(event)
            .expect("a write to memory cannot fail");
    }
    Ok(String::from_utf8(writer.into_inner()).expect("XML written from strings is UTF-8"))
}

fn timed<'a>(
    element: &BytesStart<'_>,
    suites: &mut impl Iterator<Item = &'a Totals>,
) -> BytesStart<'static> {
    let name = String::from_utf8_lossy(element.name().as_ref()).into_owned();
    let suite = match name.as_str() {
        "testsuite" => suites.next(),
        _ => None,
    };
    let mut timed = BytesStart::new(name);
    for attribute in element.attributes().with_checks(false).flatten() {
        if attribute.key.as_ref() != b"time" {
            timed.push_attribute(attribute);
            continue;
        }
        let milliseconds = suite.map_or_else(
            || {
                let seconds: Option<f64> = String::from_utf8_lossy(&attribute.value).parse().ok();
                milliseconds(seconds.unwrap_or_default())
            },
            |suite| suite.milliseconds,
        );
        let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
        timed.push_attribute(("time", seconds.as_str()));
    }
    if let Some(suite) = suite {
        timed.push_attribute(("skipped", suite.skipped.to_string().as_str()));
    }
    timed
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the time of a case is a positive number of milliseconds"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_has_its_own_totals_and_a_case_three_decimals() {
        let xml = "<testsuites><testsuite name=\"a &amp; b\" time=\"1824\"><testcase name=\"x\" \
                   time=\"1.7069999999999999\"/><system-out><![CDATA[<testsuite time=\"7\">]]></system-out>\
                   </testsuite><testsuite time=\"2\"/></testsuites>";
        let totals = [(2, 55_000), (0, 0)].map(|(skipped, milliseconds)| Totals {
            skipped,
            milliseconds,
        });
        let timed = with_totals(xml, &totals).expect("it is XML");
        assert_eq!(
            timed,
            "<testsuites><testsuite name=\"a &amp; b\" time=\"55.000\" skipped=\"2\"><testcase name=\"x\" time=\"1.707\"/>\
             <system-out><![CDATA[<testsuite time=\"7\">]]></system-out></testsuite><testsuite time=\"0.000\" skipped=\"0\"/>\
             </testsuites>"
        );
    }
}
