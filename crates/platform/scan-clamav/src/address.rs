//! Where the daemon listens.

use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// Where the daemon listens: `/run/clamav/clamd.ctl` or `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String),
}

/// An address that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("clamd listens at an absolute path or at tcp://host:port")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let place = text.strip_prefix("tcp://").ok_or(AddressError)?;
        let (host, port) = place.rsplit_once(':').ok_or(AddressError)?;
        let named = !host.is_empty() && !host.contains('/');
        match port.parse::<u16>() {
            Ok(port) if port > 0 && named => Ok(Self::Tcp(place.to_owned())),
            _ => Err(AddressError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_a_host_with_a_port() {
        let unix = Address::Unix(PathBuf::from("/run/clamd.ctl"));
        assert_eq!("/run/clamd.ctl".parse(), Ok(unix));
        let tcp = Address::Tcp("[::1]:3310".to_owned());
        assert_eq!("tcp://[::1]:3310".parse(), Ok(tcp));
        for wrong in [
            "",
            "clamd",
            "tcp://host",
            "tcp://:1",
            "tcp://h:0",
            "tcp://h/x:1",
            "http://h:1",
        ] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }
}
