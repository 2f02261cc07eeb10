//! The shapes as an XML schema, so that other tools can judge what this library writes.
//!
//! The official schemas are for members of NCPDP and are not part of this crate. These say what is publicly known,
//! in the strictness of the builder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{Field, Format, Header, Kind, Shape, Usage};
use crate::transaction::Transaction;
use crate::version::{DOMAIN, STAMPS, Version};

/// The schema of a version.
pub fn schema(version: Version) -> String {
    let mut shapes = BTreeMap::new();
    collect(Header::SHAPE, &mut shapes);
    for transaction in Transaction::ALL {
        collect(transaction.shape(), &mut shapes);
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<!-- Written from public facts for mt-script; not a schema of NCPDP. -->\n");
    out.push_str("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" elementFormDefault=\"qualified\">\n");
    message(version, &mut out);
    for shape in shapes.values() {
        complex_type(shape, version, &mut out);
    }
    out.push_str(MOMENT);
    out.push_str("</xs:schema>\n");
    out
}

/// The type of `Date` or `DateTime`, and of the latter.
const MOMENT: &str = r#"  <xs:complexType name="Moment">
    <xs:choice>
      <xs:element name="Date" type="xs:date"/>
      <xs:element name="DateTime" type="xs:dateTime"/>
    </xs:choice>
  </xs:complexType>
"#;

fn collect(shape: &'static Shape, shapes: &mut BTreeMap<&'static str, &'static Shape>) {
    if shapes.insert(shape.name, shape).is_none() {
        for field in shape.fields {
            if let Kind::Record(inner) = field.kind {
                collect(inner, shapes);
            }
        }
    }
}

fn message(version: Version, out: &mut String) {
    let _ = writeln!(
        out,
        "  <xs:element name=\"Message\">\n    <xs:complexType>\n      <xs:sequence>"
    );
    let _ = writeln!(out, "        <xs:element name=\"Header\" type=\"Header\"/>");
    let _ = writeln!(
        out,
        "        <xs:element name=\"Body\">\n          <xs:complexType>\n            <xs:choice>"
    );
    for transaction in Transaction::ALL {
        if transaction.only_in().is_none_or(|only| only == version) {
            let (name, shape) = (transaction.name(), transaction.shape().name);
            let _ = writeln!(
                out,
                "              <xs:element name=\"{name}\" type=\"{shape}\"/>"
            );
        }
    }
    let _ = writeln!(
        out,
        "            </xs:choice>\n          </xs:complexType>\n        </xs:element>\n      </xs:sequence>"
    );
    for name in STAMPS {
        fixed_attribute(name, version.stamp(), out);
    }
    fixed_attribute(DOMAIN, "SCRIPT", out);
    out.push_str("    </xs:complexType>\n  </xs:element>\n");
}

fn fixed_attribute(name: &str, value: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "      <xs:attribute name=\"{name}\" type=\"xs:string\" use=\"required\" fixed=\"{value}\"/>"
    );
}

fn complex_type(shape: &Shape, version: Version, out: &mut String) {
    let _ = writeln!(
        out,
        "  <xs:complexType name=\"{}\">\n    <xs:sequence>",
        shape.name
    );
    for field in shape
        .fields
        .iter()
        .filter(|field| field.rule.since <= version)
    {
        element(field, out);
    }
    out.push_str("    </xs:sequence>\n  </xs:complexType>\n");
}

fn element(field: &Field, out: &mut String) {
    let least = if field.rule.usage == Usage::Optional {
        " minOccurs=\"0\""
    } else {
        ""
    };
    let most = if field.many {
        " maxOccurs=\"unbounded\""
    } else {
        ""
    };
    let start = format!("      <xs:element name=\"{}\"{least}{most}", field.name);
    let simple = |base: &str, out: &mut String| {
        let facets = facets(field);
        let _ = writeln!(
            out,
            "{start}>\n        <xs:simpleType>\n          <xs:restriction base=\"{base}\">"
        );
        let _ = writeln!(
            out,
            "{facets}          </xs:restriction>\n        </xs:simpleType>\n      </xs:element>"
        );
    };
    match field.kind {
        Kind::Record(shape) => {
            let _ = writeln!(out, "{start} type=\"{}\"/>", shape.name);
        }
        Kind::Moment => {
            let _ = writeln!(out, "{start} type=\"Moment\"/>");
        }
        Kind::DateTime => {
            let _ = writeln!(out, "{start} type=\"xs:dateTime\"/>");
        }
        Kind::Flag => {
            let _ = writeln!(out, "{start} type=\"xs:boolean\"/>");
        }
        Kind::Decimal => simple("xs:decimal", out),
        Kind::Count | Kind::Text => simple("xs:string", out),
        Kind::Attributed(attribute) => {
            let _ = writeln!(
                out,
                "{start}>\n        <xs:complexType>\n          <xs:simpleContent>"
            );
            let _ = writeln!(out, "            <xs:extension base=\"xs:string\">");
            let _ = writeln!(
                out,
                "              <xs:attribute name=\"{attribute}\" type=\"xs:string\" use=\"required\"/>"
            );
            let _ = writeln!(
                out,
                "            </xs:extension>\n          </xs:simpleContent>\n        </xs:complexType>\n      </xs:element>"
            );
        }
        Kind::Opaque(attribute) => {
            let _ = writeln!(
                out,
                "{start}>\n        <xs:complexType mixed=\"true\">\n          <xs:sequence>"
            );
            let _ = writeln!(
                out,
                "            <xs:any processContents=\"skip\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>"
            );
            out.push_str("          </xs:sequence>\n");
            if let Some(attribute) = attribute {
                let _ = writeln!(
                    out,
                    "          <xs:attribute name=\"{attribute}\" type=\"xs:string\"/>"
                );
            }
            out.push_str("        </xs:complexType>\n      </xs:element>\n");
        }
    }
}

fn facets(field: &Field) -> String {
    let mut facets = String::new();
    let mut add = |name: &str, value: &str| {
        let _ = writeln!(facets, "            <xs:{name} value=\"{value}\"/>");
    };
    if !matches!(field.kind, Kind::Decimal) {
        add("minLength", "1");
        if field.rule.max > 0 {
            add("maxLength", &field.rule.max.to_string());
        }
    }
    match field.rule.format {
        Format::Codes(codes) | Format::Usual(codes) => {
            for code in codes {
                add("enumeration", code);
            }
        }
        Format::Digits(least, most) => add("pattern", &format!("[0-9]{{{least},{most}}}")),
        Format::Npi | Format::Telephone => add("pattern", "[0-9]{10}"),
        Format::Dea => add("pattern", "[A-Z][A-Z9][0-9]{7}(-.*)?"),
        Format::Any if matches!(field.kind, Kind::Count) => add("pattern", "[0-9]+"),
        Format::Any => {}
    }
    facets
}
