//! The record as JSON: it is read back as written, refused if incomplete, and valid under its schema.

mod support;

use helm_oci_reports::record::{RecordError, RunRecord, SCHEMA};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(include_str!("../schema/run-record.json")).expect("the schema is JSON")
}

fn as_value() -> Value {
    serde_json::to_value(support::record()).expect("a record serialises")
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let record = support::record();
    let read = RunRecord::from_json(&record.to_json()).expect("it is a record");
    assert_eq!(read, record);
    let record = support::of_outcomes(&[]);
    assert_eq!(
        RunRecord::from_json(&record.to_json()).expect("it is a record"),
        record
    );
}

#[test]
fn json_holds_no_steering_character() {
    let mut record = support::record();
    record.run.only.push("beyond \u{e0041} the plane".into());
    let json = record.to_json();
    assert!(json.ends_with("}\n"));
    let steering: Vec<char> = json
        .chars()
        .filter(|character| {
            (character.is_control() && *character != '\n')
                || matches!(character, '\u{202e}' | '\u{fffe}' | '\u{e0041}')
        })
        .collect();
    assert!(steering.is_empty(), "{steering:?}");
    assert_eq!(RunRecord::from_json(&json).expect("it is a record"), record);
}

#[test]
fn a_newer_schema_is_refused_before_its_fields_are_read() {
    let text = json!({ "schema": SCHEMA + 1, "everything": "is different" }).to_string();
    let error = RunRecord::from_json(&text).expect_err("it is newer");
    assert_eq!(
        error.to_string(),
        "the run record has schema 4, and this program reads schema 3; use a newer version of the program"
    );
    assert!(matches!(error, RecordError::Newer { found: 4 }));
}

#[test]
fn an_older_schema_is_refused_before_its_fields_are_read() {
    let text = json!({ "schema": 1, "everything": "is different" }).to_string();
    let error = RunRecord::from_json(&text).expect_err("it is older");
    assert_eq!(
        error.to_string(),
        "the run record has schema 1, and this program reads schema 3; repeat the run with this version of the program"
    );
    assert!(matches!(error, RecordError::Older { found: 1 }));
}

#[test]
fn a_truncated_record_is_refused() {
    let json = support::record().to_json();
    for end in (1..json.len() - 2)
        .step_by(97)
        .filter(|end| json.is_char_boundary(*end))
    {
        let error = RunRecord::from_json(&json[..end]).expect_err("it is cut off");
        assert!(
            matches!(error, RecordError::Truncated(_)),
            "at {end}: {error}"
        );
    }
}

#[test]
fn a_record_without_a_footer_is_refused() {
    let mut value = as_value();
    value.as_object_mut().expect("an object").remove("footer");
    let error = RunRecord::from_json(&value.to_string()).expect_err("it has no footer");
    assert!(matches!(error, RecordError::Unfinished), "{error}");
}

#[test]
fn a_record_that_lacks_checks_is_refused() {
    let mut value = as_value();
    value["targets"][0]["checks"]
        .as_array_mut()
        .expect("checks")
        .pop();
    let error = RunRecord::from_json(&value.to_string()).expect_err("a check is missing");
    assert_eq!(
        error.to_string(),
        "the run record is incomplete: its footer counts 17 checks, the record holds 16"
    );
}

#[test]
fn other_json_is_refused() {
    for text in [
        "[]",
        "{}",
        "null",
        "{\"schema\":\"1\"}",
        "{\"schema\":3,\"footer\":{}}",
        "no",
    ] {
        let error = RunRecord::from_json(text).expect_err("it is no record");
        assert!(
            matches!(error, RecordError::Malformed { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn the_hand_made_record_has_every_outcome() {
    let record = support::record();
    for outcome in Outcome::ALL {
        assert!(
            record.checks().any(|(_, check)| check.outcome == *outcome),
            "{outcome:?}"
        );
    }
}

#[test]
fn the_record_is_valid_under_its_schema() {
    let schema = schema();
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is one of draft 2020-12");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let record = as_value();
    let errors: Vec<String> = validator
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_schema_refuses_invalid_values() {
    let validator = jsonschema::draft202012::new(&schema()).expect("the schema compiles");
    let edits: &[(&str, Value)] = &[
        ("/schema", json!(SCHEMA + 1)),
        ("/run/started", json!("yesterday")),
        ("/run/seed", json!(-1)),
        ("/targets/0/identity/kind", json!("cloud")),
        ("/targets/0/checks/0/outcome", json!("FAIL")),
        ("/targets/0/checks/0/level", json!("MUST")),
        ("/targets/0/checks/2/finding/expected", json!([])),
        (
            "/targets/0/checks/2/exchanges/0/response",
            json!({ "Ok": {}, "Err": "both" }),
        ),
        (
            "/targets/0/checks/2/exchanges/0/response/Ok/status",
            json!("404 Not Found"),
        ),
        (
            "/targets/0/checks/2/exchanges/0/request/method",
            json!("HEAD /v2/"),
        ),
        ("/targets/0/checks/0/specification", json!("OCI MUST")),
        ("/targets/0/checks/7/deviation/expires", json!("soon")),
        ("/targets/0/checks/9/obstacle/kind", json!("weather")),
        ("/targets/0/eras/0/era", json!("2.x")),
        ("/targets/0/eras/0/flow", json!("install")),
        ("/targets/0/capabilities/0/present", json!("yes")),
        ("/footer", json!({})),
        ("/footer/exit_code", json!(256)),
    ];
    for (pointer, value) in edits {
        let mut record = as_value();
        *record.pointer_mut(pointer).expect("the record has it") = value.clone();
        assert!(!validator.is_valid(&record), "{pointer} may not be {value}");
    }
}

/// The schema names exactly what the code writes: an era or outcome that is added here must be added there.
#[test]
fn the_schema_lists_every_name_of_the_code() {
    use helm_oci_suite::helm::era::Era;
    use helm_oci_suite::helm::flow::Flow;
    let schema = schema();
    let words = |pointer: &str| -> Vec<String> {
        let list = schema.pointer(pointer).expect("the schema has it").clone();
        serde_json::from_value(list).expect("a list of words")
    };
    let outcomes: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
    assert_eq!(words("/$defs/outcome/enum"), outcomes);
    let specifications = serde_json::to_value(Specification::ALL).expect("serialises");
    assert_eq!(
        schema.pointer("/$defs/check/properties/specification/enum"),
        Some(&specifications)
    );
    assert_eq!(
        words("/$defs/era/enum"),
        Era::ALL.iter().map(|era| era.name()).collect::<Vec<_>>()
    );
    assert_eq!(
        words("/$defs/flow/enum"),
        Flow::ALL.iter().map(|flow| flow.name()).collect::<Vec<_>>()
    );
    assert_eq!(
        schema.pointer("/properties/schema/const"),
        Some(&json!(SCHEMA))
    );
}
