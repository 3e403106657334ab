//! Leftovers in few lines: those of one kind with one reason form a group.

use std::collections::BTreeSet;

use crate::record::{Leftover, LeftoverKind};
use crate::text::plural;

/// The number of commands of each group in the summary; the record has all of them.
const COMMANDS: usize = 3;

/// Leftovers of one kind with one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverGroup<'a> {
    /// The kind.
    pub kind: LeftoverKind,
    /// The reason for which they still exist.
    pub why: &'a str,
    /// The leftovers.
    pub all: Vec<&'a Leftover>,
}

/// The groups, in order of first appearance.
pub fn groups(leftovers: &[Leftover]) -> Vec<LeftoverGroup<'_>> {
    let mut groups: Vec<LeftoverGroup<'_>> = Vec::new();
    for leftover in leftovers {
        let known = groups
            .iter_mut()
            .find(|group| group.kind == leftover.kind && group.why == leftover.why);
        match known {
            Some(group) => group.all.push(leftover),
            None => groups.push(LeftoverGroup {
                kind: leftover.kind,
                why: &leftover.why,
                all: vec![leftover],
            }),
        }
    }
    groups
}

/// The summary of leftovers, with the commands that delete them, line by line. Foreign text in it is not escaped.
pub fn lines(leftovers: &[Leftover]) -> Vec<String> {
    let groups = groups(leftovers).into_iter();
    groups.flat_map(|group| group.lines()).collect()
}

impl<'a> LeftoverGroup<'a> {
    /// `2 manifests in hoc-1/a: the registry returns 405 Method Not Allowed for DELETE`.
    pub fn heading(&self) -> String {
        let repositories: BTreeSet<&str> =
            self.all.iter().map(|one| one.repository.as_str()).collect();
        let place = match repositories.first() {
            Some(only) if repositories.len() == 1 => (*only).to_owned(),
            _ => format!(
                "{}, {}*",
                plural(repositories.len(), "repository"),
                common(&repositories)
            ),
        };
        let count = plural(self.all.len(), self.kind.name());
        format!("{count} in {place}: {}", self.why)
    }

    /// The commands that delete them.
    pub fn commands(&self) -> impl Iterator<Item = &'a str> {
        self.all.iter().filter_map(|one| one.command.as_deref())
    }

    /// The heading and the first commands.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.heading()];
        let mut commands: Vec<&str> = self.commands().collect();
        // One command may delete several.
        commands.dedup();
        // A line that replaces a single command would save nothing.
        let shown = if commands.len() <= COMMANDS + 1 {
            commands.len()
        } else {
            COMMANDS
        };
        lines.extend(commands[..shown].iter().map(|&command| command.to_owned()));
        if shown < commands.len() {
            let more = commands.len() - shown;
            lines.push(format!("and {}", plural(more, "similar command")));
        }
        lines
    }
}

/// The common beginning of these names.
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
    fn leftovers_with_one_reason_form_a_group() {
        let mut left = vec![leftover("hoc-1/a", "m", "locked", Some("curl m"))];
        left.extend((0..5).map(|n| {
            let command = format!("curl {n}");
            leftover(&format!("hoc-1/b{n}"), "x", "405", Some(&command))
        }));
        assert_eq!(
            lines(&left),
            [
                "1 manifest in hoc-1/a: locked",
                "curl m",
                "5 manifests in 5 repositories, hoc-1/b*: 405",
                "curl 0",
                "curl 1",
                "curl 2",
                "and 2 similar commands",
            ]
        );
        let same = [(); 3].map(|()| leftover("hoc-1/a", "x", "401", Some("gc")));
        assert_eq!(lines(&same), ["3 manifests in hoc-1/a: 401", "gc"]);
        assert_eq!(lines(&[]), [] as [&str; 0]);
    }
}
