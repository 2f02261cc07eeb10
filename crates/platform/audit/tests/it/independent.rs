//! A verifier written from RFC 6962 and the signed-note format alone: it shares no code with the
//! crate and sees only texts.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_audit::{AuditError, Folder};
use serde_json::Value;

use crate::fixture::{Fixture, ONE, TWO};

type Hash = Vec<u8>;

fn sha256(bytes: &[u8]) -> Hash {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn node(left: &[u8], right: &[u8]) -> Hash {
    sha256(&[&[1], left, right].concat())
}

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// The largest power of two smaller than `n`.
fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// `MTH(D[n])`.
fn tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => leaf.clone(),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// The root that `PATH(m, D[n])` leads to from a leaf.
fn root_by_path(leaf: Hash, m: usize, n: usize, path: &[Hash]) -> Option<Hash> {
    if n == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (last, rest) = path.split_last()?;
    let k = split(n);
    if m < k {
        Some(node(&root_by_path(leaf, m, k, rest)?, last))
    } else {
        Some(node(last, &root_by_path(leaf, m - k, n - k, rest)?))
    }
}

/// The old and the new root that `SUBPROOF(m, D[n], b)` gives.
fn roots_by_proof(
    m: usize,
    n: usize,
    known: Option<&Hash>,
    proof: &[Hash],
) -> Option<(Hash, Hash)> {
    if m == n {
        return match (known, proof) {
            (Some(old), []) => Some((old.clone(), old.clone())),
            (None, [hash]) => Some((hash.clone(), hash.clone())),
            _ => None,
        };
    }
    let (last, rest) = proof.split_last()?;
    let k = split(n);
    if m <= k {
        let (old, new) = roots_by_proof(m, k, known, rest)?;
        Some((old, node(&new, last)))
    } else {
        let (old, new) = roots_by_proof(m - k, n - k, None, rest)?;
        Some((node(last, &old), node(last, &new)))
    }
}

/// Size and root of a signed note, if the signature is that of the key.
fn opened(note: &str, verifier_key: &str) -> Option<(usize, Hash)> {
    let mut parts = verifier_key.splitn(3, '+');
    let (name, id, key) = (
        parts.next()?,
        parts.next()?,
        STANDARD.decode(parts.next()?).ok()?,
    );
    let expected = sha256(&[name.as_bytes(), b"\n", &key].concat());
    assert_eq!(
        id,
        expected[..4]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    );
    assert_eq!(key[0], 1, "Ed25519");
    let end = note.rfind("\n\n")?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    let signature = signatures.lines().find_map(|line| {
        let (signer, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        (signer == name).then(|| STANDARD.decode(signature).unwrap())
    })?;
    assert_eq!(signature[..4], expected[..4]);
    UnparsedPublicKey::new(&ED25519, &key[1..])
        .verify(text.as_bytes(), &signature[4..])
        .ok()?;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], name);
    Some((
        lines[1].parse().unwrap(),
        STANDARD.decode(lines[2]).unwrap(),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_tiles_and_checkpoints_satisfy_an_independent_verifier() {
    let fixture = Fixture::with_reads(300).await;
    let key = fixture
        .audit
        .verifier_key(ONE)
        .await
        .unwrap()
        .unwrap()
        .to_string();
    let old = fixture.audit.checkpoint(ONE).await.unwrap().unwrap();
    let (old_size, old_root) = opened(&old, &key).unwrap();
    fixture.enter_reads(ONE, 1000);
    fixture.logged(ONE, 1300).await;
    let new = fixture.audit.checkpoint(ONE).await.unwrap().unwrap();
    let (size, root) = opened(&new, &key).unwrap();
    assert_eq!((old_size, size), (300, 1300));

    let mut leaves: Vec<Hash> = Vec::new();
    for n in 0..6_u64 {
        let width = if n == 5 { 20 } else { 256 };
        let tile = fixture.audit.tile(ONE, 0, n, width).await.unwrap();
        leaves.extend(tile.chunks(32).map(<[u8]>::to_vec));
    }
    assert_eq!(tree_hash(&leaves), root);
    assert_eq!(tree_hash(&leaves[..old_size]), old_root);
    let upper = fixture.audit.tile(ONE, 1, 0, 5).await.unwrap();
    assert_eq!(upper[32..64], tree_hash(&leaves[256..512])[..]);

    let proof = fixture.audit.compare(ONE, &old).await.unwrap();
    let proof = serde_json::to_value(&proof).unwrap();
    let hashes: Vec<Hash> = proof["hashes"]
        .as_array()
        .unwrap()
        .iter()
        .map(decoded)
        .collect();
    let known = old_size.is_power_of_two().then_some(&old_root);
    assert_eq!(
        roots_by_proof(old_size, size, known, &hashes),
        Some((old_root, root.clone()))
    );

    for leaf in [0, 1, 255, 256, 299, 300, 1023, 1024, 1279, 1280, 1299] {
        let sql = format!(
            "select seqs[{leaf} - first + 1] from audit.checkpoint \
             where tenant = 1 and first <= {leaf} and size > {leaf}"
        );
        let proof = fixture
            .audit
            .prove(ONE, fixture.ask(&sql).await)
            .await
            .unwrap();
        let proof = serde_json::to_value(&proof).unwrap();
        assert_eq!(proof["index"], leaf);
        assert_eq!(
            opened(proof["checkpoint"].as_str().unwrap(), &key),
            Some((size, root.clone()))
        );
        let entry = decoded(&proof["entry"]);
        let hash = sha256(&[&[0], &entry[..]].concat());
        assert_eq!(hash, leaves[leaf]);
        let path: Vec<Hash> = proof["hashes"]
            .as_array()
            .unwrap()
            .iter()
            .map(decoded)
            .collect();
        assert_eq!(root_by_path(hash, leaf, size, &path), Some(root.clone()));
    }
    let foreign = fixture
        .audit
        .verifier_key(TWO)
        .await
        .unwrap()
        .unwrap()
        .to_string();
    assert_eq!(opened(&new, &foreign), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_verifies_without_the_database() {
    let fixture = Fixture::with_reads(600).await;
    let folder = fixture.directory.path().join("archive");
    let archived = fixture
        .audit
        .archive(ONE, &Folder(folder.clone()))
        .await
        .unwrap();
    assert_eq!((archived.leaves, archived.files), (600, 3 * 3 + 1 + 2));
    let again = fixture
        .audit
        .archive(ONE, &Folder(folder.clone()))
        .await
        .unwrap();
    assert_eq!(again.files, 3 + 1 + 2, "full files are left alone");

    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (size, root) = opened(&text("checkpoint"), text("key").trim_end()).unwrap();
    let (mut leaves, mut tiled) = (Vec::new(), Vec::new());
    for name in ["000", "001", "002.p/88"] {
        let bundle = std::fs::read(folder.join("tile/entries").join(name)).unwrap();
        let rows = std::fs::read(folder.join("rows").join(name)).unwrap();
        let (mut bundle, mut rows) = (&bundle[..], &rows[..]);
        while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
            let (entry, after) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
            let (length, rest) = rows.split_first_chunk::<4>().unwrap();
            let (detail, rows_after) =
                rest.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
            assert!(entry.ends_with(&sha256(detail)));
            leaves.push(sha256(&[&[0], entry].concat()));
            (bundle, rows) = (after, rows_after);
        }
        assert!(rows.is_empty());
        tiled.extend(std::fs::read(folder.join("tile/0").join(name)).unwrap());
    }
    assert_eq!(leaves.concat(), tiled);
    assert_eq!((leaves.len(), tree_hash(&leaves)), (size, root));
    // The archive is a witness: no other log goes over it, nor this one under another key.
    let other = fixture.audit.archive(TWO, &Folder(folder.clone())).await;
    assert!(other.is_err(), "{other:?}");
    std::fs::write(folder.join("key"), "other\n").unwrap();
    let rekeyed = fixture.audit.archive(ONE, &Folder(folder.clone())).await;
    assert!(
        matches!(rekeyed, Err(AuditError::Damaged(_))),
        "{rekeyed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_made_of_the_stored_row_as_documented() {
    let fixture = Fixture::with_reads(1).await;
    let (client, _driver) = fixture.test.admin().connect().await.unwrap();
    let sql = "select seq, at, kind, correlation, detail from records.audit where tenant = 1";
    let row = client.query_one(sql, &[]).await.unwrap();
    let (seq, at, kind): (i64, i64, i16) = (row.get(0), row.get(1), row.get(2));
    let (correlation, detail): (uuid::Uuid, Vec<u8>) = (row.get(3), row.get(4));
    let expected = [
        &[1][..],
        &1_i32.to_be_bytes(),
        &seq.to_be_bytes(),
        &at.to_be_bytes(),
        &kind.to_be_bytes(),
        correlation.as_bytes(),
        &sha256(&detail),
    ]
    .concat();
    let proof = fixture.audit.prove(ONE, seq).await.unwrap();
    assert_eq!(STANDARD.decode(&proof.entry).unwrap(), expected);
    assert!(
        fixture.audit.prove(TWO, seq).await.is_err(),
        "a row of another tenant"
    );
}
