//! A durable receiver that does nothing else: the durability test starts it, and kills it.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use mt_mllp::{JournalStore, Profile, Server};
use tokio_util::sync::CancellationToken;

/// Arguments: the journal's folder and the address to listen on. Writes one line when ready.
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("the folder of the journal is missing")?;
    let address: SocketAddr = arguments.next().ok_or("the address is missing")?.parse()?;
    let store = JournalStore::open(folder)?;
    let server = Server::bind(address, Profile::new("durability"), None, store).await?;
    writeln!(std::io::stdout(), "listening on {}", server.local_addr()?)?;
    server.serve(CancellationToken::new()).await;
    Ok(())
}
