//! The registries and the run: identity, digests, capabilities, configuration, and the command that repeats it.

use maud::{Markup, html};

use super::{flows, mark, unverified, words};
use crate::text::plural;
use crate::view::{Column, IdentityLabel, MatrixView, TargetView, outcome_sign};

/// A command line that examines a target again.
pub(crate) struct Command<'v, 'a> {
    pub(crate) target: &'v TargetView<'a>,
    /// The patterns of requirements; empty for all.
    pub(crate) only: &'v [&'v str],
    pub(crate) is_strict: bool,
}

/// A command line to copy.
pub(crate) fn command(command: &Command<'_, '_>) -> Markup {
    let Command {
        target,
        only,
        is_strict,
    } = command;
    let mut line = format!(
        "helm-oci-conformance run {} --seed {}",
        quoted(address(target)),
        target.seed
    );
    for pattern in *only {
        line = format!("{line} --only {}", quoted(pattern));
    }
    if *is_strict {
        line.push_str(" --strict");
    }
    html! { code.copy { (line) } }
}

/// The target as a command line has it. A target of a matrix may have a name of its own.
fn address<'a>(target: &TargetView<'a>) -> &'a str {
    match target.fact(IdentityLabel::Url) {
        Some(url)
            if target.fact(IdentityLabel::Kind) == Some("url") && !target.name.contains("://") =>
        {
            url
        }
        _ => target.name,
    }
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/:+@%,=".contains(c);
    let word = words::shown(word);
    if !word.is_empty() && word.chars().all(is_plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The section of registries and of the run.
pub(super) fn section(matrix: &MatrixView<'_, '_>) -> Markup {
    let is_single = matrix.columns.len() == 1;
    html! {
        section #targets {
            h2 { @if is_single { "Registry and run" } @else { "Registries and run" } }
            (run(matrix))
            @for column in &matrix.columns { (one(matrix, column)) }
        }
    }
}

fn run(matrix: &MatrixView<'_, '_>) -> Markup {
    let (header, summary) = (&matrix.report.header, &matrix.report.summary);
    html! {
        dl.facts {
            dt { "suite" } dd { (words::shown(header.suite)) " " (words::shown(header.version)) }
            dt { "started" } dd { time datetime=(words::shown(header.started)) { (words::shown(header.started)) } }
            dt { "seed" } dd { (header.seed) }
            dt { "selection" }
            dd { @if header.only.is_empty() { "all requirements" } @else { (words::shown(&header.only.join(", "))) } }
            dt { "rule" } dd { @if header.strict { "strict: a violated SHOULD fails the run" } @else { "a violated MUST fails the run" } }
            dt { "result" } dd { (summary.parts().join(" · ")) }
        }
    }
}

fn one(matrix: &MatrixView<'_, '_>, column: &Column<'_, '_>) -> Markup {
    let target = column.target;
    html! {
        @if matrix.columns.len() == 1 {
            div id=(words::target(&column.letter)) { (facts(matrix, target)) }
        } @else {
            details.target id=(words::target(&column.letter)) {
                summary {
                    b { (column.letter) } " " (words::shown(target.name)) " "
                    span.verdict { (mark::outcome(target.verdict.outcome)) " " (words::prose(&target.verdict.sentence)) }
                }
                p.counts {
                    @for (outcome, count) in target.tally.occurring() {
                        span class={ "o " (outcome.name()) } { (outcome_sign(outcome)) " " (count) " " (outcome.name()) } " "
                    }
                }
                p.hint { (unverified::count(target)) "." }
                @if let Some(table) = &target.eras { (flows::table(target, table)) }
                (facts(matrix, target))
            }
        }
    }
}

fn facts(matrix: &MatrixView<'_, '_>, target: &TargetView<'_>) -> Markup {
    let header = &matrix.report.header;
    // A filter in words is not a pattern.
    let patterns = header.only.iter().filter(|word| !word.contains(' '));
    let only: Vec<&str> = patterns.map(String::as_str).collect();
    html! {
        dl.facts {
            @for fact in &target.identity { dt { (fact.label.name()) } dd { (words::shown(fact.value)) } }
            @if let Some(advice) = target.advice { dt { "advice" } dd { (words::prose(advice)) } }
            @if let Some(effort) = target.effort { dt { "sent" } dd { (effort.sentence()) } }
            @for sentence in &target.line { dt { "line" } dd { (words::prose(sentence)) } }
            dt { "run it again" }
            dd {
                (command(&Command { target, only: &only, is_strict: header.strict }))
                p.hint { "with the options of the first run for logins, TLS and Helm binaries, which a record does not hold" }
            }
            @for (version, digest) in &target.binaries { dt { "Helm " (words::shown(version)) } dd { code { (words::shown(digest)) } } }
        }
        (capabilities(target))
        (leftovers(target))
        @if let Some(soak) = &target.soak {
            h3 { (words::shown(&soak.heading)) }
            pre { @for line in &soak.lines { (words::shown(line)) "\n" } }
        }
    }
}

fn capabilities(target: &TargetView<'_>) -> Markup {
    html! {
        @if !target.capabilities.is_empty() {
            h3 { "Capabilities" }
            div.scroll tabindex="0" role="group" aria-label="Capabilities" {
                table.capabilities {
                    thead { tr { th scope="col" { "capability" } th scope="col" { "state" } th scope="col" { "observed" } th scope="col" { "not applicable without it" } } }
                    tbody {
                        @for capability in &target.capabilities {
                            tr {
                                th scope="row" { (words::shown(capability.name)) }
                                td {
                                    @match capability.present { Some(true) => "✓ yes", Some(false) => "✗ no", None => "? unclear" }
                                }
                                td { (words::prose(capability.evidence)) }
                                td { (left_out(capability.left_out)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn left_out(ids: &[String]) -> Markup {
    html! {
        @if !ids.is_empty() {
            details {
                summary { (plural(ids.len(), "requirement")) }
                (unverified::ids(ids.iter().map(String::as_str)))
            }
        }
    }
}

fn leftovers(target: &TargetView<'_>) -> Markup {
    html! {
        @if !target.leftovers.is_empty() {
            h3 { "Not deleted" }
            @for group in &target.leftovers {
                details.reason {
                    summary { (words::prose(&group.heading())) }
                    @for command in group.commands().take(20) { p { code.copy { (words::shown(command)) } } }
                    @if group.commands().count() > 20 { p { "and " (plural(group.commands().count() - 20, "more command")) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_is_quoted() {
        assert_eq!(quoted("zot:2.1.20+tls"), "zot:2.1.20+tls");
        assert_eq!(quoted("tags/*"), "'tags/*'");
        assert_eq!(quoted("a'; rm -rf x"), r"'a'\''; rm -rf x'");
    }
}
