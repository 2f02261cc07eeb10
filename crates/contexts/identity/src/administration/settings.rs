//! What an organisation decided about itself: settings, branding, and where its onboarding stands.

use mt_access::Operation;
use mt_audit::EventCode;
use mt_database::Database;
use mt_kernel::TenantId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{AdministrationError, Result};
use super::roles::require;
use super::{Administration, Administrator};

/// Who must have a second factor besides clinicians and administrators, who always must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MfaPolicy {
    /// Everybody but patients and caregivers.
    #[default]
    Staff,
    /// Everybody.
    Everybody,
}

/// A second factor that an organisation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecondFactor {
    /// An authenticator app. Where it is not taken, one that is enrolled already only leads to the
    /// set-up of a passkey.
    App,
    /// A passkey.
    Passkey,
}

/// Settings of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// IANA time zone.
    pub time_zone: String,
    /// BCP 47 language tag.
    pub locale: String,
    /// Whether clinicians reach only the patients in their care.
    pub care_team_restriction: bool,
    /// Who must have a second factor.
    pub mfa: MfaPolicy,
    /// Which second factors are taken: at least one.
    pub second_factors: Vec<SecondFactor>,
    /// Minutes without a person's doing after which a session ends: 5 to 15.
    pub session_idle_minutes: u8,
    /// Hours after which a session ends whatever is done: 1 to 12.
    pub session_hours: u8,
    /// Years at which patients come of age.
    pub age_of_majority: u8,
    /// Whether an admission starts a care plan with tasks by itself.
    pub care_coordination: bool,
    /// Whether laboratory orders that need the payer's authorisation become tasks by themselves.
    pub preauthorization: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            locale: "en".to_owned(),
            care_team_restriction: false,
            mfa: MfaPolicy::Staff,
            second_factors: vec![SecondFactor::App, SecondFactor::Passkey],
            session_idle_minutes: 15,
            session_hours: 12,
            age_of_majority: 18,
            care_coordination: true,
            preauthorization: true,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        let invalid = |message| Err(AdministrationError::invalid(message));
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return invalid("the time zone is not known");
        }
        let tag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !self.locale.split('-').all(tag) || self.locale.len() > 35 {
            return invalid("the locale is no language tag");
        }
        if !(5..=15).contains(&self.session_idle_minutes) || !(1..=12).contains(&self.session_hours)
        {
            return invalid("sessions end after 5 to 15 idle minutes and after 1 to 12 hours");
        }
        if self.second_factors.is_empty() || self.second_factors.len() > 2 {
            return invalid("one or two kinds of second factors are taken");
        }
        if !(14..=21).contains(&self.age_of_majority) {
            return invalid("the age of majority is 14 to 21 years");
        }
        Ok(())
    }
}

/// How an organisation looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Branding {
    /// Name for people.
    pub name: String,
    /// Colour of what can be pressed, `#rrggbb`; white text must be legible on it.
    pub primary: String,
    /// Colour of links and accents, `#rrggbb`; it must be legible on white.
    pub accent: String,
    /// Logo as a `data:` URL of a PNG or JPEG, at most 200 KiB.
    pub logo: Option<String>,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            name: "MediTrack".to_owned(),
            primary: "#0b5cad".to_owned(),
            accent: "#0b5cad".to_owned(),
            logo: None,
        }
    }
}

/// WCAG 2.2 success criterion 1.4.3, level AA.
const LEGIBLE: f64 = 4.5;
const LARGEST_LOGO: usize = 200 << 10;

impl Branding {
    fn check(&self) -> Result<()> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(AdministrationError::invalid(
                "the name must have 1 to 100 characters",
            ));
        }
        for colour in [&self.primary, &self.accent] {
            let legible = contrast(colour, "#ffffff").ok_or_else(|| {
                AdministrationError::invalid("a colour must be written as #rrggbb")
            })?;
            if legible < LEGIBLE {
                return Err(AdministrationError::invalid(
                    "a colour must have a contrast of at least 4.5 to white (WCAG AA)",
                ));
            }
        }
        self.logo.as_deref().map_or(Ok(()), check_logo)
    }
}

/// A logo is a picture of pixels: SVG can carry script and is refused. What the bytes are decides,
/// not what they are called.
fn check_logo(logo: &str) -> Result<()> {
    use base64::Engine;
    let refused =
        || AdministrationError::invalid("the logo must be a PNG or JPEG of at most 200 KiB");
    if logo.len() > LARGEST_LOGO / 3 * 4 + 64 {
        return Err(refused());
    }
    let (declared, signature): (&str, &[u8]) = if logo.starts_with("data:image/png;base64,") {
        ("data:image/png;base64,", b"\x89PNG\r\n\x1a\n")
    } else {
        ("data:image/jpeg;base64,", b"\xff\xd8\xff")
    };
    let data = logo.strip_prefix(declared).ok_or_else(refused)?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .map_err(|_| refused())?;
    let good = bytes.len() <= LARGEST_LOGO && bytes.starts_with(signature);
    good.then_some(()).ok_or_else(refused)
}

