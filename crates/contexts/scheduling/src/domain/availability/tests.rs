use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn hours(days: &[Day], start: &str, end: &str) -> Block {
    Block {
        days: days.to_vec(),
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        services: Vec::new(),
        location: None,
        from: None,
        until: None,
        every_weeks: 1,
    }
}

fn availability(zone: &str, weekly: Vec<Block>) -> Availability {
    Availability {
        time_zone: zone.to_owned(),
        weekly,
        exceptions: Vec::new(),
        holidays: Vec::new(),
        slot_minutes: 15,
        buffer_before: 0,
        buffer_after: 0,
        lead_minutes: 0,
        horizon_days: 183,
        capacity: 1,
        overbook: 0,
    }
}

fn shown(availability: &Availability, from: Date, to: Date) -> Vec<String> {
    let zone = zone(&availability.time_zone).unwrap();
    let open = availability.openings(&zone, None, (from, to), &[]);
    let show = |at: Instant| {
        let zoned = at.timestamp().to_zoned(zone.clone());
        zoned.strftime("%d %H:%M%z").to_string()
    };
    open.iter()
        .map(|one| format!("{}–{}", show(one.start), show(one.end)))
        .collect()
}

#[test]
fn weekly_hours_keep_their_wall_clock_across_a_change_of_clocks() {
    let hours = availability(
        "Europe/Berlin",
        vec![hours(&[Day::Sun, Day::Sat], "09:00", "12:00")],
    );
    assert_eq!(
        shown(&hours, date(2026, 3, 28), date(2026, 3, 30)),
        ["28 09:00+0100–28 12:00+0100", "29 09:00+0200–29 12:00+0200"]
    );
}

#[test]
fn a_night_shift_runs_past_midnight_and_is_cut_at_the_edge() {
    let hours = availability("Asia/Kathmandu", vec![hours(&[Day::Mon], "22:00", "02:00")]);
    let monday = date(2026, 11, 23);
    assert_eq!(
        shown(&hours, monday, date(2026, 11, 25)),
        ["23 22:00+0545–24 02:00+0545"]
    );
    assert_eq!(
        shown(&hours, date(2026, 11, 24), date(2026, 11, 25)),
        ["24 00:00+0545–24 02:00+0545"]
    );
}

#[test]
fn hours_in_a_gap_shrink_and_hours_in_a_fold_grow() {
    // Lord Howe Island changes by half an hour, at two in the morning.
    let hours = availability(
        "Australia/Lord_Howe",
        vec![hours(&[Day::Sun], "01:00", "04:00")],
    );
    let zone = zone("Australia/Lord_Howe").unwrap();
    let length = |day: Date| {
        let open = hours.openings(&zone, None, (day, day.tomorrow().unwrap()), &[]);
        open.iter()
            .map(|one| (one.end.0 - one.start.0) / 60_000_000)
            .sum::<i64>()
    };
    assert_eq!(length(date(2026, 9, 27)), 180);
    assert_eq!(length(date(2026, 10, 4)), 150);
    assert_eq!(length(date(2026, 4, 5)), 210);
}

#[test]
fn every_other_week_is_counted_from_the_first() {
    let mut block = hours(&[Day::Mon], "09:00", "10:00");
    block.every_weeks = 2;
    block.from = Some(date(2026, 11, 25));
    let hours = availability("UTC", vec![block]);
    let open = shown(&hours, date(2026, 11, 23), date(2026, 12, 28));
    assert_eq!(
        open,
        ["07 09:00+0000–07 10:00+0000", "21 09:00+0000–21 10:00+0000"]
    );
}

