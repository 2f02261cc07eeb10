use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Doc, JsonError> {
    Doc::parse(text, &Limits::default())
}

fn refused(text: &str) -> JsonErrorKind {
    parse(text).expect_err("must be refused").kind
}

#[test]
fn numbers_keep_their_digits_and_fields_their_order() {
    let text = r#"{"z":5.0,"a":-0.10e+3,"list":[1.00,null,true,"x"],"o":{}}"#;
    assert_eq!(parse(text).unwrap().to_json(), text.as_bytes());
}

#[test]
fn escapes_are_decoded_once_and_written_back() {
    let doc = parse(r#"{"a":"q\"\\\/\u00e9\ud83d\ude00\n\u0001","k\u0065y":1}"#).unwrap();
    assert_eq!(doc.root().str("a"), Some("q\"\\/é😀\n\u{1}"));
    assert_eq!(doc.root().get("key").unwrap().number_text(), Some("1"));
    let written = String::from_utf8(doc.to_json()).unwrap();
    assert_eq!(written, "{\"a\":\"q\\\"\\\\/é😀\\n\\u0001\",\"key\":1}");
}

#[test]
fn what_is_not_json_is_refused_with_its_kind() {
    use JsonErrorKind as K;
    let cases = [
        ("", K::UnexpectedEnd),
        ("{", K::UnexpectedEnd),
        ("{\"a\"", K::UnexpectedEnd),
        ("[1,]", K::UnexpectedCharacter),
        ("{\"a\":1,}", K::UnexpectedCharacter),
        ("[1 2]", K::UnexpectedCharacter),
        ("{a:1}", K::UnexpectedCharacter),
        ("nul", K::UnexpectedCharacter),
        ("NaN", K::UnexpectedCharacter),
        ("{} {}", K::TrailingText),
        ("01", K::BadNumber),
        ("-", K::BadNumber),
        ("1.", K::BadNumber),
        ("1e", K::BadNumber),
        (r#""\x""#, K::BadEscape),
        (r#""\ud800""#, K::BadEscape),
        (r#""\ud800\u0041""#, K::BadEscape),
        (r#""\u+123""#, K::BadEscape),
        ("\"a\nb\"", K::ControlCharacter),
        (r#"{"a":1,"a":2}"#, K::DuplicateKey),
        (r#"{"id":1,"\u0069d":2}"#, K::DuplicateKey),
        (r#"{"o":{"x":1,"y":2,"x":3}}"#, K::DuplicateKey),
    ];
    for (text, kind) in cases {
        assert_eq!(refused(text), kind, "{text}");
    }
    assert_eq!(
        Doc::parse(b"\"\xff\"".to_vec(), &Limits::default())
            .unwrap_err()
            .kind,
        K::NotUtf8
    );
}

#[test]
fn a_primitive_and_its_shadow_are_two_fields() {
    let doc = parse(r#"{"birthDate":"1970","_birthDate":{"id":"x"}}"#).unwrap();
    let root = doc.root();
    let name = crate::names::Name::intern("birthDate");
    assert_eq!(root.get_name(name).unwrap().as_str(), Some("1970"));
    assert!(root.get_shadow(name).unwrap().is_shadow());
    assert_eq!(
        refused(r#"{"_birthDate":{},"_birthDate":{}}"#),
        JsonErrorKind::DuplicateKey
    );
}

#[test]
fn duplicates_are_found_in_large_objects_too() {
    let fields: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\":{n}")).collect();
    assert!(parse(&format!("{{{}}}", fields.join(","))).is_ok());
    let twice = format!("{{{},\"k7\":0}}", fields.join(","));
    assert_eq!(refused(&twice), JsonErrorKind::DuplicateKey);
}

#[test]
fn errors_name_line_and_column() {
    let error = parse("{\n  \"a\": 1,\n  \"b\": tru\n}").unwrap_err();
    assert_eq!((error.line, error.column), (3, 8));
    assert_eq!(
        error.to_string(),
        "unexpected character at line 3, column 8"
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        max_bytes: 100,
        max_depth: 3,
        max_values: 6,
        max_string: 5,
    };
    let kind = |text: &str| Doc::parse(text, &limits).map(|_| ()).map_err(|e| e.kind);
    assert_eq!(kind("[[[1]]]"), Ok(()));
    assert_eq!(kind("[[[[]]]]"), Err(JsonErrorKind::TooDeep));
    assert_eq!(kind("[1,2,3,4,5,6]"), Err(JsonErrorKind::TooManyValues));
    assert_eq!(kind("\"123456\""), Err(JsonErrorKind::StringTooLong));
    assert_eq!(kind(&" ".repeat(101)), Err(JsonErrorKind::TooLarge));
    let deep = "[".repeat(1_000_000);
    assert_eq!(refused(&deep), JsonErrorKind::TooDeep);
}

#[test]
fn edits_keep_order_and_counts() {
    let mut doc = parse(r#"{"resourceType":"X","b":[1,2],"c":3}"#).unwrap();
    let root = doc.root().id();
    let array = doc.root().get("b").unwrap().id();
    let id = doc.new_string("n\"1");
    let resource_type = doc.root().get("resourceType").map(Node::id);
    doc.insert_field(root, resource_type, "id", id);
    let zero = doc.new_number("0.50").unwrap();
    assert!(doc.insert_item(array, 0, zero));
    assert!(doc.remove_item(array, 2));
    let nine = doc.new_number("9").unwrap();
    doc.push(array, nine);
    assert!(doc.remove_field(root, "c"));
    doc.set_string_field(root, "d", "end");
    let expected = r#"{"resourceType":"X","id":"n\"1","b":[0.50,1,9],"d":"end"}"#;
    assert_eq!(String::from_utf8(doc.to_json()).unwrap(), expected);
    assert_eq!(doc.root().len(), 4);
    assert!(!doc.remove_field(root, "c"));
    assert!(doc.new_number("1,5").is_none());
}

#[test]
fn replacing_and_removing_the_last_child_keeps_the_end_right() {
    let mut doc = parse("[1,2,3]").unwrap();
    let root = doc.root().id();
    let last = doc.root().item(2).unwrap().id();
    let new = doc.new_string("x");
    doc.replace(root, last, new);
    assert!(doc.remove_item(root, 2));
    let four = doc.new_bool(true);
    doc.push(root, four);
    assert_eq!(doc.to_json(), b"[1,2,true]");
    while doc.remove_item(root, 0) {}
    assert_eq!(doc.to_json(), b"[]");
    let again = doc.new_null();
    doc.push(root, again);
    assert_eq!(doc.to_json(), b"[null]");
}

#[test]
fn a_copied_subtree_is_independent() {
    let source = parse(r#"{"resource":{"a":[{"b":"c"},1.50],"_x":null}}"#).unwrap();
    let copy = Doc::from_node(source.root().get("resource").unwrap());
    assert_eq!(copy.to_json(), br#"{"a":[{"b":"c"},1.50],"_x":null}"#);
    assert_eq!(copy.root().key(), None);
}

/// Any JSON text made of our own value generator.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map(".*", inner, 0..8)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn writing_and_reading_give_the_same_value(value in json()) {
        let doc = parse(&value.to_string()).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&doc.to_json()).unwrap();
        prop_assert_eq!(written, value);
        let again = Doc::parse(doc.to_json(), &Limits::default()).unwrap();
        prop_assert!(again == doc);
    }

    #[test]
    fn acceptance_agrees_with_another_parser(text in r#"[\[\]{}:,"a01.eE+\-\\u nt]{0,24}"#) {
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match parse(&text) {
            Ok(_) => prop_assert!(theirs.is_ok(), "{text}"),
            // The other parser takes duplicate keys and refuses numbers beyond its range.
            Err(error) if error.kind == JsonErrorKind::DuplicateKey => {}
            Err(_) => prop_assert!(theirs.is_err(), "{text}"),
        }
    }
}

#[test]
fn fields_have_no_order_and_items_have() {
    let same = |one: &str, two: &str| parse(one).unwrap() == parse(two).unwrap();
    assert!(same(
        r#"{"a":1,"b":{"c":"x"}}"#,
        r#"{ "b": {"c":"x"}, "a": 1 }"#
    ));
    assert!(!same(r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#));
    assert!(!same(r#"{"a":1,"b":2}"#, r#"{"a":1,"c":2}"#));
    assert!(!same("[1,2]", "[2,1]"));
    assert!(!same("1.0", "1.00"));
}
