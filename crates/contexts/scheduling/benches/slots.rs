//! What a search for slots over 20 practitioners and 60 days costs, beside the database.
//!
//! `cargo bench -p mt-scheduling`

use std::time::Instant as Moment;

use jiff::civil::date;
use mt_kernel::Instant;
use mt_scheduling::domain::{Availability, Busy, Search, slots, zone};

const MINUTE: i64 = 60_000_000;

fn hours() -> Availability {
    serde_json::from_str(
        r#"{"timeZone": "Europe/Berlin", "slotMinutes": 15, "bufferAfter": 5, "weekly": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "12:30"},
            {"days": ["mon", "tue", "thu"], "start": "13:30", "end": "18:00"}]}"#,
    )
    .expect("the hours are written right")
}

/// Six appointments a day.
fn taken(first: i64) -> Vec<Busy> {
    let at = |day: i64, n: i64| first + day * 1440 * MINUTE + (540 + n * 75) * MINUTE;
    let all = (0..60).flat_map(|day| (0..6).map(move |n| at(day, n)));
    all.map(|start| Busy {
        start: Instant(start),
        end: Instant(start + 35 * MINUTE),
        lane: 0,
    })
    .collect()
}

fn main() {
    let hours = hours();
    let zone = zone(&hours.time_zone).expect("the zone is known");
    let days = (date(2026, 3, 2), date(2026, 5, 1));
    let first = 1_772_409_600_000_000;
    let busy = taken(first);
    let search = Search {
        length: 20 * MINUTE,
        step: 15 * MINUTE,
        before: 0,
        after: 5 * MINUTE,
        earliest: Instant(first),
        latest: Instant(i64::MAX),
        capacity: 1,
    };
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..50 {
        let begun = Moment::now();
        found = 0;
        for _ in 0..20 {
            let openings = hours.openings(&zone, None, days, &[]);
            found += slots(&openings, &busy, &search).len();
        }
        times.push(begun.elapsed());
    }
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    #[expect(clippy::print_stdout, reason = "a measurement is printed")]
    {
        println!("20 practitioners, 60 days: {found} slots in {median:?} (median of 50)");
    }
}
