//! The default keyring: one directory per tenant, one file per key version.
//!
//! ```text
//! keyring/            0700
//!   7/                0700   tenant 7
//!     kek-1           0600   older version, still unwraps
//!     kek-2           0600   newest version, wraps
//!     destroyed       0600   present once the tenant was shredded
//! ```
//!
//! The futures do their file work at once, a few milliseconds, and are complete when first polled.
//! Keys are read when they are used and not kept, so that a destroyed key is gone at once. Keep the
//! directory on other media than the database: together they are plaintext.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use mt_kernel::TenantId;
use zeroize::Zeroizing;

use super::{KekFuture, KekProvider, KekStatus, KeyContext};
use crate::digest::sha256;
use crate::random::{fill_random, random_bytes};
use crate::{DataKey, KekError};

/// First bytes of a key file: kind and version of the layout.
const MAGIC: &[u8; 8] = b"MTKEK\0\0\x01";
/// Magic, tenant, version, key, check sum.
const FILE_LEN: usize = 8 + 4 + 4 + 32 + 8;
/// Layout of wrapped keys: format, KEK version, nonce, ciphertext and tag.
const FORMAT: u8 = 1;
const NONCE: usize = 12;
const WRAPPED_LEN: usize = 1 + 4 + NONCE + 32 + 16;
const KEY_PREFIX: &str = "kek-";
const TOMBSTONE: &str = "destroyed";

/// Key-encryption keys in files that only their owner can read.
#[derive(Debug)]
pub struct FileKeyring {
    root: PathBuf,
}

