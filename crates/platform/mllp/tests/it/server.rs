//! The server: what it stores, what it answers, and what it does not put up with.

use std::time::Duration;

use bytes::Bytes;
use mt_hl7v2::ack::{ErrorCode, Outcome, Problem};
use mt_hl7v2::mllp::{Commit, Event, frame};
use mt_mllp::{Acceptance, Limits, Profile, Route, Stored};

use crate::receiving::{Socket, message, running, with_modes};

#[tokio::test]
async fn a_message_is_stored_and_then_acknowledged() {
    let server = running(Profile::new("lab")).await;
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    let answer = socket.answer().await.unwrap();
    assert!(
        answer.starts_with("MSH|^~\\&|EHR|CLINIC|LAB|MAIN|"),
        "{answer}"
    );
    assert!(
        answer.contains("||ACK^R01^ACK|") && answer.ends_with("MSA|AA|1\r"),
        "{answer}"
    );
    let [received] = &server.store.received()[..] else {
        panic!("one message")
    };
    assert_eq!(received.message, message("1"));
    assert_eq!(received.ack, answer);
    assert_eq!(&*received.key.connection, "lab");
    assert_eq!(received.key.sending_facility, "MAIN");
}

#[tokio::test]
async fn a_repetition_gets_the_stored_answer_and_another_message_under_its_id_an_error() {
    let server = running(Profile::new("lab")).await;
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    let first = socket.answer().await.unwrap();
    socket.send(&message("1")).await;
    assert_eq!(socket.answer().await.unwrap(), first);
    socket.send(&message("1").replace("5.4", "9.9")).await;
    let conflict = socket.answer().await.unwrap();
    assert!(conflict.contains("MSA|AE|1\rERR|||205^"), "{conflict}");
    assert!(!conflict.contains("Secret") && !conflict.contains("9.9"));
    assert_eq!(server.store.received().len(), 1);
}

