//! The progress of a run on one line. The caller moves the cursor.

use crate::text;
use crate::view::RunProgress;

/// The line, without an end of line, in at most `width` columns.
pub fn progress(progress: &RunProgress<'_>, width: usize) -> String {
    let RunProgress {
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
    fn the_line_shows_counts_and_target() {
        let mut state = RunProgress {
            done: 7,
            total: 120,
            fails: 0,
            target: "zot:2.1.2",
        };
        assert_eq!(progress(&state, 80), "[  7/120] · zot:2.1.2");
        state.fails = 2;
        assert_eq!(progress(&state, 80), "[  7/120] · 2 failed · zot:2.1.2");
        assert_eq!(progress(&state, 12), "[  7/120] ·…");
    }

    #[test]
    fn the_name_of_a_target_cannot_steer_the_terminal() {
        let state = RunProgress {
            done: 0,
            total: 1,
            fails: 0,
            target: "a\r\u{1b}[2Kb",
        };
        assert_eq!(progress(&state, 80), r"[0/1] · a\r\u{1b}[2Kb");
    }
}
