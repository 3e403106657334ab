//! One hand-made record: every outcome, two targets with one name, an unreachable one, hostile text.

use helm_oci_reports::record::{
    AttemptRecord, AttemptResult, BreakRecord, Capability, CheckRecord, DeviationProblem,
    DeviationRecord, FlowRecord, Footer, HelmRecord, HelmRun, Leftover, LeftoverKind, LineRecord,
    RecoveredRecord, RunIdentity, RunRecord, SCHEMA, SoakRecord, SoakStep, SourceRecord,
    SuiteIdentity, TargetIdentity, TargetKind, TargetRecord,
};
use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::explain::Explanation;
use helm_oci_suite::prediction::table::{Cause, Cell, FlowVerdict};
use helm_oci_suite::requirement::Level;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::requirement::source::Specification;
use helm_oci_suite::verdict::{Finding, Obstacle, ObstacleKind};
use helm_oci_suite::wire::exchange::{Body, Exchange, RequestRecord, ResponseRecord};
use http::{Method, StatusCode};

/// Text that tries to steer a terminal, to end a CDATA section, and to be invalid XML.
const HOSTILE: &str = "<b>&\u{1b}[31mred\u{1b}]0;title\u{7} ]]> \u{0}\u{b}\u{9b}2J\u{202e}txt.\u{fffe} \"'\r\nsecond line";

/// The whole record.
pub(crate) fn record() -> RunRecord {
    let targets = vec![distribution(), hostile(), unreachable()];
    let checks = targets.iter().map(|target| target.checks.len()).sum();
    let helm_versions = targets.iter().flat_map(|target| &target.helm_versions);
    let flows = helm_versions.map(|helm| helm.flows.len()).sum();
    RunRecord {
        schema: SCHEMA,
        suite: SuiteIdentity {
            name: "helm-oci-conformance".into(),
            version: "0.1.0".into(),
        },
        run: RunIdentity {
            seed: 7,
            only: vec![],
            shard: None,
            strict: false,
            started: "2026-11-22T12:00:00Z".into(),
            milliseconds: 6540,
        },
        targets,
        deviations: vec![DeviationProblem {
            requirement: "tags/sorted".into(),
            target: "zot*".into(),
            what: "matches no target of this run; remove it".into(),
        }],
        footer: Footer {
            checks,
            flows,
            exit_code: 1,
        },
    }
}

/// A record of one target with checks of these outcomes.
pub(crate) fn of_outcomes(outcomes: &[Outcome]) -> RunRecord {
    let checks: Vec<CheckRecord> = outcomes
        .iter()
        .map(|outcome| check("push/blob-created", *outcome))
        .collect();
    let mut record = record();
    record.footer = Footer {
        checks: checks.len(),
        flows: 0,
        exit_code: 0,
    };
    record.deviations.clear();
    record.targets.truncate(1);
    record.targets[0].checks = checks;
    record.targets[0].eras.clear();
    record.targets[0].models.clear();
    record.targets[0].helm_versions.clear();
    record.targets[0].leftovers.clear();
    record
}

