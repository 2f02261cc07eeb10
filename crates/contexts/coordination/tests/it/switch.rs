//! What an organisation wants, as a test decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use mt_coordination::{Automation, Switches};
use mt_kernel::{Fault, TenantId};

#[derive(Clone)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn on() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    pub(crate) fn turn(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }
}

impl Switches for Switch {
    fn is_on(&self, _: TenantId, _: Automation) -> BoxFuture<'_, Result<bool, Fault>> {
        let on = self.0.load(Ordering::Relaxed);
        Box::pin(async move { Ok(on) })
    }
}
