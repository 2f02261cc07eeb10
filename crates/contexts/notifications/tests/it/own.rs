//! The own messages, preferences and devices through the API.

use axum::http::StatusCode;
use mt_events::catalogue::Value;
use serde_json::{Value as Json, json};

use crate::world::{ANA, RUIZ, World};

impl World {
    /// Assigns Dr. Ruiz a task.
    pub(crate) async fn assigns(&self, title: &str) {
        self.put(&json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "code": {"text": title}}))
            .await;
        self.test.clock.advance_seconds(1);
        let owner = [("owner_id", Value::from("Practitioner/ruiz"))];
        self.happens(&self.event("care.task.assigned.v1", "Task/t1", &owner))
            .await;
    }

    async fn unread(&self, who: &str) -> Json {
        let (_, page) = self
            .call(who, ("GET", "/notifications?limit=1"), &json!(null))
            .await;
        page["unread"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_paged_counted_and_read_by_their_own_reader_alone() {
    let world = World::new().await;
    for title in ["one", "two", "three"] {
        world.assigns(title).await;
    }
    assert_eq!(world.unread(RUIZ).await, 3);
    assert_eq!(world.unread("doctor|Practitioner/gp").await, 0);
    let (_, first) = world
        .call(RUIZ, ("GET", "/notifications?limit=2"), &json!(null))
        .await;
    let titles = |page: &Json| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|one| one["body"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles(&first).len(), 2);
    assert!(titles(&first)[0].contains("three"));
    let cursor = first["next"].as_str().unwrap();
    let next = format!("/notifications?limit=2&cursor={cursor}");
    let (_, second) = world.call(RUIZ, ("GET", &next), &json!(null)).await;
    assert!(titles(&second)[0].contains("one") && second.get("next").is_none());
    // A cursor is nothing in other hands.
    let (status, _) = world.call(ANA, ("GET", &next), &json!(null)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let id = first["items"][0]["id"].as_str().unwrap();
    let read = format!("/notifications/{id}/read");
    let (status, _) = world.call(ANA, ("POST", &read), &json!(null)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        let (status, _) = world.call(RUIZ, ("POST", &read), &json!(null)).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    assert_eq!(world.unread(RUIZ).await, 2);
    let (_, open) = world
        .call(RUIZ, ("GET", "/notifications?unread=true"), &json!(null))
        .await;
    assert_eq!(titles(&open).len(), 2);
    let (_, all) = world
        .call(RUIZ, ("POST", "/notifications/read-all"), &json!(null))
        .await;
    assert_eq!(all, json!({"count": 2}));
    assert_eq!(world.unread(RUIZ).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_forgotten_by_their_topic() {
    let world = World::new().await;
    world.assigns("one").await;
    world.test.clock.advance_seconds(89 * 86_400);
    assert_eq!(world.notifications.tidy().await.unwrap(), 0);
    assert_eq!(world.inbox(RUIZ).await.len(), 1);
    world.test.clock.advance_seconds(2 * 86_400);
    assert!(world.inbox(RUIZ).await.is_empty());
    assert_eq!(world.notifications.tidy().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_the_persons_own_and_changed_from_what_was_seen() {
    let world = World::new().await;
    let path = "/notification-preferences";
    let (_, first) = world.call(ANA, ("GET", path), &json!(null)).await;
    assert_eq!(
        (&first["sms"], &first["email"], &first["quietHours"]),
        (
            &json!(false),
            &json!(true),
            &json!({"from": "21:00", "to": "08:00"})
        )
    );
    let mut wanted = first.clone();
    wanted["sms"] = json!(true);
    wanted["language"] = json!("es");
    let (status, _) = world.call(ANA, ("PUT", path), &wanted).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let (status, changed) = world.call_at(ANA, ("PUT", path), Some(0), &wanted).await;
    assert_eq!((status, &changed), (StatusCode::OK, &wanted));
    let (status, _) = world.call_at(ANA, ("PUT", path), Some(0), &first).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (status, _) = world.call_at(ANA, ("PUT", path), Some(9), &first).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    wanted["timeZone"] = json!("Mars/Olympus");
    let (status, _) = world.call_at(ANA, ("PUT", path), Some(1), &wanted).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, other) = world.call(RUIZ, ("GET", path), &json!(null)).await;
    assert_eq!(other["sms"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_prefers_another_language_is_told_in_it() {
    let world = World::new().await;
    let spanish = json!({"language": "es", "timeZone": "Europe/Madrid"});
    let (status, said) = world
        .call_at(
            RUIZ,
            ("PUT", "/notification-preferences"),
            Some(0),
            &spanish,
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    world.assigns("Llamar").await;
    let inbox = world.inbox(RUIZ).await;
    assert_eq!(inbox[0]["body"], "Se le ha asignado una tarea: Llamar.");
    assert_eq!(inbox[0]["language"], "es");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_belongs_to_who_registered_it_last() {
    let world = World::new().await;
    let device = json!({"kind": "fcm", "token": "token-of-a-shared-tablet"});
    let register = ("POST", "/push-subscriptions");
    let (status, made) = world.call(ANA, register, &device).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(!made.to_string().contains("shared-tablet"));
    let (_, theirs) = world.call(RUIZ, register, &device).await;
    let list = ("GET", "/push-subscriptions");
    assert_eq!(world.call(ANA, list, &json!(null)).await.1, json!([]));
    let path = format!("/push-subscriptions/{}", theirs["id"].as_str().unwrap());
    let (status, _) = world.call(ANA, ("DELETE", &path), &json!(null)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = world.call(RUIZ, ("DELETE", &path), &json!(null)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    for bad in [
        json!({"kind": "fcm", "token": ""}),
        json!({"kind": "fcm", "token": "a b"}),
        json!({"kind": "web", "endpoint": "https://push.example.org/1", "p256dh": "!", "auth": "!"}),
        json!({"kind": "pager"}),
    ] {
        let (status, _) = world.call(ANA, register, &bad).await;
        assert!(status.is_client_error(), "{bad}");
    }
}
