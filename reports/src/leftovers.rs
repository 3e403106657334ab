//! What was left behind in a registry, in few lines: what is left for the same reason is told together.

use std::collections::BTreeSet;

use crate::record::{Leftover, LeftoverKind};
use crate::text;

/// How many commands of each group are shown; the record has them all.
const COMMANDS: usize = 3;

/// Things of one kind that are left for one reason.
struct Group<'a> {
    kind: LeftoverKind,
    why: &'a str,
    all: Vec<&'a Leftover>,
}

/// What was left behind, and the commands that remove it, line by line. What others wrote is not made safe here.
pub fn lines(leftovers: &[Leftover]) -> Vec<String> {
    let mut lines = Vec::new();
    for group in groups(leftovers) {
        lines.push(group.told());
        let commands: Vec<&str> = group.commands().collect();
        let shown = if commands.len() <= COMMANDS + 1 {
            commands.len()
        } else {
            COMMANDS
        };
        lines.extend(commands[..shown].iter().map(|&command| command.to_owned()));
        if shown < commands.len() {
            let more = commands.len() - shown;
            lines.push(format!("and {more} commands more like that"));
        }
    }
    lines
}

/// The groups, as they first occur.
fn groups(leftovers: &[Leftover]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for leftover in leftovers {
        let known = groups
            .iter_mut()
            .find(|group| group.kind == leftover.kind && group.why == leftover.why);
        match known {
            Some(group) => group.all.push(leftover),
            None => groups.push(Group {
                kind: leftover.kind,
                why: &leftover.why,
                all: vec![leftover],
            }),
        }
    }
    groups
}

impl<'a> Group<'a> {
    /// `2 manifests in hoc-1/a: the registry answers DELETE with 405 Method Not Allowed`.
    fn told(&self) -> String {
        let repositories: BTreeSet<&str> =
            self.all.iter().map(|one| one.repository.as_str()).collect();
        let place = match repositories.first() {
            Some(only) if repositories.len() == 1 => (*only).to_owned(),
            _ => format!(
                "{} repositories, {}*",
                repositories.len(),
                common(&repositories)
            ),
        };
        let count = text::plural(self.all.len(), self.kind.name());
        format!("{count} in {place}: {}", self.why)
    }

    fn commands(&self) -> impl Iterator<Item = &'a str> {
        self.all.iter().filter_map(|one| one.command.as_deref())
    }
}

/// What all of these names begin with.
fn common<'a>(names: &BTreeSet<&'a str>) -> &'a str {
    let (Some(first), Some(last)) = (names.first(), names.last()) else {
        return "";
    };
    // Of sorted names the first and the last differ earliest.
    let same = first
        .char_indices()
        .zip(last.chars())
        .take_while(|((_, a), b)| a == b)
        .last();
    same.map_or("", |((at, letter), _)| &first[..at + letter.len_utf8()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leftover(repository: &str, name: &str, why: &str, command: Option<&str>) -> Leftover {
        Leftover {
            repository: repository.to_owned(),
            kind: LeftoverKind::Manifest,
            name: name.to_owned(),
            why: why.to_owned(),
            command: command.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn what_is_left_for_one_reason_is_told_together() {
        let mut left = vec![leftover("hoc-1/a", "m", "locked", Some("curl m"))];
        left.extend((0..5).map(|n| leftover(&format!("hoc-1/b{n}"), "x", "405", Some("curl x"))));
        assert_eq!(
            lines(&left),
            [
                "1 manifest in hoc-1/a: locked",
                "curl m",
                "5 manifests in 5 repositories, hoc-1/b*: 405",
                "curl x",
                "curl x",
                "curl x",
                "and 2 commands more like that",
            ]
        );
        assert_eq!(lines(&[]), [] as [&str; 0]);
    }
}
