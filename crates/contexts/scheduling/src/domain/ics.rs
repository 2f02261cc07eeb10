//! Calendar files (RFC 5545) and invitations (RFC 5546).
//!
//! Times are written in UTC, so that a reader needs no definition of a time zone from us. A calendar
//! file leaves our hands: it says when, where and for what service, and nothing about the patient.

use std::fmt::Write as _;

use mt_kernel::Instant;

/// What a calendar file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A feed that is read again and again.
    Publish,
    /// An invitation, or its update.
    Request,
    /// An event is called off.
    Cancel,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names the event for ever.
    pub uid: String,
    /// Grows with every change.
    pub sequence: u32,
    /// When it was last changed.
    pub stamp: Instant,
    /// From when.
    pub start: Instant,
    /// Until when.
    pub end: Instant,
    /// What it is.
    pub summary: String,
    /// Where.
    pub location: Option<String>,
    /// Whether it is called off.
    pub cancelled: bool,
    /// Whether it may still fall through.
    pub tentative: bool,
}

/// A calendar file of events.
#[must_use]
pub fn calendar(method: Method, events: &[Event]) -> String {
    let mut file = String::new();
    let method = match method {
        Method::Publish => "PUBLISH",
        Method::Request => "REQUEST",
        Method::Cancel => "CANCEL",
    };
    line(&mut file, "BEGIN:VCALENDAR");
    line(&mut file, "VERSION:2.0");
    line(&mut file, "PRODID:-//MediTrack//Scheduling//EN");
    line(&mut file, "CALSCALE:GREGORIAN");
    line(&mut file, &format!("METHOD:{method}"));
    for event in events {
        let status = match (event.cancelled, event.tentative) {
            (true, _) => "CANCELLED",
            (false, true) => "TENTATIVE",
            (false, false) => "CONFIRMED",
        };
        line(&mut file, "BEGIN:VEVENT");
        line(&mut file, &format!("UID:{}", escaped(&event.uid)));
        line(&mut file, &format!("DTSTAMP:{}", utc(event.stamp)));
        line(&mut file, &format!("SEQUENCE:{}", event.sequence));
        line(&mut file, &format!("DTSTART:{}", utc(event.start)));
        line(&mut file, &format!("DTEND:{}", utc(event.end)));
        line(&mut file, &format!("SUMMARY:{}", escaped(&event.summary)));
        if let Some(location) = &event.location {
            line(&mut file, &format!("LOCATION:{}", escaped(location)));
        }
        line(&mut file, &format!("STATUS:{status}"));
        line(&mut file, "END:VEVENT");
    }
    line(&mut file, "END:VCALENDAR");
    file
}

fn utc(at: Instant) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of type TEXT (§3.3.11); control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' => out.push_str("\\n"),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

/// A content line, folded after 75 octets and never within a character (§3.1).
fn line(file: &mut String, text: &str) {
    let mut used = 0;
    for letter in text.chars() {
        if used + letter.len_utf8() > 75 {
            file.push_str("\r\n ");
            used = 1;
        }
        let _ = write!(file, "{letter}");
        used += letter.len_utf8();
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(summary: &str) -> Event {
        Event {
            uid: "1@clinic".to_owned(),
            sequence: 2,
            stamp: Instant(0),
            start: Instant(1_774_256_400_000_000),
            end: Instant(1_774_258_200_000_000),
            summary: summary.to_owned(),
            location: Some("Room 1, east".to_owned()),
            cancelled: false,
            tentative: false,
        }
    }

    #[test]
    fn an_invitation_is_lines_that_end_in_cr_and_lf() {
        let file = calendar(Method::Request, &[event("Check-up; yearly")]);
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//MediTrack//Scheduling//EN\r\nCALSCALE:GREGORIAN\r\n\
            METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@clinic\r\nDTSTAMP:19700101T000000Z\r\nSEQUENCE:2\r\n\
            DTSTART:20260323T090000Z\r\nDTEND:20260323T093000Z\r\nSUMMARY:Check-up\\; yearly\r\n\
            LOCATION:Room 1\\, east\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(file, expected);
    }

    #[test]
    fn long_lines_are_folded_between_characters_and_nothing_breaks_out() {
        let file = calendar(Method::Publish, &[event(&"ü\r\nBEGIN:VEVENT".repeat(20))]);
        assert!(file.split("\r\n").all(|line| line.len() <= 75));
        assert_eq!(file.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
        let unfolded = file.replace("\r\n ", "");
        let summary = unfolded
            .lines()
            .find(|line| line.starts_with("SUMMARY:"))
            .unwrap();
        assert_eq!(summary.matches('ü').count(), 20);
    }
}
