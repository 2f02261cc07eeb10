//! The routes of all contexts below `/api/v1`: one table, printed to `docs/reference/api-permissions.md`.

use std::sync::Arc;

use mt_access::Authenticator;
use mt_api::{Gate, Idempotency, Routes};
use mt_coordination::timeline::{self, Timelines};
use mt_http::RateLimits;
use mt_identity::{administration, people};
use mt_live::Hub;
use mt_scheduling::telehealth::Provider;

use super::system::{self, System};
use crate::assembly::Installation;
use crate::wiring;

/// Who may come in: by token or session, with the standing that they have now.
pub(super) fn gatekeeper(installation: &Installation) -> Arc<dyn Authenticator> {
    let tokens = Arc::clone(&installation.identity) as Arc<dyn Authenticator>;
    let people = people::Gatekeeper::new(
        tokens,
        installation.people.sessions().clone(),
        Arc::clone(&installation.clock),
    );
    installation.standing(Arc::new(people))
}

/// The gate before every route.
pub(super) fn gate(rates: RateLimits, installation: &Installation) -> Gate {
    Gate {
        authenticator: gatekeeper(installation),
        rates,
        idempotency: Idempotency::new(
            installation.database.clone(),
            installation.store.tenants().clone(),
        ),
        clock: Arc::clone(&installation.clock),
    }
}

/// Every route with its state.
pub(super) fn routes(
    installation: &Installation,
    system: &System,
    hub: &Hub,
    video: &Arc<dyn Provider>,
) -> Routes {
    let people = people::api::table().with_state(Arc::clone(&installation.people));
    let privacy = mt_privacy::api::table().with_state(installation.office.privacy.clone());
    let administration = administration::api::table();
    let timelines = Timelines::new(installation.database.clone(), installation.store.clone());
    let webhooks = mt_webhooks::api::table().with_state(installation.outbound.webhooks.clone());
    let sockets = installation.outbound.sockets(gatekeeper(installation));
    let told = &installation.telling.notifications;
    let notifications = mt_notifications::api::table().with_state(told.clone());
    people
        .merge(mt_subscriptions::socket().with_state(sockets))
        .merge(administration.with_state(installation.administration.clone()))
        .merge(timeline::table().with_state(timelines))
        .merge(wiring::patients::routes(installation))
        .merge(wiring::charting::routes(installation))
        .merge(wiring::scheduling::routes(installation))
        .merge(wiring::telehealth::routes(installation, video))
        .merge(privacy)
        .merge(webhooks)
        .merge(notifications)
        .merge(mt_live::table().with_state(hub.clone()))
        .merge(system::table().with_state(system.clone()))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use mt_api::{PREFIX, RoutePermission};
    use mt_identity::{administration, people};

    /// Every route of every context; the same tables that [`super::routes`] serves.
    fn table() -> Vec<RoutePermission> {
        let mut rows = people::api::table().permissions();
        rows.extend(administration::api::table().permissions());
        rows.extend(mt_coordination::timeline::table().permissions());
        rows.extend(mt_patients::api::table().permissions());
        rows.extend(mt_charting::api::table().permissions());
        rows.extend(mt_scheduling::api::table().permissions());
        rows.extend(mt_scheduling::telehealth::table().permissions());
        rows.extend(mt_privacy::api::table().permissions());
        rows.extend(mt_webhooks::api::table().permissions());
        rows.extend(mt_subscriptions::socket().permissions());
        rows.extend(mt_notifications::api::table().permissions());
        rows.extend(mt_live::table().permissions());
        rows.extend(super::system::table().permissions());
        rows.sort();
        rows
    }

    #[test]
    fn the_printed_table_of_routes_is_up_to_date() {
        let mut page = format!(
            "# Permissions of the API\n\nPrinted from the routes below `{PREFIX}`; a test keeps this page equal to them.\n\
             What an operation is open to stands in [permissions.md](permissions.md).\n\n\
             | route | method | permission |\n|---|---|---|\n"
        );
        for row in table() {
            let _ = writeln!(
                page,
                "| {} | {} | {} |",
                row.path, row.method, row.permission
            );
        }
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/api-permissions.md"
        );
        if std::env::var_os("MEDITRACK_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, page, "write it anew with MEDITRACK_WRITE_DOCS=1");
    }
}
