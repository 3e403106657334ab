//! Errors of parsers of JSON and TOML in words of the reader.

/// Names of types of Rust in errors of parsers, and the words for them.
const TYPES: [(&str, &str); 16] = [
    ("a nonzero u32", "a whole number from 1"),
    ("a nonzero u64", "a whole number from 1"),
    ("u8", "a whole number up to 255"),
    ("u16", "a whole number up to 65535"),
    ("u32", "a whole number"),
    ("u64", "a whole number"),
    ("usize", "a whole number"),
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("a sequence", "a list"),
    ("a map", "a table"),
    ("struct ", "a table"),
    ("internally tagged enum ", "a table"),
    ("enum ", "one of its values"),
    ("unit variant ", "one of its values"),
    ("path string", "a path"),
];

/// The error of a parser without names of types of Rust.
pub fn in_words(error: &str) -> String {
    const EXPECTED: &str = "expected ";
    if error.starts_with("EOF while parsing") {
        return "it ends early".to_owned();
    }
    let Some((before, rest)) = error.rsplit_once(EXPECTED) else {
        return error.to_owned();
    };
    let known = TYPES.iter().find(|(name, _)| rest.starts_with(name));
    let Some((name, words)) = known else {
        return error.to_owned();
    };
    let end = match rest.find(" at line ") {
        Some(end) => end,
        None if name.ends_with(' ') => rest.len(),
        None => name.len(),
    };
    format!("{before}{EXPECTED}{words}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_parser_names_no_type_of_rust() {
        for (error, words) in [
            (
                "invalid type: string \"x\", expected u16",
                "invalid type: string \"x\", expected a whole number up to 65535",
            ),
            (
                "invalid type: sequence, expected struct Head with 2 elements at line 1 column 0",
                "invalid type: sequence, expected a table at line 1 column 0",
            ),
            (
                "invalid value: integer `0`, expected a nonzero u32",
                "invalid value: integer `0`, expected a whole number from 1",
            ),
            (
                "unknown field `x`, expected one of `a`, `b`",
                "unknown field `x`, expected one of `a`, `b`",
            ),
            (
                "EOF while parsing a value at line 1 column 0",
                "it ends early",
            ),
            ("expected value at line 1", "expected value at line 1"),
        ] {
            assert_eq!(in_words(error), words);
        }
    }
}
