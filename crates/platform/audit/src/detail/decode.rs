//! Reads a detail back from its bytes; damaged bytes give nothing.

use std::net::IpAddr;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::Actor;
use uuid::Uuid;

use super::encode::{TEXT_ID, UUID_ID, VERSION, WITHOUT_ADDRESS};
use super::{ACTOR_KINDS, ASSURANCES, Detail, Effect, EventCode, Outcome, PURPOSES, Touched};

/// The detail in `bytes`; `None` when they are damaged or from a newer version.
pub(crate) fn decode(bytes: &[u8]) -> Option<Detail> {
    let mut reader = Reader(bytes);
    let version = reader.byte()?;
    if ![VERSION, WITHOUT_ADDRESS].contains(&version) {
        return None;
    }
    let detail = Detail {
        actor: reader.actor()?,
        address: match version {
            WITHOUT_ADDRESS => None,
            _ => reader.address()?,
        },
        purpose: *PURPOSES.get(usize::from(reader.byte()?))?,
        event: match reader.byte()? {
            0 => None,
            number => Some(EventCode::from_number(number)?),
        },
        resource_type: match reader.number()? {
            0 => None,
            number => Some(resource_type(number - 1)?),
        },
        outcome: reader.outcome()?,
        query: reader.optional()?.map(str::to_owned),
        reason: reader.optional()?.map(str::to_owned),
        resources: reader.resources()?,
    };
    reader.0.is_empty().then_some(detail)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.bytes(usize::try_from(length).ok()?)?).ok()
    }

    fn optional(&mut self) -> Option<Option<&'a str>> {
        let Some(length) = self.number()?.checked_sub(1) else {
            return Some(None);
        };
        let bytes = self.bytes(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok().map(Some)
    }

    /// A count of things that take at least one byte each.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    fn actor(&mut self) -> Option<Actor> {
        let kind = *ACTOR_KINDS.get(usize::from(self.byte()?))?;
        let assurance = *ASSURANCES.get(usize::from(self.byte()?))?;
        let id = Arc::from(self.text()?);
        let fhir_user = self.optional()?.map(Arc::from);
        let client_id = self.optional()?.map(Arc::from);
        let roles = self.count()?;
        let roles: Option<Vec<Arc<str>>> = (0..roles).map(|_| self.text().map(Arc::from)).collect();
        Some(Actor {
            id,
            kind,
            roles: roles?.into(),
            fhir_user,
            client_id,
            assurance,
        })
    }

    fn address(&mut self) -> Option<Option<IpAddr>> {
        match self.byte()? {
            0 => Some(None),
            4 => {
                let octets: [u8; 4] = self.bytes(4)?.try_into().ok()?;
                Some(Some(octets.into()))
            }
            16 => {
                let octets: [u8; 16] = self.bytes(16)?.try_into().ok()?;
                Some(Some(octets.into()))
            }
            _ => None,
        }
    }

    fn outcome(&mut self) -> Option<Outcome> {
        match u16::try_from(self.number()?).ok()? {
            0 => Some(Outcome::Success),
            status => Some(Outcome::Refused {
                status,
                message: self.text()?.to_owned(),
            }),
        }
    }

    fn resources(&mut self) -> Option<Vec<Touched>> {
        let count = self.count()?;
        (0..count).map(|_| self.resource()).collect()
    }

    fn resource(&mut self) -> Option<Touched> {
        let resource_type = resource_type(self.number()?)?;
        let version = u32::try_from(self.number()?).ok()?;
        let effect = Effect::from_number(self.byte()?)?;
        let id: Arc<str> = match self.byte()? {
            UUID_ID => Uuid::from_slice(self.bytes(16)?).ok()?.to_string().into(),
            TEXT_ID => self.text()?.into(),
            _ => return None,
        };
        Some(Touched {
            resource_type,
            id,
            version,
            effect,
        })
    }
}

fn resource_type(number: u64) -> Option<ResourceType> {
    ResourceType::from_number(u16::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use mt_kernel::{ActorKind, Assurance, PurposeOfUse};
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    fn detail(ids: &[String], query: Option<String>, refused: bool) -> Detail {
        let touched = |id: &String| Touched {
            resource_type: ResourceType::OBSERVATION,
            id: id.as_str().into(),
            version: 300,
            effect: Effect::Updated,
        };
        Detail {
            actor: Actor {
                id: "u-1".into(),
                kind: ActorKind::User,
                roles: vec!["doctor".into(), "auditor".into()].into(),
                fhir_user: Some("Practitioner/7".into()),
                client_id: None,
                assurance: Assurance::StepUp,
            },
            address: None,
            purpose: PurposeOfUse::Emergency,
            event: Some(EventCode::BreakGlass),
            resource_type: Some(ResourceType::PATIENT),
            resources: ids.iter().map(touched).collect(),
            query,
            outcome: if refused {
                Outcome::Refused {
                    status: 403,
                    message: "not yours".to_owned(),
                }
            } else {
                Outcome::Success
            },
            reason: Some("emergency".to_owned()),
        }
    }

    #[test]
    fn uuid_ids_take_sixteen_bytes_and_keep_their_text() {
        let uuid = "0193f0a2-7c1e-7b3a-9c4d-000000000001".to_owned();
        let upper = uuid.to_uppercase();
        for (id, length) in [(&uuid, 16), (&upper, 37)] {
            let with = encode(&detail(std::slice::from_ref(id), None, false));
            let without = encode(&detail(&[], None, false));
            assert_eq!(with.len() - without.len() - 5, length, "{id}");
            assert_eq!(&*decode(&with).unwrap().resources[0].id, id);
        }
    }

    /// An entry as it was sealed before network addresses were kept.
    #[test]
    fn an_entry_of_the_first_version_is_still_read() {
        let mut expected = detail(&["p-1".to_owned()], Some("name=a".to_owned()), true);
        let old = [
            1, 0, 2, 3, b'u', b'-', b'1', 15, b'P', b'r', b'a', b'c', b't', b'i', b't', b'i', b'o',
            b'n', b'e', b'r', b'/', b'7', 0, 1, 6, b'd', b'o', b'c', b't', b'o', b'r',
        ];
        expected.actor.roles = vec!["doctor".into()].into();
        let new = encode(&expected);
        // Version, actor; then the address, which is a byte when there is none; the rest is as it was.
        assert_eq!(new[1..old.len()], old[1..]);
        assert_eq!(new[old.len()], 0);
        let whole = [&old, &new[old.len() + 1..]].concat();
        assert_eq!(decode(&whole), Some(expected));
    }

    proptest! {
        #[test]
        fn a_detail_survives_its_bytes(
            ids in prop::collection::vec("[A-Za-z0-9.-]{1,64}", 0..5),
            query in prop::option::of(".{0,200}"),
            refused: bool,
            address in prop::option::of(any::<IpAddr>()),
        ) {
            let detail = Detail { address, ..detail(&ids, query, refused) };
            let bytes = encode(&detail);
            prop_assert_eq!(decode(&bytes), Some(detail));
            prop_assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
            let _ = decode(&[&[VERSION][..], &bytes].concat());
        }
    }
}
