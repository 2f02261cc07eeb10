//! Filling the demonstration's clinic, through HTTP as any client does.
//!
//! What is there already is left alone, so that a second start changes nothing. On a later day the visits of that day
//! go as far as its clock says, by the transitions that the desk makes.

use anyhow::{Context, ensure};
use jiff::{Timestamp, ToSpan, Zoned};
use mt_identity::OperatorToken;
use mt_kernel::TenantId;
use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};

use super::clinic;
use super::day::{AHEAD, Visit, booked, is_weekday, walked_in, zone};
use crate::assembly::Installation;
use crate::cli::say;

/// Fills what is missing: the clinic once, the day and the days ahead on every day.
pub(super) async fn seed(
    origin: &str,
    installation: &Installation,
    tenant: TenantId,
) -> anyhow::Result<()> {
    let desk = Desk {
        client: Client::new(),
        origin: origin.to_owned(),
        token: token(installation, tenant, &["service", "org_admin"], None).await?,
    };
    let (name, zone) = zone();
    let now = Timestamp::now().to_zoned(zone);
    if !desk.is_there(clinic::MARK).await? {
        set_up(&desk, &name, &now).await?;
    }
    let days = fill(&desk, &now).await?;
    let doctor = Desk {
        token: token(
            installation,
            tenant,
            &["doctor"],
            Some("Practitioner/demo-doctor"),
        )
        .await?,
        ..desk
    };
    sign(&doctor).await?;
    if days > 0 {
        say(format_args!("The clinic has {days} more visits."));
    }
    Ok(())
}

/// Whoever fills the clinic acts for the installation; the doctor signs in the own name.
async fn token(
    installation: &Installation,
    tenant: TenantId,
    roles: &[&str],
    fhir_user: Option<&str>,
) -> anyhow::Result<String> {
    let token = OperatorToken {
        user: "demo".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        scope: "user/*.cruds".to_owned(),
        patient: None,
        fhir_user: fhir_user.map(str::to_owned),
        step_up: true,
        seconds: 300,
    };
    Ok(installation.identity.operator_token(tenant, &token).await?)
}

/// Services, hours, and the records that come once; these last, because they say that the rest is there.
async fn set_up(desk: &Desk, zone: &str, now: &Zoned) -> anyhow::Result<()> {
    const SETTINGS: &str = "/api/v1/scheduling/settings";
    let (settings, tag) = desk.read(SETTINGS).await?;
    let settings = clinic::settings(settings, zone);
    desk.write(Method::PUT, SETTINGS, &settings, tag.as_deref())
        .await?;
    const LOOKS: &str = "/api/v1/admin/branding";
    let (mut looks, _) = desk.read(LOOKS).await?;
    looks["name"] = "Harbour Clinic".into();
    desk.write(Method::PUT, LOOKS, &looks, None).await?;
    for (actor, hours) in clinic::hours(zone, now.date()) {
        let path = format!("/api/v1/scheduling/availability/{actor}");
        desk.write(Method::PUT, &path, &hours, None).await?;
    }
    desk.transaction(clinic::records(now)).await
}

/// Makes the visits of today and of the days ahead that are missing. Returns how many were made.
async fn fill(desk: &Desk, now: &Zoned) -> anyhow::Result<usize> {
    let today = now.date();
    let walk_ins = walked_in(now);
    let Some(last) = walk_ins.last() else {
        return Ok(0);
    };
    if desk.is_there(&format!("Appointment/{}", last.id)).await? {
        return Ok(0);
    }
    let mut missing = Vec::new();
    for ahead in 0..=AHEAD {
        let date = today.saturating_add(ahead.days());
        if ahead > 0 && !is_weekday(date) {
            continue;
        }
        let visits = booked(date, now);
        let known = desk.known(&visits).await?;
        for visit in visits {
            if !known.contains(&visit.id) {
                missing.push(visit);
            } else if ahead == 0 {
                bring(desk, &visit).await?;
            }
        }
    }
    missing.extend(walk_ins);
    let made = missing.len();
    desk.transaction(missing.iter().map(Visit::appointment).collect())
        .await?;
    Ok(made)
}