#[tokio::test]
async fn frames_sent_in_one_go_or_byte_by_byte_are_answered_in_order() {
    let server = running(Profile::new("lab")).await;
    let mut socket = Socket::to(server.address).await;
    let ids: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let burst: Vec<u8> = ids
        .iter()
        .flat_map(|id| frame(message(id).as_bytes()))
        .collect();
    socket.raw(&burst).await;
    for id in &ids {
        assert_eq!(socket.msa().await.unwrap(), format!("MSA|AA|{id}"));
    }
    for byte in frame(message("slow").as_bytes()) {
        socket.raw(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|slow");
    assert_eq!(server.store.control_ids()[..50], ids);
}

#[tokio::test]
async fn the_answer_follows_the_mode_that_the_header_asks_for() {
    let server = running(Profile::new("lab")).await;
    let mut socket = Socket::to(server.address).await;
    for (id, modes, expected) in [
        ("1", "AL|NE", "MSA|CA|1"),
        ("2", "NE|AL", "MSA|AA|2"),
        ("3", "SU|", "MSA|CA|3"),
    ] {
        socket.send(&with_modes(id, modes)).await;
        assert_eq!(socket.msa().await.unwrap(), expected);
    }
    socket.send(&with_modes("4", "NE|NE")).await;
    socket.send(&with_modes("5", "ER|NE")).await;
    socket.send(&message("6")).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|6");
    assert_eq!(server.store.control_ids(), ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn a_store_that_is_not_available_is_never_hidden() {
    let server = running(Profile::new("lab")).await;
    server.store.set_unavailable(true);
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    let answer = socket.answer().await.unwrap();
    assert!(answer.contains("MSA|AR|1\rERR|||207^"), "{answer}");
    socket.send(&with_modes("2", "AL|NE")).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|CR|2");
    // No answer is wanted, and silence would be taken for success.
    socket.send(&with_modes("3", "NE|NE")).await;
    assert_eq!(socket.event().await, None);
    server.store.set_unavailable(false);
    let mut again = Socket::to(server.address).await;
    again.send(&message("1")).await;
    assert_eq!(again.msa().await.unwrap(), "MSA|AA|1");
}

#[tokio::test]
async fn what_the_application_refuses_is_reported_with_its_problems() {
    let server = running(Profile::new("lab")).await;
    let problem = Problem::new(ErrorCode::UnknownKey).at("PID-3".parse().unwrap());
    server.store.refuse_next(Stored::Refused {
        outcome: Outcome::Error,
        problems: vec![problem],
    });
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    let answer = socket.answer().await.unwrap();
    assert!(answer.contains("MSA|AE|1\rERR||PID^1^3|204^"), "{answer}");
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason() {
    let profile = Profile {
        acceptance: Acceptance {
            routes: vec![Route {
                sending_application: Some("LAB".to_owned()),
                receiving_facility: Some("CLINIC".to_owned()),
                ..Route::default()
            }],
            message_codes: vec!["ORU".to_owned()],
            processing_ids: vec!["P".to_owned()],
            conformance: Some(mt_hl7v2::conformance::Profile::standard("ORU").into()),
        },
        ..Profile::new("lab")
    };
    let server = running(profile).await;
    let mut socket = Socket::to(server.address).await;
    let good = message("1");
    for (text, expected) in [
        ("hello".to_owned(), "MSA|AE\rERR|||100^"),
        (good.replace("PID|1", "PID^1"), "MSA|AE|1\rERR|||100^"),
        (good.replace("|1|P|", "||P|"), "MSA|AE\rERR||MSH^1^10|101^"),
        (good.replace("LAB", "OTHER"), "MSA|AR|1\rERR||MSH^1^3|204^"),
        (
            good.replace("ORU^R01^ORU_R01", "ADT^A01^ADT_A01"),
            "MSA|AR|1\rERR||MSH^1^9|200^",
        ),
        (
            good.replace("|P|2.5.1", "|T|2.5.1"),
            "MSA|AR|1\rERR||MSH^1^11|202^",
        ),
        (
            good.replace("|P|2.5.1", "|P|7.0"),
            "MSA|AR|1\rERR||MSH^1^12|203^",
        ),
        (good.clone(), "MSA|AE|1\rERR||PID^1^5|101^"),
    ] {
        let text = if text == good {
            text.replace("Secret^Name", "")
        } else {
            text
        };
        socket.send(&text).await;
        let answer = socket.answer().await.unwrap();
        assert!(answer.contains(expected), "{expected:?} {answer:?}");
        assert!(!answer.contains("Secret"));
    }
    assert_eq!(server.store.received().len(), 0);
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_and_the_connection_goes_on() {
    let mut profile = Profile::new("lab");
    profile.frame.max_bytes = 1000;
    let server = running(profile).await;
    let mut socket = Socket::to(server.address).await;
    let large = message("1") + "NTE|1||" + &"x".repeat(100_000);
    socket.send(&large).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AE|1");
    socket.send(&message("2")).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|2");
}

#[tokio::test]
async fn a_connection_of_junk_is_closed() {
    let mut profile = Profile::new("lab");
    profile.limits.junk_bytes = 1000;
    let server = running(profile).await;
    let mut socket = Socket::to(server.address).await;
    socket.raw(b"\r\n\r\njunk before a frame").await;
    socket.send(&message("1")).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|1");
    socket.raw(&[b'x'; 2000]).await;
    assert_eq!(socket.event().await, None);
}

#[tokio::test]
async fn slow_and_idle_connections_are_closed() {
    let mut profile = Profile::new("lab");
    profile.limits = Limits {
        idle: Duration::from_millis(300),
        frame: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = running(profile).await;
    let mut idle = Socket::to(server.address).await;
    // A byte now and then outside of a frame is not a sign of life.
    let mut drip = Socket::to(server.address).await;
    let mut loris = Socket::to(server.address).await;
    loris.raw(b"\x0bMSH|").await;
    drip.raw(b"\r").await;
    assert_eq!(idle.event().await, None);
    assert_eq!(drip.event().await, None);
    assert_eq!(loris.event().await, None);
    assert_eq!(server.store.received().len(), 0);
}

#[tokio::test]
async fn connections_are_limited_per_peer_and_places_are_given_back() {
    let mut profile = Profile::new("lab");
    profile.limits.connections_per_peer = 2;
    let server = running(profile).await;
    let mut first = Socket::to(server.address).await;
    first.send(&message("1")).await;
    assert!(first.msa().await.is_some());
    let mut second = Socket::to(server.address).await;
    second.send(&message("2")).await;
    assert!(second.msa().await.is_some());
    let mut third = Socket::to(server.address).await;
    assert_eq!(third.event().await, None);
    first.half_close().await;
    assert_eq!(first.event().await, None);
    // The place is free once the server has dropped the connection, a moment after it closed it.
    for attempt in 3.. {
        let mut next = Socket::to(server.address).await;
        if next.try_send(&message(&attempt.to_string())).await && next.event().await.is_some() {
            break;
        }
        assert!(attempt < 500, "the place is never given back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_sender_that_closes_its_half_still_gets_its_answers() {
    let server = running(Profile::new("lab")).await;
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    socket.send(&message("2")).await;
    socket.half_close().await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|1");
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|2");
    assert_eq!(socket.event().await, None);
}

#[tokio::test]
async fn a_shutdown_finishes_the_frame_under_way() {
    let server = running(Profile::new("lab")).await;
    let mut idle = Socket::to(server.address).await;
    idle.send(&message("0")).await;
    assert!(idle.msa().await.is_some());
    let mut busy = Socket::to(server.address).await;
    let bytes = frame(message("1").as_bytes());
    busy.raw(&bytes[..40]).await;
    // The idle connection's end shows that the server is shutting down.
    while !server.shutdown.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.shutdown.cancel();
    }
    assert_eq!(idle.event().await, None);
    busy.raw(&bytes[40..]).await;
    assert_eq!(busy.msa().await.unwrap(), "MSA|AA|1");
    assert_eq!(busy.event().await, None);
    server.task.await.unwrap();
    assert_eq!(server.store.control_ids(), ["0", "1"]);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let mut profile = Profile::new("lab");
    profile.limits.drain = Duration::from_millis(100);
    let server = running(profile).await;
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("0")).await;
    assert!(socket.msa().await.is_some());
    socket.raw(b"\x0bMSH|never finished").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.shutdown.cancel();
    server.task.await.unwrap();
    assert_eq!(socket.event().await, None);
}

#[tokio::test]
async fn release_2_commits_before_it_answers() {
    let mut profile = Profile::new("lab");
    profile.frame.release2 = true;
    let server = running(profile).await;
    let mut socket = Socket::to(server.address).await;
    socket.send(&message("1")).await;
    assert_eq!(
        socket.event().await,
        Some(Event::Commit(Commit::Acknowledged))
    );
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|1");
    server.store.set_unavailable(true);
    socket.send(&with_modes("2", "NE|NE")).await;
    assert_eq!(socket.event().await, Some(Event::Commit(Commit::Refused)));
}

#[tokio::test]
async fn line_feeds_are_read_when_the_profile_allows_them() {
    let text = message("1").replace('\r', "\r\n");
    let strict = running(Profile::new("lab")).await;
    let mut socket = Socket::to(strict.address).await;
    socket.send(&text).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AE|1");
    let mut profile = Profile::new("lab");
    profile.parse = mt_hl7v2::ParseOptions::default();
    let lenient = running(profile).await;
    let mut socket = Socket::to(lenient.address).await;
    socket.send(&text).await;
    assert_eq!(socket.msa().await.unwrap(), "MSA|AA|1");
    assert_eq!(lenient.store.received()[0].message, Bytes::from(text));
}
