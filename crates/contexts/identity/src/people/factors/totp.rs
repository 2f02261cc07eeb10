//! Time-based one-time passwords (RFC 6238): SHA-1, 30 seconds, six digits, as every app has them.

use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use mt_store::Tenants;
use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::IdentityError;
use crate::people::sealed::{Place, open, seal};

/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one that count too: clocks differ, and typing takes time.
const WINDOW: i64 = 1;
const DIGITS: usize = 6;

/// The secret that an app and we share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret([u8; 20]);

impl Secret {
    pub(crate) fn generate() -> Result<Self, IdentityError> {
        Ok(Self(mt_crypto::random_bytes()?))
    }

    /// A secret that was chosen elsewhere.
    pub(crate) const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// RFC 4226 §5.3.
    fn code(&self, step: i64) -> String {
        let tag = mt_crypto::hmac_sha1_for_totp(&self.0, &step.to_be_bytes());
        let offset = usize::from(tag[19] & 0x0f);
        let word = [
            tag[offset],
            tag[offset + 1],
            tag[offset + 2],
            tag[offset + 3],
        ];
        let number = u32::from_be_bytes(word) & 0x7fff_ffff;
        format!("{:0DIGITS$}", number % 1_000_000)
    }

    /// The step whose code was typed, when it is near `now` and later than `used`.
    pub(crate) fn matching_step(&self, typed: &str, used: i64, now: Instant) -> Option<i64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let present = now.unix_seconds().div_euclid(STEP_SECONDS);
        let mut found = None;
        // Every step is compared, so that the time does not tell which one matched.
        for step in present - WINDOW..=present + WINDOW {
            let same = mt_crypto::constant_time_eq(self.code(step).as_bytes(), typed.as_bytes());
            if same && step > used {
                found = Some(step);
            }
        }
        found
    }

    /// The secret as people type it: RFC 4648 base 32 in groups of four.
    pub(crate) fn text(&self) -> String {
        let plain = self.base32();
        let groups = plain.as_bytes().chunks(4);
        let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
        groups.collect::<Vec<_>>().join(" ")
    }

    fn base32(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        // Twenty bytes are exactly thirty-two letters.
        let letter = |at: usize| {
            let bit = at * 5;
            let pair = [
                self.0[bit / 8],
                self.0.get(bit / 8 + 1).copied().unwrap_or(0),
            ];
            let index = (u16::from_be_bytes(pair) >> (11 - bit % 8)) & 31;
            char::from(ALPHABET[usize::from(index)])
        };
        (0..32).map(letter).collect()
    }

    /// The address that an authenticator app reads.
    pub(crate) fn uri(&self, organisation: &str, username: &str) -> String {
        let mut url = url::Url::parse("otpauth://totp/").expect("a constant URL");
        url.set_path(&format!("{organisation}:{username}"));
        url.query_pairs_mut()
            .append_pair("secret", &self.base32())
            .append_pair("issuer", organisation);
        url.to_string().replace('+', "%20")
    }

    /// The address as a QR code: the side and an SVG path of dark squares.
    pub(crate) fn qr(&self, organisation: &str, username: &str) -> Option<(i32, String)> {
        let uri = self.uri(organisation, username);
        let code = QrCode::encode_text(&uri, QrCodeEcc::Medium).ok()?;
        let side = code.size();
        let mut path = String::new();
        for y in 0..side {
            for x in (0..side).filter(|x| code.get_module(*x, y)) {
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some((side, path))
    }
}

/// The authenticator apps of all accounts.
#[derive(Clone)]
pub(crate) struct Totp {
    database: Database,
    tenants: Tenants,
}

impl Totp {
    pub(crate) const fn new(database: Database, tenants: Tenants) -> Self {
        Self { database, tenants }
    }

    pub(crate) async fn exists(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<bool, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        Ok(find(&self.database, &keys, account).await?.is_some())
    }

    /// Keeps the secret of an app whose first code matched `step`.
    pub(crate) async fn put(
        &self,
        tenant: TenantId,
        account: Uuid,
        secret: &Secret,
        step: i64,
        now: Instant,
    ) -> Result<(), IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let sealed = seal(&keys, Place::Totp, account.as_bytes(), secret)?;
        let sql = "insert into people.totp (tenant, account, sealed, used_step, created_at) \
                   values ($1, $2, $3, $4, $5) on conflict (tenant, account) do update \
                   set sealed = excluded.sealed, used_step = excluded.used_step, \
                   created_at = excluded.created_at";
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &account, &sealed, &step, &now.0])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Whether `typed` is a code of the account's app that was not used before.
    pub(crate) async fn verify(
        &self,
        tenant: TenantId,
        account: Uuid,
        typed: &str,
        now: Instant,
    ) -> Result<bool, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let Some((secret, used)) = find(&self.database, &keys, account).await? else {
            return Ok(false);
        };
        let Some(step) = secret.matching_step(typed, used, now) else {
            return Ok(false);
        };
        // Of two that race with the same code, the condition lets one through.
        let sql = "update people.totp set used_step = $3 \
                   where tenant = $1 and account = $2 and used_step < $3";
        let tx = self.database.tenant(tenant).await?;
        let updated = tx.execute(sql, &[&tenant.0, &account, &step]).await?;
        tx.commit().await?;
        Ok(updated == 1)
    }
}

async fn find(
    database: &Database,
    keys: &TenantKeys,
    account: Uuid,
) -> Result<Option<(Secret, i64)>, IdentityError> {
    let sql = "select sealed, used_step from people.totp where tenant = $1 and account = $2";
    let tenant = keys.tenant();
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &account])
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let secret = open(keys, Place::Totp, account.as_bytes(), row.get(0))?;
    Ok(Some((secret, row.get(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238 appendix B.
    const RFC: Secret = Secret(*b"12345678901234567890");

    fn at(seconds: i64) -> Instant {
        Instant(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(RFC.code(seconds / 30), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_near_its_time_and_once() {
        let step = 1_111_111_109 / 30;
        let present = at(1_111_111_109);
        assert_eq!(RFC.matching_step("081 804", 0, present), Some(step));
        assert_eq!(RFC.matching_step("081804", step, present), None);
        assert_eq!(
            RFC.matching_step("081804", 0, at(1_111_111_109 + 30)),
            Some(step)
        );
        assert_eq!(RFC.matching_step("081804", 0, at(1_111_111_109 + 90)), None);
        assert_eq!(RFC.matching_step("", 0, present), None);
        assert_eq!(RFC.matching_step("0818040", 0, present), None);
    }

    #[test]
    fn the_secret_is_base32_in_text_and_address() {
        assert_eq!(RFC.text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            RFC.uri("Harbour & Sons", "ada l"),
            "otpauth://totp/Harbour%20&%20Sons:ada%20l?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Harbour%20%26%20Sons"
        );
        let (side, path) = RFC.qr("Harbour", "ada").unwrap();
        assert!(side >= 21 && path.starts_with("M0 0h1v1h-1z"));
    }
}