#[test]
fn exceptions_and_holidays_change_single_days() {
    let mut hours = availability("UTC", vec![hours(&[Day::Mon, Day::Tue], "09:00", "12:00")]);
    let exception = |kind, start: &str, end: &str| Exception {
        id: Uuid::nil(),
        kind,
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        services: Vec::new(),
        location: None,
        note: None,
    };
    hours.holidays = vec![date(2026, 11, 24)];
    hours.exceptions = vec![
        exception(
            ExceptionKind::Closed,
            "2026-11-23T10:00",
            "2026-11-23T11:00",
        ),
        exception(ExceptionKind::Open, "2026-11-24T15:00", "2026-11-24T16:00"),
    ];
    assert_eq!(
        shown(&hours, date(2026, 11, 23), date(2026, 11, 25)),
        [
            "23 09:00+0000–23 10:00+0000",
            "23 11:00+0000–23 12:00+0000",
            "24 15:00+0000–24 16:00+0000"
        ]
    );
}

#[test]
fn a_block_of_a_service_is_not_for_another() {
    let mut block = hours(&[Day::Mon], "09:00", "10:00");
    block.services = vec!["new".to_owned()];
    let hours = availability("UTC", vec![block]);
    let zone = zone("UTC").unwrap();
    let days = (date(2026, 11, 23), date(2026, 11, 24));
    let open = |service| hours.openings(&zone, service, days, &[]).len();
    assert_eq!(
        (open(None), open(Some("new")), open(Some("old"))),
        (1, 1, 0)
    );
}

/// Zones whose offsets are odd, or whose clocks change at midnight, by half an hour, or as a ministry decides.
const ODD: [&str; 9] = [
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Africa/Cairo",
    "Asia/Gaza",
    "Africa/Casablanca",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Apia",
];

#[test]
fn whoever_is_there_all_day_is_there_for_as_long_as_each_day_lasts() {
    let all = [
        Day::Mon,
        Day::Tue,
        Day::Wed,
        Day::Thu,
        Day::Fri,
        Day::Sat,
        Day::Sun,
    ];
    for name in ODD {
        let zone = zone(name).unwrap();
        let hours = availability(name, vec![hours(&all, "00:00", "24:00")]);
        let mut odd = 0;
        for year in [2011, 2026, 2031] {
            let mut day = date(year, 1, 1);
            while day.year() == year {
                let next = day.tomorrow().unwrap();
                let edge = |day: Date| {
                    instant_of(&zone, day.to_datetime(jiff::civil::Time::midnight())).unwrap()
                };
                let lasts = edge(next).0 - edge(day).0;
                let open = hours.openings(&zone, None, (day, next), &[]);
                let there: i64 = open.iter().map(|one| one.end.0 - one.start.0).sum();
                assert_eq!(there, lasts, "{name} {day}");
                odd += i32::from(lasts != 86_400_000_000);
                day = next;
            }
        }
        assert_eq!(odd > 0, name != "Asia/Kathmandu", "{name}");
    }
}

proptest! {
    #[test]
    fn openings_are_in_order_without_overlap_and_show_the_hours_on_the_wall(
        zone_name in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
            "Pacific/Apia", "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo",
            "Asia/Gaza", "America/Havana",
        ]),
        day in 0_i64..20_000, blocks in prop::collection::vec((0_u16..96, 1_u16..96), 1..4),
    ) {
        let zone = zone(zone_name).unwrap();
        let from = date(1975, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let to = from.checked_add(jiff::Span::new().days(9)).unwrap();
        let all = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
        let weekly = blocks.iter().map(|(start, length)| {
            let time = |quarter: u16| {
                let minutes = quarter % 96 * 15;
                format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().unwrap()
            };
            Block { start: time(*start), end: time(start + length), ..hours(&all, "00:00", "01:00") }
        }).filter(|block| block.start != block.end).collect();
        let hours = availability(zone_name, weekly);
        let open = hours.openings(&zone, None, (from, to), &[]);
        for pair in open.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for one in &open {
            prop_assert!(one.start < one.end);
            let local = one.start.timestamp().to_zoned(zone.clone());
            prop_assert!(local.date() >= from && local.date() < to);
        }
    }
}
