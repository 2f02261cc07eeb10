-- Nobody and nothing that is no longer active is booked, patients and practitioners alike; whoever books in person
-- makes a hold good.

alter table scheduling.inactive rename column patient to actor;

drop function scheduling.note_patient(int4, uuid[], int8[]);

-- Notes whether somebody or something is active. keys: whom. numbers: 1 or 0.
create function scheduling.note_active(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    if numbers[1] = 1 then
        delete from scheduling.inactive x where x.tenant = of_tenant and x.actor = keys[1];
    else
        insert into scheduling.inactive values (of_tenant, keys[1]) on conflict do nothing;
    end if;
end
$$;

-- Takes the time of actors for an appointment, in place of what it took before.
--
-- keys: the appointment, the hold that it makes good (or itself again), then its actors. numbers: now, start, end, when a
-- hold expires (0: it is an appointment), whether overbooking was asked for (0, 1), which rules for booking apply (0 none,
-- 1 all, 2 all but how many a patient may have, 3 all, and nothing but what the hold has), then for each actor: 1 alone
-- unless its calendar says otherwise, 2 shared unless its calendar says otherwise, 3 a patient. Without numbers it gives
-- back what was taken. Those who claim the same actors hold advisory locks on them; the constraint stands behind that.
create or replace function scheduling.claim(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
declare
    own uuid := keys[1];
    moment int8 := numbers[1];
    starts int8 := numbers[2];
    ends int8 := numbers[3];
    hold int8 := nullif(numbers[4], 0);
    overbooking boolean := numbers[5] = 1;
    ruled int8 := coalesce(numbers[6], 0);
    known scheduling.calendar;
    rules scheduling.setting;
    held uuid[];
    target uuid;
    free int2;
    wall timestamp;
begin
    with good as (
        delete from scheduling.claim c
        where c.tenant = of_tenant and c.appointment = keys[2] and c.expires_at is not null
        returning c.actor, c.starts_at, c.ends_at, c.expires_at)
    select array_agg(g.actor) into held from good g
    where g.expires_at > moment and g.starts_at <= starts and g.ends_at >= ends;
    delete from scheduling.claim c where c.tenant = of_tenant and c.appointment = own;
    if cardinality(numbers) < 6 then
        return;
    end if;
    if ruled > 0 then
        select * into rules from scheduling.setting s where s.tenant = of_tenant;
        if not found then
            -- What is in force before anything is decided (`domain::Rules`).
            rules.time_zone := 'UTC'; rules.lead_us := 3600000000; rules.grid_minutes := 15;
            rules.horizon_us := 15811200000000; rules.max_active := 3;
        end if;
        wall := to_timestamp(starts / 1000000.0) at time zone rules.time_zone;
        if starts < moment + rules.lead_us then
            perform scheduling.refuse('too_soon');
        elsif starts > moment + rules.horizon_us then
            perform scheduling.refuse('too_far');
        elsif (extract(hour from wall) * 3600 + extract(minute from wall) * 60 + extract(second from wall))::numeric
                % (rules.grid_minutes * 60) <> 0 then
            perform scheduling.refuse('off_grid');
        end if;
    end if;
    for i in 3 .. cardinality(keys) loop
        target := keys[i];
        if numbers[4 + i] = 3 then
            if exists (select from scheduling.inactive x where x.tenant = of_tenant and x.actor = target) then
                perform scheduling.refuse('inactive_patient');
            end if;
            if ruled in (1, 3) and rules.max_active > 0 and rules.max_active <= (
                select count(*) from scheduling.claim c
                where c.tenant = of_tenant and c.actor = target and c.ends_at > moment
                  and (c.expires_at is null or c.expires_at > moment)) then
                perform scheduling.refuse('too_many');
            end if;
            insert into scheduling.claim (tenant, actor, appointment, starts_at, ends_at, expires_at)
            values (of_tenant, target, own, starts, ends, hold);
            continue;
        end if;
        select r.practitioner into target from scheduling.role r where r.tenant = of_tenant and r.role = keys[i];
        target := coalesce(target, keys[i]);
        if exists (select from scheduling.inactive x
                where x.tenant = of_tenant and x.actor in (target, keys[i])) then
            perform scheduling.refuse('inactive_actor');
        end if;
        if ruled = 3 and (held is null or target <> all (held)) then
            perform scheduling.refuse('not_held');
        end if;
        select * into known from scheduling.calendar c where c.tenant = of_tenant and c.actor = target;
        if not found then
            known.capacity := 1; known.overbook := 0; known.before_us := 0; known.after_us := 0;
            if numbers[4 + i] = 2 then
                insert into scheduling.claim (tenant, actor, appointment, starts_at, ends_at, expires_at)
                values (of_tenant, target, own, starts, ends, hold) on conflict do nothing;
                continue;
            end if;
        end if;
        delete from scheduling.claim c where c.tenant = of_tenant and c.actor = target and c.expires_at <= moment;
        -- A role and its practitioner are one person.
        continue when exists (select from scheduling.claim c
            where c.tenant = of_tenant and c.actor = target and c.appointment = own);
        select min(l) into free
        from generate_series(0, known.capacity + case when overbooking then known.overbook else 0 end - 1) l
        where not exists (select from scheduling.claim c
            where c.tenant = of_tenant and c.actor = target and c.lane = l
              and c.starts_at < ends + known.after_us and c.ends_at > starts - known.before_us);
        if free is null then
            perform scheduling.refuse('claim_taken');
        end if;
        insert into scheduling.claim (tenant, actor, appointment, lane, starts_at, ends_at, expires_at, span)
        values (of_tenant, target, own, free, starts - known.before_us, ends + known.after_us, hold,
                scheduling.span(of_tenant, target, free, starts - known.before_us, ends + known.after_us));
    end loop;
end
$$;

revoke all on function scheduling.note_active(int4, uuid[], int8[]) from public;
grant execute on function scheduling.note_active(int4, uuid[], int8[]) to meditrack_app;
