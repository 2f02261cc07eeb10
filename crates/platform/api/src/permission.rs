//! What a route asks of its caller.
//!
//! A value, so that it can be printed, compared with the matrix and written into the OpenAPI
//! document; and an argument of [`crate::Routes::route`], so that no route can do without.

use std::fmt;

use mt_access::{Authenticated, Decision, Interaction, Operation};
use mt_fhir::ResourceType;
use mt_kernel::Assurance;

/// Which right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// None: the route is for people who are not signed in. The text says why that is safe.
    Nobody(&'static str),
    /// Any signed-in caller; the handler shows callers only what is their own.
    SignedIn,
    /// An operation of the permission matrix.
    Operation(Operation),
    /// An interaction with a resource type in the permission matrix. The handler passes the
    /// caller's grant on to the record store, which applies its conditions to every record.
    Records(&'static str, Interaction),
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    need: Need,
    assurance: Assurance,
}

impl Permission {
    /// Open to everybody; `why` says why that is safe.
    #[must_use]
    pub const fn public(why: &'static str) -> Self {
        Self::of(Need::Nobody(why))
    }

    /// Open to every signed-in caller, for what is the caller's own.
    #[must_use]
    pub const fn signed_in() -> Self {
        Self::of(Need::SignedIn)
    }

    /// Open to those who may do `operation`.
    #[must_use]
    pub const fn operation(operation: Operation) -> Self {
        Self::of(Need::Operation(operation))
    }

    /// Open to those who may do `interaction` on some records of the type.
    #[must_use]
    pub const fn records(resource_type: &'static str, interaction: Interaction) -> Self {
        Self::of(Need::Records(resource_type, interaction))
    }

    /// The same, and the caller must have proved two factors moments ago.
    #[must_use]
    pub const fn with_step_up(self) -> Self {
        Self {
            assurance: Assurance::StepUp,
            ..self
        }
    }

    const fn of(need: Need) -> Self {
        Self {
            need,
            assurance: Assurance::Single,
        }
    }

    /// The right.
    #[must_use]
    pub const fn need(&self) -> Need {
        self.need
    }

    /// How strongly the caller must have proved who they are.
    #[must_use]
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// Whether `who` has the right; [`Self::assurance`] is a question of its own.
    #[must_use]
    pub fn is_held_by(&self, who: &Authenticated) -> bool {
        match self.need {
            Need::Nobody(_) | Need::SignedIn => true,
            Need::Operation(operation) => who.grant.allows(operation),
            Need::Records(name, interaction) => ResourceType::from_name(name)
                .is_some_and(|named| who.grant.decide(named, interaction) != Decision::Denied),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.need {
            Need::Nobody(_) => f.write_str("public")?,
            Need::SignedIn => f.write_str("signed in")?,
            Need::Operation(operation) => f.write_str(operation.code())?,
            Need::Records(name, interaction) => {
                write!(f, "{name} {}", format!("{interaction:?}").to_lowercase())?;
            }
        }
        if self.assurance == Assurance::StepUp {
            f.write_str(", step-up")?;
        }
        Ok(())
    }
}
