//! Reports on a terminal.

mod support;

use helm_oci_reports::record::RunRecord;
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::{MatrixView, ReportView};
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};
use unicode_width::UnicodeWidthStr;

const VERBOSE: Style = Style {
    color: false,
    verbose: true,
    width: 100,
};

fn render(record: &RunRecord, style: Style) -> String {
    terminal::render(&ReportView::of(record), style)
}

fn plain(record: &RunRecord) -> String {
    render(record, Style::default())
}

/// Every combination of switches.
fn styles() -> impl Iterator<Item = Style> {
    [false, true].into_iter().flat_map(|color| {
        [false, true].into_iter().flat_map(move |verbose| {
            [0, 80, 100, 200].into_iter().map(move |width| Style {
                color,
                verbose,
                width,
            })
        })
    })
}

/// Removes what `Style::color` adds: `ESC [ … m`.
fn without_color(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('m').expect("a colour ends in m");
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b';'),
            "{code:?}"
        );
        plain.push_str(rest);
    }
    plain
}

/// The verdict on the first target.
fn verdict(record: &RunRecord) -> String {
    let wide = Style {
        width: 200,
        ..Style::default()
    };
    let text = render(record, wide);
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("verdict"));
    line.expect("a verdict")
        .trim_start()
        .trim_start_matches("verdict")
        .trim_start()
        .to_owned()
}

#[test]
fn in_short() {
    insta::assert_snapshot!(plain(&support::record()));
}

#[test]
fn in_full() {
    insta::assert_snapshot!(render(&support::record(), VERBOSE));
}

#[test]
fn when_every_check_passes() {
    insta::assert_snapshot!(plain(&support::of_outcomes(&[Outcome::Pass; 3])));
}

