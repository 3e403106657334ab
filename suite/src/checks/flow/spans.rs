//! The Helm versions that one replay represents.

use crate::helm::version::{Span, Versions};

/// Helm 3.0 to 3.2.
pub(super) const TO_3_2: Versions = Versions(&[Span::new((3, 0, 0), (3, 3, 0))]);
/// Helm 3.3 to 3.6.
pub(super) const TO_3_6: Versions = Versions(&[Span::new((3, 3, 0), (3, 7, 0))]);
/// Helm 3.5 and 3.6.
pub(super) const OF_3_5: Versions = Versions(&[Span::new((3, 5, 0), (3, 7, 0))]);
/// Helm 3.7.
pub(super) const OF_3_7: Versions = Versions(&[Span::new((3, 7, 0), (3, 8, 0))]);
/// Helm 3.8 to 3.10.
pub(super) const TO_3_10: Versions = Versions(&[Span::new((3, 8, 0), (3, 11, 0))]);
/// Helm 3.8 to 3.11.
pub(super) const TO_3_11: Versions = Versions(&[Span::new((3, 8, 0), (3, 12, 0))]);
/// Helm 3.11 and 3.12.
pub(super) const OF_3_11: Versions = Versions(&[Span::new((3, 11, 0), (3, 13, 0))]);
/// Helm 3.12.
pub(super) const OF_3_12: Versions = Versions(&[Span::new((3, 12, 0), (3, 13, 0))]);
/// Helm 3.11 to 3.17.
pub(super) const SINCE_3_11: Versions = Versions(&[Span::new((3, 11, 0), (3, 18, 0))]);
/// Helm 3.12 to 3.17.
pub(super) const SINCE_3_12: Versions = Versions(&[Span::new((3, 12, 0), (3, 18, 0))]);
/// Helm 3.13 to 3.17.
pub(super) const SINCE_3_13: Versions = Versions(&[Span::new((3, 13, 0), (3, 18, 0))]);
/// Helm 3.7 to 3.17.
pub(super) const SINCE_3_7: Versions = Versions(&[Span::new((3, 7, 0), (3, 18, 0))]);
/// Helm 3.17.
pub(super) const OF_3_17: Versions = Versions(&[Span::new((3, 17, 0), (3, 18, 0))]);
/// Helm 3.21.1 to 3.21.4, 4.2.1 to 4.2.3.
pub(super) const TO_4_2_3: Versions = Versions(&[
    Span::new((3, 21, 1), (3, 22, 0)),
    Span::new((4, 2, 1), (4, 2, 4)),
]);
/// Helm 3.21.1 and later versions of Helm 3.
pub(super) const HARDENED_3: Versions = Versions(&[Span::new((3, 21, 1), (4, 0, 0))]);
/// Helm 4.2.1 and later.
pub(super) const HARDENED_4: Versions = Versions(&[Span::since((4, 2, 1))]);
/// Helm 3.22, 4.2.4 and later.
pub(super) const SINCE_4_2_4: Versions =
    Versions(&[Span::new((3, 22, 0), (4, 0, 0)), Span::since((4, 2, 4))]);
