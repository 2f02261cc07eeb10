//! One line of the table: a figure beside its reference, and whether the limit holds.

use std::fmt::Write as _;
use std::time::Duration;

/// What a figure has to keep.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// The ratio is no smaller.
    AtLeast(f64),
    /// The ratio is no larger.
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Row {
    work: String,
    figure: String,
    reference: String,
    ratio: Option<f64>,
    limit: String,
    holds: bool,
}

impl Row {
    /// A figure against a reference of the same run.
    pub(super) fn ratio(
        work: impl Into<String>,
        figure: impl Into<String>,
        reference: impl Into<String>,
        ratio: f64,
        limit: Limit,
    ) -> Self {
        let (text, holds) = match limit {
            Limit::AtLeast(least) => (format!("≥ {least}"), ratio >= least),
            Limit::AtMost(most) => (format!("≤ {most}"), ratio <= most),
        };
        Self {
            work: work.into(),
            figure: figure.into(),
            reference: reference.into(),
            ratio: Some(ratio),
            limit: text,
            holds: holds && ratio.is_finite(),
        }
    }

    /// A figure with a limit of its own.
    pub(super) fn bound(
        work: impl Into<String>,
        figure: impl Into<String>,
        limit: &str,
        holds: bool,
    ) -> Self {
        Self {
            work: work.into(),
            figure: figure.into(),
            reference: "–".to_owned(),
            ratio: None,
            limit: limit.to_owned(),
            holds,
        }
    }

    /// A figure without a limit.
    pub(super) fn free(work: impl Into<String>, figure: impl Into<String>) -> Self {
        Self::bound(work, figure, "–", true)
    }
}

/// The table as Markdown, with what was missed below it.
pub(super) fn table(rows: &[Row], elapsed: Duration) -> String {
    let mut text = String::from(
        "| work | measured | against | ratio | limit | |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let ratio = row
            .ratio
            .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let Row {
            work,
            figure,
            reference,
            limit,
            ..
        } = row;
        let verdict = if row.holds { "pass" } else { "**miss**" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {work} | {figure} | {reference} | {ratio} | {limit} | {verdict} |"
        );
    }
    let missed = rows.iter().filter(|row| !row.holds).count();
    let _ = write!(
        text,
        "\n{} of {} rows hold; measured in {:.0} s.",
        rows.len() - missed,
        rows.len(),
        elapsed.as_secs_f64()
    );
    text
}

/// The middle one; the larger of two.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value that as many of a hundred do not exceed.
pub(super) fn percentile(values: &mut [f64], hundredths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = values.len().saturating_sub(1) * hundredths / 100;
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_when_its_ratio_keeps_the_limit() {
        let row = |ratio, limit| Row::ratio("w", "f", "r", ratio, limit).holds;
        assert!(row(0.5, Limit::AtLeast(0.5)));
        assert!(!row(0.49, Limit::AtLeast(0.5)));
        assert!(!row(0.61, Limit::AtMost(0.6)));
        assert!(!row(f64::NAN, Limit::AtLeast(0.0)));
        assert!(!row(f64::INFINITY, Limit::AtLeast(1.0)));
    }

    #[test]
    fn what_is_missed_is_counted() {
        let rows = [
            Row::bound("a", "1", "≤ 1", true),
            Row::bound("b", "2", "≤ 1", false),
        ];
        let text = table(&rows, Duration::from_secs(1));
        assert!(text.contains("| b | 2 | – | – | ≤ 1 | **miss** |"));
        assert!(text.contains("1 of 2 rows hold"));
    }

    #[test]
    fn the_median_of_nothing_is_no_number() {
        assert!(median(&mut []).is_nan());
        assert!((median(&mut [3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn most_values_lie_below_a_high_percentile() {
        let mut values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert!((percentile(&mut values, 99) - 99.0).abs() < 1e-9);
        assert!((percentile(&mut [7.0], 99) - 7.0).abs() < 1e-9);
        assert!(percentile(&mut [], 50).is_nan());
    }
}
