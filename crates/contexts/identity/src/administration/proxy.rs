//! Caregiver proxies: who acts for a patient, on which ground, how far and until when.

use jiff::tz::TimeZone;
use mt_access::{Operation, Role};
use mt_audit::EventCode;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::derived::{RolePermission, mask_of};
use super::error::{AdministrationError, Result};
use super::rows::{Row, What};
use super::{Administration, Administrator};

/// Why somebody may act for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A parent or guardian of a minor: ends when the patient comes of age.
    Parental,
    /// The patient's own wish.
    Patient,
    /// A court, or a power of attorney on file.
    Legal,
}

/// A proxy to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProxy {
    /// Id of the Patient.
    pub patient: String,
    /// Subject of the caregiver's tokens and sessions.
    pub subject: String,
    /// On which ground.
    pub basis: Basis,
    /// What it covers; empty means all that the caregiver role opens.
    #[serde(default)]
    pub covers: Vec<RolePermission>,
    /// When it ends, microseconds since the epoch.
    #[serde(default)]
    pub ends_at: Option<i64>,
}

/// A proxy as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyView {
    /// Id.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// Id of the Patient.
    pub patient: String,
    /// Who acts.
    pub subject: String,
    /// On which ground.
    pub basis: Basis,
    /// What it covers.
    pub covers: Vec<RolePermission>,
    /// Until when, microseconds since the epoch.
    pub ends_at: Option<i64>,
}

impl ProxyView {
    fn of(row: Row) -> Option<Self> {
        let What::Proxy {
            patient,
            basis,
            covers,
        } = row.what
        else {
            return None;
        };
        Some(Self {
            id: row.id,
            patient,
            subject: row.subject,
            basis,
            covers,
            ends_at: row.ends_at.map(|end| end.0),
        })
    }
}

impl Administration {
    /// Gives a proxy for a patient: by the patient in person, or by somebody who manages users.
    ///
    /// # Errors
    /// Forbidden to anybody else, and to oneself; not found when there is no such patient; invalid
    /// when a parental proxy is asked for somebody who is of age or whose birth date is not known;
    /// conflict when the caregiver is proxy for the patient already: one that is taken back must leave none.
    pub async fn give_proxy(&self, by: Administrator<'_>, new: NewProxy) -> Result<ProxyView> {
        self.check_proxy_right(by, &new.patient).await?;
        if *by.ctx.actor.id == *new.subject {
            return Err(AdministrationError::forbidden(
                "nobody is proxy by their own word",
            ));
        }
        let own = is_own(by, &new.patient);
        if own && new.basis != Basis::Patient {
            return Err(AdministrationError::forbidden(
                "a patient gives a proxy on the patient's own wish alone",
            ));
        }
        mask_of(&new.covers)?;
        let now = self.now();
        let ends_at = self.end_of_proxy(by, &new, now).await?;
        let stands = |other: &Row| {
            matches!(&other.what, What::Proxy { patient, .. } if *patient == new.patient)
                && other.holds_at(now)
        };
        let known = self.rows_of(by.ctx.tenant, &new.subject).await?;
        if known.iter().any(stands) {
            return Err(proxy_already());
        }
        let row = Row {
            id: Uuid::now_v7(),
            subject: new.subject,
            by: by.ctx.actor.id.to_string(),
            starts_at: now,
            ends_at,
            ended_at: None,
            what: What::Proxy {
                patient: new.patient.clone(),
                basis: new.basis,
                covers: new.covers,
            },
        };
        self.enter_about(
            by.ctx,
            EventCode::PermissionChange,
            &new.patient,
            "gave a proxy",
        )?;
        if !self.insert_row_unless(by.ctx, &row, stands).await? {
            return Err(proxy_already());
        }
        ProxyView::of(row).ok_or(AdministrationError::Unreadable)
    }

    /// Takes a proxy back.
    ///
    /// # Errors
    /// Not found when there is none, or none that the caller may know of; forbidden to a patient when it does not
    /// rest on the patient's own wish: nobody rids themselves of a guardian.
    pub async fn revoke_proxy(&self, by: Administrator<'_>, id: Uuid) -> Result<()> {
        let row = self.row(by.ctx.tenant, id).await?;
        let What::Proxy { patient, basis, .. } = &row.what else {
            return Err(AdministrationError::not_found());
        };
        self.check_proxy_right(by, patient)
            .await
            .map_err(|_| AdministrationError::not_found())?;
        if *basis != Basis::Patient && !by.grant.allows(Operation::ManageUsers) {
            return Err(AdministrationError::forbidden(
                "a proxy that does not rest on your own wish is taken back by an administrator",
            ));
        }
        if row.ended_at.is_some() {
            return Ok(());
        }
        self.enter_about(
            by.ctx,
            EventCode::PermissionChange,
            patient,
            "took a proxy back",
        )?;
        self.end_row(by.ctx, &row).await
    }

