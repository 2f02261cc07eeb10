-- Where a tenant wants to be told of what happens. URL, choice of events and secrets are sealed.
create table webhooks.endpoint (
  created_at    int8 not null,
  failing_since int8,                  -- null: the last attempt succeeded, or there was none
  last_success  int8,
  last_failure  int8,
  tenant        int4 not null,
  version       int4 not null default 1,
  state         int2 not null default 1 check (state between 1 and 3),  -- active, switched off, disabled by failures
  id            uuid not null,
  sealed        bytea not null,
  primary key (tenant, id)
);

-- What arrived from others: an id is taken once, however often it is sent.
create table webhooks.received (
  at     int8 not null,
  tenant int4 not null,
  source text not null,
  digest bytea not null,               -- of the sender's id
  primary key (tenant, source, digest)
);
create index received_at on webhooks.received (at);

select meditrack.isolate('webhooks.endpoint');
select meditrack.isolate('webhooks.received');
create policy tidied on webhooks.received to meditrack_owner using (true);

grant usage on schema webhooks to meditrack_app;
grant select, insert, update, delete on webhooks.endpoint to meditrack_app;
grant select, insert on webhooks.received to meditrack_app;

-- Forgets ids that nobody sends any more. Returns how many.
create function webhooks.tidy(p_before int8, p_limit int4) returns int8
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare v_count int8;
begin
  delete from webhooks.received where ctid = any(array(
    select ctid from webhooks.received where at < p_before limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

revoke all on all functions in schema webhooks from public;
grant execute on all functions in schema webhooks to meditrack_app;
