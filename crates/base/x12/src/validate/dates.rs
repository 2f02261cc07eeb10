//! Dates, times and periods in the formats that data element 1250 names.

/// What is wrong with a date or period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateFault {
    Date,
    Time,
    Reversed,
}

/// Whether `value` is CCYYMMDD or YYMMDD and exists in the calendar.
pub(crate) fn is_date(value: &str) -> bool {
    let Some(digits) = digits(value) else {
        return false;
    };
    let (year, month, day) = match value.len() {
        8 => (digits / 10_000, digits / 100 % 100, digits % 100),
        6 => (2000 + digits / 10_000, digits / 100 % 100, digits % 100),
        _ => return false,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// Whether `value` is HHMM, HHMMSS, or HHMMSS with one or two decimals.
pub(crate) fn is_time(value: &str) -> bool {
    let Some(digits) = digits(value) else {
        return false;
    };
    let (hour, minute, second) = match value.len() {
        4 => (digits / 100, digits % 100, 0),
        6 => (digits / 10_000, digits / 100 % 100, digits % 100),
        7 => (digits / 100_000, digits / 1000 % 100, digits / 10 % 100),
        8 => (
            digits / 1_000_000,
            digits / 10_000 % 100,
            digits / 100 % 100,
        ),
        _ => return false,
    };
    hour < 24 && minute < 60 && second < 60
}

/// Checks a date time period (data element 1251) in the format of its qualifier (1250).
pub(super) fn check_period(format: &str, value: &str) -> Result<(), DateFault> {
    match format {
        "D8" => date(value, 8),
        "D6" => date(value, 6),
        "DT" => {
            let (day, time) = value.split_at_checked(8).ok_or(DateFault::Date)?;
            date(day, 8)?;
            if is_time(time) {
                Ok(())
            } else {
                Err(DateFault::Time)
            }
        }
        "TM" => match is_time(value) && value.len() == 4 {
            true => Ok(()),
            false => Err(DateFault::Time),
        },
        "RD8" => {
            let (from, to) = value.split_once('-').ok_or(DateFault::Date)?;
            date(from, 8)?;
            date(to, 8)?;
            if from <= to {
                Ok(())
            } else {
                Err(DateFault::Reversed)
            }
        }
        _ => Ok(()),
    }
}

fn date(value: &str, length: usize) -> Result<(), DateFault> {
    if value.len() == length && is_date(value) {
        Ok(())
    } else {
        Err(DateFault::Date)
    }
}

fn digits(value: &str) -> Option<u32> {
    let numeric = value.len() <= 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    numeric.then(|| value.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for good in ["20240229", "20000229", "19991231", "240229"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "20230229", "19000229", "20231301", "20230431", "20230100", "2023010", "2023O101",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn times_may_have_seconds_and_decimals() {
        for good in ["0000", "2359", "235959", "2359599", "23595999"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["2400", "1260", "120060", "12", "12000"] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn a_period_must_match_its_format_and_run_forwards() {
        assert_eq!(check_period("RD8", "20240101-20240131"), Ok(()));
        assert_eq!(
            check_period("RD8", "20240131-20240101"),
            Err(DateFault::Reversed)
        );
        assert_eq!(check_period("RD8", "20240131"), Err(DateFault::Date));
        assert_eq!(check_period("D8", "240131"), Err(DateFault::Date));
        assert_eq!(check_period("DT", "202401312460"), Err(DateFault::Time));
        assert_eq!(check_period("DT", "202401312359"), Ok(()));
    }
}