/// A container with every outcome.
fn distribution() -> TargetRecord {
    TargetRecord {
        name: "distribution:2.8.3".into(),
        seed: None,
        identity: TargetIdentity {
            url: Some("http://127.0.0.1:32768".into()),
            image: Some("docker.io/library/registry:2.8.3".into()),
            image_id: Some(
                "sha256:26b2eb03618e5d1c2d7cc0e0bd1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c".into(),
            ),
            server: Some("registry/2.0".into()),
            ..TargetIdentity::of_kind(TargetKind::Container)
        },
        capabilities: vec![
            Capability {
                left_out: vec!["deletion/manifests".into(), "deletion/push-again".into()],
                ..capability("manifest-deletes", Some(false), "DELETE returned 405")
            },
            capability("referrers", Some(true), "GET returned 200 with an index"),
            capability("cross-mount", None, "the upload could not be started"),
        ],
        obstacle: None,
        exchanges: vec![],
        advice: None,
        checks: vec![
            check("api/version-check", Outcome::Pass),
            check("api/client-hello-gets-an-http-response", Outcome::Skipped),
            manifest_put(),
            check("push/blob-created", Outcome::Pass),
            location(),
            check("push/cross-mount", Outcome::Present),
            check("tags/sorted", Outcome::Absent),
            listed(check("tags/complete", Outcome::Known)),
            listed(check("tags/n-honoured", Outcome::Stale)),
            paging(),
            intermittent("manifests/put", "status 400 Bad Request", false),
            intermittent("tags/listed", "connection to registry.test broke", true),
            check("delete/manifest-gone", Outcome::Skipped),
            CheckRecord {
                reason: Some("deletes are disabled".into()),
                ..check("delete/tag-gone", Outcome::Skipped)
            },
        ],
        eras: cells(),
        line: LineRecord {
            limited: 35,
            timeouts: 2,
            broken: 0,
            slowed_to: Some(4),
            interval: 8,
            recovered: vec![RecoveredRecord {
                what: "PUT of a manifest: 400 Bad Request".into(),
                count: 57,
            }],
        },
        soak: Some(SoakRecord {
            rounds: 100,
            steps: vec![SoakStep {
                name: "GET of the manifest by digest".into(),
                at_once: 92,
                late: 7,
                never: 1,
                median: 21,
                longest: 1400,
            }],
        }),
        models: vec![],
        helm_versions: helm_versions(),
        leftovers: vec![
            Leftover {
                repository: "hoc0badcafe/push-blob-created".into(),
                kind: LeftoverKind::Manifest,
                name: "sha256:0bad".into(),
                why: "the registry returns 405 for DELETE".into(),
                command: None,
            },
            leftover("hoc0badcafe/push-locked"),
            leftover("hoc0badcafe/push-blob-created"),
        ],
        requests: 1311,
        concurrency: 8,
        milliseconds: 4321,
    }
}

/// A tag that is locked.
pub(crate) fn leftover(repository: &str) -> Leftover {
    Leftover {
        repository: repository.into(),
        kind: LeftoverKind::Tag,
        name: "1.0.0".into(),
        why: "the registry returns 409 Conflict (LOCKED) for DELETE".into(),
        command: Some(format!(
            "curl -X DELETE 'https://registry.example/v2/{repository}/manifests/1.0.0'"
        )),
    }
}

/// The same name again, and a registry that tries to break the report.
fn hostile() -> TargetRecord {
    let mut first = check("api/version-check", Outcome::Fail);
    first.finding = Some(Finding {
        expected: vec![HOSTILE.into(), "200".into()],
        actual: format!("{HOSTILE} {}", "long ".repeat(2000)),
        exchanges: vec![0, 99],
    });
    first.exchanges = vec![Exchange {
        request: request(Method::GET, "/v2/", &[], None),
        response: Ok(response(
            200,
            &[("server", HOSTILE), ("content-type", &"x".repeat(5000))],
            Some(HOSTILE),
        )),
    }];
    let mut second = check("api/version-check", Outcome::Skipped);
    second.title = HOSTILE.into();
    second.reason = Some(HOSTILE.into());
    // An edited record may hold a judgement without its finding.
    let mut third = check("api/version-check", Outcome::Fail);
    third.finding = None;
    third.exchanges.clear();
    TargetRecord {
        identity: TargetIdentity {
            url: Some("https://registry.example".into()),
            server: Some(HOSTILE.into()),
            ..TargetIdentity::of_kind(TargetKind::Url)
        },
        capabilities: vec![],
        obstacle: None,
        exchanges: vec![],
        checks: vec![first, second, third],
        eras: vec![],
        models: vec![],
        helm_versions: vec![],
        leftovers: vec![leftover(HOSTILE)],
        requests: 640,
        concurrency: 16,
        milliseconds: 1200,
        ..distribution()
    }
}

/// An unreachable registry.
fn unreachable() -> TargetRecord {
    TargetRecord {
        name: "registry.invalid".into(),
        seed: None,
        identity: TargetIdentity {
            url: Some("https://registry.invalid".into()),
            ..TargetIdentity::of_kind(TargetKind::Url)
        },
        capabilities: vec![],
        obstacle: Some(Obstacle {
            kind: ObstacleKind::Transport,
            what: "GET /v2/: cannot connect to registry.invalid:443: no such host".into(),
            exchanges: vec![0],
        }),
        exchanges: vec![Exchange {
            request: request(
                Method::GET,
                "https://registry.invalid/v2/",
                &[("accept", "*/*")],
                None,
            ),
            response: Err("cannot connect to registry.invalid:443: no such host".into()),
        }],
        advice: None,
        checks: vec![],
        line: LineRecord::default(),
        soak: None,
        eras: vec![],
        models: vec![],
        helm_versions: vec![],
        leftovers: vec![],
        requests: 0,
        concurrency: 0,
        milliseconds: 90,
    }
}

