//! The declaration of typed elements: structure, reader, writer and shape from one table.

/// Declares structures whose fields are child elements:
/// `field: Type = "ElementName", RULE;` where the type is an `Option` or a `Vec`.
macro_rules! record {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $element:literal, $rule:expr;)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $(#[doc = concat!("`", $element, "`.")] pub $field: $type,)*
        }

        impl $name {
            /// What is known of this element.
            pub const SHAPE: &'static $crate::model::Shape = &$crate::model::Shape {
                name: stringify!($name),
                fields: &[$($crate::model::Field {
                    name: $element,
                    kind: <$type as $crate::model::Slot>::KIND,
                    many: <$type as $crate::model::Slot>::MANY,
                    rule: $rule,
                },)*],
            };
        }

        impl $crate::model::Value for $name {
            const KIND: $crate::model::Kind = $crate::model::Kind::Record(Self::SHAPE);

            fn read(element: &$crate::xml::Element<'_>) -> Option<Self> {
                let mut fields = Self::SHAPE.fields.iter();
                Some(Self {
                    $($field: <$type as $crate::model::Slot>::read(element, fields.next()?),)*
                })
            }

            fn write(&self, element: &mut $crate::xml::Element<'_>) {
                let fields = Self::SHAPE.fields;
                let mut places = 0..fields.len();
                $(if let Some(place) = places.next() {
                    $crate::model::Slot::write(&self.$field, element, fields, place);
                })*
            }
        }
    )*};
}

pub(crate) use record;
