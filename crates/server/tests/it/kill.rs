//! Nothing that was acknowledged is lost and nothing is half there, whichever process is killed, whenever.
//!
//! `MEDITRACK_KILLS` raises the number of rounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Caller, Place, Server, entries, link, signal, sql};

const WRITERS: usize = 8;
const CYCLES: usize = 8;
/// Records of one transaction.
const PARTS: usize = 3;

/// What the writers know of one record.
#[derive(Default)]
struct Known {
    /// Marks that were acknowledged, by version.
    acknowledged: BTreeMap<u64, String>,
    /// Marks whose answer never came.
    open: BTreeSet<String>,
}

/// What one writer has sent, by record; a transaction's records share a mark.
#[derive(Default)]
struct Ledger {
    records: BTreeMap<String, Known>,
    transactions: Vec<(Vec<String>, bool)>,
    acknowledged: usize,
}

#[test]
fn acknowledged_writes_survive_every_kill_exactly_once() {
    let cycles = kills(CYCLES);
    let place = Place::new();
    let mut server = Server::start(&place);
    let token = server.clinic("kill").caller.token.clone();
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(|_| Ledger::default()).collect();
    for cycle in 0..cycles {
        let caller = server.bearer(&token);
        let stop = AtomicBool::new(false);
        let victim = Victim::of(cycle);
        let running = std::thread::scope(|scope| {
            for (writer, ledger) in ledgers.iter_mut().enumerate() {
                let (caller, stop) = (&caller, &stop);
                scope.spawn(move || write(caller, cycle, writer, ledger, stop));
            }
            // The moment differs from round to round; that it is arbitrary is the point.
            std::thread::sleep(Duration::from_millis(700 + 130 * (cycle as u64 % 7)));
            let running = victim.strike(server, &place);
            stop.store(true, Ordering::Relaxed);
            running
        });
        server = running.unwrap_or_else(|| Server::start(&place));
        answers_again(&server.bearer(&token));
    }
    let caller = server.bearer(&token);
    let acknowledged: usize = ledgers.iter().map(|ledger| ledger.acknowledged).sum();
    assert!(
        acknowledged >= cycles * WRITERS,
        "the load was no load: {acknowledged} writes"
    );
    let histories: BTreeMap<String, Vec<(u64, String)>> = history(&caller);
    ledgers.iter().for_each(|ledger| check(ledger, &histories));
    let versions: usize = histories.values().map(Vec::len).sum();
    rows_agree(&place, versions);
    server.stop();
}

