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

fn parsed(text: &str) -> Result<RunRecord, RecordError> {
    RunRecord::read(text).map(|read| read.record)
}

/// The hand-made record as schema 2 had it: with other eras, and with the flows of client models among the checks.
fn of_schema_2() -> Value {
    let mut value = as_value();
    value["schema"] = json!(2);
    for cell in value["targets"][0]["eras"].as_array_mut().expect("cells") {
        if cell["era"] == "3.21.1-3.21.4" {
            cell["era"] = json!("3.21.1+");
        }
    }
    value["targets"][0]["helms"][2]["era"] = json!("4.2.1+");
    let checks = value["targets"][0]["checks"].as_array_mut();
    let checks = checks.expect("checks");
    let mut flow = checks[0].clone();
    (flow["id"], flow["area"]) = (json!("flow/push-3.8"), json!("flow"));
    checks.push(flow);
    value["footer"]["checks"] = json!(18);
    value
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let record = support::record();
    let read = parsed(&record.to_json()).expect("it is a record");
    assert_eq!(read, record);
    let record = support::of_outcomes(&[]);
    assert_eq!(parsed(&record.to_json()).expect("it is a record"), record);
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
    assert_eq!(parsed(&json).expect("it is a record"), record);
}

#[test]
fn a_newer_schema_is_refused_before_its_fields_are_read() {
    let text = json!({ "schema": SCHEMA + 1, "everything": "is different" }).to_string();
    let error = parsed(&text).expect_err("it is newer");
    assert_eq!(
        error.to_string(),
        "the run record has schema 4, and this program reads schema 3; use a newer version of the program"
    );
    assert!(matches!(error, RecordError::Newer { found: 4 }));
}

#[test]
fn an_older_record_is_read_without_what_is_unknown() {
    let read = RunRecord::read(&of_schema_2().to_string()).expect("it is an older record");
    assert_eq!(read.schema, 2);
    let [cells, era, flows] = &read.unread[..] else {
        panic!("{:#?}", read.unread);
    };
    assert!(
        cells.contains("cells (unknown variant `3.21.1+`"),
        "{cells}"
    );
    assert!(era.starts_with("1 era (unknown variant `4.2.1+`"), "{era}");
    assert_eq!(
        flows,
        "1 flow of a client model (the record has it among the checks)"
    );
    let own = support::record();
    assert_eq!(read.record.schema, SCHEMA);
    let [target, expected] = [&read.record, &own].map(|record| &record.targets[0]);
    assert_eq!(target.checks, expected.checks);
    assert_eq!(target.helm_versions[2].era, None);
    assert_eq!(
        target.helm_versions[2].flows,
        expected.helm_versions[2].flows
    );
    let lost = expected.eras.len() - target.eras.len();
    assert!(cells.starts_with(&format!("{lost} cells")), "{cells}");
    assert_eq!(read.record.footer.checks, own.footer.checks);
}

#[test]
fn an_older_record_keeps_results_whose_exchanges_are_unknown() {
    let mut value = of_schema_2();
    value["schema"] = json!(1);
    let message = json!({ "start": "GET /v2/", "headers": [] });
    let exchange = json!({ "request": message, "response": { "Ok": message } });
    value["targets"][0]["checks"][2]["exchanges"] = json!([exchange, exchange]);
    let read = RunRecord::read(&value.to_string()).expect("it is an older record");
    let check = &read.record.targets[0].checks[2];
    assert_eq!(check.outcome, Outcome::Fail);
    assert!(check.finding.is_some() && check.exchanges.is_empty());
    let unread = &read.unread;
    assert!(
        unread.iter().any(|one| one.starts_with("2 exchanges (")),
        "{unread:#?}"
    );
}

#[test]
fn an_older_record_of_another_shape_is_refused() {
    let text = json!({ "schema": 1, "footer": {}, "everything": "is different" }).to_string();
    let error = parsed(&text).expect_err("it has no targets");
    assert!(matches!(error, RecordError::Malformed { .. }), "{error}");
}

#[test]
fn a_truncated_record_is_refused() {
    let json = support::record().to_json();
    for end in (1..json.len() - 2)
        .step_by(97)
        .filter(|end| json.is_char_boundary(*end))
    {
        let error = parsed(&json[..end]).expect_err("it is cut off");
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
    let error = parsed(&value.to_string()).expect_err("it has no footer");
    assert!(matches!(error, RecordError::Unfinished), "{error}");
}

#[test]
fn a_record_that_lacks_checks_is_refused() {
    let mut value = as_value();
    value["targets"][0]["checks"]
        .as_array_mut()
        .expect("checks")
        .pop();
    let error = parsed(&value.to_string()).expect_err("a check is missing");
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
        let error = parsed(text).expect_err("it is no record");
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
    let title = format!("Run record of helm-oci-conformance, schema {SCHEMA}");
    assert_eq!(schema["title"], title);
}
