//! Links, feeds and the public widget.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::{Service, State};
use serde_json::json;

use crate::world::{DOCTOR, MONDAY, Practice, at};

/// Of a feed the last segment, of a link the fragment.
fn token(url: &str) -> &str {
    url.rsplit(['/', '#']).next().unwrap_or_default()
}

fn by(url: &str, more: serde_json::Value) -> mt_scheduling::ByLink {
    let mut by = more;
    by["token"] = json!(token(url));
    serde_json::from_value(by).unwrap()
}

#[tokio::test]
async fn a_link_does_its_one_thing_once_and_says_nothing_of_the_patient() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    let links = practice.scheduling.links(&desk, &visit.id).await.unwrap();
    for link in [&links.cancel, &links.reschedule] {
        let (page, secret) = link.split_once('#').unwrap();
        assert_eq!(page, "/app/portal/appointment");
        assert!(secret.len() > 40, "{link}");
    }
    let move_to = by(
        &links.reschedule,
        json!({"start": format!("{MONDAY}T11:00:00Z")}),
    );
    let moved = practice.scheduling.follow(&move_to).await.unwrap();
    assert_eq!(
        moved.start.as_deref(),
        Some(format!("{MONDAY}T11:00:00.000Z").as_str())
    );
    assert!(!serde_json::to_string(&moved).unwrap().contains("Chalmers"));
    // The appointment that the links speak of is over.
    let again = practice.scheduling.follow(&move_to).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    let over = practice
        .scheduling
        .follow(&by(&links.cancel, json!({})))
        .await;
    assert_eq!(over.unwrap_err().kind(), ErrorKind::Conflict);
    let shown = practice
        .scheduling
        .linked(token(&links.cancel))
        .await
        .unwrap();
    assert_eq!(shown.state, State::Rescheduled);
    let mut forged = token(&links.cancel).to_owned();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for wrong in [forged.as_str(), "", "AAAA", "AAAAAQ", "%"] {
        let missing = practice.scheduling.linked(wrong).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{wrong}");
    }
}

#[tokio::test]
async fn a_link_shows_the_times_to_which_it_may_move_its_appointment_and_no_other_link_does() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({})).await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    practice.book(&desk, at("10:00")).await.unwrap();
    let links = practice.scheduling.links(&desk, &visit.id).await.unwrap();
    let asked = |url: &str| {
        let asked = json!({"token": token(url), "from": MONDAY, "to": "2031-03-25"});
        serde_json::from_value(asked).unwrap()
    };
    let wanted = asked(&links.reschedule);
    let found = practice.scheduling.times_by_link(&wanted).await.unwrap();
    let starts: Vec<&str> = found.slots.iter().map(|slot| &slot.start[11..16]).collect();
    assert_eq!(starts.first(), Some(&"09:30"), "{starts:?}");
    assert!(!starts.contains(&"10:00"), "{starts:?}");
    assert!(found.slots.iter().all(|slot| slot.actor == DOCTOR));
    let feed = practice.scheduling.feed(&desk, DOCTOR).await.unwrap();
    for other in [
        links.cancel.as_str(),
        &feed.url,
        "/app/portal/appointment#AAAA",
    ] {
        let missing = practice.scheduling.times_by_link(&asked(other)).await;
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound, "{other}");
    }
}

#[tokio::test]
async fn a_feed_shows_times_and_no_names() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("09:00")).await.unwrap();
    let feed = practice.scheduling.feed(&desk, DOCTOR).await.unwrap();
    let file = practice
        .scheduling
        .read_feed(token(&feed.url))
        .await
        .unwrap();
    assert!(file.contains("DTSTART:20310324T090000Z\r\n"), "{file}");
    assert!(!file.contains("Chalmers"));
    assert!(practice.scheduling.linked(token(&feed.url)).await.is_err());
}

#[tokio::test]
async fn the_widget_is_shut_until_the_organisation_opens_it() {
    let practice = Practice::new().await;
    for organisation in ["practice", "nobody", "NOT A NAME"] {
        let missing = practice
            .scheduling
            .offering(organisation)
            .await
            .unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{organisation}");
    }
}

#[tokio::test]
async fn a_stranger_books_what_is_offered_online_and_only_once() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({})).await;
    practice
        .settings(|settings| {
            let service = |code: &str, online| Service {
                code: code.to_owned(),
                name: "Check-up".to_owned(),
                minutes: 30,
                kind: None,
                online,
            };
            settings.services = vec![service("check-up", true), service("surgery", false)];
            settings.widget.enabled = true;
        })
        .await;
    let scheduling = &practice.scheduling;
    let offering = scheduling.offering("practice").await.unwrap();
    assert_eq!(offering.services.len(), 1);
    assert_eq!(offering.clinicians[0].display.as_deref(), Some("Jo Doe"));
    let hold = |service: &str, time: &str| {
        let start = format!("{MONDAY}T{time}:00Z");
        serde_json::from_value(json!({"service": service, "actor": DOCTOR, "start": start}))
            .unwrap()
    };
    for (service, time) in [
        ("surgery", "09:00"),
        ("check-up", "08:00"),
        ("check-up", "09:10"),
    ] {
        assert!(
            scheduling
                .public_hold("practice", &hold(service, time))
                .await
                .is_err(),
            "{time}"
        );
    }
    let held = scheduling
        .public_hold("practice", &hold("check-up", "09:00"))
        .await
        .unwrap();
    assert!(
        scheduling
            .public_hold("practice", &hold("check-up", "09:00"))
            .await
            .is_err()
    );
    let request = serde_json::from_value(json!({"hold": held.id, "service": "check-up",
        "name": {"given": "Ada", "family": "Byron"}, "birthDate": "1990-12-10", "email": "ada@example.org"}))
    .unwrap();
    let asked = scheduling.request("practice", &request).await.unwrap();
    assert_eq!(asked.status, "requested");
    let again = scheduling.request("practice", &request).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    let desk = practice.caller(Role::Receptionist);
    assert!(practice.book(&desk, at("09:00")).await.is_err());
}
