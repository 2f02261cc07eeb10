//! The self-test of `demo --check`: what a newcomer would try, through HTTP.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::{Outcome, say};

struct Tester {
    client: Client,
    origin: String,
    base: String,
    token: String,
}

/// Reads, searches, writes and is refused; each step says what it did.
pub(super) async fn self_test(origin: &str, token: &str, fresh: bool) -> Outcome {
    let tester = Tester {
        client: Client::new(),
        origin: origin.to_owned(),
        base: format!("{origin}/fhir/R4"),
        token: token.to_owned(),
    };
    tester.refuses_strangers().await?;
    say("ok  a request without a token is refused");
    let patients = tester.counts_patients().await?;
    say(format_args!(
        "ok  {patients} patients are found{}",
        if fresh { ", freshly loaded" } else { "" }
    ));
    tester.reads_what_it_finds().await?;
    say("ok  a patient is found by name and read with the same content");
    tester.searches_observations().await?;
    say("ok  observations are found by code, sorted by date");
    tester.writes_and_conflicts().await?;
    say("ok  a record is created, updated, protected from a lost update, and deleted");
    tester.speaks_xml().await?;
    say("ok  the same record is served as XML");
    let visits = tester.finds_the_clinic_at_work().await?;
    say(format_args!(
        "ok  the clinic is at work: {visits} visits today, free times, a waitlist, tasks, messages, notes"
    ));
    Ok(ExitCode::SUCCESS)
}

