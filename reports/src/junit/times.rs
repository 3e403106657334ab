//! The times of a report, in seconds with three decimals. The time of a suite is that of its target: its cases run
//! concurrently, and their sum is no time of anything.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, Writer};

/// The report with the times of its suites, in milliseconds.
pub(super) fn with_times(xml: &str, suites: &[u64]) -> Result<String, Error> {
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
    suites: &mut impl Iterator<Item = &'a u64>,
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
        let milliseconds = suite.copied().unwrap_or_else(|| {
            let seconds: Option<f64> = String::from_utf8_lossy(&attribute.value).parse().ok();
            milliseconds(seconds.unwrap_or_default())
        });
        let seconds = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
        timed.push_attribute(("time", seconds.as_str()));
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
    fn a_suite_has_its_own_time_and_a_case_three_decimals() {
        let xml = "<testsuites><testsuite name=\"a &amp; b\" time=\"1824\"><testcase name=\"x\" \
                   time=\"1.7069999999999999\"/><system-out><![CDATA[<testsuite time=\"7\">]]></system-out>\
                   </testsuite><testsuite time=\"2\"/></testsuites>";
        let timed = with_times(xml, &[55_000, 0]).expect("it is XML");
        assert_eq!(
            timed,
            "<testsuites><testsuite name=\"a &amp; b\" time=\"55.000\"><testcase name=\"x\" time=\"1.707\"/>\
             <system-out><![CDATA[<testsuite time=\"7\">]]></system-out></testsuite><testsuite time=\"0.000\"/>\
             </testsuites>"
        );
    }
}