/// Three Helm versions: flows that pass, fail with and without an explanation, are inconclusive, or were not run.
fn helm_versions() -> Vec<HelmRecord> {
    let helm = |version: &str, era, flows: Vec<FlowRecord>| HelmRecord {
        version: version.into(),
        era: Some(era),
        binary: format!("sha256:{}", "ab".repeat(32)),
        flows,
    };
    let refused = |version: &str, flow| FlowRecord {
        because: vec![
            because("push/location-has-digest", true),
            because("push/paging", false),
        ],
        predicted: FlowVerdict::Breaks,
        ..failed(version, flow, "unexpected status: 400 Bad Request")
    };
    let unreachable = FlowRecord {
        outcome: Outcome::Inconclusive,
        obstacle: Some(Obstacle::new(
            ObstacleKind::Transport,
            "the connection to 127.0.0.1:32768 broke: reset",
        )),
        ..failed("4.2.4", Flow::Pull, HOSTILE)
    };
    vec![
        helm("3.2.4", Era::Chart, vec![passed("3.2.4", Flow::ChartPush)]),
        helm(
            "3.10.1",
            Era::Containerd,
            vec![
                refused("3.10.1", Flow::Push),
                refused("3.10.1", Flow::RePush),
                passed("3.10.1", Flow::Pull),
                FlowRecord {
                    outcome: Outcome::Skipped,
                    reason: Some("no credentials were given".into()),
                    ..passed("3.10.1", Flow::Login)
                },
            ],
        ),
        helm(
            "4.2.4",
            Era::Hardened4,
            vec![
                refused("4.2.4", Flow::Push),
                FlowRecord {
                    predicted: FlowVerdict::Breaks,
                    ..passed("4.2.4", Flow::RePush)
                },
                unreachable,
                failed("4.2.4", Flow::Show, "(it succeeds and a file is missing)"),
            ],
        ),
    ]
}

fn passed(version: &str, flow: Flow) -> FlowRecord {
    FlowRecord {
        id: format!("helm-{version}/flow/{flow}"),
        flow,
        outcome: Outcome::Pass,
        predicted: FlowVerdict::Works,
        reason: None,
        obstacle: None,
        error: None,
        because: vec![],
        cause: None,
        runs: vec![HelmRun {
            command: format!("helm {flow} chart-1.0.0.tgz oci://127.0.0.1:32768/hoc"),
            exit: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        }],
        gave_up: None,
        exchanges: vec![],
        versions: None,
        attempts: vec![],
        requests: 4,
        milliseconds: 120,
    }
}

fn failed(version: &str, flow: Flow, error: &str) -> FlowRecord {
    let mut failed = passed(version, flow);
    failed.outcome = Outcome::Fail;
    failed.error = Some(error.into());
    failed.runs[0].exit = Some(1);
    failed.runs[0].stderr = format!("Error: {error}\n");
    failed.gave_up = Some(0);
    failed.exchanges = vec![Exchange {
        request: request(Method::PUT, "/v2/hoc/chart/blobs/uploads/1", &[], None),
        response: Ok(response(400, &[], Some("no"))),
    }];
    failed
}

fn because(requirement: &str, is_best: bool) -> Explanation {
    Explanation {
        requirement: requirement.into(),
        title: "`Location` leads to the blob".into(),
        condition: (!is_best).then(|| "for large charts".into()),
        has_predicted_error: is_best,
        is_at_same_exchange: true,
    }
}

