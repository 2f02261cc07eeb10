//! A small schema with one tenant table, and what the tests do with it.

use mt_database::{Migration, Migrations};
use mt_kernel::TenantId;

pub(crate) const ONE: TenantId = TenantId(1);
pub(crate) const TWO: TenantId = TenantId(2);

pub(crate) const NOTES: Migrations = Migrations {
    schema: "notes",
    files: &[Migration::new(
        1,
        "note",
        "create table notes.note (
             tenant int4 not null,
             id int8 not null,
             text text not null check (text <> ''),
             primary key (tenant, id)
         );
         select meditrack.isolate('notes.note');
         grant select, insert, update, delete on notes.note to meditrack_app;
         create table notes.setting (name text primary key, value text not null);
         grant select, insert, update on notes.setting to meditrack_app;",
    )],
};

pub(crate) const INSERT: &str = "insert into notes.note (tenant, id, text) values ($1, $2, $3)";
pub(crate) const COUNT: &str = "select count(*) from notes.note";
