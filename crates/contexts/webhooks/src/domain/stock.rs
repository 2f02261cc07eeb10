//! What a supplier says of its stock.

use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The one kind of message that is understood.
const UPDATED: &str = "inventory.updated";
/// Longest name, characters.
const LONGEST: usize = 200;
/// Largest vial, milligrams.
const LARGEST: f64 = 1_000_000.0;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// Enough.
    InStock,
    /// Little.
    LowStock,
    /// Nothing.
    OutOfStock,
    /// Nothing, for good.
    Discontinued,
}

impl StockStatus {
    const ALL: [Self; 4] = [
        Self::InStock,
        Self::LowStock,
        Self::OutOfStock,
        Self::Discontinued,
    ];

    /// The code on the wire and in events.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::InStock => "in_stock",
            Self::LowStock => "low_stock",
            Self::OutOfStock => "out_of_stock",
            Self::Discontinued => "discontinued",
        }
    }

    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::InStock => 1,
            Self::LowStock => 2,
            Self::OutOfStock => 3,
            Self::Discontinued => 4,
        }
    }

    pub(crate) fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }
}

/// What was said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StockUpdate {
    pub(crate) at: Instant,
    pub(crate) provider: String,
    pub(crate) substance: String,
    /// Micrograms.
    pub(crate) vial: i64,
    pub(crate) status: StockStatus,
    pub(crate) lot: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    event_type: String,
    timestamp: String,
    provider_id: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    substance: String,
    vial_size_mg: f64,
    status: String,
    #[serde(default)]
    lot_number: Option<String>,
}

impl StockUpdate {
    /// Reads a message whose sender is known. A status that is not known is refused: it could mean that there is nothing.
    ///
    /// # Errors
    /// Malformed when it is no such message, invalid when a value is none.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Fault> {
        let malformed = || Fault::new(ErrorKind::Malformed, "the message cannot be read");
        let message: Message = serde_json::from_slice(body).map_err(|_| malformed())?;
        let invalid = |why: &'static str, at: &str| Fault::new(ErrorKind::Invalid, why).at(at);
        if message.event_type != UPDATED {
            return Err(invalid("the kind of message is not known", "event_type"));
        }
        let data = message.data;
        let status = StockStatus::ALL
            .into_iter()
            .find(|one| one.code() == data.status);
        let micrograms = (data.vial_size_mg * 1_000.0).round();
        if !(data.vial_size_mg <= LARGEST && micrograms >= 1.0) {
            return Err(invalid("a vial has a size", "data.vial_size_mg"));
        }
        Ok(Self {
            at: moment(&message.timestamp).ok_or_else(|| invalid("it is no time", "timestamp"))?,
            provider: name(&message.provider_id)
                .ok_or_else(|| invalid("it is no name", "provider_id"))?,
            substance: name(&data.substance)
                .ok_or_else(|| invalid("it is no name", "data.substance"))?,
            #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
            vial: micrograms as i64,
            status: status.ok_or_else(|| invalid("the status is not known", "data.status"))?,
            lot: data.lot_number.as_deref().and_then(name),
        })
    }
}

/// A moment as RFC 3339 writes it.
pub(crate) fn moment(text: &str) -> Option<Instant> {
    let mut moment = Instant(0).timestamp();
    moment.clone_from(&text.parse().ok()?);
    Some(Instant(moment.as_microsecond()))
}

fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= LONGEST;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut message = json!({
            "event_id": "e1", "event_type": "inventory.updated", "timestamp": "2026-04-19T08:30:11Z", "provider_id": "azoth",
            "data": {"substance": " NAD+ ", "vial_size_mg": 2.5, "status": "low_stock", "lot_number": "L-7"}
        });
        change(&mut message);
        message.to_string().into_bytes()
    }

    #[test]
    fn a_message_is_read_as_it_is_meant() {
        let read = StockUpdate::read(&message(|_| {})).unwrap();
        assert_eq!(
            (read.substance.as_str(), read.vial, read.status),
            ("NAD+", 2_500, StockStatus::LowStock)
        );
        assert_eq!(read.at.to_fhir(), "2026-04-19T08:30:11.000Z");
    }

    #[test]
    fn what_is_not_known_is_refused_and_not_taken_for_plenty() {
        let refused = [
            message(|m| m["data"]["status"] = json!("plenty")),
            message(|m| m["event_type"] = json!("inventory.deleted")),
            message(|m| m["timestamp"] = json!("yesterday")),
            message(|m| m["data"]["vial_size_mg"] = json!(0)),
            message(|m| m["data"]["vial_size_mg"] = json!(-5)),
            message(|m| m["data"]["vial_size_mg"] = json!(1e300)),
            message(|m| m["data"]["substance"] = json!("")),
            message(|m| m["data"]["substance"] = json!("a\nb")),
            message(|m| m["provider_id"] = json!("x".repeat(201))),
            b"[]".to_vec(),
        ];
        for body in refused {
            assert!(StockUpdate::read(&body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn every_status_is_found_by_its_number() {
        for status in StockStatus::ALL {
            assert_eq!(StockStatus::of(status.number()), Some(status));
        }
        assert_eq!(StockStatus::of(0), None);
    }
}
