-- What the records of a tenant take: bytes of their sealed bodies, current and superseded, in transactions before a
-- horizon of the transaction log. What came after is added when somebody asks; now and then all is counted anew.
create table records.usage (
  tenant      int4 primary key,
  bytes       int8 not null,
  horizon     xid8 not null,
  measured_at int8 not null,
  counted_at  int8 not null   -- when all was counted; 0: must be
);
select meditrack.isolate('records.usage');
grant select, insert, update, delete on records.usage to meditrack_app;
