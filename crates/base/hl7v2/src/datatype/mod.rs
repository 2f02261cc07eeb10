//! Composite data types, by the names of their components.
//!
//! A type reads from a field repetition, or one level deeper from a component, as the standard
//! lets HD or CWE appear at both.

mod timestamp;

use crate::message::Part;

pub use timestamp::{Precision, Timestamp, TimestampError};

/// Defines a composite type: `number name -> kind` per component.
macro_rules! datatypes {
    ($($(#[$doc:meta])* $type:ident { $($(#[$part_doc:meta])* $number:literal $part:ident -> $kind:ident;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $type<'m>(Part<'m>);

        impl<'m> From<Part<'m>> for $type<'m> {
            fn from(part: Part<'m>) -> Self {
                Self(part)
            }
        }

        impl<'m> $type<'m> {
            /// The value as a whole.
            #[must_use]
            pub const fn part(&self) -> Part<'m> {
                self.0
            }

            $(
                $(#[$part_doc])*
                #[must_use]
                pub fn $part(&self) -> $kind<'m> {
                    $kind::from(inner(&self.0, $number))
                }
            )*
        }
    )*};
}

/// A value that does not divide, or the first leaf of one that does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaf<'m>(Part<'m>);

impl<'m> From<Part<'m>> for Leaf<'m> {
    fn from(part: Part<'m>) -> Self {
        Self(part.leaf())
    }
}

impl<'m> std::ops::Deref for Leaf<'m> {
    type Target = Part<'m>;

    fn deref(&self) -> &Part<'m> {
        &self.0
    }
}

/// Component `number` of a repetition, or subcomponent `number` of a component.
fn inner<'m>(whole: &Part<'m>, number: usize) -> Part<'m> {
    use crate::message::Level;
    match whole.level() {
        Level::Field | Level::Repetition => whole.component(number),
        Level::Component | Level::Subcomponent => whole.subcomponent(number),
    }
}

