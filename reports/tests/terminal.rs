//! What the person at the terminal sees.

mod support;

use helm_oci_reports::record::RunRecord;
use helm_oci_reports::terminal::{self, Style};
use helm_oci_reports::view::ReportView;
use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::{Obstacle, ObstacleKind};

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

/// Every rendering there is a switch for.
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

/// Takes out what `Style::color` adds: `ESC [ … m`.
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

/// The last words on the first target.
fn verdict(record: &RunRecord) -> String {
    let text = plain(record);
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
fn when_all_is_well() {
    insta::assert_snapshot!(plain(&support::of_outcomes(&[Outcome::Pass; 3])));
}

#[test]
fn checks_that_met_one_obstacle_are_told_together() {
    let mut record = support::of_outcomes(&[Outcome::Inconclusive; 3]);
    let checks = &mut record.targets[0].checks;
    checks[1].id = "tags/sorted".into();
    checks[2].id = "tags/paging".into();
    checks[2].obstacle = Some(Obstacle::new(ObstacleKind::Arrangement, "it is not there"));
    let text = plain(&record);
    assert_eq!(text.matches("INCONCLUSIVE").count(), 2, "{text}");
    assert!(text.contains("so are     tags/sorted\n"), "{text}");
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
            assert!(
                line.chars().count() <= style.width.max(80),
                "{style:?}: {line}"
            );
            assert_eq!(line.trim_end(), line, "{style:?}: a space at the end");
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
        assert!(text.contains(r"\u{1b}[31mred"), "it is shown, not dropped");
    }
}

#[test]
fn what_is_said_is_cut() {
    let mut record = support::record();
    let long = "said at length ".repeat(10_000);
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
fn a_brief_exchange_leaves_out_what_tells_nothing() {
    let short = plain(&support::record());
    assert!(!short.contains("x-frame-options"));
    assert!(
        !short.contains("404 Not Found"),
        "the finding does not point at that exchange"
    );
    assert!(render(&support::record(), VERBOSE).contains("x-frame-options: DENY"));
}

#[test]
fn every_finding_names_the_way_to_its_explanation() {
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
fn the_verdict_in_words() {
    let pass = Outcome::Pass;
    for (outcomes, words) in [
        (&[][..], "nothing was examined"),
        (
            &[pass, Outcome::Absent],
            "every Must and Should that applies is satisfied",
        ),
        (
            &[pass, Outcome::Warn],
            "every Must that applies is satisfied, with 1 warning",
        ),
        (
            &[pass, Outcome::Warn, Outcome::Inconclusive],
            "not settled: no Must is seen violated, but 1 check could not tell",
        ),
        (
            &[Outcome::Fail, Outcome::Inconclusive],
            "1 requirement of level MUST violated, 1 check could not tell",
        ),
        (
            &[Outcome::Skipped],
            "nothing was judged: no check applies to this registry",
        ),
        (&[Outcome::Fail; 2], "2 requirements of level MUST violated"),
        (
            &[Outcome::Fail, Outcome::Stale],
            "1 requirement of level MUST violated, 1 listed deviation not seen any more",
        ),
        (
            &[Outcome::Stale, Outcome::Known],
            "1 listed deviation not seen any more: mend the list, 1 deviation as listed",
        ),
        (
            &[pass, Outcome::Warn, Outcome::Known],
            "every Must that applies is satisfied, with 1 warning, 1 deviation as listed",
        ),
        (
            &[pass, Outcome::Known],
            "every Must and Should is satisfied but for 1 listed deviation",
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
fn a_strict_run_says_what_fails_it() {
    let mut record = support::of_outcomes(&[Outcome::Fail]);
    record.run.strict = true;
    assert_eq!(
        verdict(&record),
        "1 requirement of level MUST or SHOULD violated"
    );
}

#[test]
fn a_selection_is_not_called_the_whole() {
    let mut record = support::of_outcomes(&[Outcome::Pass]);
    record.run.only = vec!["push/*".into()];
    assert_eq!(
        verdict(&record),
        "every selected Must and Should that applies is satisfied"
    );
}

#[test]
fn a_target_that_was_lost_is_not_called_good() {
    for (outcomes, words) in [
        (&[][..], "nothing could be examined"),
        (&[Outcome::Pass], "not everything could be examined"),
    ] {
        let mut record = support::of_outcomes(outcomes);
        record.targets[0].obstacle = Some(Obstacle::new(ObstacleKind::Transport, "it died"));
        assert_eq!(verdict(&record), words);
        assert!(plain(&record).contains("the connection failed: it died"));
    }
}

#[test]
fn a_selection_and_many_checks_are_shown() {
    let mut record = support::of_outcomes(&[Outcome::Pass; 95]);
    record.run.only = vec!["push/*".into(), "tags/*".into()];
    let text = plain(&record);
    assert!(text.contains("only push/*, tags/*"));
    assert_eq!(text.matches('✓').count(), 95);
}
