//! The macro that declares a requirement.

/// Declares a requirement: its doc comment is its published page.
macro_rules! requirement {
    (
        $(#[doc = $doc:literal])+
        $name:ident = $id:literal {
            level: $level:ident,
            title: $title:literal,
            fix: $fix:literal,
            covers: [$($covers:literal),* $(,)?],
            sources: [$($source:expr),+ $(,)?],
            $(specification: $specification:ident,)?
            breaks: [$($brk:expr),* $(,)?],
            faults: [$($fault:ident),* $(,)?],
            $(consequences: [$($consequence:ident),* $(,)?],)?
            $(mebibytes: $mebibytes:literal,)?
            $(proven_on: $setup:ident,)?
            $(shares: $shares:literal $(as $alike:ident)?,)?
            check: $check:ident $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        pub(crate) static $name: $crate::requirement::Requirement = $crate::requirement::Requirement {
            id: $id,
            title: $title,
            fix: Some($fix),
            doc: concat!($($doc, "\n"),+),
            level: $crate::requirement::Level::$level,
            covers: &[$($covers),*],
            sources: &[$($source),+],
            declared_specification: requirement!(@specification $($specification)?),
            breaks: &[$($brk),*],
            faults: &[$(helm_oci_fixtures::fault::Fault::$fault),*],
            consequences: &[$($(helm_oci_fixtures::fault::Fault::$consequence),*)?],
            replays: None,
            represents: $crate::helm::version::NONE,
            mebibytes: requirement!(@mebibytes $($mebibytes)?),
            proven_on: requirement!(@setup $($setup)?),
            check: requirement!(@check $check $(, $shares $(, $alike)?)?),
            file: file!(),
            line: line!(),
        };
    };
    (@check $check:ident) => { |session| Box::pin($check(session)) };
    // The checks of a run with this word send their requests once, as far as they write the same.
    (@check $check:ident, $shares:literal) => { requirement!(@check $check, $shares, Writes) };
    (@check $check:ident, $shares:literal, $alike:ident) => {
        |session| Box::pin(session.share($shares, $crate::session::Alike::$alike, |session| Box::pin($check(session))))
    };
    (@specification) => { None };
    (@specification $specification:ident) => { Some($crate::requirement::source::Specification::$specification) };
    (@mebibytes) => { 0 };
    (@mebibytes $mebibytes:literal) => { $mebibytes };
    (@setup) => { $crate::requirement::Setup::Open };
    (@setup $setup:ident) => { $crate::requirement::Setup::$setup };
}

pub(crate) use requirement;
