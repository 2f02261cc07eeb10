//! An external server: least rights, and TLS that verifies.

use std::path::Path;
use std::process::Command;

use mt_database::external::{endpoint, grants_sql};
use mt_database::migrate::{migrate, verify};
use mt_database::selfcheck::self_check;
use mt_database::testing::TestDatabase;
use mt_database::{Cluster, ClusterOptions, Database, Error, Sizes};
use mt_kernel::Secret;

use crate::cluster::quick;
use crate::fixture::{COUNT, NOTES, ONE};

#[tokio::test]
async fn the_printed_grants_are_enough_and_can_be_run_twice() {
    let test = TestDatabase::create(&[]).await;
    let (admin, _driver) = test.admin().connect().await.unwrap();
    let name = test.app().database_name().to_owned();
    let logins = [format!("deploy_{name}"), format!("serve_{name}")];
    for login in &logins {
        admin
            .batch_execute(&format!("create role {login} login password 'pw'"))
            .await
            .unwrap();
    }
    let sql = grants_sql(&name, &logins[0], &logins[1]).unwrap();
    admin.batch_execute(&sql).await.unwrap();
    admin.batch_execute(&sql).await.unwrap();
    let socket = test.app().socket_directory().unwrap();
    let [owner, app] = logins
        .each_ref()
        .map(|login| mt_database::Endpoint::socket(&socket, login, "pw", &name));
    migrate(&owner, &[NOTES]).await.unwrap();
    verify(&app, &[NOTES]).await.unwrap();
    assert_eq!(
        self_check(&app).await.unwrap().refusals,
        Vec::<String>::new()
    );
    let database = Database::open(&app, Sizes::default()).await.unwrap();
    database
        .tenant(ONE)
        .await
        .unwrap()
        .query(COUNT, &[])
        .await
        .unwrap();
    drop(database);
    let refused = self_check(&owner).await.unwrap();
    assert!(
        !refused.refusals.is_empty(),
        "a member of the owner may not serve"
    );
    for login in &logins {
        let drop = format!("reassign owned by {login} to meditrack_owner; drop role {login}");
        admin.batch_execute(&drop).await.unwrap();
    }
}

/// Makes an authority and a certificate for `address` signed by it; says whether it could.
fn certificates(folder: &Path, address: &str) -> bool {
    let script = format!(
        "set -e; cd '{}'
         openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority \
           -keyout ca.key -out ca.pem -addext keyUsage=keyCertSign
         openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr
         printf 'subjectAltName=IP:{address}\\nbasicConstraints=CA:FALSE\\n' > ext
         openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
           -extfile ext -out server.pem
         printf 'hostssl all all all scram-sha-256\\nlocal all all scram-sha-256\\n' > hba
         chmod 644 *; chmod 755 .; chmod 600 server.key
         if chown root:postgres server.key; then chmod 640 server.key; fi",
        folder.display()
    );
    let done = Command::new("sh").arg("-c").arg(script).output();
    done.is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn a_connection_over_the_network_verifies_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [std::process::id() / 250 % 250, std::process::id() % 250];
    let address = format!("127.83.{}.{}", a + 1, b + 1);
    if !certificates(folder.path(), &address) {
        println!("skipped: openssl(1) is not installed, so no certificate can be made");
        return;
    }
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let settings = [
        ("listen_addresses", address.clone()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", file("server.pem")),
        ("ssl_key_file", file("server.key")),
        ("hba_file", file("hba")),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let options = ClusterOptions {
        settings: settings.to_vec(),
        ..quick()
    };
    let cluster = Cluster::start_or_join(&folder.path().join("data"), options)
        .await
        .unwrap();
    let environment = cluster.client_environment("meditrack_app").unwrap();
    let password = &environment
        .iter()
        .find(|(name, _)| *name == "PGPASSWORD")
        .unwrap()
        .1;
    let base = format!("postgres://meditrack_app:{password}@{address}/meditrack");

    let url = format!("{base}?sslmode=require&sslrootcert={}", file("ca.pem"));
    let (client, _driver) = endpoint(&Secret::new(url))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert!(client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0));

    let stranger = format!("{base}?sslmode=require");
    let refused = endpoint(&Secret::new(stranger))
        .unwrap()
        .connect()
        .await
        .map(drop);
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );

    let other_name = format!(
        "postgres://meditrack_app:{password}@wrong.example/meditrack?hostaddr={address}\
         &sslmode=verify-full&sslrootcert={}",
        file("ca.pem")
    );
    let refused = endpoint(&Secret::new(other_name))
        .unwrap()
        .connect()
        .await
        .map(drop);
    assert!(
        refused.is_err(),
        "the name in the certificate was not checked"
    );
    cluster.stop().await;
}
