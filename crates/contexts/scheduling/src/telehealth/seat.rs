//! Seats and links: sealed by us, for one appointment, one side and a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::Purpose;
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};

use super::{Side, Telehealth};
use crate::error::{Result, SchedulingError};

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Good {
    /// A place in the call, for minutes; whoever stays asks for it again with the own authority.
    Seat,
    /// To come to the waiting room without signing in.
    Link,
}

/// A token, opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seat {
    pub(super) good: Good,
    pub(super) side: Side,
    /// Id of the Appointment.
    pub(super) appointment: String,
    pub(super) expires: i64,
}

const PLACE: &[u8] = b"telehealth seat";

impl Telehealth {
    /// The tenant's number, then the sealed seat.
    pub(super) async fn token(&self, tenant: TenantId, seat: &Seat) -> Result<String> {
        let keys = self.scheduling.keys(tenant).await?;
        let plain = serde_json::to_vec(seat).map_err(|_| SchedulingError::Unreadable)?;
        let sealed = mt_crypto::seal(&keys, Purpose::Cursor, PLACE, &plain)?;
        let bytes = [tenant.0.to_be_bytes().as_slice(), &sealed].concat();
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whatever is wrong with a token, there is no such visit.
    pub(super) async fn seated(&self, token: &str, good: Good) -> Result<(TenantId, Seat)> {
        let missing = SchedulingError::not_found;
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| missing())?;
        let (tenant, sealed) = bytes.split_first_chunk::<4>().ok_or_else(missing)?;
        let tenant = TenantId(i32::from_be_bytes(*tenant));
        let serving = self.scheduling.store.tenants().is_active(tenant).await;
        if !serving.unwrap_or(false) {
            return Err(missing());
        }
        let keys = self.scheduling.keys(tenant).await?;
        let plain = mt_crypto::open(&keys, Purpose::Cursor, PLACE, sealed);
        let plain = plain.map_err(|_| missing())?;
        let seat: Seat = serde_json::from_slice(&plain).map_err(|_| missing())?;
        if seat.good != good || Instant(seat.expires) <= self.scheduling.now() {
            return Err(missing());
        }
        Ok((tenant, seat))
    }
}
