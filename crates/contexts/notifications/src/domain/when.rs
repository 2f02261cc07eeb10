//! Dates as people write them.

use jiff::tz::TimeZone;
use mt_kernel::Instant;

const MONTHS_ES: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Date and time on the wall of `zone`, in a language that the product speaks.
#[must_use]
pub(crate) fn written(at: Instant, zone: &TimeZone, language: &str) -> String {
    let wall = at.timestamp().to_zoned(zone.clone()).datetime();
    let month = usize::try_from(wall.month() - 1).unwrap_or_default();
    let (day, year) = (wall.day(), wall.year());
    let time = format!("{:02}:{:02}", wall.hour(), wall.minute());
    match language {
        "es" => format!("{day} de {} de {year}, {time}", MONTHS_ES[month]),
        _ => format!("{day} {} {year}, {time}", MONTHS_EN[month]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_wall_in_the_words_of_the_language() {
        let at = "2026-12-31T23:30:00Z".parse::<jiff::Timestamp>().unwrap();
        let at = Instant(at.as_microsecond());
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(written(at, &madrid, "es"), "1 de enero de 2027, 00:30");
        assert_eq!(written(at, &TimeZone::UTC, "en"), "31 December 2026, 23:30");
    }
}
