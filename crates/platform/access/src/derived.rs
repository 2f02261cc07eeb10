//! Roles that an organisation derives: a base role of the matrix, narrowed.
//!
//! A derived role never opens what its base keeps closed: it is a mask over the base and not a
//! matrix of its own, so extents and conditions of the base hold for it whatever it says.

use std::sync::Arc;

use mt_fhir::definitions::ResourceType;

use crate::matrix::{held_by, types_named};
use crate::{Interaction, Interactions, Operation, Role};

/// What a mask lets through, by resource type and operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    by_type: Box<[Interactions]>,
    operations: Vec<Operation>,
}

impl Mask {
    /// A mask that lets nothing through.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            by_type: vec![Interactions::default(); ResourceType::all().len()].into_boxed_slice(),
            operations: Vec::new(),
        }
    }

    /// A mask of permissions, each a group of the matrix, a resource type or `*`, with the letters
    /// `c r u d s`.
    ///
    /// # Errors
    /// [`DerivationError`] when a name or a letter is not known.
    pub fn of<'a>(
        permissions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, DerivationError> {
        let mut mask = Self::nothing();
        for (records, letters) in permissions {
            let types = types_named(records)
                .ok_or_else(|| DerivationError::UnknownRecords(records.to_owned()))?;
            let known = !letters.is_empty() && letters.chars().all(|c| "cruds".contains(c));
            if !known {
                return Err(DerivationError::UnknownInteractions(letters.to_owned()));
            }
            for resource_type in types {
                if let Some(slot) = mask.by_type.get_mut(usize::from(resource_type.number())) {
                    *slot = slot.or(Interactions::parse(letters));
                }
            }
        }
        Ok(mask)
    }

    /// The mask with these operations.
    #[must_use]
    pub fn with_operations(mut self, operations: Vec<Operation>) -> Self {
        self.operations = operations;
        self
    }

    /// What the mask lets through for a type.
    #[must_use]
    pub fn interactions(&self, resource_type: ResourceType) -> Interactions {
        let at = usize::from(resource_type.number());
        self.by_type.get(at).copied().unwrap_or_default()
    }

    /// Whether the mask lets an interaction with a type through.
    #[must_use]
    pub fn passes(&self, resource_type: ResourceType, interaction: Interaction) -> bool {
        self.interactions(resource_type).contains(interaction)
    }

    /// Whether the mask lets an operation through.
    #[must_use]
    pub fn passes_operation(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }
}

/// A role of one organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedRole {
    /// The role of the matrix that it narrows.
    pub base: Role,
    /// What it keeps of the base.
    pub mask: Arc<Mask>,
}

impl DerivedRole {
    /// A role derived from `base` by somebody who holds `deriver`.
    ///
    /// # Errors
    /// [`DerivationError`] when the deriver may not give the base to others, when the mask names
    /// what the base lacks, or when it keeps an administrative operation that the deriver lacks.
    pub fn derive(
        base: Role,
        permissions: &[(String, String)],
        operations: &[Operation],
        deriver: &[Role],
    ) -> Result<Self, DerivationError> {
        if !deriver.iter().any(|role| role.confers().contains(&base)) {
            return Err(DerivationError::NotConferred(base));
        }
        let pairs = permissions.iter().map(|(a, b)| (a.as_str(), b.as_str()));
        let mask = Mask::of(pairs)?.with_operations(operations.to_vec());
        for (records, letters) in permissions {
            // A group or `*` is cut to what the base holds of it; it must hold something.
            let letters = Interactions::parse(letters);
            let types = types_named(records).unwrap_or_default();
            let held = types.iter().fold(Interactions::default(), |held, t| {
                held.or(held_by(base, *t))
            });
            if !letters.is_within(held) {
                return Err(DerivationError::Lacking(records.clone()));
            }
        }
        for operation in operations {
            let held = deriver.iter().any(|role| operation.is_open_to(*role));
            if !operation.is_open_to(base) || (operation.is_managing() && !held) {
                return Err(DerivationError::LackingOperation(*operation));
            }
        }
        Ok(Self {
            base,
            mask: Arc::new(mask),
        })
    }
}

