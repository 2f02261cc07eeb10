//! What nobody changed leaves as it came.

use mt_script::{Body, Document};

const VENDOR: &str = "\u{feff}<?xml version='1.0' encoding=\"utf-8\" ?>\r\n<!-- sent by a network -->\r\n\
<Message  xmlns='http://www.ncpdp.org/schema/SCRIPT' xmlns:v=\"urn:vendor\" version=\"2017071\" >\r\n\
  <Header><To Qualifier='P'>1234567</To ><v:Trace hop=\"1\"/><MessageID>A</MessageID></Header>\r\n\
  <Body><NewRx><Extra><Deep>kept &#x41;</Deep></Extra><MedicationPrescribed>\r\n\
    <DrugDescription><![CDATA[A & B]]></DrugDescription>\r\n\
    <?hint x?><Unknown a='1'/>\r\n\
    <NumberOfRefills>1</NumberOfRefills>\r\n\
    <Empty></Empty>\r\n\
  </MedicationPrescribed></NewRx></Body>\r\n\
</Message>\r\n<!-- end -->\r\n";

#[test]
fn an_unchanged_message_is_written_byte_for_byte() {
    let mut document = Document::parse(VENDOR.as_bytes()).unwrap();
    assert_eq!(document.write(), VENDOR);
    let message = document.message();
    assert!(document.update(&message));
    assert_eq!(document.write(), VENDOR);
}

#[test]
fn a_change_touches_its_element_alone() {
    let mut document = Document::parse(VENDOR.as_bytes()).unwrap();
    let mut message = document.message();
    let Body::NewRx(body) = &mut message.body else {
        panic!("a prescription")
    };
    body.medication_prescribed.as_mut().unwrap().refills = Some(4);
    assert!(document.update(&message));
    let expected = VENDOR.replace("<NumberOfRefills>1<", "<NumberOfRefills>4<");
    assert_eq!(document.write(), expected);
}

#[test]
fn a_new_element_takes_its_place_in_order_and_a_removed_one_leaves_no_gap() {
    let mut document = Document::parse(VENDOR.as_bytes()).unwrap();
    let mut message = document.message();
    let Body::NewRx(body) = &mut message.body else {
        panic!("a prescription")
    };
    let medication = body.medication_prescribed.as_mut().unwrap();
    medication.days_supply = Some(30);
    assert!(document.update(&message));
    let expected = VENDOR.replace(
        "<NumberOfRefills>",
        "<DaysSupply>30</DaysSupply><NumberOfRefills>",
    );
    assert_eq!(document.write(), expected);

    let Body::NewRx(body) = &mut message.body else {
        panic!("a prescription")
    };
    let medication = body.medication_prescribed.as_mut().unwrap();
    medication.days_supply = None;
    medication.refills = None;
    assert!(document.update(&message));
    let expected = VENDOR.replace("\r\n<NumberOfRefills>1</NumberOfRefills>", "");
    assert_eq!(document.write(), expected);
}

#[test]
fn a_message_of_another_kind_is_not_taken() {
    let mut document = Document::parse(VENDOR.as_bytes()).unwrap();
    assert!(!document.update(&crate::samples::message(Body::GetMessage(Box::default()))));
    assert_eq!(document.write(), VENDOR);
}

#[test]
fn an_element_without_content_gains_some() {
    let text = "<Message version=\"2017071\"><Header/><Body><GetMessage/></Body></Message>";
    let mut document = Document::parse(text.as_bytes()).unwrap();
    let mut message = document.message();
    message.header.message_id = Some("A".into());
    assert!(document.update(&message));
    let expected = text.replace("<Header/>", "<Header><MessageID>A</MessageID></Header>");
    assert_eq!(document.write(), expected);
}
