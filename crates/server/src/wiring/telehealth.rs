//! Video visits: who carries them by the configuration.

use std::sync::Arc;

use anyhow::Context;
use mt_api::Routes;
use mt_scheduling::Scheduling;
use mt_scheduling::telehealth::{self, Hms, Own, Provider, Relay, Telehealth, Twilio};

use super::outbound::guard;
use crate::assembly::Installation;
use crate::config::{Config, Hidden, VideoProvider};

/// Where the server API of 100ms is found.
const HMS: &str = "https://api.100ms.live";

/// Every route with its state.
pub(crate) fn routes(installation: &Installation, provider: &Arc<dyn Provider>) -> Routes {
    let scheduling = Scheduling::new(installation.store.clone());
    let telehealth = Telehealth::new(scheduling, Arc::clone(provider));
    telehealth::table().with_state(telehealth)
}

/// The configured provider; one without its keys stops the start.
pub(crate) fn provider(config: &Config) -> anyhow::Result<Arc<dyn Provider>> {
    let set = &config.telehealth;
    let text = |value: &Option<String>, name: &'static str| value.clone().context(name);
    let secret = |value: &Option<Hidden>, name: &'static str| {
        value.as_ref().map(Hidden::secret).context(name)
    };
    let provider: Arc<dyn Provider> = match set.provider {
        VideoProvider::Own => Arc::new(Own {
            stun: set.stun.clone(),
            relay: match set.turn.is_empty() {
                true => None,
                false => Some(Relay {
                    urls: set.turn.clone(),
                    secret: secret(&set.turn_secret, "telehealth.turn_secret is missing")?,
                }),
            },
        }),
        VideoProvider::Twilio => Arc::new(Twilio {
            account: text(&set.account, "telehealth.account is missing")?,
            key: text(&set.key, "telehealth.key is missing")?,
            secret: secret(&set.secret, "telehealth.secret is missing")?,
        }),
        VideoProvider::Hms => Arc::new(Hms {
            api: HMS.to_owned(),
            access_key: text(&set.account, "telehealth.account is missing")?,
            secret: secret(&set.secret, "telehealth.secret is missing")?,
            template: text(&set.template, "telehealth.template is missing")?,
            guard: guard(config)?,
        }),
    };
    Ok(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_without_its_keys_stops_the_start_and_says_which_is_missing() {
        let with = |telehealth: &str| -> Config {
            toml::from_str(&format!("[telehealth]\n{telehealth}")).unwrap()
        };
        for (text, missing) in [
            ("provider = \"twilio\"", "account"),
            (
                "provider = \"twilio\"\naccount = \"AC1\"\nkey = \"SK1\"",
                "secret",
            ),
            (
                "provider = \"100ms\"\naccount = \"a\"\nsecret = \"s\"",
                "template",
            ),
            ("turn = [\"turn:t.example.org\"]", "turn_secret"),
        ] {
            let error = provider(&with(text)).err().unwrap().to_string();
            assert!(error.contains(missing), "{text}: {error}");
        }
        assert_eq!(provider(&with("")).unwrap().name(), "own");
    }
}
