//! Nothing of an erased patient is left in the data directory but what says so: not a row that is the patient's, not a
//! key that leads to one, not a sealed body in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use crate::canary::{Forms, forms_of};
use crate::running::{Caller, Place, Server, sql};

const TENANT: &str = "erasing";
/// How the patient is called.
const CANARY: &str = "Zwiebelturm8Erased";
const PATIENCE: Duration = Duration::from_secs(60);

/// What outlasts a record, by its own law and for its own time (ADR 0013). Names end where the entry ends.
const STAYS: [&str; 10] = [
    // The trail, and what counts in it.
    "records.audit",
    "audit.",
    "privacy.seen",
    "privacy.progress",
    // Ids of what happened, without content.
    "records.txlog",
    "events.",
    // The order to erase.
    "privacy.paper",
    // That something is to be done about a paper, until it is.
    "privacy.pending",
    // Who was proxy for somebody or broke a glass, not over whom.
    "administration.standing",
    // That an account ended, until its clients are told.
    "people.ended",
];

/// Everything that hangs on a patient; the ids of the records.
fn lives(server: &Server, all: &Caller, name: &str) -> Vec<Uuid> {
    let ids: Vec<Uuid> = (0..8).map(|_| Uuid::new_v4()).collect();
    let [
        patient,
        visit,
        observation,
        scan,
        document,
        coverage,
        consent,
        moved,
    ] = ids[..]
    else {
        unreachable!("eight were made")
    };
    let subject = json!({ "reference": format!("Patient/{patient}") });
    let mut person = json!({ "resourceType": "Patient", "id": patient, "birthDate": "1940-02-03",
        "name": [{ "family": name }], "telecom": [{ "system": "email", "value": format!("{name}@example.org") }] });
    all.store(&person);
    person["active"] = true.into();
    all.store(&person);
    let class =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB" });
    for status in ["in-progress", "finished"] {
        all.store(
            &json!({ "resourceType": "Encounter", "id": visit, "status": status, "class": class,
            "subject": subject, "period": { "start": "1999-05-06", "end": "1999-05-07" } }),
        );
    }
    all.store(&json!({ "resourceType": "Observation", "id": observation, "status": "final", "code": { "text": name },
        "effectiveDateTime": "1999-05-06", "subject": subject }));
    all.store(&json!({ "resourceType": "Binary", "id": scan, "contentType": "text/plain", "data": "WndpZWJlbA==" }));
    all.store(
        &json!({ "resourceType": "DocumentReference", "id": document, "status": "current",
        "date": "1999-05-06T00:00:00Z", "subject": subject,
        "content": [{ "attachment": { "url": format!("Binary/{scan}") } }] }),
    );
    all.store(&json!({ "resourceType": "Coverage", "id": coverage, "status": "active", "beneficiary": subject,
        "payor": [{ "display": "x" }], "period": { "start": "1999-01-01", "end": "1999-12-31" } }));
    all.store(
        &json!({ "resourceType": "Consent", "id": consent, "status": "inactive", "patient": subject,
        "dateTime": "1999-01-01", "scope": { "coding": [{ "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "code": "59284-0", "system": "http://loinc.org" }] }],
        "policy": [{ "uri": "https://example.org/policy" }] }),
    );
    all.store(&json!({ "resourceType": "Observation", "id": moved, "status": "final", "code": { "text": name },
        "effectiveDateTime": "1999-05-06", "subject": subject }));
    all.delete(&format!("Observation/{moved}")).expect(204);
    let admin = server.caller(TENANT, &["org_admin"], &[]).api();
    let proxy = json!({ "patient": patient, "subject": "carer", "basis": "legal" });
    admin.post("proxies", &proxy).expect(201);
    let (email, own) = (format!("{name}@example.org"), format!("Patient/{patient}"));
    server.command(&[
        "user",
        "create",
        "--tenant",
        TENANT,
        "--role",
        "patient",
        "--email",
        &email,
        "--fhir-user",
        &own,
        name,
    ]);
    ids
}

/// Runs `query` for every column of the organisation's tables that `columns` picks; what they return.
fn ask_all(place: &Place, columns: &str, query: &str) -> Vec<String> {
    sql(
        place,
        &format!(
            "set app.tenant = '1';\n\
             select format({query}, c.table_schema || '.' || c.table_name, c.column_name) \
             from information_schema.columns c join information_schema.tables t using (table_schema, table_name) \
             where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema') \
               and exists (select from pg_class where oid = format('%I.%I', table_schema, table_name)::regclass \
                 and not relispartition) and {columns} \\gexec"
        ),
    )
}

fn stays(name: &str) -> bool {
    STAYS.iter().any(|one| {
        name.strip_prefix(one)
            .is_some_and(|rest| one.ends_with('.') || rest.is_empty())
    })
}

/// How many rows each table holds.
fn rows(place: &Place) -> BTreeMap<String, i64> {
    let query = "'select ''%1$s'', count(*) from %1$s'";
    let counted = ask_all(place, "c.column_name = 'tenant'", query);
    let counted = counted.iter().map(|row| row.split_once('|').unwrap());
    counted
        .map(|(table, count)| (table.to_owned(), count.parse().unwrap()))
        .filter(|(table, _)| !stays(table))
        .collect()
}

/// Columns in which one of the keys stands: ids of records, and the hash of the patient.
fn columns_with(place: &Place, ids: &[Uuid], token: &str) -> BTreeSet<String> {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let ids = ids.join(",");
    let mut found = Vec::new();
    for (columns, condition) in [
        (
            "c.udt_name = 'uuid'",
            format!("%2$I = any(''{{{ids}}}''::uuid[])"),
        ),
        (
            "c.udt_name = '_uuid'",
            format!("%2$I && ''{{{ids}}}''::uuid[]"),
        ),
        ("c.udt_name = 'int8'", format!("%2$I = {token}")),
        (
            "c.udt_name = '_int8'",
            format!("%2$I @> ''{{{token}}}''::int8[]"),
        ),
    ] {
        let query =
            format!("'select ''%1$s.%2$s'' where exists (select from %1$s where {condition})'");
        found.extend(ask_all(place, columns, &query));
    }
    let is_kept = |column: &String| stays(column.rsplit_once('.').unwrap().0);
    found
        .into_iter()
        .filter(|column| !is_kept(column))
        .collect()
}

/// What a record leads to while it is there: the sealed bodies and the keyed hash of the patient.
fn traces(place: &Place, ids: &[Uuid]) -> (String, Vec<Vec<u8>>) {
    let all: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let sealed = sql(
        place,
        &format!(
            "set app.tenant = '1'; select encode(substr(body, 1, 64), 'hex') from records.res where id = any('{{{0}}}') \
         union all select encode(substr(body, 1, 64), 'hex') from records.res_h where id = any('{{{0}}}');",
            all.join(",")
        ),
    );
    let bytes = |hex: &String| {
        let digits = hex.as_bytes().chunks(2);
        let byte =
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
        byte.collect::<Vec<u8>>()
    };
    let token = format!(
        "set app.tenant = '1'; select pat from records.res where id = '{}';",
        ids[1]
    );
    (
        sql(place, &token).remove(0),
        sealed.iter().map(bytes).collect(),
    )
}

/// Files of the tables that stay, and of what the planner knows of them; as they end in the data directory.
fn files_that_stay(place: &Place) -> BTreeSet<String> {
    let of = "select pg_relation_filepath(f.oid), n.nspname || '.' || t.relname from pg_class t \
        join pg_namespace n on n.oid = t.relnamespace \
        join pg_class f on f.oid in (t.oid, t.reltoastrelid) \
          or f.oid in (select indexrelid from pg_index where indrelid in (t.oid, t.reltoastrelid)) \
        where t.relkind = 'r';";
    let files = sql(place, of);
    let files = files.iter().filter_map(|row| row.split_once('|'));
    let kept = files.filter(|(_, table)| stays(table) || *table == "pg_catalog.pg_statistic");
    kept.map(|(file, _)| file.to_owned()).collect()
}

/// Every file with its bytes, but for the write-ahead log, which recycles itself.
fn each_file(folder: &Path, see: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && entry.file_name() != "pg_wal" {
            each_file(&entry.path(), see);
        } else if kind.is_file() {
            see(&entry.path(), &std::fs::read(entry.path()).unwrap());
        }
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + PATIENCE;
    while let Err(why) = done() {
        assert!(Instant::now() < end, "{what}: {why}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// More rows than before, by table.
fn more(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> Vec<String> {
    let grown = after
        .iter()
        .filter(|(table, count)| before.get(*table).is_none_or(|was| was < *count));
    grown
        .map(|(table, count)| format!("{table}: {:?} became {count}", before.get(table)))
        .collect()
}

fn erase(officer: &Caller, all: &Caller, patient: Uuid) {
    let order = json!({ "patient": patient, "reason": "retention is over" });
    officer.post("privacy/erasures", &order).expect(202);
    wait_until("the record is not erased", || {
        let orders = officer.get("privacy/erasures").expect(200).json();
        let outcome = &orders["items"][0]["outcome"];
        if outcome["is"] == "erased" {
            Ok(())
        } else {
            Err(outcome.to_string())
        }
    });
    all.get(&format!("Patient/{patient}")).refused(404);
}

#[test]
fn nothing_of_an_erased_patient_is_left_in_the_data_directory() {
    let place = Place::new();
    let server = Server::start(&place);
    let all = server.clinic(TENANT).caller.clone();
    let told = |patients: i64| {
        wait_until("timelines", || {
            let text =
                "set app.tenant = '1'; select count(distinct patient) from coordination.timeline;";
            let count = sql(&place, text).remove(0);
            if count == patients.to_string() {
                Ok(())
            } else {
                Err(count)
            }
        });
    };
    // A proof is fresh for five minutes only.
    let officer = || {
        let officer = server.person(TENANT, "o", &["privacy_officer"], &["--step-up"]);
        officer.api()
    };
    let settings = json!({ "retentionYears": 0 });
    officer().put("privacy/settings", &settings).expect(200);
    lives(&server, &all, "Kaltschnauze9Other");
    told(1);
    let before = rows(&place);
    let ids = lives(&server, &all, CANARY);
    told(2);
    assert!(
        more(&before, &rows(&place)).len() > 5,
        "the patient left nothing to erase"
    );
    let (token, bodies) = traces(&place, &ids);
    assert!(bodies.len() > ids.len(), "{} bodies", bodies.len());
    let leading = columns_with(&place, &ids, &token);
    for column in ["records.res.id", "records.res.pat", "records.res_h.id"] {
        assert!(leading.contains(column), "{leading:?}");
    }

    erase(&officer(), &all, ids[0]);
    wait_until("rows are left", || match more(&before, &rows(&place)) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:#?}")),
    });
    assert_eq!(columns_with(&place, &ids, &token), BTreeSet::new());

    for table in before.keys() {
        sql(&place, &format!("vacuum (full, analyze) {table};"));
    }
    let stay = files_that_stay(&place);
    server.stop();
    let words = forms_of(CANARY).into_iter();
    let words = Forms::of(words.map(|form| (CANARY.to_owned(), form)));
    let token: i64 = token.parse().unwrap();
    let keys = ids
        .iter()
        .map(|id| (id.to_string(), id.as_bytes().to_vec()));
    let keys = Forms::of(keys.chain([(
        "the patient's hash".to_owned(),
        token.to_le_bytes().to_vec(),
    )]));
    let bodies = Forms::of(bodies.into_iter().map(|body| ("a body".to_owned(), body)));
    let (mut hits, mut searched) = (Vec::new(), 0);
    let log = place.log();
    words.search("the log", &std::fs::read(log).unwrap(), &mut hits);
    each_file(&place.data(), &mut |path, bytes| {
        let name = path.display().to_string();
        words.search(&name, bytes, &mut hits);
        bodies.search(&name, bytes, &mut hits);
        // A large table has several files.
        let whole = name
            .trim_end_matches(|end: char| end.is_ascii_digit())
            .trim_end_matches('.');
        let is_kept =
            |file: &String| name.ends_with(file.as_str()) || whole.ends_with(file.as_str());
        if !stay.iter().any(is_kept) {
            keys.search(&name, bytes, &mut hits);
        }
        searched += 1;
    });
    assert!(searched > 200, "only {searched} files were searched");
    assert!(hits.is_empty(), "{hits:#?}");
}
