//! Plain and TLS connections as one type.

use tokio::io::{AsyncRead, AsyncWrite};

/// What both a TCP and a TLS connection can do.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection whose kind does not matter any more.
pub(crate) type Connection = Box<dyn Duplex>;
