//! What this context says of itself, once for each thing that happened.

use mt_events::catalogue::{EventType, Value, decode};
use mt_kernel::TenantId;
use mt_store::Store;

/// The events of a name: type and id of their subjects, in order.
pub(crate) async fn subjects(store: &Store, tenant: TenantId, name: &str) -> Vec<(String, String)> {
    let said = mt_testkit::said(store, tenant).await.into_iter();
    let wanted = said.filter(|event| event.name == name);
    wanted
        .map(|event| {
            let kind = EventType::named(&event.name).unwrap();
            let values = decode(kind, &event.payload).unwrap();
            let text = |name: &str| match values.iter().find(|(known, _)| known == name) {
                Some((_, Value::Text(text))) => text.clone(),
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(event.key, text("subject_id"), "the key is the subject");
            (text("subject_type"), text("subject_id"))
        })
        .collect()
}