impl FileKeyring {
    /// Opens the keyring at `root`, making the directory (0700) when it is absent.
    ///
    /// # Errors
    /// [`KekError::Permissions`] when others could enter it; [`KekError::Io`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, KekError> {
        let root = root.into();
        make_directory(&root)?;
        check_private(&root)?;
        Ok(Self { root })
    }

    fn directory(&self, tenant: TenantId) -> PathBuf {
        self.root.join(tenant.to_string())
    }

    fn status_of(&self, tenant: TenantId) -> Result<KekStatus, KekError> {
        let directory = self.directory(tenant);
        if !exists(&directory)? {
            return Ok(KekStatus::Absent);
        }
        check_private(&directory)?;
        if exists(&directory.join(TOMBSTONE))? {
            return Ok(KekStatus::Destroyed);
        }
        let versions = versions_in(&directory)?;
        Ok(if versions.is_empty() {
            KekStatus::Absent
        } else {
            KekStatus::Ready { versions }
        })
    }

    /// Versions of a tenant that can wrap.
    fn versions(&self, tenant: TenantId) -> Result<Vec<u32>, KekError> {
        match self.status_of(tenant)? {
            KekStatus::Ready { versions } => Ok(versions),
            KekStatus::Absent => Err(KekError::Unknown(tenant)),
            KekStatus::Destroyed => Err(KekError::Destroyed(tenant)),
        }
    }

    fn create_first(&self, tenant: TenantId) -> Result<(), KekError> {
        match self.status_of(tenant)? {
            KekStatus::Ready { .. } => Ok(()),
            KekStatus::Destroyed => Err(KekError::Destroyed(tenant)),
            KekStatus::Absent => {
                make_directory(&self.directory(tenant))?;
                sync_directory(&self.root)?;
                self.write_version(tenant, 1).map(drop)
            }
        }
    }

    fn rotate_to_next(&self, tenant: TenantId) -> Result<u32, KekError> {
        let newest = self.versions(tenant)?.last().copied().unwrap_or_default();
        let next = newest.checked_add(1).ok_or(KekError::Unknown(tenant))?;
        self.write_version(tenant, next)?;
        Ok(next)
    }

    /// Writes a new random key; a version that exists is left alone, whoever wrote it first.
    fn write_version(&self, tenant: TenantId, version: u32) -> Result<(), KekError> {
        let mut key = Zeroizing::new([0; 32]);
        fill_random(&mut *key).map_err(|error| KekError::Unavailable(error.to_string()))?;
        let content = key_file(tenant, version, &key);
        write_new(&self.directory(tenant), &file_name(version), &content)
    }

    fn read_version(&self, tenant: TenantId, version: u32) -> Result<LessSafeKey, KekError> {
        let path = self.directory(tenant).join(file_name(version));
        if !exists(&path)? {
            return Err(KekError::UnknownVersion { tenant, version });
        }
        check_private(&path)?;
        let content =
            Zeroizing::new(fs::read(&path).map_err(|source| io_error("read", &path, source))?);
        let damaged = || KekError::Damaged { path: path.clone() };
        let key = content
            .get(16..48)
            .and_then(|key| <&[u8; 32]>::try_from(key).ok());
        let key = key.ok_or_else(damaged)?;
        if content.as_slice() != key_file(tenant, version, key).as_slice() {
            return Err(damaged());
        }
        UnboundKey::new(&AES_256_GCM, key)
            .map(LessSafeKey::new)
            .map_err(|_| damaged())
    }

    fn wrap_key(&self, context: KeyContext, key: &DataKey) -> Result<Vec<u8>, KekError> {
        let version = self
            .versions(context.tenant)?
            .last()
            .copied()
            .unwrap_or_default();
        let kek = self.read_version(context.tenant, version)?;
        // A key-encryption key wraps a few keys in its life: random nonces are far from their bound.
        let nonce: [u8; NONCE] =
            random_bytes().map_err(|error| KekError::Unavailable(error.to_string()))?;
        let mut wrapped = Vec::with_capacity(WRAPPED_LEN);
        wrapped.push(FORMAT);
        wrapped.extend_from_slice(&version.to_be_bytes());
        wrapped.extend_from_slice(&nonce);
        let mut secret = Zeroizing::new(*key.expose());
        let tag = kek
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data(version, context)),
                secret.as_mut_slice(),
            )
            .map_err(|_| KekError::Refused)?;
        wrapped.extend_from_slice(&*secret);
        wrapped.extend_from_slice(tag.as_ref());
        Ok(wrapped)
    }

    fn unwrap_key(&self, context: KeyContext, wrapped: &[u8]) -> Result<DataKey, KekError> {
        self.versions(context.tenant)?;
        let wrapped: &[u8; WRAPPED_LEN] = wrapped.try_into().map_err(|_| KekError::Refused)?;
        let [format, v0, v1, v2, v3, rest @ ..] = wrapped;
        if *format != FORMAT {
            return Err(KekError::Refused);
        }
        let version = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
        let kek = self.read_version(context.tenant, version)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(KekError::Refused)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let aad = Aad::from(associated_data(version, context));
        let secret = kek
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut buffer)
            .map_err(|_| KekError::Refused)?;
        <[u8; 32]>::try_from(&*secret)
            .map(DataKey::from_bytes)
            .map_err(|_| KekError::Refused)
    }

    fn is_newest(&self, tenant: TenantId, wrapped: &[u8]) -> Result<bool, KekError> {
        let newest = self.versions(tenant)?.last().copied();
        let version = wrapped.get(1..5).and_then(|bytes| bytes.try_into().ok());
        Ok(version.map(u32::from_be_bytes) == newest)
    }

    fn drop_old(&self, tenant: TenantId) -> Result<(), KekError> {
        let versions = self.versions(tenant)?;
        let directory = self.directory(tenant);
        for version in versions.iter().rev().skip(1) {
            shred(&directory.join(file_name(*version)))?;
        }
        sync_directory(&directory)
    }

    /// The tombstone comes first: from then on nothing unwraps, whatever interrupts the rest.
    fn destroy_all(&self, tenant: TenantId) -> Result<(), KekError> {
        let directory = self.directory(tenant);
        if self.status_of(tenant)? == KekStatus::Absent {
            return Err(KekError::Unknown(tenant));
        }
        write_new(&directory, TOMBSTONE, b"")?;
        for version in versions_in(&directory)? {
            shred(&directory.join(file_name(version)))?;
        }
        sync_directory(&directory)
    }
}