    /// The proxies of a patient.
    ///
    /// # Errors
    /// Forbidden to all but the patient and those who manage users.
    pub async fn proxies_of(&self, by: Administrator<'_>, patient: &str) -> Result<Vec<ProxyView>> {
        self.check_proxy_right(by, patient).await?;
        self.enter_look(by.ctx, patient, "list of proxies")?;
        let rows = self.rows_standing(by.ctx.tenant).await?;
        let all = rows.into_iter().filter_map(ProxyView::of);
        Ok(all.filter(|proxy| proxy.patient == patient).collect())
    }

    /// The patient in person, and whoever manages users; an administrator of some locations for patients of those.
    async fn check_proxy_right(&self, by: Administrator<'_>, patient: &str) -> Result<()> {
        if is_own(by, patient) {
            return Ok(());
        }
        if !by.grant.allows(Operation::ManageUsers) {
            return Err(AdministrationError::forbidden(
                "a proxy is given by the patient or by an administrator",
            ));
        }
        let Some(places) = self.administered_locations(by).await? else {
            return Ok(());
        };
        let places: Vec<String> = places.into_iter().collect();
        let there = self.at_locations(by.ctx.tenant, &places).await?;
        there.contains(patient).then_some(()).ok_or_else(|| {
            AdministrationError::forbidden(
                "this patient is not of the locations that you administer",
            )
        })
    }

    async fn end_of_proxy(
        &self,
        by: Administrator<'_>,
        new: &NewProxy,
        now: Instant,
    ) -> Result<Option<Instant>> {
        let caller = self.system(by.ctx.tenant, "proxies");
        let stored = self
            .store
            .read(&caller, ResourceType::PATIENT, &new.patient);
        let stored = stored.await?;
        let asked = new.ends_at.map(Instant);
        if asked.is_some_and(|end| end <= now) {
            return Err(AdministrationError::invalid("the proxy has ended already"));
        }
        if new.basis != Basis::Parental {
            return Ok(asked);
        }
        let doc = Doc::parse(stored.body.to_vec(), &Limits::default())
            .map_err(|_| AdministrationError::Unreadable)?;
        let settings = self.settings(by.ctx.tenant).await?;
        let (years, zone) = (settings.age_of_majority, zone_of(&settings.time_zone));
        let of_age = doc
            .root()
            .str("birthDate")
            .and_then(|text| of_age_at(text, years, zone))
            .ok_or_else(|| AdministrationError::invalid("the patient's birth date is not known"))?;
        if of_age <= now {
            return Err(AdministrationError::invalid("the patient is of age"));
        }
        Ok(Some(asked.map_or(of_age, |end| end.min(of_age))))
    }
}

fn proxy_already() -> AdministrationError {
    AdministrationError::conflict(
        "this caregiver is proxy for the patient already; take that one back first",
    )
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Whether the actor is this patient in person; a caregiver is not.
fn is_own(by: Administrator<'_>, patient: &str) -> bool {
    by.grant.roles().contains(&Role::Patient)
        && by.grant.own_patients().iter().any(|own| **own == *patient)
}

/// When somebody who was born on a day comes of age: at the earliest, when only the month or year
/// is known, so that a proxy never outlasts minority.
fn of_age_at(birth_date: &str, years: u8, zone: TimeZone) -> Option<Instant> {
    let mut parts = birth_date.split('-');
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = parts.next().map_or(Ok(1), str::parse).ok()?;
    let day: i8 = parts.next().map_or(Ok(1), str::parse).ok()?;
    let born = jiff::civil::Date::new(year, month, day).ok()?;
    let of_age = born
        .checked_add(jiff::Span::new().years(i64::from(years)))
        .ok()?;
    let at = of_age.to_zoned(zone).ok()?;
    Some(Instant(at.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majority_is_reckoned_from_the_earliest_possible_birthday() {
        let day = |text: &str| {
            let date: jiff::civil::Date = text.parse().unwrap();
            let at = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
            Some(Instant(at.timestamp().as_microsecond()))
        };
        let of_age = |text, years| of_age_at(text, years, TimeZone::UTC);
        assert_eq!(of_age("2010-05-17", 18), day("2028-05-17"));
        assert_eq!(of_age("2010-05", 18), day("2028-05-01"));
        assert_eq!(of_age("2010", 16), day("2026-01-01"));
        assert_eq!(of_age("2008-02-29", 18), day("2026-02-28"));
        assert_eq!(of_age("unknown", 18), None);
    }

    #[test]
    fn the_day_of_majority_begins_on_the_organisations_wall() {
        let at = |zone: &str| of_age_at("2010-05-17", 18, zone_of(zone)).unwrap();
        let begins =
            |text: &str| Instant(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert_eq!(at("Asia/Kolkata"), begins("2028-05-16T18:30:00Z"));
        assert_eq!(at("America/Los_Angeles"), begins("2028-05-17T07:00:00Z"));
        assert_eq!(at("nowhere"), begins("2028-05-17T00:00:00Z"));
    }
}
