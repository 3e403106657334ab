//! A registry that is a program on this machine. The target's entry in a targets file configures it.

use std::path::{Component, Path};

use super::{Recipe, TargetError};
use crate::target::spec::TargetSpec;

/// A registry that is a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessTarget {
    /// The path of the program.
    pub path: String,
    /// Its environment, arguments and files.
    pub recipe: Recipe,
    /// The port on which it listens, if it cannot be any free port.
    pub port: Option<u16>,
}

impl ProcessTarget {
    /// Parses `PATH ARGUMENT…`; the entry in the targets file adds the rest.
    pub(super) fn parse(spec: &TargetSpec, command: &str) -> Result<Self, TargetError> {
        let mut words = command.split_whitespace();
        let path = words.next().ok_or(TargetError::Program)?.to_owned();
        let mut recipe = Recipe::of(spec);
        let arguments = words.map(ToOwned::to_owned).chain(recipe.command);
        recipe.command = arguments.collect();
        for file in recipe.files.keys() {
            let mut parts = Path::new(file).components();
            if file.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
                return Err(TargetError::Outside {
                    target: spec.target.clone(),
                    path: file.clone(),
                });
            }
        }
        Ok(Self {
            path,
            recipe,
            port: spec.port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_in_the_name_come_before_those_of_the_file() {
        let spec = TargetSpec {
            command: vec!["--quiet".to_owned()],
            ..TargetSpec::named("process:/bin/registry serve")
        };
        let process = ProcessTarget::parse(&spec, "/bin/registry serve").expect("it is valid");
        assert_eq!(process.path, "/bin/registry");
        assert_eq!(process.recipe.command, ["serve", "--quiet"]);
        assert_eq!(ProcessTarget::parse(&spec, " "), Err(TargetError::Program));
    }
}
