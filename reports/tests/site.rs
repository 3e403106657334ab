//! A site from several records. `.ci/check-page.mjs` opens its pages in a browser.

mod support;

use std::collections::BTreeMap;

use helm_oci_reports::history::{
    Archive, BeforePush, Change, Day, Hosting, Issue, Note, Notes, RegistryNotes,
};
use helm_oci_reports::record::RunRecord;
use helm_oci_reports::site::{ROOTS, Site};
use helm_oci_suite::checks;
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::{Cell, FlowVerdict};
use helm_oci_suite::requirement::outcome::Outcome;
use serde_json::Value;

const ATTACK: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" onclick=\"x\u{1b}[31m\u{202e}\u{0} {x} | `";

/// A complete record of one target, in which `push` has this verdict with every Helm version and everything else works.
fn record(name: &str, date: &str, push: FlowVerdict) -> RunRecord {
    let mut record = support::record();
    record.targets.truncate(1);
    record.run.started = format!("{date}T12:00:00Z");
    let target = &mut record.targets[0];
    target.name = name.into();
    let cells = Era::ALL.iter().flat_map(|era| {
        let flows = Flow::ALL.iter().filter(|flow| flow.in_era(*era));
        flows.map(|flow| Cell {
            era: *era,
            flow: *flow,
            verdict: if *flow == Flow::Push {
                push
            } else {
                FlowVerdict::Works
            },
            because: Vec::new(),
        })
    });
    target.eras = cells.collect();
    record.footer.checks = target.checks.len();
    record
}

fn archive(records: &[RunRecord], notes: &Notes) -> Archive {
    let mut archive = Archive::default();
    for record in records {
        archive.add(record, notes).expect("its start is a time");
    }
    archive
}

fn files(records: &[RunRecord], notes: &Notes) -> BTreeMap<String, String> {
    let archive = archive(records, notes);
    let site = Site {
        archive: &archive,
        date: "2026-11-27",
        day: Day::of_date("2026-11-27").expect("a date"),
        stale_after: 90,
        url: Some("https://example.org/matrix"),
    };
    let page = |id: &str| checks::find(id).map(|known| format!("# {id}\n\n{}\n", known.title));
    let files = site.files(page).into_iter();
    files.map(|file| (file.path, file.content)).collect()
}

/// Three versions, of which the middle one breaks a push; the newest run is of the oldest version.
fn versions() -> [RunRecord; 3] {
    [
        record("zot:2.0.0", "2026-11-26", FlowVerdict::Works),
        record("zot:2.1.9", "2026-10-02", FlowVerdict::Breaks),
        record("zot:2.1.10", "2026-11-03", FlowVerdict::Works),
    ]
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

fn hostile_notes() -> Notes {
    let text = || Some(ATTACK.to_owned());
    Notes {
        registries: vec![RegistryNotes {
            name: ATTACK.into(),
            targets: vec!["*".into()],
            kind: Some(Hosting::Hosted),
            vendor: text(),
            url: Some("javascript:alert(1)".into()),
            documentation: Some("https://example.org/\"><script>alert(1)</script>".into()),
            configuration: text(),
            before_push: BeforePush {
                repository: text(),
                user_name: text(),
                token: text(),
            },
            notes: vec![Note {
                date: ATTACK.into(),
                by: ATTACK.into(),
                text: ATTACK.into(),
            }],
            issues: vec![Issue {
                title: ATTACK.into(),
                url: "javascript:alert(1)".into(),
                requirement: text(),
            }],
        }],
    }
}

#[test]
fn the_newest_version_decides_in_any_order_of_records() {
    let [old, middle, new] = versions();
    let expected = files(
        &[old.clone(), middle.clone(), new.clone()],
        &Notes::default(),
    );
    let index = json(&expected["v1/registries.json"]);
    let registries = index["registries"].as_array().expect("registries");
    assert_eq!(registries.len(), 1, "{index:#}");
    assert_eq!(registries[0]["name"], "zot");
    assert_eq!(registries[0]["run"]["version"], "2.1.10");
    let other = files(
        &[new.clone(), old.clone(), middle.clone()],
        &Notes::default(),
    );
    assert_eq!(expected, other);
    let archive = archive(&[old.clone(), middle, new, old], &Notes::default());
    assert_eq!(
        archive.registries[0].entries.len(),
        3,
        "a record that is given twice counts once"
    );
}

#[test]
fn a_change_is_stated_with_its_version() {
    let files = files(&versions(), &Notes::default());
    let sentence = "works since 2.1.10, breaks in 2.1.9, works in 2.0.0";
    assert_eq!(
        json(&files["v1/registry/zot.json"])["changes"][0]["sentence"],
        sentence
    );
    for page in ["index.html", "registry/zot.html"] {
        let page = &files[page];
        assert!(
            page.contains(&format!("<b>push</b> with every Helm version: {sentence}")),
            "{page}"
        );
        assert!(
            page.contains("Every other flow: the same in all 3 versions; unknown before 2.0.0")
        );
    }
}

#[test]
fn a_registry_without_versions_has_dates() {
    let records = [
        record("https://registry.example", "2026-09-01", FlowVerdict::Works),
        record(
            "https://registry.example",
            "2026-11-01",
            FlowVerdict::Breaks,
        ),
    ];
    let archive = archive(&records, &Notes::default());
    let changes = archive.registries[0].timeline().changes();
    let sentences: Vec<String> = changes.iter().map(Change::sentence).collect();
    assert_eq!(sentences, ["breaks since 2026-11-01, works in 2026-09-01"]);
}

#[test]
fn a_version_at_which_nothing_is_known_is_no_change() {
    let mut records = versions();
    records[1] = record("zot:2.1.9", "2026-10-02", FlowVerdict::Unknown);
    let archive = archive(&records, &Notes::default());
    let changes = archive.registries[0].timeline().changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        changes[0].sentence(),
        "works wherever it is known, unknown in 2.1.9"
    );
}