impl Tester {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/{path}", self.base))
            .bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let response = self.request(Method::GET, path).send().await?;
        ensure!(
            response.status() == StatusCode::OK,
            "GET {path}: {}",
            response.status()
        );
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    /// What the desk asks for, below `/api/v1`.
    async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1/{path}", self.origin);
        let request = self.client.get(url).bearer_auth(&self.token);
        let response = request.send().await?;
        let status = response.status();
        ensure!(status == StatusCode::OK, "GET {path}: {status}");
        Ok(serde_json::from_str(&response.text().await?)?)
    }

    /// No room is empty that a newcomer walks into. Returns the visits on today's board.
    async fn finds_the_clinic_at_work(&self) -> anyhow::Result<usize> {
        let board = self.ask("scheduling/board").await?;
        let columns = board["columns"].as_array().context("the board is empty")?;
        let count = |column: &Value| column["items"].as_array().map_or(0, Vec::len);
        for column in columns.iter().filter(|one| one["state"] != "booked") {
            ensure!(count(column) > 0, "nobody is {}", column["state"]);
        }
        let today: jiff::civil::Date = text(&board, "date")?.parse()?;
        let until = today.saturating_add(jiff::Span::new().days(8));
        let free = self
            .ask(&format!(
                "scheduling/slots?from={today}&to={until}&actor=Practitioner/demo-doctor&limit=5"
            ))
            .await?;
        let slots = free["slots"].as_array().map_or(0, Vec::len);
        ensure!(slots > 0, "the doctor has no free time");
        for (what, path) in [
            ("nobody waits", "Appointment?status=waitlist"),
            ("there is no task", "Task?status=accepted,requested"),
            ("nobody has written", "Communication?status=completed"),
            (
                "no note is unsigned",
                "Composition?status=preliminary&author=Practitioner/demo-doctor",
            ),
            (
                "no note is signed",
                "Composition?status=final&author=Practitioner/demo-doctor",
            ),
            (
                "no result is critical",
                "Observation?_id=demo-critical-potassium",
            ),
        ] {
            let found = self.get(&format!("{path}&_summary=count")).await?;
            ensure!(found["total"].as_u64() > Some(0), "{what}");
        }
        Ok(columns.iter().map(count).sum())
    }

    async fn refuses_strangers(&self) -> anyhow::Result<()> {
        let response = self
            .client
            .get(format!("{}/Patient", self.base))
            .send()
            .await?;
        ensure!(
            response.status() == StatusCode::UNAUTHORIZED,
            "a stranger got {}",
            response.status()
        );
        Ok(())
    }

    async fn counts_patients(&self) -> anyhow::Result<u64> {
        let bundle = self.get("Patient?_summary=count").await?;
        let total = bundle["total"].as_u64().context("the count has no total")?;
        ensure!(total >= 25, "only {total} patients");
        Ok(total)
    }

    async fn reads_what_it_finds(&self) -> anyhow::Result<()> {
        let bundle = self.get("Patient?_count=1").await?;
        let found = &bundle["entry"][0]["resource"];
        let family = found["name"][0]["family"]
            .as_str()
            .context("a patient has no name")?;
        let by_name = self
            .get(&format!(
                "Patient?family={family}&_id={}",
                text(found, "id")?
            ))
            .await?;
        ensure!(
            by_name["entry"][0]["resource"] == *found,
            "the search by name finds another"
        );
        let read = self.get(&format!("Patient/{}", text(found, "id")?)).await?;
        ensure!(read == *found, "read and search differ");
        Ok(())
    }

    async fn searches_observations(&self) -> anyhow::Result<()> {
        let bundle = self
            .get("Observation?code=http://loinc.org|29463-7&_sort=-date&_count=20")
            .await?;
        let entries = bundle["entry"]
            .as_array()
            .context("no observation is found")?;
        let dates: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry["resource"]["effectiveDateTime"].as_str())
            .collect();
        ensure!(!dates.is_empty(), "no observation has a date");
        let moments: Vec<jiff::Timestamp> = dates
            .iter()
            .map(|date| date.parse())
            .collect::<Result<_, _>>()?;
        ensure!(
            moments.is_sorted_by(|a, b| a >= b),
            "observations are not in order"
        );
        Ok(())
    }

    async fn writes_and_conflicts(&self) -> anyhow::Result<()> {
        let patient = json!({ "resourceType": "Patient", "name": [{ "family": "Selftest" }] });
        let created = self
            .send(Method::POST, "Patient", &patient, None, StatusCode::CREATED)
            .await?;
        let path = format!("Patient/{}", text(&created, "id")?);
        let mut changed = created.clone();
        changed["active"] = true.into();
        let tag = Some("W/\"1\"");
        self.send(Method::PUT, &path, &changed, tag, StatusCode::OK)
            .await?;
        changed["active"] = false.into();
        self.send(
            Method::PUT,
            &path,
            &changed,
            tag,
            StatusCode::PRECONDITION_FAILED,
        )
        .await?;
        let wrong = json!({ "resourceType": "Patient", "birthDate": "yesterday" });
        self.send(
            Method::POST,
            "Patient",
            &wrong,
            None,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await?;
        let deleted = self.request(Method::DELETE, &path).send().await?.status();
        ensure!(
            deleted == StatusCode::NO_CONTENT,
            "DELETE {path}: {deleted}"
        );
        let gone = self.request(Method::GET, &path).send().await?.status();
        ensure!(gone == StatusCode::GONE, "GET of a deleted record: {gone}");
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        if_match: Option<&str>,
        expected: StatusCode,
    ) -> anyhow::Result<Value> {
        let mut request = self
            .request(method.clone(), path)
            .header("content-type", "application/fhir+json")
            .body(body.to_string());
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        let response = request.send().await?;
        let status = response.status();
        let answer = response.text().await?;
        ensure!(
            status == expected,
            "{method} {path}: {status} instead of {expected}: {answer}"
        );
        Ok(serde_json::from_str(&answer)?)
    }

    async fn speaks_xml(&self) -> anyhow::Result<()> {
        let response = self
            .request(Method::GET, "Patient?_count=1&_format=xml")
            .send()
            .await?;
        let body = response.text().await?;
        ensure!(
            body.contains("<Bundle xmlns=\"http://hl7.org/fhir\">"),
            "the answer is no FHIR XML"
        );
        Ok(())
    }
}

fn text<'v>(value: &'v Value, field: &str) -> anyhow::Result<&'v str> {
    value[field]
        .as_str()
        .with_context(|| format!("{field} is missing"))
}
