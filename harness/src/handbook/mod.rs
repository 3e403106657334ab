//! The page of a requirement, and the book of all of them: what `explain` prints and `suite/REQUIREMENTS.md` holds.

pub(crate) mod curl;

use std::fmt::Write as _;

use helm_oci_suite::checks::AREAS;
use helm_oci_suite::coverage::{self, Pitfall};
use helm_oci_suite::helm::era::{Break, Era, Flow, PLACEHOLDERS};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::requirement::source::Source;

use self::curl::Recipe;
use crate::run::{eras, flows};

/// The page of one requirement, as Markdown; its headings are of `depth` signs and one more.
pub(crate) fn page(requirement: &Requirement, depth: usize) -> String {
    let sign = "#".repeat(depth);
    let severity = requirement.specification().beside(requirement.level);
    let mut page = format!("{sign} {} ({severity})\n\n", requirement.id);
    for line in requirement.doc.lines() {
        // A doc comment has a space after its slashes.
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("##") {
            Some(heading) => {
                let _ = writeln!(page, "{sign}#{heading}\n");
            }
            None => {
                let _ = writeln!(page, "{line}");
            }
        }
    }
    sources(&mut page, &sign, requirement);
    breaks(&mut page, &sign, requirement);
    faults(&mut page, &sign, requirement);
    seen(&mut page, &sign, requirement);
    by_hand(&mut page, &sign, requirement, depth == 1);
    let _ = writeln!(page, "\nCovers {}.", requirement.covers.join(", "));
    page
}

/// The book: every requirement, in reading order.
pub(crate) fn book() -> String {
    let mut book = format!(
        "{INTRODUCTION}Commands by hand begin with\n\n```sh\n{}```\n\n{HINT}\n",
        curl::prelude(|_| true)
    );
    for area in &AREAS {
        let _ = writeln!(
            book,
            "- [{}](#{}): {}, {} requirements",
            area.name,
            area.name,
            area.title,
            area.requirements.len()
        );
    }
    for area in &AREAS {
        let _ = write!(book, "\n## {}\n\n{}.\n", area.name, capitalised(area.title));
        for requirement in area.requirements {
            let _ = write!(book, "\n{}", page(requirement, 3));
        }
    }
    book
}

const INTRODUCTION: &str = "\
# Requirements

Written by `helm-oci-conformance list --markdown`; the declarations below `suite/src/checks` are what to change. Behind each
id stand how strongly Helm needs it and what the OCI specification says of it.

";

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn sources(page: &mut String, sign: &str, requirement: &Requirement) {
    let _ = writeln!(page, "\n{sign}# Who says so\n");
    for source in requirement.sources {
        let _ = writeln!(page, "- {}", cite(source));
    }
}

fn breaks(page: &mut String, sign: &str, requirement: &Requirement) {
    if requirement.breaks.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{sign}# What breaks without it\n");
    for brk in requirement.breaks {
        let _ = writeln!(page, "- {}", harm(brk));
    }
    let _ = write!(page, "{}", legend(requirement.breaks));
}

fn faults(page: &mut String, sign: &str, requirement: &Requirement) {
    let _ = writeln!(page, "\n{sign}# Faults that prove the check\n");
    if let Some((flow, (major, minor, patch))) = requirement.replays {
        let _ = writeln!(
            page,
            "- every fault that breaks {flow} with Helm {major}.{minor}.{patch}"
        );
    }
    for fault in requirement.faults {
        let _ = writeln!(page, "- `{}`: {}", fault.name(), fault.description());
    }
    for fault in requirement.consequences {
        let _ = writeln!(
            page,
            "- `{}`, as a consequence: {}",
            fault.name(),
            fault.description()
        );
    }
}

/// Where registries were seen to fail so, and which versions no longer do: nothing but what the catalogue says.
fn seen(page: &mut String, sign: &str, requirement: &Requirement) {
    let covered = |pitfall: &Pitfall| requirement.covers.contains(&pitfall.id);
    let mut pitfalls = coverage::pitfalls();
    pitfalls.retain(covered);
    if pitfalls.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "\n{sign}# Where it was seen, and where it was fixed\n"
    );
    for pitfall in pitfalls {
        let Pitfall {
            id,
            failure,
            registries,
            evidence,
        } = pitfall;
        let _ = writeln!(
            page,
            "- {id}, {failure}: {registries}. Evidence: {evidence}"
        );
    }
}

/// The check as commands; on a page of its own with what they begin with.
fn by_hand(page: &mut String, sign: &str, requirement: &Requirement, is_alone: bool) {
    let Recipe { commands, bodies } = curl::recipe(requirement);
    let _ = writeln!(page, "\n{sign}# By hand\n");
    if commands.is_empty() {
        let _ = writeln!(page, "curl cannot send what this check sends.");
        return;
    }
    let prelude = if is_alone {
        let _ = writeln!(page, "{HINT}");
        curl::prelude(|sign| commands.contains(sign))
    } else {
        String::new()
    };
    let _ = writeln!(page, "```sh\n{prelude}{commands}```");
    let files: Vec<String> = bodies
        .iter()
        .map(|(name, body)| format!("`{name}` has {} bytes", body.len()))
        .collect();
    if !files.is_empty() {
        let _ = writeln!(page, "\n{}.", files.join(", "));
    }
}

/// How to read the commands.
const HINT: &str = "\
Behind each request stands what a registry answers that is right. `explain ID --bodies DIR` writes the files that are sent.
";

/// What the placeholders of these symptoms stand for, if there are any.
fn legend(breaks: &[Break]) -> String {
    let occurs = |sign: &str| breaks.iter().any(|brk| brk.symptom.contains(sign));
    let meanings: Vec<String> = PLACEHOLDERS
        .iter()
        .filter(|(sign, _)| occurs(sign))
        .map(|(sign, meaning)| format!("`{sign}` for {meaning}"))
        .collect();
    if meanings.is_empty() {
        return String::new();
    }
    format!("\nIn what Helm says stand {}.\n", meanings.join(", "))
}

fn cite(source: &Source) -> String {
    let Source {
        document,
        version,
        anchor,
        says,
        quoted,
    } = source;
    let mark = if *quoted { "\"" } else { "" };
    format!("{document} {version}, {anchor}: {mark}{says}{mark}")
}

fn harm(brk: &Break) -> String {
    let eras: Vec<&str> = eras(brk).into_iter().map(Era::name).collect();
    let flows: Vec<&str> = flows(brk).into_iter().map(Flow::name).collect();
    let condition = brk
        .condition
        .map(|condition| format!(", {condition}"))
        .unwrap_or_default();
    // In parentheses stands what happens where Helm prints nothing.
    let mark = if brk.symptom.starts_with('(') {
        ""
    } else {
        "`"
    };
    format!(
        "Helm {} ({}), {}{condition}: {mark}{}{mark}",
        eras.join(", "),
        brk.versions,
        flows.join(", "),
        brk.symptom
    )
}
