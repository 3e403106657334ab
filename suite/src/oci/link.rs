//! The `Link` header.

/// The first link of a `Link` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'h> {
    /// The URI reference between `<` and `>`.
    pub target: &'h str,
    /// The parameters behind it, as received.
    parameters: &'h str,
}

impl<'h> Link<'h> {
    /// Parses the value of a header; `None` if it does not begin with a target between `<` and `>`.
    pub fn parse(value: &'h str) -> Option<Self> {
        let rest = value.trim_start().strip_prefix('<')?;
        let (target, rest) = rest.split_once('>')?;
        let mut is_quoted = false;
        let ends = |c: char| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        Some(Self {
            target,
            parameters: &rest[..end],
        })
    }

    /// True if the relation type is `next`. Helm does not ask.
    pub fn is_next(&self) -> bool {
        let parameters = self.parameters.split(';');
        let pairs = parameters.filter_map(|parameter| parameter.split_once('='));
        let mut types = pairs
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
            .flat_map(|(_, value)| value.trim().trim_matches('"').split_ascii_whitespace());
        types.any(|relation| relation.eq_ignore_ascii_case("next"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_between_the_brackets_of_the_first_link() {
        for (value, target) in [
            (
                r#"</v2/a/tags/list?last=x>; rel="next""#,
                Some("/v2/a/tags/list?last=x"),
            ),
            (" <?last=x>", Some("?last=x")),
            (r#"<a>; rel="next", <b>; rel="prev""#, Some("a")),
            ("<>", Some("")),
            (r#"/v2/a/tags/list?last=x; rel="next""#, None),
            ("<a", None),
            ("", None),
        ] {
            let link = Link::parse(value);
            assert_eq!(link.map(|link| link.target), target, "{value}");
        }
    }

    #[test]
    fn a_link_is_next_by_the_relation_type_of_the_first_link() {
        for (value, is_next) in [
            (r#"<a>; rel="next""#, true),
            ("<a>;REL=Next", true),
            (r#"<a>; title="x, y"; rel="start next""#, true),
            (r#"<a>; rel="preload""#, false),
            (r#"<a>; rel="prev", <b>; rel="next""#, false),
            (r#"<next>; title="next""#, false),
            ("<a>", false),
        ] {
            let link = Link::parse(value).expect(value);
            assert_eq!(link.is_next(), is_next, "{value}");
        }
    }
}
