//! The ways out of notifications, as the operator configured them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use mt_kernel::Clock;
use mt_notifications::channels::{
    Fcm, FcmAccount, SendGrid, Sender, SmtpMail, Twilio, VapidKey, WebPush,
};
use mt_notifications::{ReceiptKeys, SendGridKey, Transport, Transports};
use mt_outbound::Guard;

use super::outbound::guard;
use crate::assembly::{key_directory, origin, smtp};
use crate::config::{self, Config};

/// Longest wait for a vendor.
const PATIENCE: Duration = Duration::from_secs(20);
/// File of the key by which push services know this installation.
const VAPID: &str = "web-push.pk8";

/// What leaves, by what receipts are known, and what browsers register with.
pub(crate) struct Ways {
    pub(crate) transports: Transports,
    pub(crate) receipts: ReceiptKeys,
    pub(crate) push_key: Option<String>,
}

impl Ways {
    pub(crate) fn open(
        config: &Config,
        data_dir: &Path,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let section = &config.notifications;
        let guard = guard(config)?;
        let fcm = match &section.fcm.account_file {
            Some(file) => {
                Some(fcm(&guard, file, &section.fcm, clock).context("notifications.fcm")?)
            }
            None => None,
        };
        let (web, push_key) = match &section.web_push.contact {
            Some(contact) => {
                let directory = key_directory(config, data_dir);
                let key = Arc::new(vapid(&directory).context("notifications.web_push")?);
                let public = key.public();
                let web = WebPush::new(guard.clone(), key, contact.clone(), Arc::clone(clock));
                (Some(Arc::new(web) as Arc<dyn Transport>), Some(public))
            }
            None => (None, None),
        };
        let webhook_key = section.sendgrid.webhook_key.as_deref();
        let webhook_key = webhook_key.map(|key| {
            SendGridKey::parse(key).context("notifications.sendgrid.webhook_key is no key")
        });
        Ok(Self {
            transports: Transports {
                email: email(config, &guard)?,
                sms: sms(config, &guard)?,
                fcm,
                web,
            },
            receipts: ReceiptKeys {
                twilio: section.twilio.token.as_ref().map(config::Hidden::secret),
                sendgrid: webhook_key.transpose()?,
            },
            push_key,
        })
    }
}

/// SendGrid when it is configured, or else the operator's mail server.
fn email(config: &Config, guard: &Guard) -> anyhow::Result<Option<Arc<dyn Transport>>> {
    let section = &config.notifications.sendgrid;
    let Some(key) = &section.key else {
        let server = smtp(&config.mail)?;
        return Ok(server.map(|server| Arc::new(SmtpMail::new(server)) as Arc<dyn Transport>));
    };
    let from = section.from.clone();
    Ok(Some(Arc::new(SendGrid {
        guard: guard.clone(),
        base: base(&section.url),
        key: key.secret(),
        from: from.context("notifications.sendgrid.from is missing")?,
        patience: PATIENCE,
    })))
}

fn sms(config: &Config, guard: &Guard) -> anyhow::Result<Option<Arc<dyn Transport>>> {
    let section = &config.notifications.twilio;
    let Some(account) = &section.account else {
        return Ok(None);
    };
    let token = section.token.as_ref();
    let token = token.context("notifications.twilio.token is missing")?;
    let sender = match (&section.service, &section.from) {
        (Some(service), _) => Sender::Service(service.clone()),
        (None, Some(number)) => Sender::Number(number.clone()),
        (None, None) => anyhow::bail!("notifications.twilio.service or .from is missing"),
    };
    Ok(Some(Arc::new(Twilio {
        guard: guard.clone(),
        base: base(&section.url),
        account: account.clone(),
        token: token.secret(),
        sender,
        origin: origin(config),
        patience: PATIENCE,
    })))
}

fn fcm(
    guard: &Guard,
    file: &Path,
    section: &config::Fcm,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Transport>> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("the service account {} cannot be read", file.display()))?;
    let account = FcmAccount::parse(&text)?;
    let fcm = Fcm::new(
        guard.clone(),
        base(&section.url),
        account,
        Arc::clone(clock),
    )?;
    Ok(Arc::new(fcm))
}

fn base(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// The key by which push services know this installation; it is made once, because browsers are registered with it.
fn vapid(directory: &Path) -> anyhow::Result<VapidKey> {
    let path = directory.join(VAPID);
    if !path.exists() {
        fs::create_dir_all(directory)?;
        // Whole or not at all, and whoever comes second takes the first one's.
        let mut file = tempfile_beside(&path)?;
        file.1.write_all(&VapidKey::generate()?)?;
        file.1.sync_all()?;
        match fs::hard_link(&file.0, &path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error.into());
            }
            _ => fs::remove_file(&file.0)?,
        }
    }
    let key = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(VapidKey::from_pkcs8(&key)?)
}

/// A new file that its owner alone may read.
fn tempfile_beside(path: &Path) -> anyhow::Result<(std::path::PathBuf, fs::File)> {
    let name = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let file = file.open(&name)?;
    Ok((name, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_installation_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let first = vapid(folder.path()).unwrap().public();
        assert_eq!(vapid(folder.path()).unwrap().public(), first);
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
    }
}