datatypes! {
    /// HD: an application, a facility or an assigning authority.
    Hd {
        /// Local name.
        1 namespace -> Leaf;
        /// OID, UUID or other universal id.
        2 universal_id -> Leaf;
        /// What kind of universal id: `ISO`, `UUID`, `DNS`, `CLIA`, …
        3 universal_id_type -> Leaf;
    }
    /// EI: an identifier that a system gave to an order, an appointment or the like.
    Ei {
        /// The identifier.
        1 id -> Leaf;
        /// Local name of the system.
        2 namespace -> Leaf;
        /// OID or other universal id of the system.
        3 universal_id -> Leaf;
        /// What kind of universal id.
        4 universal_id_type -> Leaf;
    }
    /// CWE, CE, CNE: a code with its display and up to one alternate.
    Cwe {
        /// The code.
        1 code -> Leaf;
        /// Its display.
        2 text -> Leaf;
        /// Its code system, table 0396.
        3 system -> Leaf;
        /// The alternate code.
        4 alternate_code -> Leaf;
        /// Its display.
        5 alternate_text -> Leaf;
        /// Its code system.
        6 alternate_system -> Leaf;
        /// What the sender saw or typed.
        9 original_text -> Leaf;
    }
    /// CX: an identifier of a person.
    Cx {
        /// The identifier.
        1 id -> Leaf;
        /// Who gave it.
        4 assigning_authority -> Hd;
        /// What kind: `MR`, `SS`, `DL`, …; table 0203.
        5 type_code -> Leaf;
        /// Where it was given.
        6 assigning_facility -> Hd;
        /// Valid from.
        7 effective -> Leaf;
        /// Valid until.
        8 expires -> Leaf;
    }
    /// XPN: a person's name.
    Xpn {
        /// Family name (its own name when it has a prefix of a partner's).
        1 family -> Leaf;
        /// Given name.
        2 given -> Leaf;
        /// Further given names or initials.
        3 further_given -> Leaf;
        /// Jr, III.
        4 suffix -> Leaf;
        /// Dr, Mrs.
        5 prefix -> Leaf;
        /// Academic degree, as versions before 2.7 wrote it.
        6 degree -> Leaf;
        /// Legal, maiden, alias, …; table 0200.
        7 type_code -> Leaf;
    }
    /// XCN: a person with an identifier, such as an ordering provider.
    Xcn {
        /// Identifier.
        1 id -> Leaf;
        /// Family name.
        2 family -> Leaf;
        /// Given name.
        3 given -> Leaf;
        /// Further given names or initials.
        4 further_given -> Leaf;
        /// Jr, III.
        5 suffix -> Leaf;
        /// Dr.
        6 prefix -> Leaf;
        /// Academic degree.
        7 degree -> Leaf;
        /// Who gave the identifier.
        9 assigning_authority -> Hd;
        /// Kind of name; table 0200.
        10 name_type -> Leaf;
        /// Kind of identifier: `NPI`, `EI`, …
        13 id_type -> Leaf;
    }
    /// XAD: an address.
    Xad {
        /// Street and number.
        1 street -> Leaf;
        /// Second line.
        2 other -> Leaf;
        /// City.
        3 city -> Leaf;
        /// State or province.
        4 state -> Leaf;
        /// Postal code.
        5 postal_code -> Leaf;
        /// Country, ISO 3166 three letters.
        6 country -> Leaf;
        /// Home, business, …; table 0190.
        7 type_code -> Leaf;
        /// County or parish.
        9 county -> Leaf;
    }
    /// XTN: a telephone number or other electronic address.
    Xtn {
        /// The number as one text, as versions before 2.7 wrote it.
        1 number -> Leaf;
        /// What it is used for; table 0201.
        2 use_code -> Leaf;
        /// Telephone, fax, cell, internet, …; table 0202.
        3 equipment -> Leaf;
        /// E-mail or other internet address.
        4 email -> Leaf;
        /// Country code.
        5 country -> Leaf;
        /// Area code.
        6 area -> Leaf;
        /// Number within the area.
        7 local -> Leaf;
        /// Extension.
        8 extension -> Leaf;
        /// Whole number, unformatted.
        12 unformatted -> Leaf;
    }
    /// XON: an organisation.
    Xon {
        /// Name.
        1 name -> Leaf;
        /// Identifier, as versions before 2.7 wrote it.
        3 id_number -> Leaf;
        /// Who gave the identifier.
        6 assigning_authority -> Hd;
        /// Identifier.
        10 id -> Leaf;
    }
    /// PL: a place in a building.
    Pl {
        /// Ward, clinic, department.
        1 point_of_care -> Leaf;
        /// Room.
        2 room -> Leaf;
        /// Bed.
        3 bed -> Leaf;
        /// Facility.
        4 facility -> Hd;
        /// Status of the bed.
        5 status -> Leaf;
        /// Kind of place.
        6 kind -> Leaf;
        /// Building.
        7 building -> Leaf;
        /// Floor.
        8 floor -> Leaf;
    }
    /// CQ: an amount with its unit.
    Cq {
        /// The amount.
        1 quantity -> Leaf;
        /// The unit, a CWE one level deeper.
        2 unit -> Cwe;
    }
    /// CP, MO: an amount of money.
    Cp {
        /// The amount as written.
        1 amount -> Leaf;
        /// Kind of price; table 0205.
        2 kind -> Leaf;
    }
    /// DR: from and until.
    Dr {
        /// From.
        1 start -> Leaf;
        /// Until.
        2 end -> Leaf;
    }
    /// ED: data embedded in a message.
    Ed {
        /// Where it comes from.
        1 source -> Hd;
        /// Main type: `application`, `text`, `image`, …; table 0191.
        2 main_type -> Leaf;
        /// Subtype: `pdf`, `rtf`, …; table 0291.
        3 subtype -> Leaf;
        /// `A` none, `Hex`, `Base64`; table 0299.
        4 encoding -> Leaf;
        /// The data.
        5 data -> Leaf;
    }
    /// SN: a structured number such as `>=5`, `1:128` or `3-5`.
    Sn {
        /// `>`, `<`, `>=`, `<=`, `=`, `<>`; absent means equal.
        1 comparator -> Leaf;
        /// First number.
        2 first -> Leaf;
        /// `-`, `+`, `/`, `.` or `:`.
        3 separator -> Leaf;
        /// Second number.
        4 second -> Leaf;
    }
    /// TQ: timing and quantity, as versions before 2.5 wrote it.
    Tq {
        /// Quantity of one service.
        1 quantity -> Cq;
        /// How often, a repeat pattern.
        2 interval -> Leaf;
        /// How long.
        3 duration -> Leaf;
        /// Start.
        4 start -> Leaf;
        /// End.
        5 end -> Leaf;
        /// Stat, routine, …; table 0485.
        6 priority -> Leaf;
        /// When as text.
        7 condition -> Leaf;
        /// Instructions.
        8 text -> Leaf;
    }
    /// ERL: where an error lies.
    Erl {
        /// Segment name.
        1 segment -> Leaf;
        /// Which segment of that name.
        2 sequence -> Leaf;
        /// Field.
        3 field -> Leaf;
        /// Repetition.
        4 repetition -> Leaf;
        /// Component.
        5 component -> Leaf;
        /// Subcomponent.
        6 subcomponent -> Leaf;
    }
    /// MSG: message code, event and structure.
    Msg {
        /// `ADT`, `ORU`, …
        1 code -> Leaf;
        /// `A01`, `R01`, …
        2 event -> Leaf;
        /// `ADT_A01`, …
        3 structure -> Leaf;
    }
}