/// Why a role cannot be derived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// Neither a group of the matrix nor a resource type.
    #[error("there are no records named {0}")]
    UnknownRecords(String),
    /// Letters other than `c r u d s`.
    #[error("{0} is not made of the letters c, r, u, d, s")]
    UnknownInteractions(String),
    /// Only some roles are an administrator's to give.
    #[error("you may not give the role {} to others", .0.code())]
    NotConferred(Role),
    /// The base role has no such permission.
    #[error("the base role has no such permission on {0}")]
    Lacking(String),
    /// The base role, or the deriver, may not do this.
    #[error("the operation {} is not yours to give", .0.code())]
    LackingOperation(Operation),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Decision, Grant, HeldRole, LaunchContext, Proxy};

    fn derive(base: Role, permissions: &[(&str, &str)]) -> Result<DerivedRole, DerivationError> {
        let pairs: Vec<_> = permissions
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        DerivedRole::derive(base, &pairs, &[], &[Role::OrgAdmin])
    }

    #[test]
    fn what_the_base_lacks_cannot_be_derived() {
        let lacking = |records: &str| Err(DerivationError::Lacking(records.to_owned()));
        assert_eq!(
            derive(Role::Nurse, &[("prescriptions", "c")]),
            lacking("prescriptions")
        );
        assert_eq!(
            derive(Role::Nurse, &[("Condition", "u")]),
            lacking("Condition")
        );
        assert_eq!(derive(Role::Auditor, &[("*", "rsd")]), lacking("*"));
        assert!(derive(Role::Nurse, &[("observations", "crs")]).is_ok());
    }

    #[test]
    fn nobody_derives_a_role_that_is_not_theirs_to_give() {
        for base in [Role::SuperAdmin, Role::Service] {
            let refused = Err(DerivationError::NotConferred(base));
            assert_eq!(derive(base, &[("*", "r")]), refused);
        }
        for deriver in [Role::Doctor, Role::Patient, Role::Auditor, Role::Service] {
            let refused = DerivedRole::derive(Role::Nurse, &[], &[], &[deriver]);
            assert_eq!(refused, Err(DerivationError::NotConferred(Role::Nurse)));
        }
    }

    #[test]
    fn an_operation_must_be_held_by_the_base() {
        let refused =
            DerivedRole::derive(Role::Nurse, &[], &[Operation::Export], &[Role::OrgAdmin]);
        let expected = DerivationError::LackingOperation(Operation::Export);
        assert_eq!(refused, Err(expected));
    }

    #[test]
    fn unknown_words_are_refused() {
        assert_eq!(
            derive(Role::Nurse, &[("charts", "r")]),
            Err(DerivationError::UnknownRecords("charts".into()))
        );
        for letters in ["", "x", "rw"] {
            let refused = DerivationError::UnknownInteractions(letters.into());
            assert_eq!(derive(Role::Nurse, &[("Patient", letters)]), Err(refused));
        }
    }

    fn any_mask() -> impl Strategy<Value = Mask> {
        let names: Vec<&str> = ResourceType::all().map(ResourceType::name).collect();
        let letters = proptest::sample::subsequence(vec!['c', 'r', 'u', 'd', 's'], 1..=5);
        let pair = (proptest::sample::select(names), letters);
        proptest::collection::vec(pair, 0..30).prop_map(|pairs| {
            let pairs: Vec<(&str, String)> = pairs
                .into_iter()
                .map(|(name, letters)| (name, letters.into_iter().collect()))
                .collect();
            Mask::of(pairs.iter().map(|(name, may)| (*name, may.as_str()))).unwrap()
        })
    }

    fn grant(role: Role, mask: Option<Mask>) -> Grant {
        let held = HeldRole {
            mask: mask.map(Arc::new),
            ..HeldRole::plain(role)
        };
        let own = vec![Arc::from("own")];
        Grant::holding(vec![held], None, own, LaunchContext::default())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A mask takes away and never adds: what is left is exactly what the base gave.
        #[test]
        fn a_derived_role_is_its_base_or_nothing(
            mask in any_mask(),
            role in proptest::sample::select(Role::ALL.to_vec()),
        ) {
            let (base, derived) = (grant(role, None), grant(role, Some(mask.clone())));
            for resource_type in ResourceType::all() {
                for interaction in Interaction::ALL {
                    let left = derived.decide(resource_type, interaction);
                    let given = base.decide(resource_type, interaction);
                    let expected = if mask.passes(resource_type, interaction) {
                        given
                    } else {
                        Decision::Denied
                    };
                    prop_assert_eq!(left, expected);
                }
            }
        }

        /// Whatever a patient or caregiver holds and whatever a client was given: nothing is
        /// diagnosed, prescribed, signed, released or deleted.
        #[test]
        fn no_patient_ever_writes_a_clinical_fact(
            mask in proptest::option::of(any_mask()),
            role in proptest::sample::select(vec![Role::Patient, Role::Caregiver]),
        ) {
            let grant = grant(role, mask.clone()).with_proxies(vec![Proxy {
                patient: "child".into(),
                mask: mask.map(Arc::new),
            }]);
            for group in ["clinical", "observations", "documents", "orders", "laboratory",
                          "prescriptions", "medication", "provenance", "audit", "financial"] {
                for resource_type in types_named(group).unwrap() {
                    for interaction in Interaction::ALL.into_iter().filter(|one| one.writes()) {
                        prop_assert_eq!(grant.decide(resource_type, interaction), Decision::Denied);
                    }
                }
            }
            for resource_type in ResourceType::all() {
                prop_assert_eq!(grant.decide(resource_type, Interaction::Delete), Decision::Denied);
            }
        }
    }
}
