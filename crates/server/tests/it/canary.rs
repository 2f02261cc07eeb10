//! Health information is nowhere in plain: not in a data file, the write-ahead log, the audit journal, the
//! state of an import, a dump or a log.

use std::path::Path;

use serde_json::{Value, json};

use crate::bulk::wait;
use crate::running::{Caller, Place, Server, sql};

/// Words that occur nowhere by chance. Each stands for a kind of content.
const CANARIES: [&str; 9] = [
    "Zwiebelturm7Family",
    "Kaltschnauze8Given",
    "QX-4711-Identifier",
    "Drachenfels9Street",
    "Nebelhorn5Note",
    "Wolkenbruch6Search",
    "Donnerwetter3Path",
    "Sauerampfer2Refused",
    "Blitzableiter4Import",
];

#[test]
fn no_canary_is_found_in_any_file() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic("canary").caller.clone();
    writes(&caller);
    asks(&caller);
    is_refused(&caller);
    jobs(&caller);
    imports(&place);
    assert!(
        caller
            .get("Patient?family=zwiebel")
            .text()
            .contains(CANARIES[0]),
        "the canaries are not even there"
    );
    let dump = dump(&place);
    server.stop();
    assert!(
        dump.windows(17).any(|part| part == b"COPY records.res "),
        "the dump holds no records"
    );
    let forms = forms();
    let mut hits = Vec::new();
    forms.search("the dump", &dump, &mut hits);
    let searched = search_folder(&forms, &place.data(), &mut hits);
    forms.search("the log", &std::fs::read(place.log()).unwrap(), &mut hits);
    assert!(searched > 200, "only {searched} files were searched");
    assert!(hits.is_empty(), "{hits:#?}");
    // The search itself can fail: it finds every form where it is.
    for form in CANARIES.iter().flat_map(|canary| forms_of(canary)) {
        let mut found = Vec::new();
        forms.search(
            "here",
            &[b"ab".as_slice(), &form, b"yz"].concat(),
            &mut found,
        );
        assert!(!found.is_empty());
    }
}

fn patient() -> Value {
    json!({ "resourceType": "Patient", "id": "bird", "name": [{ "family": CANARIES[0], "given": [CANARIES[1]] }],
            "identifier": [{ "system": "urn:mrn", "value": CANARIES[2] }], "address": [{ "line": [CANARIES[3]] }] })
}

fn observation(n: usize) -> Value {
    json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" }, "subject": { "reference": "Patient/bird" },
            "valueInteger": n, "note": [{ "text": format!("{} {n}", CANARIES[4]) }] })
}

fn writes(caller: &Caller) {
    caller.store(&patient());
    caller.store(&{
        let mut changed = patient();
        changed["active"] = true.into();
        changed
    });
    for n in 0..30 {
        caller.post("Observation", &observation(n)).expect(201);
    }
    let entry = |n| json!({ "resource": observation(n), "request": { "method": "POST", "url": "Observation" } });
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": (30..40).map(entry).collect::<Vec<_>>() });
    caller.post("", &bundle).expect(200);
    let patch = json!([{ "op": "add", "path": "/name/0/text", "value": CANARIES[0] }]).to_string();
    caller
        .request("PATCH", "Patient/bird")
        .body("application/json-patch+json", patch)
        .send()
        .expect(200);
    caller.delete("Patient?identifier=urn:mrn|none").expect(204);
}

fn asks(caller: &Caller) {
    let word = CANARIES[5];
    for search in [
        format!("Patient?family={word}"),
        format!("Patient?name:contains={word}"),
        format!("Patient?identifier=urn:mrn|{word}"),
        format!("Patient?_filter=family eq \"{word}\""),
        format!("Observation?patient.name={word}"),
        format!("Patient?{word}=1"),
        format!("Patient?family={}&identifier={}", CANARIES[0], CANARIES[2]),
        "Patient/bird/$everything".to_owned(),
        "Patient/bird/_history".to_owned(),
        format!("Patient?birthdate={word}"),
        format!("Patient?_sort={word}"),
        format!("Patient?_cursor={word}"),
        format!("Patient?_format={word}"),
    ] {
        let status = caller.get(&search).status;
        assert!(status < 500, "{search}: {status}");
    }
    let form = format!("family={word}");
    caller
        .request("POST", "Patient/_search")
        .body("application/x-www-form-urlencoded", form)
        .send()
        .expect(200);
    let create = caller
        .request("POST", "Patient")
        .header("if-none-exist", &format!("identifier={}", CANARIES[2]));
    create.json(&patient()).send().expect(200);
}

/// Orders, files and outcomes of jobs stay in the database.
fn jobs(caller: &Caller) {
    let order = |method: &str, path: &str| {
        let request = caller.request(method, path);
        request.header("prefer", "respond-async")
    };
    let filter = format!("$export?_typeFilter=Patient%3Ffamily%3D{}", CANARIES[5]);
    let import = order("POST", "$import").body(
        "application/fhir+ndjson",
        format!("{}\n{{\"resourceType\":\"{}\"}}\n", patient(), CANARIES[7]),
    );
    for request in [order("GET", "$export"), order("GET", &filter), import] {
        let accepted = request.send().expect(202);
        wait(caller, accepted.header("content-location")).expect(200);
    }
}

