//! The file keyring: permissions, durability of names, damage.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use futures::executor::block_on;
use mt_crypto::{
    DataKey, FileKeyring, KekError, KekProvider as _, KekStatus, KeyContext, KeyId, Purpose,
};
use mt_kernel::TenantId;
use tempfile::TempDir;

const TENANT: TenantId = TenantId(7);
const CONTEXT: KeyContext = KeyContext {
    tenant: TENANT,
    purpose: Purpose::Body,
    id: KeyId(1),
};

fn keyring() -> (TempDir, PathBuf, FileKeyring) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("keys/ring");
    let keyring = FileKeyring::open(&root).unwrap();
    (directory, root, keyring)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn directories_and_files_are_the_owners_alone() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&root.join("7")), 0o700);
    assert_eq!(mode(&root.join("7/kek-1")), 0o600);
    let names: Vec<_> = fs::read_dir(root.join("7"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["kek-1"], "nothing is left aside");
}

#[test]
fn loose_permissions_are_refused_everywhere() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    let wrapped = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap())).unwrap();
    for (path, loose, tight) in [
        (root.join("7/kek-1"), 0o640, 0o600),
        (root.join("7"), 0o701, 0o700),
    ] {
        set_mode(&path, loose);
        let refused = block_on(keyring.unwrap(CONTEXT, &wrapped)).unwrap_err();
        assert!(matches!(refused, KekError::Permissions { mode, .. } if mode == loose));
        let refused = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap()));
        assert!(matches!(refused, Err(KekError::Permissions { .. })));
        set_mode(&path, tight);
        block_on(keyring.unwrap(CONTEXT, &wrapped)).unwrap();
    }
    set_mode(&root, 0o750);
    assert!(matches!(
        FileKeyring::open(&root),
        Err(KekError::Permissions { .. })
    ));
}

#[test]
fn a_symbolic_link_in_place_of_a_key_is_refused() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    fs::rename(root.join("7/kek-1"), root.join("elsewhere")).unwrap();
    symlink(root.join("elsewhere"), root.join("7/kek-1")).unwrap();
    let refused = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap()));
    assert!(matches!(refused, Err(KekError::Damaged { .. })));
}

#[test]
fn a_damaged_truncated_or_swapped_key_file_is_named() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    block_on(keyring.create(TenantId(8))).unwrap();
    let path = root.join("7/kek-1");
    let sound = fs::read(&path).unwrap();
    let mut cases: Vec<Vec<u8>> = (0..sound.len())
        .map(|at| {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            flipped
        })
        .collect();
    cases.extend([vec![], sound[..40].to_vec(), [&sound[..], &[0]].concat()]);
    cases.push(fs::read(root.join("8/kek-1")).unwrap());
    for content in cases {
        fs::write(&path, content).unwrap();
        let refused = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap()));
        assert!(matches!(refused, Err(KekError::Damaged { path: named }) if named == path));
    }
}

#[test]
fn every_changed_byte_of_a_wrapped_key_is_refused() {
    let (_directory, _root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    let key = DataKey::generate().unwrap();
    let wrapped = block_on(keyring.wrap(CONTEXT, &key)).unwrap();
    assert_eq!(
        block_on(keyring.unwrap(CONTEXT, &wrapped))
            .unwrap()
            .expose(),
        key.expose()
    );
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 0x10;
        assert!(
            block_on(keyring.unwrap(CONTEXT, &changed)).is_err(),
            "byte {at}"
        );
    }
    assert!(block_on(keyring.unwrap(CONTEXT, &wrapped[1..])).is_err());
    assert!(block_on(keyring.unwrap(CONTEXT, &[])).is_err());
}

#[test]
fn creating_again_keeps_the_key_and_rotating_counts_up() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    let first = fs::read(root.join("7/kek-1")).unwrap();
    block_on(keyring.create(TENANT)).unwrap();
    assert_eq!(fs::read(root.join("7/kek-1")).unwrap(), first);
    for expected in 2..=11 {
        assert_eq!(block_on(keyring.rotate(TENANT)).unwrap(), expected);
    }
    let versions = (1..=11).collect();
    assert_eq!(
        block_on(keyring.status(TENANT)).unwrap(),
        KekStatus::Ready { versions }
    );
    block_on(keyring.drop_old_versions(TENANT)).unwrap();
    let versions = vec![11];
    assert_eq!(
        block_on(keyring.status(TENANT)).unwrap(),
        KekStatus::Ready { versions }
    );
}

#[test]
fn an_unknown_tenant_has_nothing_to_wrap_rotate_or_destroy() {
    let (_directory, _root, keyring) = keyring();
    assert_eq!(block_on(keyring.status(TENANT)).unwrap(), KekStatus::Absent);
    let key = DataKey::generate().unwrap();
    let refusals = [
        block_on(keyring.wrap(CONTEXT, &key)).map(drop),
        block_on(keyring.rotate(TENANT)).map(drop),
        block_on(keyring.drop_old_versions(TENANT)),
        block_on(keyring.destroy(TENANT)),
    ];
    for refused in refusals {
        assert!(matches!(refused, Err(KekError::Unknown(TENANT))));
    }
}

#[test]
fn a_destroyed_key_leaves_a_tombstone_and_no_bytes() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    block_on(keyring.rotate(TENANT)).unwrap();
    let wrapped = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap())).unwrap();
    block_on(keyring.destroy(TENANT)).unwrap();
    let names: Vec<_> = fs::read_dir(root.join("7"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["destroyed"]);
    assert_eq!(
        block_on(keyring.status(TENANT)).unwrap(),
        KekStatus::Destroyed
    );
    for refused in [
        block_on(keyring.unwrap(CONTEXT, &wrapped)).map(drop),
        block_on(keyring.create(TENANT)),
        block_on(keyring.rotate(TENANT)).map(drop),
    ] {
        assert!(matches!(refused, Err(KekError::Destroyed(TENANT))));
    }
}

#[test]
fn an_interrupted_destruction_is_final_and_can_be_finished() {
    let (_directory, root, keyring) = keyring();
    block_on(keyring.create(TENANT)).unwrap();
    let wrapped = block_on(keyring.wrap(CONTEXT, &DataKey::generate().unwrap())).unwrap();
    // As after a crash right behind the tombstone.
    fs::write(root.join("7/destroyed"), b"").unwrap();
    let refused = block_on(keyring.unwrap(CONTEXT, &wrapped)).map(drop);
    assert!(matches!(refused, Err(KekError::Destroyed(TENANT))));
    block_on(keyring.destroy(TENANT)).unwrap();
    assert!(!root.join("7/kek-1").exists());
}

#[test]
fn two_processes_that_create_at_once_agree_on_one_key() {
    let (_directory, root, first) = keyring();
    let second = FileKeyring::open(&root).unwrap();
    std::thread::scope(|scope| {
        for keyring in [&first, &second] {
            scope.spawn(|| block_on(keyring.create(TENANT)).unwrap());
        }
    });
    let key = DataKey::generate().unwrap();
    let wrapped = block_on(first.wrap(CONTEXT, &key)).unwrap();
    assert_eq!(
        block_on(second.unwrap(CONTEXT, &wrapped)).unwrap().expose(),
        key.expose()
    );
}
