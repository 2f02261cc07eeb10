//! What stands in the database: no plaintext, one log and audit row for each commit, updates in place.

use mt_store::{open_audit_detail, open_events};
use mt_testkit::{TestStore, resources};

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_word_of_a_record() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let text =
        resources::patient_with_identifier("Canaryfamily", "http://canary.example", "CANARY-MRN");
    let created = test.create(&caller, &text).await;
    let body = String::from_utf8_lossy(&created.body).replace("Canaryfamily", "Canarysecond");
    test.put(&caller, &body, None).await.unwrap();
    test.put(
        &caller,
        r#"{"resourceType":"Patient","id":"canary-id"}"#,
        None,
    )
    .await
    .unwrap();
    test.search(&caller, "Patient?name=canaryfamily")
        .await
        .unwrap();
    let client = test.database.admin().connect().await.unwrap().0;
    for table in [
        "records.res",
        "records.res_h",
        "records.aux",
        "records.txlog",
        "records.audit",
        "tenancy.keys",
        "tenancy.dictionaries",
        "tenancy.jobs",
    ] {
        let sql = format!("select t::text from {table} t");
        for row in client.query(&sql, &[]).await.unwrap() {
            let mut text = row.get::<_, String>(0).to_lowercase();
            for bytes in text.clone().split("\\\\x").skip(1) {
                let hex: Vec<u8> = bytes.bytes().take_while(u8::is_ascii_hexdigit).collect();
                let decoded: Vec<u8> = hex
                    .chunks_exact(2)
                    .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect();
                text.push_str(&String::from_utf8_lossy(&decoded).to_lowercase());
            }
            assert!(!text.contains("canary"), "{table}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_commit_has_one_log_row_and_one_audit_row_that_open() {
    let test = TestStore::new().await;
    let tenant = test.tenant("a").await;
    let caller = test.caller(tenant);
    for index in 0..20 {
        test.put(
            &caller,
            &format!(
                r#"{{"resourceType":"Patient","id":"p{}","active":{}}}"#,
                index % 4,
                index % 8 < 4
            ),
            None,
        )
        .await
        .unwrap();
    }
    let client = test.database.admin().connect().await.unwrap().0;
    let commits: i64 = client
        .query_one("select count(*) from records.txlog", &[])
        .await
        .unwrap()
        .get(0);
    let audits: i64 = client
        .query_one("select count(*) from records.audit", &[])
        .await
        .unwrap()
        .get(0);
    let versions: i64 = client
        .query_one("select sum(version) from records.res", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!((commits, audits), (versions, versions));
    let gaps = "select count(*) from (select id, version, lag(version) over (partition by id order by version) before \
                from (select id, version from records.res union all select id, version from records.res_h) v) w \
                where version <> coalesce(before, 0) + 1";
    assert_eq!(
        client.query_one(gaps, &[]).await.unwrap().get::<_, i64>(0),
        0
    );
    let keys = test.store.tenants().keys(tenant).await.unwrap();
    for row in client
        .query("select at, correlation, detail from records.audit", &[])
        .await
        .unwrap()
    {
        let detail: Vec<u8> = row.get(2);
        let opened =
            open_audit_detail(&keys, mt_kernel::Instant(row.get(0)), row.get(1), &detail).unwrap();
        assert!(opened.ends_with(b" 1"));
        assert!(open_events(&keys, mt_kernel::Instant(row.get(0)), row.get(1), &detail).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_keeps_its_keys_changes_no_indexed_column() {
    let test = TestStore::new().await;
    let caller = test.caller(test.tenant("a").await);
    let client = test.database.admin().connect().await.unwrap().0;
    let indexed = "select array_agg(distinct a.attname::text) from pg_index i \
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) \
        where i.indrelid = 'records.res'::regclass";
    let indexed: Vec<String> = client.query_one(indexed, &[]).await.unwrap().get(0);
    for changing in ["version", "updated_at", "body", "deleted"] {
        assert!(!indexed.contains(&changing.to_owned()), "{changing}");
    }
    let row = format!(
        "select r.id::text, array[{}] from records.res r",
        indexed
            .iter()
            .map(|c| format!("r.{c}::text"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let columns = async || {
        let row = client.query_one(&row, &[]).await.unwrap();
        row.get::<_, Vec<Option<String>>>(1)
    };
    let text = |note: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6"}}]}},"effectiveDateTime":"2020","note":[{{"text":"{note}"}}]}}"#
        )
    };
    test.put(&caller, &text("a"), None).await.unwrap();
    let before = columns().await;
    assert_eq!(
        test.put(&caller, &text("b"), None).await.unwrap().version,
        2
    );
    assert_eq!(columns().await, before);
}