#[test]
fn a_run_of_a_selection_does_not_decide() {
    let [_, old, mut new] = versions();
    new.run.only = vec!["tags/*".into()];
    let files = files(&[old, new], &Notes::default());
    let whole = json(&files["v1/registry/zot.json"]);
    assert_eq!(whole["run"]["version"], "2.1.9");
    assert_eq!(whole["runs"][0]["version"], "2.1.10");
    assert_eq!(whole["runs"][0]["complete"], false);
    assert_eq!(whole["changes"], Value::Array(Vec::new()));
}

#[test]
fn a_set_up_is_a_registry_of_its_own() {
    let notes = Notes {
        registries: vec![RegistryNotes {
            name: "The zot".into(),
            targets: vec!["zot:*".into()],
            ..RegistryNotes::default()
        }],
    };
    let records = [
        record("zot:2.1.9", "2026-11-01", FlowVerdict::Works),
        record("zot:2.1.9+tls", "2026-11-01", FlowVerdict::Works),
    ];
    let archive = archive(&records, &notes);
    let names: Vec<&str> = archive
        .registries
        .iter()
        .map(|registry| registry.name.as_str())
        .collect();
    assert_eq!(names, ["The zot", "The zot +tls"]);
    assert_eq!(archive.unused(&notes).count(), 0);
    assert_eq!(archive.unused(&hostile_notes()).count(), 1);
}

#[test]
fn a_registry_whose_run_is_old_is_stale() {
    for (date, is_stale) in [("2026-08-29", false), ("2026-08-28", true)] {
        let files = files(
            &[record("zot:2.1.9", date, FlowVerdict::Works)],
            &Notes::default(),
        );
        assert_eq!(
            json(&files["v1/registries.json"])["registries"][0]["stale"],
            is_stale
        );
        let chips = files["index.html"].matches(">stale</span>").count();
        assert_eq!(chips, 1 + usize::from(is_stale), "one is in the legend");
        let badge = json(&files["badge/zot.json"]);
        let message = badge["message"].as_str().expect("a message");
        assert_eq!(message.ends_with(" (2026-08-28)"), is_stale, "{message}");
        assert_eq!(badge["color"] == "lightgrey", is_stale);
    }
}

#[test]
fn a_badge_has_the_form_of_an_endpoint() {
    let files = files(&versions()[1..2], &Notes::default());
    assert_eq!(
        json(&files["badge/zot.json"]),
        serde_json::json!({
            "schemaVersion": 1,
            "label": "zot 2.1.9",
            "message": "Helm 3.0–3.6 ✓ · 3.7–4.3 ✗ push",
            "color": "orange",
        })
    );
}

