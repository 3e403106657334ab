//! One block for each finding and each obstacle: what, who says so, whom it hurts, what shows it.

use helm_oci_suite::requirement::outcome::Outcome;
use helm_oci_suite::verdict::ObstacleKind;

use super::page::{Ink, Page};
use crate::facts;
use crate::record::{CheckRecord, TargetRecord};
use crate::text;
use crate::transcript::{self, Depth};

/// The checks that could not tell; those that met the same obstacle are told together, unless all is to be told.
pub(super) fn inconclusive<'a>(page: &mut Page, checks: impl Iterator<Item = &'a CheckRecord>) {
    let mut groups: Vec<Vec<&CheckRecord>> = Vec::new();
    for check in checks {
        let met = obstacle(check);
        let known = groups
            .iter_mut()
            .find(|group| !page.style.verbose && met.is_some() && obstacle(group[0]) == met);
        match known {
            Some(group) => group.push(check),
            None => groups.push(vec![check]),
        }
    }
    for group in groups {
        finding(page, group[0]);
        if let [_, others @ ..] = group.as_slice()
            && !others.is_empty()
        {
            let others: Vec<&str> = others.iter().map(|check| check.id.as_str()).collect();
            page.labelled("so are", &others.join(", "));
        }
    }
}

fn obstacle(check: &CheckRecord) -> Option<(ObstacleKind, &str)> {
    let obstacle = check.obstacle.as_ref()?;
    Some((obstacle.kind, &obstacle.what))
}

/// What a check that is not simply satisfied has to say.
pub(super) fn finding(page: &mut Page, check: &CheckRecord) {
    let violated = matches!(
        check.outcome,
        Outcome::Fail | Outcome::Warn | Outcome::Known
    );
    page.blank();
    let mark = page.mark(check.outcome);
    let outcome = page.paint(Ink::of(check.outcome), &check.outcome.name().to_uppercase());
    let left = page.style.width - 2 - check.outcome.name().len() - 1;
    let id = text::fit(&text::line(&check.id), left);
    let id = page.paint(Ink::Bold, &id);
    page.painted(0, &format!("{mark} {outcome} {id}"));
    let severity = facts::severity(check);
    page.paragraph(2, &format!("{} ({severity})", check.title), Ink::Plain);
    if violated {
        page.facts(&facts::finding(check));
    } else if check.outcome == Outcome::Inconclusive {
        page.facts(&facts::obstacle(check.obstacle.as_ref()));
    }
    page.facts(&facts::deviation(check));
    if violated || page.style.verbose {
        page.facts(&facts::sources(check));
        page.facts(&facts::breaks(check));
    }
    if page.style.verbose {
        page.facts(&facts::covers(check));
    }
    let depth = if page.style.verbose {
        Depth::Full
    } else {
        Depth::Brief
    };
    let shown = transcript::pointed(check);
    page.transcript(&transcript::lines(&shown, check.exchanges.len(), depth));
    page.labelled("more", &format!("explain {}", text::line(&check.id)));
}

/// Why nothing, or no more, could be seen of a target.
pub(super) fn unreachable(page: &mut Page, target: &TargetRecord) {
    let Some(obstacle) = &target.obstacle else {
        return;
    };
    page.blank();
    let mark = page.mark(Outcome::Inconclusive);
    let heading = page.paint(Ink::of(Outcome::Inconclusive), "NOT EXAMINED");
    page.painted(0, &format!("{mark} {heading}"));
    page.facts(&facts::obstacle(Some(obstacle)));
    let shown = transcript::at(&target.exchanges, &obstacle.exchanges);
    let depth = if page.style.verbose {
        Depth::Full
    } else {
        Depth::Brief
    };
    page.transcript(&transcript::lines(&shown, target.exchanges.len(), depth));
}
