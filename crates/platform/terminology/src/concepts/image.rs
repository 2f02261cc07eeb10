//! Concepts as bytes, column by column, so that they compress well: for the content that ships
//! with the binary and for systems that were loaded into the database.

use super::{AttributeKey, Concepts, ConceptsBuilder, NewAttribute, NewConcept, PropertyKind};

/// First bytes of an image, with the number of its layout.
const MAGIC: &[u8; 4] = b"MTC1";

/// An image that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image of a code system is damaged")]
pub struct ImageError;

impl Concepts {
    /// Writes an image.
    #[must_use]
    pub fn to_image(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(u8::from(self.case_sensitive));
        number(&mut out, self.len());
        column(&mut out, self.all().map(|c| self.code(c)));
        column(&mut out, self.all().map(|c| self.display(c).unwrap_or("")));
        out.extend_from_slice(&self.flags);
        for concept in self.all() {
            let parents = self.parents.row(concept.index());
            number(&mut out, parents.len());
            for parent in parents {
                // Parents are mostly near: the distance, folded to a positive number, is short.
                let distance = i64::from(concept.0) - i64::from(*parent);
                number(
                    &mut out,
                    ((distance << 1) ^ (distance >> 63)).unsigned_abs() as usize,
                );
            }
        }
        number(&mut out, self.keys.len());
        for key in &self.keys {
            text(&mut out, &key_text(key));
        }
        for concept in self.all() {
            number(&mut out, self.attributes.row(concept.index()).len());
        }
        for attribute in &self.attributes.items {
            number(&mut out, usize::from(attribute.key));
        }
        column(
            &mut out,
            self.attributes.items.iter().map(|a| self.slice(a.value)),
        );
        out
    }

    /// Reads an image.
    ///
    /// # Errors
    /// [`ImageError`] when the bytes are not what [`Self::to_image`] writes.
    pub fn from_image(image: &[u8]) -> Result<Self, ImageError> {
        let mut input = Input(image.strip_prefix(MAGIC).ok_or(ImageError)?);
        let mut builder = ConceptsBuilder::new(input.bytes(1)? == [1]);
        let count = input.number()?;
        let codes = input.column(count)?;
        let displays = input.column(count)?;
        let flags = input.bytes(count)?;
        for ((code, display), flag) in codes.iter().zip(&displays).zip(flags) {
            builder.concept(NewConcept {
                code,
                display: (!display.is_empty()).then_some(*display),
                is_abstract: flag & super::ABSTRACT != 0,
                is_inactive: flag & super::INACTIVE != 0,
            });
        }
        for concept in 0..count {
            for _ in 0..input.number()? {
                let folded = input.number()? as i64;
                let distance = (folded >> 1) ^ -(folded & 1);
                let parent = i64::try_from(concept).map_err(|_| ImageError)? - distance;
                let ends = (u32::try_from(concept), u32::try_from(parent));
                let (Ok(child), Ok(parent)) = ends else {
                    return Err(ImageError);
                };
                builder.link(child, parent);
            }
        }
        read_attributes(&mut input, &mut builder, count)?;
        if input.0.is_empty() {
            Ok(builder.build())
        } else {
            Err(ImageError)
        }
    }
}

fn read_attributes(
    input: &mut Input<'_>,
    builder: &mut ConceptsBuilder,
    count: usize,
) -> Result<(), ImageError> {
    let mut keys = Vec::new();
    for _ in 0..input.number()? {
        let key = parse_key(input.text()?).ok_or(ImageError)?;
        // Numbered as they were, so that an image of the image is the same.
        builder.key(&key).ok_or(ImageError)?;
        keys.push(key);
    }
    let mut owners = Vec::new();
    for concept in 0..count {
        for _ in 0..input.number()? {
            owners.push(u32::try_from(concept).map_err(|_| ImageError)?);
            if owners.len() > input.0.len() {
                return Err(ImageError);
            }
        }
    }
    let mut used = Vec::with_capacity(owners.len());
    for _ in &owners {
        used.push(keys.get(input.number()?).ok_or(ImageError)?);
    }
    let values = input.column(owners.len())?;
    for ((owner, key), value) in owners.into_iter().zip(used).zip(values) {
        builder.attribute(
            owner,
            &NewAttribute {
                key: key.clone(),
                value,
            },
        );
    }
    Ok(())
}

