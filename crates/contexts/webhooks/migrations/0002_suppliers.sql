-- Suppliers that tell of their stock. Names and secrets are sealed.
create table webhooks.supplier (
  created_at int8 not null,
  tenant     int4 not null,
  id         uuid not null,
  sealed     bytea not null,
  primary key (tenant, id)
);

-- What a supplier said last of a substance in vials of a size. It is about goods, not about people.
create table webhooks.stock (
  at        int8 not null,                -- when the supplier said so
  vial_ug   int8 not null check (vial_ug > 0),
  tenant    int4 not null,
  version   int4 not null default 1,
  status    int2 not null check (status between 1 and 4),  -- in stock, low, out of stock, discontinued
  supplier  uuid not null,
  id        uuid not null,
  substance text not null,
  lot       text,
  primary key (tenant, supplier, substance, vial_ug),
  foreign key (tenant, supplier) references webhooks.supplier on delete cascade
);

select meditrack.isolate('webhooks.supplier');
select meditrack.isolate('webhooks.stock');
grant select, insert, update, delete on webhooks.supplier, webhooks.stock to meditrack_app;
