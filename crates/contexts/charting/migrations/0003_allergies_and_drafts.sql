-- Which allergies of a patient stand, and which statements that none is known: keyed hashes, so that one is not said
-- beside the other.
create table charting.allergy (
    tenant    int4 not null,
    allergy   uuid not null,                        -- row key
    patient   uuid not null,                        -- row key
    says_none boolean not null,
    primary key (tenant, allergy)
);
select meditrack.isolate('charting.allergy');
create index allergy_patient on charting.allergy (tenant, patient);
grant select, insert, update, delete on charting.allergy to meditrack_app;

-- Notes what an AllergyIntolerance says. keys: it, its patient. numbers: 0 nothing, 1 an allergy, 2 that none is known;
-- 1 when a person says so anew, who is refused beside what contradicts.
create function charting.note_allergy(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
declare
    denies boolean := numbers[1] = 2;
    rule text := case when denies then 'none_beside_allergy' else 'allergy_beside_none' end;
begin
    delete from charting.allergy a where a.tenant = of_tenant and a.allergy = keys[1];
    if numbers[1] = 0 then
        return;
    end if;
    if numbers[2] = 1 and exists (select from charting.allergy a
            where a.tenant = of_tenant and a.patient = keys[2] and a.says_none <> denies) then
        raise exception using errcode = 'exclusion_violation', constraint = rule, message = rule;
    end if;
    insert into charting.allergy values (of_tenant, keys[1], keys[2], denies);
end
$$;
revoke all on function charting.note_allergy(int4, uuid[], int8[]) from public;
grant execute on function charting.note_allergy(int4, uuid[], int8[]) to meditrack_app;

-- What somebody typed and has not saved, sealed. It stays until its author saves or discards it; bounds are in the code.
create table charting.draft (
    tenant     int4 not null,
    author     uuid not null,                       -- keyed hash of the account
    patient    uuid not null,                       -- row key
    place      uuid not null,                       -- keyed hash of what it is a draft of
    version    int4 not null,
    updated_at int8 not null,
    sealed     bytea not null,
    primary key (tenant, author, patient, place)
);
select meditrack.isolate('charting.draft');
create index draft_patient on charting.draft (tenant, patient);
grant select, insert, update, delete on charting.draft to meditrack_app;
