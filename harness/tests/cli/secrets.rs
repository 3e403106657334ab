//! Secrets: no artefact holds one.

use helm_oci_fixtures::registry::Credentials;

use crate::program::{Ran, Serve};

#[test]
fn no_artefact_holds_the_password() {
    let Credentials { username, password } = Credentials::for_tests();
    for auth in ["basic", "bearer"] {
        let serve = Serve::with(&["--auth", auth, "--fault", "reformats-manifests"]);
        let directory = tempfile::tempdir().expect("a directory");
        let (report, xml) = (
            directory.path().join("report.json"),
            directory.path().join("report.xml"),
        );
        let paths = [&report, &xml].map(|path| path.to_str().expect("a path of text"));
        let arguments = [
            "run",
            &serve.url,
            "--username",
            &username,
            "--password-stdin",
            "--verbose",
        ];
        let ran = Ran::with_input(
            &[&arguments[..], &["--json", paths[0], "--junit", paths[1]]].concat(),
            &password,
        );
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
        let record = std::fs::read_to_string(&report).expect("the JSON report was written");
        assert!(
            record.contains("REDACTED"),
            "authorised exchanges are recorded"
        );
        let xml = std::fs::read_to_string(&xml).expect("the JUnit report was written");
        let encoded = base64(&format!("{username}:{password}"));
        for text in [&ran.out, &ran.err, &record, &xml] {
            assert!(
                !text.contains(&password) && !text.contains(&encoded),
                "{auth}: {text}"
            );
        }
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}
