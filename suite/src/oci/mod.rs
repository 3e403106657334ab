//! The values of the OCI specifications: names, digests, descriptors, bodies, and the URLs of a registry.
//!
//! Each has one parser. A value that has its type was parsed where it entered, and is not checked again.
//!
//! - [`Digest`], [`Tag`], [`RepositoryName`] and [`Reference`] are names with a grammar;
//! - [`Descriptor`], [`Index`], [`Manifest`], [`ErrorBody`] and [`TagList`] are JSON bodies as a registry returns them;
//! - [`Link`] is the target of a `Link` header;
//! - [`url`] resolves references and compares origins, and [`percent`] encodes and decodes.

mod descriptor;
mod digest;
mod error_body;
mod index;
mod link;
mod parse_error;
pub mod percent;
mod reference;
mod tag_list;
pub mod url;

pub use self::descriptor::Descriptor;
pub use self::digest::{Digest, InvalidDigest};
pub use self::error_body::{ErrorBody, ErrorEntry};
pub use self::index::{Index, Manifest};
pub use self::link::Link;
pub use self::parse_error::in_words;
pub use self::reference::{InvalidRepositoryName, InvalidTag, Reference, RepositoryName, Tag};
pub use self::tag_list::TagList;

/// A text with a grammar: parsing is the only way to make one.
macro_rules! text_type {
    ($name:ident, $error:ident, $is_valid:path) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                if $is_valid(&text) {
                    Ok(Self(text))
                } else {
                    Err($error { text })
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                other.0 == self
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                other.0 == **self
            }
        }
    };
}

use text_type;
