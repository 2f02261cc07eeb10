//! A file of named entries in compressed frames: entries that follow each other share a frame of
//! bounded size, so that one is opened without the others.

/// Uncompressed size at which a frame is closed.
const FRAME: usize = 384 << 10;
/// Largest frame that is opened.
const MAX_FRAME: usize = 64 << 20;
/// Strength of compression: files are written once.
const LEVEL: i32 = 19;

/// An opened file.
pub struct Frames {
    data: &'static [u8],
    index: String,
    /// Start and end of the name in `index`, frame, start and end inside the frame.
    entries: Vec<Entry>,
    frames: Vec<(usize, usize)>,
}

struct Entry {
    name: (usize, usize),
    frame: usize,
    from: usize,
    to: usize,
}

impl Frames {
    /// Reads the index; `None` when it is damaged.
    #[must_use]
    pub fn open(file: &'static [u8]) -> Option<Self> {
        let (head, rest) = file.split_at_checked(4)?;
        let index_len = u32::from_le_bytes(head.try_into().ok()?) as usize;
        let (index, data) = rest.split_at_checked(index_len)?;
        let index = String::from_utf8(inflate(index, MAX_FRAME)?).ok()?;
        let mut file = Self {
            data,
            index,
            entries: Vec::new(),
            frames: Vec::new(),
        };
        let mut at = 0;
        let (mut data_at, mut inside) = (0, 0);
        for line in file.index.split_inclusive('\n') {
            let text = line.trim_end_matches('\n');
            if let Some(len) = text.strip_prefix('#') {
                let len: usize = len.parse().ok()?;
                file.frames.push((data_at, data_at + len));
                (data_at, inside) = (data_at + len, 0);
            } else {
                let (len, name) = text.split_once(' ')?;
                let len: usize = len.parse().ok()?;
                let start = at + text.len() - name.len();
                let frame = file.frames.len().checked_sub(1)?;
                let name = (start, start + name.len());
                file.entries.push(Entry {
                    name,
                    frame,
                    from: inside,
                    to: inside + len,
                });
                inside += len;
            }
            at += line.len();
        }
        (data_at == data.len()).then_some(file)
    }

    /// Every entry's number and name.
    pub fn names(&self) -> impl Iterator<Item = (u32, &str)> {
        let name = |entry: &Entry| self.index.get(entry.name.0..entry.name.1).unwrap_or("");
        (0..).zip(self.entries.iter().map(name))
    }

    /// The bytes of an entry.
    #[must_use]
    pub fn read(&self, number: u32) -> Option<Vec<u8>> {
        let entry = self.entries.get(number as usize)?;
        let (from, to) = *self.frames.get(entry.frame)?;
        let mut open = inflate(self.data.get(from..to)?, MAX_FRAME)?;
        open.truncate(entry.to);
        (entry.from <= open.len()).then(|| open.split_off(entry.from))
    }
}

/// Writes such a file.
#[derive(Default)]
pub struct FramesWriter {
    index: String,
    data: Vec<u8>,
    names: Vec<(String, usize)>,
    open: Vec<u8>,
}

impl FramesWriter {
    /// Adds an entry. Names hold no line break.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.names.push((name.to_owned(), bytes.len()));
        self.open.extend_from_slice(bytes);
        if self.open.len() >= FRAME {
            self.close()
        } else {
            Ok(())
        }
    }

    /// The file.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn finish(mut self) -> std::io::Result<Vec<u8>> {
        self.close()?;
        let index = zstd::bulk::compress(self.index.as_bytes(), LEVEL)?;
        let len = u32::try_from(index.len()).map_err(std::io::Error::other)?;
        let mut file = len.to_le_bytes().to_vec();
        file.extend(index);
        file.extend(self.data);
        Ok(file)
    }

    fn close(&mut self) -> std::io::Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        let frame = zstd::bulk::compress(&self.open, LEVEL)?;
        self.index.push_str(&format!("#{}\n", frame.len()));
        for (name, len) in self.names.drain(..) {
            self.index.push_str(&format!("{len} {name}\n"));
        }
        self.data.extend(frame);
        self.open.clear();
        Ok(())
    }
}

/// Opens a compressed frame that says its size, when that is at most `most`.
pub(crate) fn inflate(frame: &[u8], most: usize) -> Option<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()?;
    let size = usize::try_from(size).ok().filter(|size| *size <= most)?;
    zstd::bulk::decompress(frame, size).ok()
}