/// The contrast of two colours `#rrggbb` by WCAG 2.2, 1 to 21; `None` when one is no colour.
#[must_use]
pub fn contrast(one: &str, other: &str) -> Option<f64> {
    let (a, b) = (luminance(one)?, luminance(other)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn luminance(colour: &str) -> Option<f64> {
    let digits = colour
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let channel = |at: usize| {
        let value = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        let value = f64::from(value) / 255.0;
        Some(if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?)
}

/// A step of the onboarding of an organisation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// What the organisation is: type, name, specialties.
    Organisation,
    /// How it looks.
    Branding,
    /// Where it works.
    Locations,
    /// Time zone, locale, second factors, care teams.
    Settings,
    /// Who works there.
    Staff,
    /// Terms and business associate agreement.
    Agreements,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 6] = [
        Self::Organisation,
        Self::Branding,
        Self::Locations,
        Self::Settings,
        Self::Staff,
        Self::Agreements,
    ];
}

/// Where onboarding stands; it can be left and taken up at any step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Onboarding {
    /// Steps that are done, with what was entered at each.
    #[schema(value_type = Object)]
    pub done: std::collections::BTreeMap<Step, serde_json::Value>,
}

impl Onboarding {
    /// The first step that is not done; `None` when all are.
    #[must_use]
    pub fn next(&self) -> Option<Step> {
        Step::ALL
            .into_iter()
            .find(|step| !self.done.contains_key(step))
    }
}

/// Most that one step of onboarding remembers, bytes of JSON.
const LARGEST_STEP: usize = 16 << 10;

impl Administration {
    /// The settings in force.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settings(&self, tenant: TenantId) -> Result<Settings> {
        Ok(self.settings_seen(tenant).await?.1)
    }

    /// The same with their version; 0 when nobody has set any.
    pub(super) async fn settings_seen(&self, tenant: TenantId) -> Result<(u32, Settings)> {
        document(self.database(), tenant, "settings").await
    }

    /// Changes the settings, over version `seen` of them when one is named. The new version.
    ///
    /// # Errors
    /// Forbidden unless the organisation is the caller's to manage; invalid when a value is; a failed precondition when
    /// somebody else has changed them since.
    pub async fn set_settings(
        &self,
        by: Administrator<'_>,
        seen: Option<u32>,
        settings: &Settings,
    ) -> Result<u32> {
        require(by, Operation::ManageTenant)?;
        settings.check()?;
        self.enter(by.ctx, EventCode::Configuration, "changed settings")?;
        self.put_document(by.ctx.tenant, "settings", seen, settings)
            .await
    }

    /// How the organisation looks.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn branding(&self, tenant: TenantId) -> Result<Branding> {
        branding_of(self.database(), tenant).await
    }

    /// The same with its version; 0 when nobody has set any.
    pub(super) async fn branding_seen(&self, tenant: TenantId) -> Result<(u32, Branding)> {
        document(self.database(), tenant, "branding").await
    }

    /// Changes how the organisation looks, over version `seen` of it when one is named. The new version.
    ///
    /// # Errors
    /// As [`Self::set_settings`].
    pub async fn set_branding(
        &self,
        by: Administrator<'_>,
        seen: Option<u32>,
        branding: &Branding,
    ) -> Result<u32> {
        require(by, Operation::ManageTenant)?;
        branding.check()?;
        self.enter(by.ctx, EventCode::Configuration, "changed the branding")?;
        self.put_document(by.ctx.tenant, "branding", seen, branding)
            .await
    }

    /// Where onboarding stands.
    ///
    /// # Errors
    /// Forbidden unless the organisation is the caller's to manage.
    pub async fn onboarding(&self, by: Administrator<'_>) -> Result<Onboarding> {
        require(by, Operation::ManageTenant)?;
        Ok(document(self.database(), by.ctx.tenant, "onboarding")
            .await?
            .1)
    }

    /// Marks a step as done with what was entered; a step may be done again.
    ///
    /// # Errors
    /// Invalid when earlier steps are missing, when the agreements are not both accepted, or when
    /// too much is entered.
    pub async fn complete_step(
        &self,
        by: Administrator<'_>,
        step: Step,
        entered: serde_json::Value,
    ) -> Result<Onboarding> {
        let mut onboarding = self.onboarding(by).await?;
        if onboarding.next().is_some_and(|next| next < step) {
            return Err(AdministrationError::invalid(
                "an earlier step is not done yet",
            ));
        }
        if entered.to_string().len() > LARGEST_STEP {
            return Err(AdministrationError::invalid(
                "a step remembers at most 16 KiB",
            ));
        }
        let accepted = |name: &str| entered.get(name) == Some(&serde_json::Value::Bool(true));
        if step == Step::Agreements && !(accepted("terms") && accepted("baa")) {
            return Err(AdministrationError::invalid(
                "the terms and the business associate agreement must both be accepted",
            ));
        }
        onboarding.done.insert(step, entered);
        self.enter(by.ctx, EventCode::Configuration, "did a step of onboarding")?;
        self.put_document(by.ctx.tenant, "onboarding", None, &onboarding)
            .await?;
        Ok(onboarding)
    }

    /// Stores a document, over version `seen` when one is named; 0 names that there is none.
    async fn put_document<T: Serialize>(
        &self,
        tenant: TenantId,
        kind: &str,
        seen: Option<u32>,
        value: &T,
    ) -> Result<u32> {
        let body = serde_json::to_string(value).map_err(|_| AdministrationError::Unreadable)?;
        let sql = "insert into administration.document as d (tenant, kind, version, body, updated_at) \
                   values ($1, $2, 1, $3, $4) on conflict (tenant, kind) \
                   do update set version = d.version + 1, body = $3, updated_at = $4 \
                   where $5::int8 is null or d.version = $5 returning version";
        let seen = seen.map(i64::from);
        let tx = self.database().tenant(tenant).await?;
        let rows = tx
            .query(sql, &[&tenant.0, &kind, &body, &self.now().0, &seen])
            .await?;
        let row = rows.first().ok_or_else(stale)?;
        let version = version_of(row)?;
        tx.commit().await?;
        Ok(version)
    }
}

