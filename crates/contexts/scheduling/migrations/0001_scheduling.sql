-- Who is taken when: what no two appointments may have, and what the rules of an organisation ask.
--
-- Rows hold row keys and times. Whatever names a person or a place in words is sealed.

-- Whose time is managed here, with what booking must keep to.
create table scheduling.calendar (
    tenant     int4 not null,
    actor      uuid not null,
    kind       int2 not null,                       -- number of the resource type
    capacity   int2 not null check (capacity between 1 and 500),
    overbook   int2 not null check (overbook between 0 and 100),
    before_us  int8 not null check (before_us between 0 and 14400000000),
    after_us   int8 not null check (after_us between 0 and 14400000000),
    version    int4 not null,
    updated_at int8 not null,
    sealed     bytea not null,                      -- the availability
    primary key (tenant, actor)
);
select meditrack.isolate('scheduling.calendar');
grant select, insert, update, delete on scheduling.calendar to meditrack_app;

-- What an organisation decided: the whole as text (it names no person), and the values that the
-- function below needs.
create table scheduling.setting (
    tenant       int4 not null primary key,
    version      int4 not null,
    body         text not null check (length(body) <= 200000),
    time_zone    text not null,
    lead_us      int8 not null,
    grid_minutes int4 not null check (grid_minutes between 1 and 240),
    horizon_us   int8 not null,
    max_active   int4 not null,                     -- 0: no limit
    updated_at   int8 not null
);
select meditrack.isolate('scheduling.setting');
grant select, insert, update on scheduling.setting to meditrack_app;

-- Patients who are not active, and practitioners behind their roles: kept equal to the records by
-- the commits that change these.
create table scheduling.inactive (
    tenant  int4 not null,
    patient uuid not null,
    primary key (tenant, patient)
);
select meditrack.isolate('scheduling.inactive');
grant select, insert, delete on scheduling.inactive to meditrack_app;

create table scheduling.role (
    tenant       int4 not null,
    role         uuid not null,
    practitioner uuid not null,
    primary key (tenant, role)
);
select meditrack.isolate('scheduling.role');
grant select, insert, update, delete on scheduling.role to meditrack_app;

-- An actor's time, taken by an appointment or held for one that does not exist yet. An actor that
-- can serve several at once has as many lanes; a claim without a lane takes nothing from others.
create table scheduling.claim (
    tenant      int4 not null,
    actor       uuid not null,
    appointment uuid not null,
    lane        int2,
    starts_at   int8 not null,                      -- with the buffers of the actor
    ends_at     int8 not null check (ends_at > starts_at),
    expires_at  int8,                               -- of a hold
    -- Tenant, actor and lane as the high digits of a number and time as the low ones: one range
    -- type of PostgreSQL itself keeps claims apart, without an extension.
    span        numrange,
    primary key (tenant, actor, appointment),
    check ((lane is null) = (span is null)),
    constraint claim_taken exclude using gist (span with &&)
);
create index claim_time on scheduling.claim (tenant, actor, starts_at);
create index claim_appointment on scheduling.claim (tenant, appointment);
select meditrack.isolate('scheduling.claim');
grant select, insert, delete on scheduling.claim to meditrack_app;

create function scheduling.span(of_tenant int4, actor uuid, lane int2, starts_at int8, ends_at int8)
    returns numrange
    language sql immutable
    set search_path = pg_catalog
as $$
    with part as (
        select ('x' || substr(h, 1, 8))::bit(32)::int8 as a, ('x' || substr(h, 9, 8))::bit(32)::int8 as b,
               ('x' || substr(h, 17, 8))::bit(32)::int8 as c, ('x' || substr(h, 25, 8))::bit(32)::int8 as d
        from replace(actor::text, '-', '') h),
    place as (
        select ((((of_tenant::numeric * 4294967296 + a) * 4294967296 + b) * 4294967296 + c) * 4294967296 + d)
               * 1024 + lane as high
        from part)
    select numrange(high * 18446744073709551616 + 9223372036854775808 + starts_at,
                    high * 18446744073709551616 + 9223372036854775808 + ends_at)
    from place
$$;

-- Refuses, with the name of a rule for the caller's answer.
create function scheduling.refuse(rule text) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    raise exception using errcode = 'exclusion_violation', constraint = rule, message = rule;
end
$$;

-- Takes the time of actors for an appointment, in place of what it took before.
--
-- keys: the appointment, the hold that it makes good (or itself again), then its actors. numbers: now, start, end, when a hold expires (0: it is
-- an appointment), whether overbooking was asked for (0, 1), whether the rules for booking apply (0, 1),
-- then for each actor: 1 alone unless its calendar says otherwise, 2 shared unless its calendar says
-- otherwise, 3 a patient. Without numbers it gives back what was taken. Those who claim the same
-- actors hold advisory locks on them; the constraint stands behind that.
create function scheduling.claim(of_tenant int4, keys uuid[], numbers int8[]) returns void
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
    ruled boolean := numbers[6] = 1;
    known scheduling.calendar;
    rules scheduling.setting;
    target uuid;
    free int2;
    wall timestamp;
begin
    delete from scheduling.claim c where c.tenant = of_tenant and c.appointment = own;
    delete from scheduling.claim c
    where c.tenant = of_tenant and c.appointment = keys[2] and c.expires_at is not null;
    if cardinality(numbers) < 6 then
        return;
    end if;
    if ruled then
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
            if exists (select from scheduling.inactive x where x.tenant = of_tenant and x.patient = target) then
                perform scheduling.refuse('inactive_patient');
            end if;
            if ruled and rules.max_active > 0 and rules.max_active <= (
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

-- Notes whether a patient is active. keys: the patient. numbers: 1 or 0.
create function scheduling.note_patient(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    if numbers[1] = 1 then
        delete from scheduling.inactive x where x.tenant = of_tenant and x.patient = keys[1];
    else
        insert into scheduling.inactive values (of_tenant, keys[1]) on conflict do nothing;
    end if;
end
$$;

-- Notes who stands behind a role. keys: the role, then the practitioner if there is one.
create function scheduling.note_role(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    delete from scheduling.role r where r.tenant = of_tenant and r.role = keys[1];
    if cardinality(keys) > 1 then
        insert into scheduling.role values (of_tenant, keys[1], keys[2]);
    end if;
end
$$;

revoke all on function scheduling.span(int4, uuid, int2, int8, int8), scheduling.refuse(text),
    scheduling.claim(int4, uuid[], int8[]), scheduling.note_patient(int4, uuid[], int8[]),
    scheduling.note_role(int4, uuid[], int8[]) from public;
grant execute on function scheduling.span(int4, uuid, int2, int8, int8), scheduling.refuse(text),
    scheduling.claim(int4, uuid[], int8[]), scheduling.note_patient(int4, uuid[], int8[]),
    scheduling.note_role(int4, uuid[], int8[]) to meditrack_app;
grant usage on schema scheduling to meditrack_app;