fn is_refused(caller: &Caller) {
    let (path, body) = (CANARIES[6], CANARIES[7]);
    caller.get(&format!("Patient/{path}")).refused(404);
    caller.get(path).refused(404);
    caller.get(&format!("Patient/bird/{path}")).refused(404);
    caller
        .request("GET", "Patient/bird")
        .header("x-request-id", path)
        .send()
        .expect(200);
    caller
        .request(
            "GET",
            &format!("{}/{path}", caller.base.trim_end_matches("/fhir/R4")),
        )
        .send()
        .expect(404);
    for wrong in [
        json!({ "resourceType": "Patient", "birthDate": body }),
        json!({ "resourceType": "Patient", "gender": body }),
        json!({ "resourceType": "Patient", body: 1 }),
        json!({ "resourceType": body }),
        json!({ "resourceType": "Patient", "name": body }),
        json!({ "resourceType": "Observation", "subject": { "reference": format!("Patient/{body}") } }),
    ] {
        let answer = caller.post("Patient", &wrong);
        assert!((400..500).contains(&answer.status), "{}", answer.text());
    }
    caller
        .request("POST", "Patient")
        .body("application/fhir+json", format!("{{\"{body}"))
        .send()
        .refused(400);
    caller
        .request("POST", "Patient")
        .body("application/fhir+xml", format!("<{body}"))
        .send()
        .refused(400);
    let patch = json!([{ "op": "test", "path": format!("/{body}"), "value": body }]).to_string();
    caller
        .request("PATCH", "Patient/bird")
        .body("application/json-patch+json", patch)
        .send()
        .refused(422);
    let stranger = Caller {
        token: body.to_owned(),
        ..caller.clone()
    };
    stranger.get(&format!("Patient?family={body}")).refused(401);
}

fn imports(place: &Place) {
    let folder = place.path("source");
    std::fs::create_dir(&folder).unwrap();
    let mut good = patient();
    good["id"] = "import".into();
    good["name"][0]["family"] = CANARIES[8].into();
    std::fs::write(folder.join("good.ndjson"), good.to_string()).unwrap();
    good["gender"] = CANARIES[8].into();
    std::fs::write(folder.join("wrong.ndjson"), good.to_string()).unwrap();
    let output = place.run(&[
        "import",
        "--quiet",
        "--tenant",
        "canary",
        folder.to_str().unwrap(),
    ]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = [output.stdout, output.stderr].concat();
    assert!(
        !String::from_utf8_lossy(&said).contains(CANARIES[8]),
        "the refusal repeats content"
    );
}

/// What `pg_dump` writes of the tenant's rows and of everything that belongs to no tenant.
fn dump(place: &Place) -> Vec<u8> {
    let script = "\\setenv PGOPTIONS '-c app.tenant=1'\n\
        \\! \"$(dirname \"$(readlink /proc/$PPID/exe)\")/pg_dump\" --enable-row-security";
    sql(place, script).join("\n").into_bytes()
}

/// Byte strings to look for, by their first two bytes, each with what it stands for.
pub(crate) struct Forms(Vec<Vec<(String, Vec<u8>)>>);

impl Forms {
    pub(crate) fn of(all: impl Iterator<Item = (String, Vec<u8>)>) -> Self {
        let mut forms = vec![Vec::new(); 1 << 16];
        for (what, form) in all {
            forms[usize::from(u16::from_be_bytes([form[0], form[1]]))].push((what, form));
        }
        Self(forms)
    }

    pub(crate) fn search(&self, place: &str, bytes: &[u8], hits: &mut Vec<String>) {
        for (at, pair) in bytes.windows(2).enumerate() {
            for (what, form) in &self.0[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
                if bytes[at..].starts_with(form) {
                    hits.push(format!("{what} in {place}"));
                }
            }
        }
    }
}

fn forms() -> Forms {
    let all = CANARIES.iter().flat_map(|canary| {
        let forms = forms_of(canary).into_iter();
        forms.map(|form| ((*canary).to_owned(), form))
    });
    Forms::of(all)
}

/// A canary as it could be written.
pub(crate) fn forms_of(canary: &str) -> Vec<Vec<u8>> {
    let lower = canary.to_lowercase();
    let mut forms = Vec::new();
    for text in [canary, &lower, &canary.to_uppercase()] {
        forms.push(text.as_bytes().to_vec());
        forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        forms.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        forms.push(
            text.bytes()
                .flat_map(|byte| format!("%{byte:02X}").into_bytes())
                .collect(),
        );
        forms.push(
            text.bytes()
                .flat_map(|byte| format!("{byte:02x}").into_bytes())
                .collect(),
        );
        forms.extend(base64_inside(text.as_bytes()));
    }
    forms
}

/// What the bytes look like in the middle of any base64 text: one form for each alignment.
fn base64_inside(bytes: &[u8]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = |bytes: &[u8]| -> Vec<u8> {
        let group = |g: &[u8]| {
            let n = u32::from(g[0]) << 16 | u32::from(g[1]) << 8 | u32::from(g[2]);
            [18, 12, 6, 0].map(|shift| ALPHABET[(n >> shift) as usize & 63])
        };
        bytes.chunks_exact(3).flat_map(group).collect()
    };
    (0..3).map(|skip| groups(&bytes[skip..])).collect()
}

fn search_folder(forms: &Forms, folder: &Path, hits: &mut Vec<String>) -> usize {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            searched += search_folder(forms, &entry.path(), hits);
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            forms.search(&entry.path().display().to_string(), &bytes, hits);
            searched += 1;
        }
    }
    searched
}
