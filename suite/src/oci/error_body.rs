//! Error bodies.

use serde::Deserialize;

/// The body of an error response, as the distribution specification defines it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    /// The errors.
    pub errors: Vec<ErrorEntry>,
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorEntry {
    /// The code, such as `MANIFEST_UNKNOWN`.
    pub code: String,
}

impl ErrorBody {
    /// The code of the first error, if there is one that is not empty.
    pub fn code(&self) -> Option<&str> {
        let first = self.errors.first()?;
        Some(first.code.as_str()).filter(|code| !code.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_that_of_the_first_error() {
        for (text, code) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"OTHER"}]}"#,
                Some("DENIED"),
            ),
            (r#"{"errors":[{"code":""},{"code":"OTHER"}]}"#, None),
            (r#"{"errors":[]}"#, None),
        ] {
            let body: ErrorBody = serde_json::from_str(text).expect(text);
            assert_eq!(body.code(), code, "{text}");
        }
        for text in ["{}", r#"{"errors":[{}]}"#, r#"{"errors":"no"}"#] {
            serde_json::from_str::<ErrorBody>(text).expect_err(text);
        }
    }
}