#[test]
fn the_data_is_valid_under_its_schema() {
    let schema = json(include_str!("../schema/site-v1.json"));
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is one of draft 2020-12");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let mut records = versions().to_vec();
    records.push(support::record());
    let notes = Notes {
        registries: vec![RegistryNotes {
            name: "Distribution".into(),
            targets: vec!["distribution:*".into()],
            kind: Some(Hosting::SelfRun),
            issues: vec![Issue {
                title: "a".into(),
                url: "https://example.org".into(),
                requirement: None,
            }],
            ..RegistryNotes::default()
        }],
    };
    let files = files(&records, &notes);
    let mut count = 0;
    for (path, content) in files
        .iter()
        .filter(|(path, _)| path.starts_with("v1/regist"))
    {
        let errors: Vec<String> = validator
            .iter_errors(&json(content))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
        count += 1;
    }
    assert_eq!(count, 4, "the index and three registries");
    for (name, pointer, wrong) in [
        ("v1/registries.json", "/schema", serde_json::json!(2)),
        (
            "v1/registries.json",
            "/registries/0/page",
            serde_json::json!("../x"),
        ),
        (
            "v1/registries.json",
            "/registries/0/helm/0/verdict",
            serde_json::json!("80 %"),
        ),
        (
            "v1/registry/distribution.json",
            "/issues/0/url",
            serde_json::json!("javascript:x"),
        ),
        (
            "v1/registry/distribution.json",
            "/runs",
            serde_json::json!([]),
        ),
    ] {
        let mut value = json(&files[name]);
        *value.pointer_mut(pointer).expect("it is there") = wrong;
        assert!(!validator.is_valid(&value), "{name} {pointer}");
    }
}

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_place() {
    let mut records = versions().to_vec();
    records.push(support::record());
    let files = files(&records, &Notes::default());
    let mut count = 0;
    for (path, page) in files
        .iter()
        .filter(|(path, _)| extension(path) == "html" && !path.starts_with("report/"))
    {
        for link in values(page, "href=\"")
            .into_iter()
            .filter(|link| !link.contains(':'))
        {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = match file.strip_prefix("../") {
                _ if file.is_empty() => path.clone(),
                Some(file) => file.to_owned(),
                None if folder.is_empty() => file.to_owned(),
                None => format!("{folder}/{file}"),
            };
            let found = files
                .get(&target)
                .unwrap_or_else(|| panic!("{path}: {link}"));
            let has_place = place.is_empty()
                || place.contains('=')
                || found.contains(&format!(" id=\"{place}\""));
            // A row of a requirement that the hand-made record lacks.
            assert!(has_place || place.starts_with("r-"), "{path}: {link}");
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
    for path in files.keys() {
        let root = path.split('/').next().unwrap_or_default();
        assert!(ROOTS.contains(&root), "{path}");
    }
}

/// The extension of a path.
fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The values of an attribute.
fn values<'a>(page: &'a str, start: &str) -> Vec<&'a str> {
    let parts = page.split(start).skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn hostile_text_of_records_and_notes_is_escaped() {
    let mut hostile = support::record();
    hostile.suite.version = ATTACK.into();
    hostile.run.only = vec![ATTACK.into()];
    for target in &mut hostile.targets {
        target.name = format!("{}:{ATTACK}", target.name);
        target.identity.version = Some(ATTACK.into());
        for check in &mut target.checks {
            check.id = format!("{ATTACK}/{}", check.id);
            check.title = ATTACK.into();
        }
        for cell in &mut target.eras {
            for cause in &mut cell.because {
                cause.requirement = ATTACK.into();
            }
        }
    }
    for notes in [hostile_notes(), Notes::default()] {
        let files = files(&[hostile.clone()], &notes);
        for (path, content) in &files {
            assert!(
                path.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "./-".contains(c)),
                "{path}"
            );
            for control in ["\u{1b}", "\u{202e}", "\u{0}"] {
                assert!(!content.contains(control), "{path}: {control:?}");
            }
            if extension(path) == "json" {
                json(content);
                continue;
            }
            if extension(path) == "md" {
                for markup in ["<script", "<img", "](javascript", "{x}"] {
                    assert!(!content.contains(markup), "{path}: {markup:?}");
                }
                continue;
            }
            for attack in ["<script>alert", "<img", "\" onclick", "href=\"javascript"] {
                assert!(!content.contains(attack), "{path}: {attack:?}");
            }
        }
    }
}

#[test]
fn a_registry_of_which_nothing_is_known_is_listed() {
    let files = files(&[support::of_outcomes(&[Outcome::Pass])], &Notes::default());
    let badge = json(&files["badge/distribution.json"]);
    assert_eq!(badge["message"], "not examined");
    assert!(files["index.html"].contains("registry/distribution.html"));
    assert!(files["registry/distribution.html"].contains("Nothing was examined."));
}

#[test]
fn a_page_loads_nothing() {
    let files = files(&versions(), &Notes::default());
    for (path, page) in files.iter().filter(|(path, _)| extension(path) == "html") {
        assert!(
            page.contains("default-src 'none'; style-src 'sha256-"),
            "{path}"
        );
        for foreign in [
            "<link rel=\"stylesheet\"",
            " src=",
            "url(http",
            "@import",
            "unsafe-inline",
            " style=\"",
        ] {
            assert!(!page.contains(foreign), "{path}: {foreign}");
        }
    }
}

#[test]
fn a_record_whose_start_is_no_time_is_refused() {
    let mut record = support::record();
    record.run.started = "yesterday".into();
    let error = Archive::default()
        .add(&record, &Notes::default())
        .expect_err("it is refused");
    assert!(
        error.to_string().contains("is not a time such as"),
        "{error}"
    );
}
