-- Record numbers: no two patients of an organisation have the same one at the same facility.
--
-- A number is kept as the keyed hash that stands for a literal id in the record store; what it says is sealed
-- in the patient's record.

create table patients.number (
    tenant  int4 not null,
    number  uuid not null,                          -- keyed hash of system and value
    patient uuid not null,                          -- row key
    constraint number_taken primary key (tenant, number)
);
select meditrack.isolate('patients.number');
create index number_patient on patients.number (tenant, patient);
grant select, insert, delete on patients.number to meditrack_app;

-- Notes the numbers that a patient has. keys: the patient, then the numbers. numbers: none.
create function patients.note_numbers(of_tenant int4, keys uuid[], numbers int8[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    delete from patients.number n
    where n.tenant = of_tenant and n.patient = keys[1] and not n.number = any(keys[2:]);
    insert into patients.number
    select distinct of_tenant, k, keys[1] from unnest(keys[2:]) k
    where not exists (select from patients.number n
        where n.tenant = of_tenant and n.number = k and n.patient = keys[1]);
end
$$;

-- What an organisation decided of its record numbers.
create table patients.setting (
    tenant     int4 not null primary key,
    version    int4 not null,
    body       text not null check (length(body) <= 10000),
    updated_at int8 not null
);
select meditrack.isolate('patients.setting');
grant select, insert, update on patients.setting to meditrack_app;

revoke all on function patients.note_numbers(int4, uuid[], int8[]) from public;
grant execute on function patients.note_numbers(int4, uuid[], int8[]) to meditrack_app;
grant usage on schema patients to meditrack_app;
