//! The task that owns the connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::link::Link;
use super::window::{Job, Progress, Window};
use super::{ClientConfig, SendError};

/// Sends what is submitted until every handle is dropped and everything is resolved.
pub(super) async fn run(
    config: ClientConfig,
    waiting: mpsc::Receiver<Job>,
    halted: Arc<AtomicBool>,
) {
    let mut worker = Worker {
        config,
        waiting,
        halted,
        window: Window::default(),
        open: true,
    };
    let mut failures = 0;
    while worker.refill().await {
        match Link::open(&worker.config).await {
            Ok(link) => {
                let before = worker.window.0.len();
                let ended = worker.serve(link).await;
                if let Err(error) = ended {
                    let address = &worker.config.address;
                    tracing::warn!(%address, %error, "an MLLP connection is made anew");
                    failures = if worker.window.0.len() < before {
                        1
                    } else {
                        failures + 1
                    };
                    worker.window.lost(worker.config.attempts);
                    sleep(worker.config.backoff.pause(failures)).await;
                }
            }
            Err(error) => {
                let address = &worker.config.address;
                tracing::warn!(%address, %error, "an MLLP destination cannot be reached");
                let attempts = worker.window.unreachable(worker.config.attempts);
                sleep(worker.config.backoff.pause(attempts)).await;
            }
        }
    }
}

struct Worker {
    config: ClientConfig,
    waiting: mpsc::Receiver<Job>,
    halted: Arc<AtomicBool>,
    window: Window,
    /// Whether anybody may still submit.
    open: bool,
}

impl Worker {
    /// Waits for something to send; false when nothing will come any more.
    async fn refill(&mut self) -> bool {
        while self.window.0.is_empty() {
            match self.waiting.recv().await {
                Some(job) => self.take(job),
                None => return false,
            }
        }
        true
    }

    fn take(&mut self, job: Job) {
        if self.halted.load(Ordering::SeqCst) {
            job.resolve(Err(SendError::Halted));
        } else {
            self.window.0.push_back(job);
        }
    }

    fn has_room(&self) -> bool {
        self.open && self.window.0.len() < self.config.depth.max(1)
    }

    /// Uses one connection until it fails, or until there is nothing more to do.
    async fn serve(&mut self, mut link: Link) -> io::Result<()> {
        let mut not_before = Instant::now();
        loop {
            if not_before <= Instant::now() {
                self.send_all(&mut link).await?;
            }
            if !self.open && self.window.0.is_empty() {
                link.close().await;
                return Ok(());
            }
            let unsent = self.window.0.iter().any(|job| job.sent.is_none());
            let oldest = self.window.oldest_sent();
            let late = oldest.unwrap_or_else(Instant::now) + self.config.answer;
            tokio::select! {
                biased;
                answer = link.answer() => {
                    let (policy, limit) = (self.config.on_error, self.config.attempts);
                    match self.window.answer(answer?, policy, limit) {
                        Progress::Next => {}
                        Progress::Pause(attempts) => {
                            not_before = Instant::now() + self.config.backoff.pause(attempts);
                        }
                        Progress::Halt => self.halt(),
                        Progress::Garbled => {
                            let what = "an answer is not an acknowledgement";
                            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                        }
                    }
                }
                job = self.waiting.recv(), if self.has_room() => match job {
                    Some(job) => self.take(job),
                    None => self.open = false,
                },
                () = sleep_until(late), if oldest.is_some() => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                () = sleep_until(not_before), if unsent => {}
            }
        }
    }

    async fn send_all(&mut self, link: &mut Link) -> io::Result<()> {
        while let Some(job) = self.window.next_unsent() {
            job.attempts += 1;
            link.send(&job.message).await?;
            job.sent = Some(Instant::now());
        }
        self.window.resolve_unanswered();
        Ok(())
    }

    /// Refuses what waits behind a refused message, until somebody resumes.
    fn halt(&mut self) {
        self.halted.store(true, Ordering::SeqCst);
        self.window.halt();
        while let Ok(job) = self.waiting.try_recv() {
            job.resolve(Err(SendError::Halted));
        }
    }
}
