//! Callers that want the same record at the same time: nobody's work is lost and nothing is made twice.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Answer, Clinic, Server};

const CALLERS: usize = 8;
const TURNS: usize = 10;

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("contention")
}

/// What each of the callers got.
fn together<T: Send>(act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = (0..CALLERS)
            .map(|caller| scope.spawn(move || act(caller)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn updates_that_name_the_version_lose_none() {
    let caller = &clinic().caller;
    caller.store(&json!({ "resourceType": "Basic", "id": "counter", "code": { "text": "0" } }));
    together(|_| {
        let mut done = 0;
        while done < TURNS {
            let mut current = caller.get("Basic/counter").expect(200).json();
            let tag = format!("W/\"{}\"", current["meta"]["versionId"].as_str().unwrap());
            let n: usize = current["code"]["text"].as_str().unwrap().parse().unwrap();
            current["code"]["text"] = (n + 1).to_string().into();
            let answer = caller
                .request("PUT", "Basic/counter")
                .header("if-match", &tag)
                .json(&current)
                .send();
            match answer.status {
                200 => done += 1,
                409 | 412 => {}
                status => panic!("{status}: {}", answer.text()),
            }
        }
    });
    let end = caller.get("Basic/counter").expect(200).json();
    let turns = CALLERS * TURNS;
    assert_eq!(end["code"]["text"], turns.to_string());
    assert_eq!(end["meta"]["versionId"], (turns + 1).to_string());
}

#[test]
fn conditional_creates_at_once_make_one_record() {
    let caller = &clinic().caller;
    for round in 0..5 {
        let criteria = format!("identifier=urn:once|{round}");
        let record: Value = json!({ "resourceType": "Patient", "identifier": [{ "system": "urn:once", "value": round.to_string() }] });
        let answers = together(|_| {
            caller
                .request("POST", "Patient")
                .header("if-none-exist", &criteria)
                .json(&record)
                .send()
        });
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        let others = |answer: &Answer| matches!(answer.status, 200 | 201 | 409);
        assert!(
            created == 1 && answers.iter().all(others),
            "{:?}",
            answers.iter().map(|a| a.status).collect::<Vec<_>>()
        );
        assert_eq!(caller.found(&format!("Patient?{criteria}")).len(), 1);
    }
}

#[test]
fn updates_without_a_version_all_have_their_place_in_history() {
    let caller = &clinic().caller;
    let answers = together(|n| {
        let record =
            json!({ "resourceType": "Basic", "id": "crowd", "code": { "text": n.to_string() } });
        caller.put("Basic/crowd", &record)
    });
    let mut versions: Vec<u32> = answers
        .iter()
        .filter(|answer| matches!(answer.status, 200 | 201))
        .map(|answer| {
            answer.json()["meta"]["versionId"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    versions.sort_unstable();
    let expected: Vec<u32> = (1..=u32::try_from(versions.len()).unwrap()).collect();
    assert_eq!(versions, expected);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 201 | 409))
    );
    let history = caller
        .get("Basic/crowd/_history?_count=100")
        .expect(200)
        .json();
    assert_eq!(history["entry"].as_array().unwrap().len(), versions.len());
}
