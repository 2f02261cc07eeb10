//! MLLP frames (`0B` message `1C 0D`) as a state machine that never waits and never blocks.
//!
//! Bytes go in as they arrive, split anywhere; frames come out. What the standard leaves open
//! is decided so that two messages are never taken for one and no message is cut short: a start
//! block inside a frame begins a new frame and reports the broken one, and an end block counts
//! only together with its carriage return.

use memchr::{memchr, memchr2};

/// Starts a frame.
pub const START_BLOCK: u8 = 0x0b;
/// Ends a frame, together with [`CARRIAGE_RETURN`].
pub const END_BLOCK: u8 = 0x1c;
/// Follows the end block.
pub const CARRIAGE_RETURN: u8 = 0x0d;

const COMMIT_ACK: u8 = 0x06;
const COMMIT_NAK: u8 = 0x15;

/// How much of a frame that is given up is kept, so that its sender can be answered.
pub const HEAD_BYTES: usize = 4096;

/// A message in its frame, ready to send.
#[must_use]
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(START_BLOCK);
    frame.extend_from_slice(message);
    frame.extend_from_slice(&[END_BLOCK, CARRIAGE_RETURN]);
    frame
}

/// The frame of a release 2 commit acknowledgement.
#[must_use]
pub const fn commit_frame(commit: Commit) -> [u8; 4] {
    let block = match commit {
        Commit::Acknowledged => COMMIT_ACK,
        Commit::Refused => COMMIT_NAK,
    };
    [START_BLOCK, block, END_BLOCK, CARRIAGE_RETURN]
}

/// A commit acknowledgement of MLLP release 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Commit {
    /// `06`: the frame before is in safe storage.
    Acknowledged,
    /// `15`: it is not.
    Refused,
}

/// What the decoder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole frame; these are its contents.
    Message(Vec<u8>),
    /// A commit block, only in release 2.
    Commit(Commit),
    /// A frame that was given up.
    Broken {
        /// Why.
        fault: FrameFault,
        /// How it began, up to [`HEAD_BYTES`].
        head: Vec<u8>,
    },
}

/// Why a frame was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    /// It grew beyond the limit. Its remaining bytes are skipped without being kept.
    #[error("a frame is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in force.
        limit: usize,
    },
    /// Another frame began before it ended.
    #[error("a frame began before the one before it had ended")]
    Interrupted,
}

/// How a connection frames its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameProfile {
    /// Most bytes in one frame.
    pub max_bytes: usize,
    /// Whether single-byte frames `06` and `15` are commit blocks (MLLP release 2).
    pub release2: bool,
}

impl Default for FrameProfile {
    fn default() -> Self {
        Self {
            max_bytes: 10 * 1024 * 1024,
            release2: false,
        }
    }
}

/// Finds frames in a stream of bytes.
#[derive(Clone, Debug)]
pub struct FrameDecoder {
    profile: FrameProfile,
    state: State,
    content: Vec<u8>,
    junk: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between frames.
    Outside,
    /// In a frame.
    Inside,
    /// In a frame, after an end block that may be followed by its carriage return.
    AfterEnd,
    /// In a frame that is too large: nothing is kept until it ends.
    Skipping,
    /// In a frame that is too large, after an end block.
    SkippingAfterEnd,
}

impl FrameDecoder {
    /// A decoder at the start of a connection.
    #[must_use]
    pub const fn new(profile: FrameProfile) -> Self {
        Self {
            profile,
            state: State::Outside,
            content: Vec::new(),
            junk: 0,
        }
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn in_frame(&self) -> bool {
        self.state != State::Outside
    }

    /// How many bytes outside of frames were dropped so far. Line ends between frames, which
    /// many senders add, are not counted.
    #[must_use]
    pub const fn junk_bytes(&self) -> u64 {
        self.junk
    }

    /// Takes bytes from the front of `input` until something is found or nothing is left.
    pub fn advance(&mut self, input: &mut &[u8]) -> Option<Event> {
        while !input.is_empty() {
            let event = match self.state {
                State::Outside => self.outside(input),
                State::Inside => self.inside(input),
                State::AfterEnd => self.after_end(input),
                State::Skipping => self.skipping(input),
                State::SkippingAfterEnd => self.skipping_after_end(input),
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    fn outside(&mut self, input: &mut &[u8]) -> Option<Event> {
        let start = memchr(START_BLOCK, input);
        let junk = take(input, start.unwrap_or(input.len()));
        let counted = junk.iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
        self.junk += counted.count() as u64;
        if start.is_some() {
            take(input, 1);
            self.state = State::Inside;
        }
        None
    }

    fn inside(&mut self, input: &mut &[u8]) -> Option<Event> {
        let special = memchr2(START_BLOCK, END_BLOCK, input);
        let content = take(input, special.unwrap_or(input.len()));
        if self.content.len() + content.len() > self.profile.max_bytes {
            let room = self.profile.max_bytes.saturating_sub(self.content.len());
            self.content
                .extend_from_slice(&content[..room.min(HEAD_BYTES)]);
            self.state = State::Skipping;
            return Some(self.broken(FrameFault::TooLarge {
                limit: self.profile.max_bytes,
            }));
        }
        self.content.extend_from_slice(content);
        special?;
        match take(input, 1) {
            [START_BLOCK] => Some(self.broken(FrameFault::Interrupted)),
            _ => {
                self.state = State::AfterEnd;
                None
            }
        }
    }

    fn after_end(&mut self, input: &mut &[u8]) -> Option<Event> {
        if input.first() == Some(&CARRIAGE_RETURN) {
            take(input, 1);
            self.state = State::Outside;
            return Some(self.complete());
        }
        // Without its carriage return the end block is content; what follows is looked at anew.
        self.content.push(END_BLOCK);
        self.state = State::Inside;
        None
    }

    fn skipping(&mut self, input: &mut &[u8]) -> Option<Event> {
        let special = memchr2(START_BLOCK, END_BLOCK, input);
        take(input, special.unwrap_or(input.len()));
        special?;
        self.state = match take(input, 1) {
            [START_BLOCK] => State::Inside,
            _ => State::SkippingAfterEnd,
        };
        None
    }

    fn skipping_after_end(&mut self, input: &mut &[u8]) -> Option<Event> {
        self.state = State::Skipping;
        if input.first() == Some(&CARRIAGE_RETURN) {
            take(input, 1);
            self.state = State::Outside;
        }
        None
    }

    fn complete(&mut self) -> Event {
        let content = std::mem::take(&mut self.content);
        match *content {
            [COMMIT_ACK] if self.profile.release2 => Event::Commit(Commit::Acknowledged),
            [COMMIT_NAK] if self.profile.release2 => Event::Commit(Commit::Refused),
            _ => Event::Message(content),
        }
    }

    fn broken(&mut self, fault: FrameFault) -> Event {
        let mut head = std::mem::take(&mut self.content);
        head.truncate(HEAD_BYTES);
        head.shrink_to_fit();
        Event::Broken { fault, head }
    }
}

/// Takes `length` bytes from the front.
fn take<'i>(input: &mut &'i [u8], length: usize) -> &'i [u8] {
    let (front, rest) = input.split_at(length);
    *input = rest;
    front
}