fn stale() -> AdministrationError {
    AdministrationError::precondition("somebody else has changed this since; read it again")
}

fn version_of(row: &tokio_postgres::Row) -> Result<u32> {
    let version: i32 = row
        .try_get(0)
        .map_err(|_| AdministrationError::Unreadable)?;
    Ok(version.unsigned_abs())
}

/// How an organisation looks.
pub(crate) async fn branding_of(database: &Database, tenant: TenantId) -> Result<Branding> {
    Ok(document(database, tenant, "branding").await?.1)
}

/// A document with its version; 0 and what holds without one when nobody has written it.
async fn document<T: DeserializeOwned + Default>(
    database: &Database,
    tenant: TenantId,
    kind: &str,
) -> Result<(u32, T)> {
    let sql = "select version, body from administration.document where tenant = $1 and kind = $2";
    let readers = database.readers();
    let rows = readers.query(tenant, sql, &[&tenant.0, &kind]).await?;
    let Some(row) = rows.first() else {
        return Ok((0, T::default()));
    };
    let text: &str = row
        .try_get(1)
        .map_err(|_| AdministrationError::Unreadable)?;
    let value = serde_json::from_str(text).map_err(|_| AdministrationError::Unreadable)?;
    Ok((version_of(row)?, value))
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let close = |a: f64, b: f64| (a - b).abs() < 0.01;
        assert!(close(contrast("#000000", "#ffffff").unwrap(), 21.0));
        assert!(close(contrast("#777777", "#ffffff").unwrap(), 4.48));
        assert!(close(contrast("#ffffff", "#ffffff").unwrap(), 1.0));
        for odd in ["red", "#fff", "#gggggg", "#+1+1+1", "ffffff", "#ééé"] {
            assert_eq!(contrast(odd, "#ffffff"), None, "{odd}");
        }
    }

    #[test]
    fn branding_that_cannot_be_read_or_carries_more_than_pixels_is_refused() {
        let logo = |kind: &str, bytes: &[u8]| {
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            Branding {
                logo: Some(format!("data:image/{kind};base64,{data}")),
                ..Branding::default()
            }
        };
        let colour = |colour: &str| Branding {
            primary: colour.to_owned(),
            ..Branding::default()
        };
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 64]].concat();
        assert!(Branding::default().check().is_ok());
        assert!(logo("png", &png).check().is_ok());
        for bad in [
            colour("#ffcc00"),
            colour("red;background:url(//x)"),
            logo("svg+xml", b"<svg onload='x'/>"),
            logo("png", b"<svg onload='x'/>"),
            logo("jpeg", &png),
            logo("png", &[png.as_slice(), &[0; LARGEST_LOGO]].concat()),
            Branding {
                name: " ".to_owned(),
                ..Branding::default()
            },
        ] {
            assert!(bad.check().is_err(), "{:?}", bad.name);
        }
    }

    #[test]
    fn settings_have_bounds() {
        let settings = Settings::default();
        assert!(settings.check().is_ok());
        for bad in [
            Settings {
                time_zone: "Mars/Olympus".into(),
                ..settings.clone()
            },
            Settings {
                locale: "de_DE".into(),
                ..settings.clone()
            },
            Settings {
                session_idle_minutes: 60,
                ..settings.clone()
            },
            Settings {
                second_factors: vec![],
                ..settings.clone()
            },
            Settings {
                session_hours: 0,
                ..settings.clone()
            },
            Settings {
                age_of_majority: 5,
                ..settings
            },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<Settings>(r#"{"careTeam":true}"#).is_err());
    }

    #[test]
    fn onboarding_goes_on_where_it_was_left() {
        let mut onboarding = Onboarding::default();
        assert_eq!(onboarding.next(), Some(Step::Organisation));
        onboarding
            .done
            .insert(Step::Organisation, serde_json::Value::Null);
        assert_eq!(onboarding.next(), Some(Step::Branding));
        for step in Step::ALL {
            onboarding.done.insert(step, serde_json::Value::Null);
        }
        assert_eq!(onboarding.next(), None);
    }
}
