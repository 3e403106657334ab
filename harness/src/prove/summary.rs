//! A proof as text: one line per requirement, then the unexpected results and a conclusion.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{FaultVerdict, Proof, Proven, SETUPS};

pub(super) fn render(proof: &Proof) -> String {
    let mut page = String::new();
    let widest = proof
        .requirements
        .iter()
        .map(|proven| proven.id.len())
        .max()
        .unwrap_or(0);
    for proven in &proof.requirements {
        let _ = writeln!(page, "{:widest$}  {}", proven.id, row(proven));
    }
    section(
        &mut page,
        "Faults by requirements turned red",
        proof.faults.iter().map(|fault| {
            format!(
                "{:3}  {}{}",
                fault.red.len(),
                fault.fault,
                if fault.listed_by == 0 {
                    "  (listed by no requirement)"
                } else {
                    ""
                }
            )
        }),
    );
    section(
        &mut page,
        "Not satisfied on the correct registry",
        proof
            .baseline
            .iter()
            .map(|one| format!("{} on {:?}: {}", one.id, one.setup, one.verdict)),
    );
    section(
        &mut page,
        "Survived: listed, but green",
        verdicts(proof, |proven| &proven.survived),
    );
    section(
        &mut page,
        "Unlisted: red, but not listed",
        verdicts(proof, |proven| &proven.unlisted),
    );
    section(
        &mut page,
        "Blamed: a legal variation",
        proof.blamed.iter().map(|one| {
            format!(
                "{} with {} on {:?}: {}",
                one.id, one.fault, one.setup, one.verdict
            )
        }),
    );
    section(
        &mut page,
        "Contradicted: a report that does not agree with itself",
        proof
            .contradicted
            .iter()
            .map(|one| format!("{} on {:?}: {}", one.fault, one.setup, one.what)),
    );
    let _ = writeln!(page, "\n{}", conclusion(proof));
    page
}

fn row(proven: &Proven) -> String {
    let mut parts = vec![if proven.killed.is_empty() {
        "no killing fault".to_owned()
    } else {
        format!("killed by {}", proven.killed.join(", "))
    }];
    if !proven.consequences.is_empty() {
        parts.push(format!("consequence of {}", proven.consequences.join(", ")));
    }
    for (count, word) in [
        (proven.survived.len(), "SURVIVED"),
        (proven.unlisted.len(), "UNLISTED"),
        (proven.blocked.len(), "blocked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join("; ")
}

fn verdicts<'p>(
    proof: &'p Proof,
    which: impl Fn(&'p Proven) -> &'p Vec<FaultVerdict> + 'p,
) -> impl Iterator<Item = String> + 'p {
    proof.requirements.iter().flat_map(move |proven| {
        which(proven)
            .iter()
            .map(|one| format!("{} with {}: {}", proven.id, one.fault, one.verdict))
    })
}

fn section(page: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(page, "\n{title}:");
    for line in lines {
        let _ = writeln!(page, "  {line}");
    }
}

fn conclusion(proof: &Proof) -> String {
    let blamed: BTreeSet<&str> = proof.blamed.iter().map(|one| one.fault).collect();
    let requirements = &proof.requirements;
    let count = |which: fn(&Proven) -> usize| requirements.iter().map(which).sum::<usize>();
    format!(
        "{} requirements, {} faults, {} set-ups: {} killed, {} consequences, {} blocked, {} survived, \
         {} unlisted, {} not satisfied on the correct registry; a fault violates {} (median, flows aside); {} of {} legal variations blamed; {} contradictions; {}",
        requirements.len(),
        proof.faults.len(),
        SETUPS.len(),
        count(|proven| proven.killed.len()),
        count(|proven| proven.consequences.len()),
        count(|proven| proven.blocked.len()),
        count(|proven| proven.survived.len()),
        count(|proven| proven.unlisted.len()),
        proof.baseline.len(),
        proof.median_red(),
        blamed.len(),
        proof.legal,
        proof.contradicted.len(),
        if proof.holds() {
            "all as declared"
        } else {
            "NOT as declared"
        },
    )
}
