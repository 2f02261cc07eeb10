//! Segments by the names of their fields.
//!
//! Field numbers are those of version 2.8; where an older version used another place, the view
//! has both fields.

mod clinical;
mod control;
mod order;
mod patient;
mod pharmacy;
mod scheduling;

pub use clinical::{Obx, Spm, Txa};
pub use control::{Err, Evn, Msa, Msh, Nte};
pub use order::{Obr, Orc, Tq1};
pub use patient::{Al1, Dg1, Ft1, Gt1, In1, Mrg, Nk1, Pd1, Pid, Pr1, Pv1, Pv2};
pub use pharmacy::{Rxa, Rxc, Rxd, Rxe, Rxo, Rxr};
pub use scheduling::{Aig, Ail, Aip, Ais, Rgs, Sch};

/// Defines a segment view: `number name -> one Type` or `number name -> each Type` per field.
macro_rules! segments {
    ($($(#[$doc:meta])* $type:ident $name:literal {
        $($(#[$field_doc:meta])* $number:literal $field:ident -> $arity:ident $kind:ident;)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $type<'m>($crate::Segment<'m>);

        impl<'m> $type<'m> {
            /// The segment's name.
            pub const NAME: &'static str = $name;

            /// Views `segment` when that is its name.
            #[must_use]
            pub fn of(segment: $crate::Segment<'m>) -> Option<Self> {
                (segment.name().as_str() == Self::NAME).then_some(Self(segment))
            }

            /// The segment itself, for fields this view does not name.
            #[must_use]
            pub const fn segment(&self) -> $crate::Segment<'m> {
                self.0
            }

            $( $crate::view::segment::field!($(#[$field_doc])* $number $field $arity $kind); )*
        }
    )*};
}

macro_rules! field {
    ($(#[$doc:meta])* $number:literal $field:ident one $kind:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> $crate::datatype::$kind<'m> {
            $crate::datatype::$kind::from(self.0.field($number).repetition(1))
        }
    };
    ($(#[$doc:meta])* $number:literal $field:ident each $kind:ident) => {
        $(#[$doc])*
        pub fn $field(&self) -> impl Iterator<Item = $crate::datatype::$kind<'m>> + use<'m> {
            self.0.field($number).repetitions().map($crate::datatype::$kind::from)
        }
    };
}

pub(crate) use {field, segments};
