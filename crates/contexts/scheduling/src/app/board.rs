//! The check-in board: who is expected, who waits, who is where.

use jiff::civil::Date;
use mt_api::Caller;
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::find::Wanted;
use super::view::AppointmentView;
use crate::Scheduling;
use crate::domain::{State, zone};
use crate::error::Result;

/// Which day and place.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BoardQuery {
    /// The day; today when absent.
    #[serde(default)]
    #[param(value_type = Option<String>, format = Date)]
    pub date: Option<Date>,
    /// Reference to a Location that takes part.
    #[serde(default)]
    pub location: Option<String>,
    /// IANA zone of the day; the organisation's when absent.
    #[serde(default)]
    pub tz: Option<String>,
}

/// An appointment on the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The appointment.
    pub appointment: AppointmentView,
    /// Since when the patient is where they are.
    pub waiting_since: Option<String>,
    /// Whole minutes since then.
    pub waiting_minutes: Option<i64>,
    /// Whether the patient should have come by now.
    pub late: bool,
}

/// A column of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Column {
    /// `booked`, `arrived`, `ready`, `roomed`, `in-progress`, `checkout` or `done`.
    pub state: &'static str,
    /// By their start.
    pub items: Vec<Waiting>,
}

/// The board of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// When it was made.
    pub now: String,
    /// From how many minutes on a patient who has not come is late.
    pub late_minutes: u16,
    /// The columns, in the order of a visit.
    pub columns: Vec<Column>,
}

const COLUMNS: [(&str, &[State]); 7] = [
    ("booked", &[State::Scheduled, State::Confirmed]),
    ("arrived", &[State::Arrived]),
    ("ready", &[State::Ready]),
    ("roomed", &[State::Roomed]),
    ("in-progress", &[State::InProgress]),
    ("checkout", &[State::Checkout]),
    ("done", &[State::Completed]),
];

impl Scheduling {
    /// The board of a day.
    ///
    /// # Errors
    /// When the question cannot be meant.
    pub async fn board(&self, caller: &Caller, asked: &BoardQuery) -> Result<Board> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let tz = asked
            .tz
            .clone()
            .unwrap_or_else(|| settings.time_zone.clone());
        let zone = zone(&tz)?;
        let now = self.now();
        let date = asked
            .date
            .unwrap_or_else(|| now.timestamp().to_zoned(zone.clone()).date());
        let wanted = Wanted {
            from: Some(date.to_string()),
            to: Some(date.tomorrow().unwrap_or(date).to_string()),
            actor: asked.location.clone(),
            tz: Some(tz),
            limit: Some(1000),
            ..Wanted::default()
        };
        let all = self.appointments(caller, &wanted).await?.items;
        let late = i64::from(settings.rules.late_minutes);
        let columns = COLUMNS.map(|(state, states)| Column {
            state,
            items: all
                .iter()
                .filter(|one| states.contains(&one.state))
                .map(|one| waiting(one, now, late))
                .collect(),
        });
        Ok(Board {
            date,
            now: now.to_fhir(),
            late_minutes: settings.rules.late_minutes,
            columns: columns.into(),
        })
    }
}

fn waiting(appointment: &AppointmentView, now: Instant, late: i64) -> Waiting {
    let minutes_since = |text: &str| {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some((now.0 - at.as_microsecond()) / 60_000_000)
    };
    let since = appointment
        .stage
        .as_ref()
        .and_then(|stage| stage.since.clone());
    let overdue = appointment.start.as_deref().and_then(minutes_since);
    Waiting {
        waiting_minutes: since.as_deref().and_then(minutes_since),
        waiting_since: since,
        late: appointment.state.is_ahead() && overdue.is_some_and(|minutes| minutes >= late),
        appointment: appointment.clone(),
    }
}
