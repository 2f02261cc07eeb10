//! The index of the trail: keyed hashes of the people, records and patients that an entry names.
//!
//! They answer "who looked at my record" without a name in the database.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use mt_crypto::{BlindIndex, ResourceIds, TenantKeys};
use mt_database::TenantTx;
use mt_fhir::ResourceType;
use uuid::Uuid;

use super::signer::column;
use crate::Result;
use crate::detail::Detail;

/// Entries that name more records than this are found by their types and patients, and opened to be
/// sure.
const NAMED_ONE_BY_ONE: usize = 256;

/// Makes the keyed hashes of one tenant.
pub(crate) struct Mentions {
    blind: BlindIndex,
    ids: ResourceIds,
}

/// Patients by `(type, primary key)` of a record in their compartment.
pub(crate) type Patients = HashMap<(ResourceType, Uuid), i64>;

impl Mentions {
    pub(crate) fn new(keys: &TenantKeys) -> Result<Self> {
        Ok(Self {
            blind: keys.blind_index()?,
            ids: keys.resource_ids()?,
        })
    }

    fn token(&self, what: &str, value: &[&[u8]]) -> i64 {
        self.blind.scope(&["audit", what]).token(value)
    }

    /// The login or client that acted.
    pub(crate) fn actor(&self, id: &str) -> i64 {
        self.token("actor", &[id.as_bytes()])
    }

    /// The FHIR resource of the person who acted.
    pub(crate) fn fhir_user(&self, reference: &str) -> i64 {
        self.token("fhir-user", &[reference.as_bytes()])
    }

    /// One record.
    pub(crate) fn resource(&self, resource_type: ResourceType, id: &str) -> i64 {
        self.token(
            "resource",
            &[&resource_type.number().to_be_bytes(), id.as_bytes()],
        )
    }

    /// Many records of a type.
    pub(crate) fn many(&self, resource_type: ResourceType) -> i64 {
        self.token("many", &[&resource_type.number().to_be_bytes()])
    }

    /// The compartment of a patient, as the record store hashes it.
    pub(crate) fn patient(&self, id: &str) -> i64 {
        mt_store::patient_token(&self.blind, self.key(ResourceType::PATIENT, id))
    }

    /// The network address from which somebody acted.
    pub(crate) fn address(&self, address: IpAddr) -> i64 {
        match address {
            IpAddr::V4(address) => self.token("address", &[&address.octets()]),
            IpAddr::V6(address) => self.token("address", &[&address.octets()]),
        }
    }

    /// Anything that was refused.
    pub(crate) fn refused(&self) -> i64 {
        self.token("refused", &[])
    }

    /// The primary key of a record.
    pub(crate) fn key(&self, resource_type: ResourceType, id: &str) -> Uuid {
        self.ids.key_of(resource_type.number(), id)
    }

    /// The patients whose records an entry names.
    pub(crate) fn patients_of(&self, detail: &Detail, located: &Patients) -> BTreeSet<i64> {
        let touched = detail.resources.iter();
        touched
            .filter_map(|touched| {
                if touched.resource_type == ResourceType::PATIENT {
                    return Some(self.patient(&touched.id));
                }
                let key = self.key(touched.resource_type, &touched.id);
                located.get(&(touched.resource_type, key)).copied()
            })
            .collect()
    }

    /// Everything that an entry mentions.
    pub(crate) fn of(&self, detail: &Detail, patients: &Patients) -> BTreeSet<i64> {
        let mut tokens = BTreeSet::from([self.actor(&detail.actor.id)]);
        tokens.extend(
            detail
                .actor
                .fhir_user
                .as_deref()
                .map(|user| self.fhir_user(user)),
        );
        tokens.extend(detail.address.map(|address| self.address(address)));
        if detail.outcome.is_refusal() {
            tokens.insert(self.refused());
        }
        let many = detail.resources.len() > NAMED_ONE_BY_ONE;
        for touched in &detail.resources {
            let (resource_type, id) = (touched.resource_type, &touched.id);
            tokens.insert(if many {
                self.many(resource_type)
            } else {
                self.resource(resource_type, id)
            });
        }
        tokens.extend(self.patients_of(detail, patients));
        tokens
    }

    /// The patients in whose compartments the records of `details` lie now.
    pub(crate) async fn patients(
        &self,
        tx: &TenantTx,
        details: impl Iterator<Item = &Detail>,
    ) -> Result<Patients> {
        let keys: BTreeSet<(u16, Uuid)> = details
            .flat_map(|detail| &detail.resources)
            .filter(|touched| touched.resource_type != ResourceType::PATIENT)
            .map(|touched| {
                let number = touched.resource_type.number();
                (number, self.ids.key_of(number, &touched.id))
            })
            .collect();
        if keys.is_empty() {
            return Ok(Patients::new());
        }
        let types: Vec<i16> = keys
            .iter()
            .map(|(number, _)| number.cast_signed())
            .collect();
        let ids: Vec<Uuid> = keys.iter().map(|(_, id)| *id).collect();
        let sql = "select r.type, r.id, r.pat from unnest($2::int2[], $3::uuid[]) k (type, id) \
                   join records.res r on r.tenant = $1 and r.type = k.type and r.id = k.id \
                   where r.pat is not null";
        let mut patients = Patients::with_capacity(ids.len());
        for row in tx.query(sql, &[&tx.tenant().0, &types, &ids]).await? {
            let number: i16 = column(&row, 0)?;
            if let Some(found) = ResourceType::from_number(number.cast_unsigned()) {
                patients.insert((found, column(&row, 1)?), column(&row, 2)?);
            }
        }
        Ok(patients)
    }
}