/// A check with the fields that its outcome requires.
fn check(id: &str, outcome: Outcome) -> CheckRecord {
    let (area, slug) = id.split_once('/').expect("an id has an area");
    let level = match outcome {
        Outcome::Warn => Level::Should,
        Outcome::Present | Outcome::Absent => Level::May,
        _ => Level::Must,
    };
    let finding = matches!(
        outcome,
        Outcome::Fail | Outcome::Known | Outcome::Warn | Outcome::Absent
    )
    .then(|| Finding {
        expected: vec!["201 Created".into()],
        actual: "200 OK".into(),
        exchanges: vec![],
    });
    let obstacle = (outcome == Outcome::Inconclusive)
        .then(|| Obstacle::new(ObstacleKind::Deadline, "no response within 30 s"));
    CheckRecord {
        id: id.into(),
        area: area.into(),
        title: slug.replace('-', " "),
        level,
        specification: Some(Specification::Must),
        covers: vec!["REG-API-01".into()],
        sources: vec![distribution_spec(
            "pushing-manifests",
            "The response MUST be `201 Created`.",
        )],
        outcome,
        reason: (outcome == Outcome::Skipped).then(|| "the registry uses TLS".into()),
        finding,
        fix: None,
        obstacle,
        blocked_by: None,
        cause: None,
        deviation: None,
        breaks: vec![],
        exchanges: vec![],
        attempts: vec![],
        requests: 2,
        milliseconds: 12,
    }
}

/// A check that failed once and then passed.
fn intermittent(id: &str, what: &str, by_line: bool) -> CheckRecord {
    let put = |status| Exchange {
        request: request(Method::PUT, "/v2/hoc/chart/manifests/1.0.0", &[], None),
        response: Ok(response(status, &[], None)),
    };
    let attempt = |result, what: &str, by_line, exchange| AttemptRecord {
        result,
        what: what.into(),
        by_line,
        exchanges: vec![exchange],
    };
    CheckRecord {
        exchanges: vec![put(400), put(201)],
        attempts: vec![
            attempt(AttemptResult::Failed, what, by_line, 0),
            attempt(AttemptResult::Passed, "", false, 1),
        ],
        ..check(id, Outcome::Intermittent)
    }
}

/// The same with a known deviation.
fn listed(check: CheckRecord) -> CheckRecord {
    CheckRecord {
        deviation: Some(DeviationRecord {
            reason: "fixed in the next release".into(),
            link: "https://github.com/distribution/distribution/issues/1936".into(),
            expires: "2027-03-31".into(),
        }),
        ..check
    }
}

fn manifest_put() -> CheckRecord {
    CheckRecord {
        title: "a manifest PUT returns 201".into(),
        covers: vec!["REG-PSH-07".into(), "B03".into()],
        sources: vec![
            distribution_spec(
                "pushing-manifests",
                "Upon a successful upload, the registry MUST return response code `201 Created`, and MUST have the following header:",
            ),
            SourceRecord {
                document: "oras-project/oras-go".into(),
                version: "v2.6.0".into(),
                anchor: "registry/remote/repository.go:1411".into(),
                text: "any status but 201 is an error".into(),
                quoted: false,
            },
        ],
        finding: Some(Finding {
            expected: vec!["201 Created".into(), "401 with a challenge".into()],
            actual: "200 OK".into(),
            exchanges: vec![1],
        }),
        fix: Some("Return 201 Created to a manifest PUT, also where the manifest exists.".into()),
        breaks: vec![BreakRecord {
            eras: ["3.18-3.21.0", "3.21.1+", "4.0-4.2.0", "4.2.1+"].map(Into::into).into(),
            versions: ">=3.18.0".into(),
            flows: vec!["push".into(), "re-push".into()],
            condition: None,
            symptom: "failed to perform \"Push\" on destination: PUT \"{url}/manifests/{d}\": response status code 200: OK".into(),
        }],
        exchanges: vec![
            Exchange {
                request: request(Method::HEAD, "/v2/hoc-1/chart/manifests/1.0.0", &[], None),
                response: Ok(response(404, &[], None)),
            },
            Exchange {
                request: request(Method::PUT, "/v2/hoc-1/chart/manifests/1.0.0",
                    &[
                        ("authorization", "Bearer REDACTED"),
                        ("content-type", "application/vnd.oci.image.manifest.v1+json"),
                    ],
                    Some("{\n  \"schemaVersion\": 2\n}"),
                ),
                response: Ok(response(200,
                    &[
                        ("docker-content-digest", "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"),
                        ("location", "/v2/hoc-1/chart/manifests/sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"),
                        ("x-frame-options", "DENY"),
                    ],
                    None,
                )),
            },
        ],
        ..check("push/manifest-put-201", Outcome::Fail)
    }
}