#[test]
fn checks_with_one_obstacle_share_a_block() {
    let mut record = support::of_outcomes(&[Outcome::Inconclusive; 3]);
    let checks = &mut record.targets[0].checks;
    checks[1].id = "tags/sorted".into();
    checks[2].id = "tags/paging".into();
    checks[2].obstacle = Some(Obstacle::new(ObstacleKind::Arrangement, "it is missing"));
    let text = plain(&record);
    assert_eq!(text.matches("INCONCLUSIVE").count(), 2, "{text}");
    assert!(text.contains("also affected  tags/sorted\n"), "{text}");
    let verbose = render(&record, VERBOSE);
    assert_eq!(verbose.matches("INCONCLUSIVE").count(), 3, "{verbose}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    for verbose in [false, true] {
        let style = Style {
            color: false,
            verbose,
            width: 100,
        };
        let plain = render(&support::record(), style);
        let colored = render(
            &support::record(),
            Style {
                color: true,
                ..style
            },
        );
        assert!(colored.contains("\u{1b}[1;31m"));
        assert_eq!(without_color(&colored), plain);
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for style in styles() {
        let text = without_color(&render(&support::record(), style));
        for line in text.lines() {
            assert!(line.width() <= style.width.max(80), "{style:?}: {line}");
            assert_eq!(line.trim_end(), line, "{style:?}: a space at the end");
        }
    }
}

#[test]
fn columns_are_aligned_whatever_the_width_of_characters() {
    let mut record = support::record();
    for (target, name) in record
        .targets
        .iter_mut()
        .zip(["漢字:1", "e\u{301}e\u{301}", "plain"])
    {
        name.clone_into(&mut target.name);
    }
    let report = ReportView::of(&record);
    let text = terminal::matrix(&MatrixView::of(&report), Style::default());
    let verdicts = report.targets.iter().map(|target| &target.verdict.sentence);
    let starts: Vec<usize> = text
        .lines()
        .skip_while(|line| !line.starts_with("━━ targets"))
        .filter(|line| {
            ["  A ", "  B ", "  C "]
                .iter()
                .any(|letter| line.starts_with(letter))
        })
        .zip(verdicts)
        .filter_map(|(line, verdict)| {
            let beginning: String = verdict.chars().take(12).collect();
            Some(line[..line.find(&beginning)?].width())
        })
        .collect();
    assert_eq!(starts, [13; 3], "{text}");
}

#[test]
fn wide_and_combining_characters_fit_the_terminal() {
    let mut record = support::record();
    for check in &mut record.targets[0].checks {
        check.title = "漢字 ".repeat(60);
        check.id = format!("{}/漢字{}", check.area, "e\u{301}".repeat(120));
    }
    record.targets[0].helm_versions[0].version = "3.2.4漢字".into();
    for style in styles() {
        for line in without_color(&render(&record, style)).lines() {
            assert!(line.width() <= style.width.max(80), "{style:?}: {line}");
        }
    }
}

#[test]
fn nothing_from_the_registry_reaches_the_terminal_unescaped() {
    for style in styles() {
        let text = without_color(&render(&support::record(), style));
        let steering = text.chars().find(|character| {
            character.is_control() && *character != '\n' || *character == '\u{202e}'
        });
        assert_eq!(steering, None, "{style:?}");
        assert!(
            text.contains(r"\u{1b}[31mred"),
            "it is escaped, not dropped"
        );
    }
}

#[test]
fn long_texts_are_cut() {
    let mut record = support::record();
    let long = "a long text ".repeat(10_000);
    record.targets[0].leftovers = vec![support::leftover(&long); 1000];
    record.targets[0].identity.server = Some(long.clone());
    for check in &mut record.targets[0].checks {
        check.title.clone_from(&long);
    }
    for style in styles() {
        let lines = render(&record, style).lines().count();
        assert!(lines < 900, "{style:?}: {lines} lines");
    }
}

#[test]
fn a_brief_exchange_leaves_out_other_headers() {
    let short = plain(&support::record());
    assert!(!short.contains("x-frame-options"));
    assert!(
        !short.contains("404 Not Found"),
        "the finding does not point at that exchange"
    );
    assert!(render(&support::record(), VERBOSE).contains("x-frame-options: DENY"));
}

#[test]
fn every_finding_names_the_command_that_explains_it() {
    let record = support::record();
    let text = plain(&record);
    for (_, check) in record.checks() {
        if matches!(
            check.outcome,
            Outcome::Fail | Outcome::Stale | Outcome::Known | Outcome::Warn | Outcome::Inconclusive
        ) {
            assert!(
                text.contains(&format!("explain {}", check.id)),
                "{}",
                check.id
            );
        }
    }
}

#[test]
fn an_era_without_the_flow_stays_blank() {
    let text = plain(&support::record());
    let row = text
        .lines()
        .find(|line| line.starts_with("  chart-push"))
        .expect("the row");
    assert_eq!(row.matches(['✓', '✗', '?']).count(), 1, "{row}");
}

#[test]
fn the_verdict_is_one_sentence() {
    let pass = Outcome::Pass;
    for (outcomes, words) in [
        (&[][..], "no requirement was examined"),
        (
            &[pass, Outcome::Absent],
            "all applicable MUST and SHOULD requirements satisfied",
        ),
        (
            &[pass, Outcome::Warn],
            "all applicable MUST requirements satisfied; 1 warning",
        ),
        (
            &[pass, Outcome::Warn, Outcome::Inconclusive],
            "no applicable MUST requirement violated, but 1 check inconclusive",
        ),
        (
            &[Outcome::Fail, Outcome::Inconclusive],
            "1 MUST requirement violated, 1 check inconclusive",
        ),
        (
            &[Outcome::Skipped],
            "no requirement applies to this registry",
        ),
        (&[Outcome::Fail; 2], "2 MUST requirements violated"),
        (
            &[Outcome::Fail, Outcome::Stale],
            "1 MUST requirement violated, 1 known deviation no longer observed",
        ),
        (
            &[Outcome::Stale, Outcome::Known],
            "1 known deviation no longer observed, 1 still observed; update the deviations file",
        ),
        (
            &[pass, Outcome::Warn, Outcome::Known],
            "all applicable MUST requirements satisfied; 1 warning, 1 known deviation",
        ),
        (
            &[pass, Outcome::Known],
            "all applicable MUST and SHOULD requirements satisfied except 1 known deviation",
        ),
    ] {
        assert_eq!(
            verdict(&support::of_outcomes(outcomes)),
            words,
            "{outcomes:?}"
        );
    }
}

#[test]
fn the_verdict_of_a_strict_run_names_both_levels() {
    let mut record = support::of_outcomes(&[Outcome::Fail]);
    record.run.strict = true;
    assert_eq!(verdict(&record), "1 MUST or SHOULD requirement violated");
}

#[test]
fn the_verdict_on_a_selection_is_about_the_selection() {
    let mut record = support::of_outcomes(&[Outcome::Pass]);
    record.run.only = vec!["push/*".into()];
    assert_eq!(
        verdict(&record),
        "all selected and applicable MUST and SHOULD requirements satisfied"
    );
}

#[test]
fn a_target_that_became_unreachable_is_inconclusive() {
    for (outcomes, words) in [
        (&[][..], "the target could not be examined"),
        (
            &[Outcome::Pass],
            "the target could not be examined completely",
        ),
    ] {
        let mut record = support::of_outcomes(outcomes);
        record.targets[0].obstacle = Some(Obstacle::new(ObstacleKind::Transport, "it died"));
        assert_eq!(verdict(&record), words);
        assert!(plain(&record).contains("connection failed: it died"));
    }
}

#[test]
fn the_filters_and_every_check_are_shown() {
    let mut record = support::of_outcomes(&[Outcome::Pass; 95]);
    record.run.only = vec!["push/*".into(), "tags/*".into()];
    let text = render(&record, VERBOSE);
    assert!(text.contains("only push/*, tags/*"));
    assert_eq!(text.matches('✓').count(), 95);
}