/// Unsigned LEB128.
fn number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// All lengths, then all bytes.
fn column<'a>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'a str> + Clone) {
    texts.clone().for_each(|text| number(out, text.len()));
    texts.for_each(|text| out.extend_from_slice(text.as_bytes()));
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], ImageError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ImageError)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<usize, ImageError> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.bytes(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).map_err(|_| ImageError);
            }
        }
        Err(ImageError)
    }

    fn text(&mut self) -> Result<&'a str, ImageError> {
        let len = self.number()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| ImageError)
    }

    fn column(&mut self, count: usize) -> Result<Vec<&'a str>, ImageError> {
        if count > self.0.len() {
            return Err(ImageError);
        }
        let lengths: Vec<usize> = (0..count)
            .map(|_| self.number())
            .collect::<Result<_, _>>()?;
        let texts = lengths
            .into_iter()
            .map(|len| std::str::from_utf8(self.bytes(len)?).map_err(|_| ImageError));
        texts.collect()
    }
}

/// A key as `p<kind><code>` or `d<language>|<system>|<code>`.
fn key_text(key: &AttributeKey) -> String {
    match key {
        AttributeKey::Property { code, kind } => format!("p{}{code}", kind_letter(*kind)),
        AttributeKey::Designation { language, usage } => {
            let (system, code) = usage.as_ref().map_or(("", ""), |(s, c)| (s, c));
            format!("d{}|{system}|{code}", language.as_deref().unwrap_or(""))
        }
    }
}

fn parse_key(text: &str) -> Option<AttributeKey> {
    if let Some(property) = text.strip_prefix('p') {
        let letter = property.chars().next()?;
        let (kind, _) = KINDS.iter().find(|(_, own)| *own == letter)?;
        let code = property.get(letter.len_utf8()..)?.to_owned();
        return Some(AttributeKey::Property { code, kind: *kind });
    }
    let mut parts = text.strip_prefix('d')?.splitn(3, '|');
    let (language, system, code) = (parts.next()?, parts.next()?, parts.next()?);
    let usage = (!code.is_empty()).then(|| (system.to_owned(), code.to_owned()));
    let language = (!language.is_empty()).then(|| language.to_owned());
    Some(AttributeKey::Designation { language, usage })
}

const KINDS: [(PropertyKind, char); 7] = [
    (PropertyKind::Code, 'c'),
    (PropertyKind::Coding, 'C'),
    (PropertyKind::String, 's'),
    (PropertyKind::Integer, 'i'),
    (PropertyKind::Boolean, 'b'),
    (PropertyKind::DateTime, 't'),
    (PropertyKind::Decimal, 'd'),
];

fn kind_letter(kind: PropertyKind) -> char {
    KINDS
        .iter()
        .find(|(own, _)| *own == kind)
        .map_or('s', |(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Concepts {
        let mut builder = ConceptsBuilder::new(true);
        let top = builder.concept(NewConcept {
            code: "b",
            display: Some("Top"),
            is_abstract: true,
            ..NewConcept::default()
        });
        let low = builder.concept(NewConcept {
            code: "a",
            is_inactive: true,
            ..NewConcept::default()
        });
        builder.link_to_code(low, "b");
        let key = AttributeKey::Property {
            code: "status".into(),
            kind: PropertyKind::Code,
        };
        builder.attribute(
            low,
            &NewAttribute {
                key,
                value: "retired",
            },
        );
        let usage = Some(("s".to_owned(), "c".to_owned()));
        let key = AttributeKey::Designation {
            language: Some("de".into()),
            usage,
        };
        builder.attribute(
            top,
            &NewAttribute {
                key,
                value: "Höchstes",
            },
        );
        builder.build()
    }

    #[test]
    fn an_image_gives_the_concepts_back() {
        let image = sample().to_image();
        let back = Concepts::from_image(&image).expect("a good image");
        assert_eq!(back.to_image(), image);
        let (a, b) = (back.find("a").expect("a"), back.find("b").expect("b"));
        assert!(back.subsumes(b, a) && !back.subsumes(a, b));
        assert!(back.is_abstract(b) && back.is_inactive(a) && !back.is_abstract(a));
        assert_eq!(back.property(a, "status").collect::<Vec<_>>(), ["retired"]);
        assert_eq!(back.attributes(b).next().map(|(_, v)| v), Some("Höchstes"));
    }

    #[test]
    fn a_damaged_image_is_refused_at_every_length() {
        let image = sample().to_image();
        for end in 0..image.len() {
            assert_eq!(
                Concepts::from_image(&image[..end]).err(),
                Some(ImageError),
                "{end}"
            );
        }
    }
}
