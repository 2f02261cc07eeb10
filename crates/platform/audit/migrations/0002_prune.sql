-- Rows that are archived elsewhere may leave the database; the log goes on proving them.

-- Up to which leaf the rows have left.
create table audit.pruned (
  upto   int8 not null check (upto > 0 and upto % 256 = 0),
  tenant int4 not null primary key
);
select meditrack.isolate('audit.pruned');
grant select on audit.pruned to meditrack_app;

-- Nothing of the trail changes or goes, but what `audit.prune` removes.
create or replace function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'DELETE' and current_setting('audit.pruning', true) = 'on' then
    return null;
  end if;
  raise insufficient_privilege using message = 'the audit trail does not change';
end $$;
revoke all on function audit.refuse_change() from public;

-- Removes the rows of the leaves below p_upto, which lie in full tiles, and what finds them; returns how many. Whoever
-- calls it has compared them with the archive. That they are missed is known: the tiles vouch for the copies.
create function audit.prune(p_tenant int4, p_upto int8) returns int8
language plpgsql volatile security definer
set search_path = pg_catalog
as $$
declare v_from int8; v_seqs int8[]; v_tiles int8; v_rows int8;
begin
  if p_tenant is distinct from nullif(current_setting('app.tenant', true), '')::int4 then
    raise insufficient_privilege using message = 'another tenant''s trail';
  end if;
  -- One at a time, whichever process.
  perform pg_advisory_xact_lock(1836345701, p_tenant);
  v_from := coalesce((select upto from audit.pruned where tenant = p_tenant), 0);
  if p_upto <= v_from then
    return 0;
  end if;
  select count(*) into v_tiles from audit.tile
    where tenant = p_tenant and level = 0 and n >= v_from / 256 and n < p_upto / 256;
  if p_upto % 256 <> 0 or v_tiles <> (p_upto - v_from) / 256 then
    raise insufficient_privilege using message = 'only rows of full tiles leave the database';
  end if;
  select array_agg(u.seq) into v_seqs
    from audit.checkpoint c cross join lateral unnest(c.seqs) with ordinality u (seq, position)
    where c.tenant = p_tenant and c.size > v_from and c.first < p_upto
      and c.first + u.position - 1 >= v_from and c.first + u.position - 1 < p_upto;
  perform set_config('audit.pruning', 'on', true);
  delete from audit.mention where tenant = p_tenant and seq = any(v_seqs);
  delete from records.audit where tenant = p_tenant and seq = any(v_seqs);
  get diagnostics v_rows = row_count;
  perform set_config('audit.pruning', 'off', true);
  insert into audit.pruned (tenant, upto) values (p_tenant, p_upto)
    on conflict (tenant) do update set upto = excluded.upto;
  return v_rows;
end $$;

revoke all on function audit.prune(int4, int8) from public;
grant execute on function audit.prune(int4, int8) to meditrack_app;
