//! PostgreSQL: private cluster, connections, tenancy, migrations, self-check.