/// How often something is killed: as often as `MEDITRACK_KILLS` says.
pub(crate) fn kills(usual: usize) -> usize {
    let told = std::env::var("MEDITRACK_KILLS").ok();
    told.and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// The process id of PostgreSQL, which may be about to start.
pub(crate) fn postmaster(place: &Place) -> u32 {
    let file = place.data().join("postgres/postmaster.pid");
    let limit = Instant::now() + Duration::from_secs(120);
    loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(pid) = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok())
        {
            return pid;
        }
        assert!(Instant::now() < limit, "there is no database server");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Which process is killed in a round.
#[derive(Clone, Copy)]
enum Victim {
    Server,
    Postmaster,
    Backends,
}

impl Victim {
    fn of(cycle: usize) -> Self {
        [Self::Server, Self::Postmaster, Self::Server, Self::Backends][cycle % 4]
    }

    /// Kills; the server when it lives on.
    fn strike(self, server: Server, place: &Place) -> Option<Server> {
        let postmaster = postmaster(place);
        match self {
            Self::Server => {
                server.kill();
                return None;
            }
            Self::Postmaster => signal("-KILL", postmaster),
            Self::Backends => children(postmaster)
                .into_iter()
                .for_each(|backend| signal("-KILL", backend)),
        }
        Some(server)
    }
}

pub(crate) fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    tasks
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

/// A server that lost its database comes back by itself.
pub(crate) fn answers_again(caller: &Caller) {
    let limit = Instant::now() + Duration::from_secs(120);
    loop {
        let written = caller
            .request("PUT", "Basic/probe")
            .json(&json!({ "resourceType": "Basic", "id": "probe", "code": { "text": "x" } }));
        if written.try_send().is_ok_and(|answer| answer.status < 300) {
            return;
        }
        assert!(Instant::now() < limit, "the server did not come back");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Creates, updates with If-Match, and transactions, until told to stop.
fn write(caller: &Caller, cycle: usize, writer: usize, ledger: &mut Ledger, stop: &AtomicBool) {
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mark = format!("m{cycle}-{writer}-{n}");
        let sent = match n % 3 {
            0 => single(
                caller,
                &format!("o{cycle}-{writer}-{n}"),
                None,
                &mark,
                ledger,
            ),
            1 => {
                let id = format!("shared-{writer}");
                let next = ledger
                    .records
                    .get(&id)
                    .and_then(|known| known.acknowledged.last_key_value())
                    .map(|(version, _)| *version);
                single(caller, &id, next, &mark, ledger)
            }
            _ => transaction(caller, &mark, ledger),
        };
        if !sent {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn organization(id: &str, mark: &str) -> Value {
    json!({ "resourceType": "Organization", "id": id, "name": mark })
}

fn single(
    caller: &Caller,
    id: &str,
    version: Option<u64>,
    mark: &str,
    ledger: &mut Ledger,
) -> bool {
    let mut request = caller.request("PUT", &format!("Organization/{id}"));
    if let Some(version) = version {
        request = request.header("if-match", &format!("W/\"{version}\""));
    }
    let known = ledger.records.entry(id.to_owned()).or_default();
    match request.json(&organization(id, mark)).try_send() {
        Ok(answer) if matches!(answer.status, 200 | 201) => {
            let version = answer.json()["meta"]["versionId"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!(
                known
                    .acknowledged
                    .insert(version, mark.to_owned())
                    .is_none(),
                "{id}: version {version} was given twice"
            );
            ledger.acknowledged += 1;
            true
        }
        // An update whose answer was lost has happened after all: go on from what is there.
        Ok(answer) if answer.status == 412 => {
            let current = caller
                .request("GET", &format!("Organization/{id}"))
                .try_send();
            if let Ok(current) = current
                && current.status == 200
            {
                let current = current.json();
                let mark = current["name"].as_str().unwrap().to_owned();
                assert!(known.open.contains(&mark), "{id}: {mark} came from nowhere");
                let version = current["meta"]["versionId"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                known.acknowledged.insert(version, mark);
            }
            false
        }
        Ok(answer) => {
            assert!(answer.status >= 500, "{id}: {}", answer.text());
            known.open.insert(mark.to_owned());
            false
        }
        Err(_) => {
            known.open.insert(mark.to_owned());
            false
        }
    }
}

fn transaction(caller: &Caller, mark: &str, ledger: &mut Ledger) -> bool {
    let ids: Vec<String> = (0..PARTS)
        .map(|part| format!("{mark}-{part}").replace('m', "t"))
        .collect();
    let part = |id: &String| json!({ "resource": organization(id, mark), "request": { "method": "PUT", "url": format!("Organization/{id}") } });
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": ids.iter().map(part).collect::<Vec<_>>() });
    let answer = caller.request("POST", "").json(&bundle).try_send();
    let acknowledged = answer.is_ok_and(|answer| {
        assert!(
            answer.status == 200 || answer.status >= 500,
            "{}",
            answer.text()
        );
        answer.status == 200
    });
    ledger.acknowledged += usize::from(acknowledged);
    ledger.transactions.push((ids, acknowledged));
    acknowledged
}

/// Every version of every organisation, oldest first.
fn history(caller: &Caller) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut histories: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    let mut next = Some("Organization/_history?_count=500".to_owned());
    while let Some(url) = next {
        let page = caller.get(&url).expect(200).json();
        for entry in entries(&page) {
            let resource = &entry["resource"];
            let version = resource["meta"]["versionId"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let versions = histories
                .entry(resource["id"].as_str().unwrap().to_owned())
                .or_default();
            versions.insert(0, (version, resource["name"].as_str().unwrap().to_owned()));
        }
        next = link(&page, "next");
    }
    histories
}

fn check(ledger: &Ledger, histories: &BTreeMap<String, Vec<(u64, String)>>) {
    for (id, known) in &ledger.records {
        let empty = Vec::new();
        let versions = histories.get(id).unwrap_or(&empty);
        let numbers: Vec<u64> = versions.iter().map(|(version, _)| *version).collect();
        assert_eq!(
            numbers,
            (1..=versions.len() as u64).collect::<Vec<_>>(),
            "{id}: the history has gaps"
        );
        for (version, mark) in &known.acknowledged {
            let found = versions
                .iter()
                .filter(|(_, other)| other == mark)
                .collect::<Vec<_>>();
            assert_eq!(
                found,
                [&(*version, mark.clone())],
                "{id}: an acknowledged write is not there exactly once"
            );
        }
        let accounted = |mark: &String| {
            known.open.contains(mark) || known.acknowledged.values().any(|other| other == mark)
        };
        assert!(
            versions.iter().all(|(_, mark)| accounted(mark)),
            "{id}: a write came from nowhere"
        );
        let distinct: BTreeSet<&String> = versions.iter().map(|(_, mark)| mark).collect();
        assert_eq!(
            distinct.len(),
            versions.len(),
            "{id}: a write happened twice"
        );
    }
    for (ids, acknowledged) in &ledger.transactions {
        let there: Vec<usize> = ids
            .iter()
            .map(|id| histories.get(id).map_or(0, Vec::len))
            .collect();
        let whole = there.iter().all(|n| *n == 1);
        let absent = there.iter().all(|n| *n == 0);
        assert!(
            whole || (absent && !acknowledged),
            "{ids:?}: {there:?}, acknowledged: {acknowledged}"
        );
    }
}

/// Each version has its row in the log, and each transaction of the log its audit row.
pub(crate) fn rows_agree(place: &Place, versions: usize) {
    let script = "set app.tenant = '1';
        with logged as (select v.type, v.id, v.version, t.correlation
                        from records.txlog t, unnest(t.types, t.ids, t.versions) as v(type, id, version)),
             kept as (select type, id, version from records.res union all select type, id, version from records.res_h)
        select (select count(*) from kept), (select count(*) from logged),
               (select count(*) from (select type, id, version from kept except select type, id, version from logged) x),
               (select count(*) from (select type, id, version from logged except select type, id, version from kept) x),
               (select count(*) from (select type, id, version from logged group by 1, 2, 3 having count(*) > 1) x),
               (select count(*) from logged l where not exists
                  (select from records.audit a where a.correlation = l.correlation));";
    let rows = sql(place, script);
    let numbers: Vec<usize> = rows[0].split('|').map(|n| n.parse().unwrap()).collect();
    assert!(numbers[0] >= versions, "{numbers:?}");
    assert_eq!(
        numbers[0], numbers[1],
        "versions and log rows differ in number"
    );
    assert_eq!(
        numbers[2..],
        [0, 0, 0, 0],
        "without log, without version, logged twice, without audit"
    );
}
