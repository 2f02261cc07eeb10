//! XML that attacks the parser or is not FHIR.

use mt_fhir::json::Limits;
use mt_fhir::xml::{self, XmlErrorKind};

fn refused(text: &str) -> XmlErrorKind {
    refused_within(text, &Limits::default())
}

fn refused_within(text: &str, limits: &Limits) -> XmlErrorKind {
    match xml::parse(text.as_bytes(), limits) {
        Ok(_) => panic!("accepted: {text:.200}"),
        Err(error) => error.kind,
    }
}

fn patient(content: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">{content}</Patient>")
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
    let cases = [
        (format!("{bomb}{}", patient("<id value=\"&b;\"/>")), XmlErrorKind::DocumentType),
        (patient("<id value=\"&b;\"/>"), XmlErrorKind::Entity),
        (patient("&b;"), XmlErrorKind::Entity),
        (
            patient("<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\">&nbsp;</div></text>"),
            XmlErrorKind::Entity,
        ),
        (
            "<!DOCTYPE Patient SYSTEM \"file:///etc/passwd\"><Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned(),
            XmlErrorKind::DocumentType,
        ),
    ];
    for (text, kind) in cases {
        assert_eq!(refused(&text), kind, "{text}");
    }
}

#[test]
fn what_fhir_does_not_define_is_refused_instead_of_dropped() {
    use XmlErrorKind as K;
    let cases = [
        ("<unknown value=\"x\"/>", K::Element("Patient")),
        ("<name><x value=\"y\"/></name>", K::Element("HumanName")),
        ("<active value=\"true\" x=\"y\"/>", K::Attribute),
        ("<name value=\"y\"/>", K::Attribute),
        ("<name url=\"y\"/>", K::Attribute),
        ("<active value=\"TRUE\"/>", K::Value("boolean")),
        (
            "<multipleBirthInteger value=\"1.5.\"/>",
            K::Value("integer"),
        ),
        (
            "<active value=\"true\"/><active value=\"true\"/>",
            K::Repeated,
        ),
        (
            "<deceasedBoolean value=\"true\"/><deceasedDateTime value=\"2020\"/>",
            K::Repeated,
        ),
        (
            "<birthDate value=\"2020\"/><active value=\"true\"/>",
            K::Order,
        ),
        ("<active/>", K::Empty),
        ("<name/>", K::Empty),
        ("<contained/>", K::Empty),
        ("<contained><Nonsense/></contained>", K::ResourceType),
        ("<contained><Basic/><Basic/></contained>", K::Repeated),
        ("text", K::Text),
        ("<![CDATA[text]]>", K::Text),
        (
            "<active xmlns=\"http://example.org\" value=\"true\"/>",
            K::Namespace,
        ),
        ("<x:active value=\"true\"/>", K::Namespace),
        ("<text><div>x</div></text>", K::Narrative),
        (
            "<text><div xmlns=\"http://www.w3.org/1999/xhtml\"><p a=b/></div></text>",
            K::Narrative,
        ),
        (
            "<text><x:div xmlns:x=\"http://www.w3.org/1999/xhtml\">x</x:div></text>",
            K::Narrative,
        ),
    ];
    for (content, kind) in cases {
        assert_eq!(refused(&patient(content)), kind, "{content}");
    }
}

#[test]
fn malformed_documents_are_refused() {
    use XmlErrorKind as K;
    let cases = [
        ("", K::NotWellFormed),
        ("<Patient xmlns=\"http://hl7.org/fhir\">", K::NotWellFormed),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"></Person>",
            K::NotWellFormed,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"/><Patient/>",
            K::NotWellFormed,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:x=\"a\" xmlns:x=\"b\"/>",
            K::NotWellFormed,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\" id=\"x\"/>",
            K::Attribute,
        ),
        ("<Patient/>", K::Namespace),
        ("<Nonsense xmlns=\"http://hl7.org/fhir\"/>", K::ResourceType),
        ("<Resource xmlns=\"http://hl7.org/fhir\"/>", K::ResourceType),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Patient/>",
            K::NotUtf8,
        ),
        ("{}", K::Text),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"&#1;\"/></Patient>",
            K::NotWellFormed,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"\u{1}\"/></Patient>",
            K::NotWellFormed,
        ),
    ];
    for (text, kind) in cases {
        assert_eq!(refused(text), kind, "{text}");
    }
    let bytes = xml::parse(
        b"<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"\xff\"/></Patient>",
        &Limits::default(),
    );
    assert_eq!(bytes.map(|_| ()).map_err(|e| e.kind), Err(K::NotUtf8));
}

#[test]
fn limits_hold() {
    use XmlErrorKind as K;
    let limits = Limits {
        max_bytes: 4_000,
        max_depth: 6,
        max_values: 40,
        max_string: 100,
    };
    let nest = |n: usize| {
        let open = "<extension url=\"u\">".repeat(n);
        patient(&format!(
            "{open}<valueString value=\"x\"/>{}",
            "</extension>".repeat(n)
        ))
    };
    let limited = |text: &str| refused_within(text, &limits);
    assert!(xml::parse(nest(4).as_bytes(), &limits).is_ok());
    assert_eq!(limited(&nest(6)), K::TooDeep);
    assert_eq!(limited(&" ".repeat(5_000)), K::TooLarge);
    assert_eq!(
        limited(&patient(&format!("<id value=\"{}\"/>", "x".repeat(200)))),
        K::StringTooLong
    );
    let many = "<name><family value=\"x\"/></name>".repeat(30);
    assert_eq!(limited(&patient(&many)), K::TooManyValues);
    assert_eq!(refused(&nest(100_000)), K::TooDeep);
    let divs = format!(
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">{}",
        "<p>".repeat(100_000)
    );
    assert_eq!(refused(&patient(&divs)), K::TooDeep);
    let attributes: String = (0..100).map(|n| format!(" a{n}=\"\"")).collect();
    assert_eq!(
        refused(&patient(&format!("<name{attributes}/>"))),
        K::TooManyValues
    );
    let namespaces: String = (0..20).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
    assert_eq!(
        refused(&patient(&format!("<name{namespaces}/>"))),
        K::TooManyValues
    );
}

#[test]
fn an_error_names_its_place() {
    let text = "<Patient xmlns=\"http://hl7.org/fhir\">\n  <active value=\"x\"/>\n</Patient>";
    let error = xml::parse(text.as_bytes(), &Limits::default())
        .map(|_| ())
        .expect_err("refused");
    assert_eq!(error.line, 2);
    assert!(
        error
            .to_string()
            .starts_with("not a value of type boolean at line 2"),
        "{error}"
    );
}