/// Brings a visit that was booked on an earlier day to where it is by now.
async fn bring(desk: &Desk, visit: &Visit) -> anyhow::Result<()> {
    let (known, _) = desk
        .read(&format!("/api/v1/appointments/{}", visit.id))
        .await?;
    // What somebody has done with it since is theirs.
    if !matches!(known["state"].as_str(), Some("scheduled" | "confirmed")) {
        return Ok(());
    }
    for to in visit.state.steps() {
        let path = format!("/api/v1/appointments/{}/transitions", visit.id);
        let body = match *to {
            "cancelled" => json!({"to": to, "reason": "patient"}),
            to => json!({"to": to}),
        };
        desk.write(Method::POST, &path, &body, None).await?;
    }
    Ok(())
}

/// Lets the doctor sign one of the two notes.
async fn sign(doctor: &Desk) -> anyhow::Result<()> {
    let (note, _) = doctor
        .read(&format!("/fhir/R4/{}", clinic::TO_SIGN))
        .await?;
    if note["status"] == "preliminary" {
        let body = json!({"note": note});
        doctor
            .write(Method::POST, "/api/v1/notes/sign", &body, None)
            .await?;
    }
    Ok(())
}

/// A client of the server.
struct Desk {
    client: Client,
    origin: String,
    token: String,
}

impl Desk {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.origin);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// Whether a record exists.
    async fn is_there(&self, record: &str) -> anyhow::Result<bool> {
        let path = format!("/fhir/R4/{record}");
        let response = self.request(Method::GET, &path).send().await?;
        let status = response.status();
        match status {
            StatusCode::OK | StatusCode::GONE => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => anyhow::bail!("GET {path}: {status}"),
        }
    }

    /// Ids of those of the visits that exist.
    async fn known(&self, visits: &[Visit]) -> anyhow::Result<Vec<String>> {
        let ids: Vec<&str> = visits.iter().map(|visit| visit.id.as_str()).collect();
        let path = format!(
            "/fhir/R4/Appointment?_elements=status&_count=100&_id={}",
            ids.join(",")
        );
        let (bundle, _) = self.read(&path).await?;
        let entries = bundle["entry"].as_array().into_iter().flatten();
        Ok(entries
            .filter_map(|entry| entry["resource"]["id"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Reads; with the `ETag`.
    async fn read(&self, path: &str) -> anyhow::Result<(Value, Option<String>)> {
        answer(path, self.request(Method::GET, path)).await
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        if_match: Option<&str>,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(method, path);
        if let Some(tag) = if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        Ok(answer(path, request.json(body)).await?.0)
    }

    /// Writes records under their ids, all or none.
    async fn transaction(&self, records: Vec<Value>) -> anyhow::Result<()> {
        let entry = |resource: Value| {
            let (kind, id) = (&resource["resourceType"], &resource["id"]);
            let url = format!(
                "{}/{}",
                kind.as_str().unwrap_or_default(),
                id.as_str().unwrap_or_default()
            );
            json!({"resource": resource, "request": {"method": "PUT", "url": url}})
        };
        let entries: Vec<Value> = records.into_iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        let request = self
            .request(Method::POST, "/fhir/R4")
            .body(bundle.to_string());
        let request = request.header(header::CONTENT_TYPE, "application/fhir+json");
        answer("transaction", request).await?;
        Ok(())
    }
}

async fn answer(
    what: &str,
    request: reqwest::RequestBuilder,
) -> anyhow::Result<(Value, Option<String>)> {
    let response = request.send().await?;
    let status = response.status();
    let tag = response.headers().get(header::ETAG);
    let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let body = response.text().await?;
    ensure!(status.is_success(), "{what}: {status}: {body}");
    let body = serde_json::from_str(&body).with_context(|| format!("{what}: no JSON"))?;
    Ok((body, tag))
}
