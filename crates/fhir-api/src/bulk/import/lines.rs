//! The lines of a file, in bounded memory.

use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;

use super::super::refusal::Failure;
use super::fetch::refused;

/// Lines of a stream of bytes.
pub(super) struct Lines {
    stream: BoxStream<'static, Result<Bytes, Failure>>,
    buffer: BytesMut,
    /// Bytes of the buffer in which there is no line end.
    searched: usize,
    longest: usize,
    number: u64,
    ended: bool,
}

impl Lines {
    pub(super) fn new(stream: BoxStream<'static, Result<Bytes, Failure>>, longest: usize) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            searched: 0,
            longest,
            number: 0,
            ended: false,
        }
    }

    /// The next line that is not empty, with its number, counted from 1.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, Bytes)>, Failure> {
        loop {
            let end = self.buffer[self.searched..]
                .iter()
                .position(|byte| *byte == b'\n');
            let line = match end {
                Some(at) => {
                    let line = self.buffer.split_to(self.searched + at);
                    self.buffer.advance(1);
                    line
                }
                None if self.ended && self.buffer.is_empty() => return Ok(None),
                None if self.ended => self.buffer.split(),
                None => {
                    self.searched = self.buffer.len();
                    self.fill().await?;
                    continue;
                }
            };
            self.searched = 0;
            self.number += 1;
            let line = line.freeze();
            if !line.trim_ascii().is_empty() {
                return Ok(Some((self.number, line)));
            }
        }
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        match self.stream.next().await {
            Some(bytes) => self.buffer.extend_from_slice(&bytes?),
            None => self.ended = true,
        }
        if self.buffer.len() > self.longest && !self.buffer[self.searched..].contains(&b'\n') {
            let text = format!("line {} is longer than the limit", self.number + 1);
            return Err(Failure::Refused(vec![refused(&text)]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(pieces: &[&'static str]) -> Result<Vec<(u64, String)>, Failure> {
        let pieces: Vec<Result<Bytes, Failure>> = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
            .collect();
        let mut lines = Lines::new(futures::stream::iter(pieces).boxed(), 10);
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().await? {
            found.push((number, String::from_utf8(line.to_vec()).unwrap()));
        }
        Ok(found)
    }

    #[tokio::test]
    async fn lines_do_not_depend_on_how_the_bytes_arrive() {
        let expected = vec![(1, "ab".to_owned()), (3, "cd".to_owned())];
        assert_eq!(lines(&["ab\n\ncd\n"]).await.unwrap(), expected);
        assert_eq!(lines(&["a", "b\n", "\nc", "d"]).await.unwrap(), expected);
        assert_eq!(lines(&[]).await.unwrap(), vec![]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        assert!(lines(&["0123456", "0123456", "0123456"]).await.is_err());
    }
}