impl KekProvider for FileKeyring {
    fn status(&self, tenant: TenantId) -> KekFuture<'_, KekStatus> {
        Box::pin(async move { self.status_of(tenant) })
    }

    fn create(&self, tenant: TenantId) -> KekFuture<'_, ()> {
        Box::pin(async move { self.create_first(tenant) })
    }

    fn rotate(&self, tenant: TenantId) -> KekFuture<'_, u32> {
        Box::pin(async move { self.rotate_to_next(tenant) })
    }

    fn is_current<'a>(&'a self, tenant: TenantId, wrapped: &'a [u8]) -> KekFuture<'a, bool> {
        Box::pin(async move { self.is_newest(tenant, wrapped) })
    }

    fn drop_old_versions(&self, tenant: TenantId) -> KekFuture<'_, ()> {
        Box::pin(async move { self.drop_old(tenant) })
    }

    fn destroy(&self, tenant: TenantId) -> KekFuture<'_, ()> {
        Box::pin(async move { self.destroy_all(tenant) })
    }

    fn wrap<'a>(&'a self, context: KeyContext, key: &'a DataKey) -> KekFuture<'a, Vec<u8>> {
        Box::pin(async move { self.wrap_key(context, key) })
    }

    fn unwrap<'a>(&'a self, context: KeyContext, wrapped: &'a [u8]) -> KekFuture<'a, DataKey> {
        Box::pin(async move { self.unwrap_key(context, wrapped) })
    }
}

fn file_name(version: u32) -> String {
    format!("{KEY_PREFIX}{version}")
}

/// `magic | tenant | version | key | first 8 bytes of SHA-256 of what precedes`.
fn key_file(tenant: TenantId, version: u32, key: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(FILE_LEN));
    content.extend_from_slice(MAGIC);
    content.extend_from_slice(&tenant.0.to_be_bytes());
    content.extend_from_slice(&version.to_be_bytes());
    content.extend_from_slice(key);
    let check = sha256(&content);
    content.extend_from_slice(&check[..8]);
    content
}

fn associated_data(version: u32, context: KeyContext) -> [u8; 14] {
    let mut bytes = [FORMAT; 14];
    bytes[1..5].copy_from_slice(&version.to_be_bytes());
    bytes[5..].copy_from_slice(&context.to_bytes());
    bytes
}

fn versions_in(directory: &Path) -> Result<Vec<u32>, KekError> {
    let failed = |source| io_error("list", directory, source);
    let mut versions = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(KEY_PREFIX));
        versions.extend(version.and_then(|version| version.parse::<u32>().ok()));
    }
    versions.sort_unstable();
    Ok(versions)
}

fn make_directory(path: &Path) -> Result<(), KekError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| io_error("create", path, source))
}

/// Refuses what group or others may touch, and symbolic links, which others may point elsewhere.
fn check_private(path: &Path) -> Result<(), KekError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| io_error("inspect", path, source))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.file_type().is_symlink() {
        return Err(KekError::Damaged {
            path: path.to_owned(),
        });
    }
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KekError::Permissions {
            path: path.to_owned(),
            mode,
        })
    }
}

fn exists(path: &Path) -> Result<bool, KekError> {
    path.try_exists()
        .map_err(|source| io_error("inspect", path, source))
}

/// Writes `content` durably under a name that does not exist yet; a name that exists stays.
///
/// The content is written aside and *linked* to its name, because a link, unlike a rename, never
/// replaces the key that another process wrote a moment ago.
fn write_new(directory: &Path, name: &str, content: &[u8]) -> Result<(), KekError> {
    let target = directory.join(name);
    let suffix =
        crate::random::random_token(9).map_err(|error| KekError::Unavailable(error.to_string()))?;
    let aside = directory.join(format!(".{name}.{suffix}"));
    let written =
        write_aside(&aside, content).and_then(|()| match fs::hard_link(&aside, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let removed = fs::remove_file(&aside);
    written.map_err(|source| io_error("write", &target, source))?;
    removed.map_err(|source| io_error("remove", &aside, source))?;
    sync_directory(directory)
}

fn write_aside(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Overwrites and unlinks. Best effort: copy-on-write file systems and flash keep old blocks, which
/// is why keyrings belong on encrypted media.
fn shred(path: &Path) -> Result<(), KekError> {
    let noise: [u8; FILE_LEN] =
        random_bytes().map_err(|error| KekError::Unavailable(error.to_string()))?;
    let overwritten = OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| {
            file.write_all(&noise)?;
            file.sync_all()
        });
    overwritten.map_err(|source| io_error("overwrite", path, source))?;
    fs::remove_file(path).map_err(|source| io_error("remove", path, source))
}

fn sync_directory(path: &Path) -> Result<(), KekError> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(|source| io_error("synchronise", path, source))
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> KekError {
    KekError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