fn location() -> CheckRecord {
    CheckRecord {
        title: "an upload `Location` names no other host".into(),
        specification: Some(Specification::HelmOnly),
        finding: Some(Finding {
            expected: vec!["a path, or a URL of the registry".into()],
            actual: "https://uploads.example/v2/…".into(),
            exchanges: vec![0],
        }),
        breaks: vec![BreakRecord {
            eras: vec!["3.0-3.6".into()],
            versions: ">=3.0.0, <3.3.0".into(),
            flows: vec!["chart-push".into()],
            condition: Some("for large charts".into()),
            symptom: "(the upload goes to the other host without credentials)".into(),
        }],
        exchanges: vec![Exchange {
            request: request(
                Method::POST,
                "/v2/hoc-1/chart/blobs/uploads/",
                &[("content-length", "0")],
                None,
            ),
            response: Ok(response(
                202,
                &[(
                    "location",
                    "https://uploads.example/v2/hoc-1/chart/blobs/uploads/1?_state=REDACTED",
                )],
                None,
            )),
        }],
        ..check("push/location-stays-home", Outcome::Warn)
    }
}

fn paging() -> CheckRecord {
    CheckRecord {
        title: "paging ends and yields every tag once".into(),
        obstacle: Some(Obstacle {
            kind: ObstacleKind::Arrangement,
            what: "PUT of tag 17 returned 429 Too Many Requests".into(),
            exchanges: vec![0],
        }),
        exchanges: vec![Exchange {
            request: request(
                Method::PUT,
                "/v2/hoc-1/chart/manifests/0.0.17",
                &[],
                Some("{}"),
            ),
            response: Ok(response(
                429,
                &[("retry-after", "60")],
                Some("{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}"),
            )),
        }],
        ..check("tags/paging-complete", Outcome::Inconclusive)
    }
}

/// The whole table: pushes break for oras-go, old pushes break, ranges are unknown.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for era in Era::ALL {
        for flow in Flow::ALL.iter().filter(|flow| flow.in_era(*era)) {
            let (verdict, because) = match (flow, era) {
                (
                    Flow::Push | Flow::RePush,
                    Era::Oras3
                    | Era::Hardened3
                    | Era::SameOrigin3
                    | Era::Oras4
                    | Era::Hardened4
                    | Era::SameOrigin4,
                ) => (
                    FlowVerdict::Breaks,
                    vec![cause("push/manifest-put-201", &era.span().to_string())],
                ),
                (Flow::ChartPush, _) => (
                    FlowVerdict::Breaks,
                    vec![cause("push/location-stays-home", ">=3.0.0, <3.3.0")],
                ),
                (Flow::PullRange | Flow::PullUnversioned, _) => (
                    FlowVerdict::Unknown,
                    vec![cause("tags/paging-complete", &era.span().to_string())],
                ),
                _ => (FlowVerdict::Works, vec![]),
            };
            cells.push(Cell {
                era: *era,
                flow: *flow,
                verdict,
                because,
            });
        }
    }
    cells
}

fn cause(requirement: &str, versions: &str) -> Cause {
    Cause {
        requirement: requirement.into(),
        versions: versions.into(),
        symptom: "response status code 200: OK".into(),
    }
}

fn distribution_spec(anchor: &str, text: &str) -> SourceRecord {
    SourceRecord {
        document: "OCI distribution-spec".into(),
        version: "1.1.1".into(),
        anchor: anchor.into(),
        text: text.into(),
        quoted: true,
    }
}

fn capability(name: &str, present: Option<bool>, evidence: &str) -> Capability {
    Capability {
        name: name.into(),
        present,
        evidence: evidence.into(),
        left_out: Vec::new(),
    }
}

fn request(
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> RequestRecord {
    RequestRecord {
        headers: owned(headers),
        body: body.map(recorded),
        ..RequestRecord::new(method, uri)
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: Option<&str>) -> ResponseRecord {
    let status = StatusCode::from_u16(status).expect("a status");
    ResponseRecord {
        headers: owned(headers),
        body: body.map(recorded),
        ..ResponseRecord::new(status)
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let each = headers.iter();
    each.map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

fn recorded(text: &str) -> Body {
    Body {
        length: text.len(),
        digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a".into(),
        excerpt: Some(text.into()),
    }
}
