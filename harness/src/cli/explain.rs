//! `explain`: all there is to know about one requirement.

use std::fmt::Write as _;

use clap::Args;
use helm_oci_suite::checks;
use helm_oci_suite::era::{Break, Era, Flow, PLACEHOLDERS};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::source::Source;

use super::error::CliError;
use super::output;
use crate::exit_code::ExitCode;
use crate::runner::{eras, flows};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The requirement, such as pull/manifest-bytes.
    id: String,
}

pub(super) fn explain(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let requirement = checks::find(&arguments.id).ok_or_else(|| CliError::UnknownRequirement {
        id: arguments.id.clone(),
        nearest: checks::nearest(&arguments.id).unwrap_or("none"),
    })?;
    output::print(&page(requirement))?;
    Ok(ExitCode::Acceptable)
}

fn page(requirement: &Requirement) -> String {
    let severity = requirement.specification().beside(requirement.level);
    let mut page = format!("# {} ({severity})\n\n", requirement.id);
    for line in requirement.doc.lines() {
        // A doc comment has a space after its slashes.
        let _ = writeln!(page, "{}", line.strip_prefix(' ').unwrap_or(line));
    }
    let _ = writeln!(page, "\n## Who says so");
    for source in requirement.sources {
        let _ = writeln!(page, "- {}", cite(source));
    }
    if !requirement.breaks.is_empty() {
        let _ = writeln!(page, "\n## What breaks without it");
        for brk in requirement.breaks {
            let _ = writeln!(page, "- {}", harm(brk));
        }
        let _ = write!(page, "{}", legend(requirement.breaks));
    }
    let _ = writeln!(page, "\n## Faults that prove the check");
    for fault in requirement.faults {
        let _ = writeln!(page, "- `{}`: {}", fault.name(), fault.summary());
    }
    for fault in requirement.consequences {
        let _ = writeln!(
            page,
            "- `{}`, as a consequence: {}",
            fault.name(),
            fault.summary()
        );
    }
    let _ = writeln!(page, "\nCovers {}.", requirement.covers.join(", "));
    let _ = writeln!(
        page,
        "Declared at {}:{}.",
        requirement.file, requirement.line
    );
    page
}

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
