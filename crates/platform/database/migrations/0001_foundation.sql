-- What every schema builds on: the tenant of the running transaction, the policy that isolates
-- tenants, and a way for a statement to refuse the whole transaction.

create function meditrack.tenant() returns int4
    language sql stable parallel safe
    return nullif(current_setting('app.tenant', true), '')::int4;

create function meditrack.isolate(target regclass) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format(
        'create policy tenant_isolation on %s '
        'using (tenant = (select nullif(current_setting(''app.tenant'', true), '''')::int4)) '
        'with check (tenant = (select nullif(current_setting(''app.tenant'', true), '''')::int4))',
        target);
end
$$;

create function meditrack.require(condition boolean, reason text) returns void
    language plpgsql immutable
    set search_path = pg_catalog
as $$
begin
    if condition is not true then
        raise exception using errcode = 'MT409', message = reason;
    end if;
end
$$;

revoke all on function meditrack.isolate(regclass) from public;
revoke all on function meditrack.tenant(), meditrack.require(boolean, text) from public;
grant execute on function meditrack.tenant(), meditrack.require(boolean, text) to meditrack_app;
grant select on meditrack.migration to meditrack_app;
