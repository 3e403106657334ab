//! One line about a run that is under way; whoever shows it moves the cursor.

use crate::text;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// How many checks are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// How many of those done have failed.
    pub fails: usize,
    /// The target that is being examined.
    pub target: &'a str,
}

/// The line, without an end of line, in at most `width` columns.
pub fn line(progress: &Progress<'_>, width: usize) -> String {
    let Progress {
        done,
        total,
        fails,
        target,
    } = *progress;
    let digits = total.to_string().len();
    let fails = if fails == 0 {
        String::new()
    } else {
        format!(" · {fails} failed")
    };
    text::fit(
        &format!("[{done:>digits$}/{total}]{fails} · {}", text::line(target)),
        width,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_counts_and_target() {
        let mut progress = Progress {
            done: 7,
            total: 120,
            fails: 0,
            target: "zot:2.1.2",
        };
        assert_eq!(line(&progress, 80), "[  7/120] · zot:2.1.2");
        progress.fails = 2;
        assert_eq!(line(&progress, 80), "[  7/120] · 2 failed · zot:2.1.2");
        assert_eq!(line(&progress, 12), "[  7/120] ·…");
    }

    #[test]
    fn a_target_cannot_steer_the_terminal() {
        let progress = Progress {
            done: 0,
            total: 1,
            fails: 0,
            target: "a\r\u{1b}[2Kb",
        };
        assert_eq!(line(&progress, 80), r"[0/1] · a\r\u{1b}[2Kb");
    }
}
