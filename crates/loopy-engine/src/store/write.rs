//! Putting objects: written aside, sealed, renamed; a full disk is met with eviction first.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
};

use loopy_core::Hash;

use super::{
    Error, Kind, Store,
    error::{is_full, wrap},
    object::Seal,
    temp::Temp,
};

/// Bytes gathered before they are written.
const BUFFER: usize = 64 << 10;
/// Least room made when the disk is full, so that not every write has to look for some.
const BREATH: u64 = 16 << 20;

impl Store {
    /// Puts an object; one that is there already is replaced.
    ///
    /// # Errors
    /// [`Error::Full`] when the disk is full; the object is then not there, and nothing else is
    /// lost.
    pub fn put(&self, kind: Kind, hash: &Hash, bytes: &[u8]) -> Result<(), Error> {
        self.write(kind, hash, bytes.len() as u64, |sink| sink.write_all(bytes))?;
        Ok(())
    }

    /// Puts an object that `fill` writes piece by piece; the number of bytes written.
    ///
    /// # Errors
    /// As [`Store::put`], and whatever error `fill` returns, as [`Error::Io`]; nothing is put then.
    pub fn put_with(
        &self,
        kind: Kind,
        hash: &Hash,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<u64, Error> {
        self.write(kind, hash, 0, |sink| {
            let mut buffer = BufWriter::with_capacity(BUFFER, sink);
            fill(&mut buffer)?;
            buffer.flush()
        })
    }

    fn write(
        &self,
        kind: Kind,
        hash: &Hash,
        expected: u64,
        fill: impl FnOnce(&mut Sink<'_>) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let tmp = self.tmp();
        let temp = Temp::create(&tmp).map_err(wrap("write in", &tmp, self.dir(), expected))?;
        let mut sink = Sink {
            store: self,
            file: &temp.file,
            seal: Seal::new(kind, hash),
            asked: expected,
        };
        let written = fill(&mut sink).and_then(|()| {
            let trailer = sink.seal.trailer();
            sink.write_through(&trailer)
        });
        let (len, asked) = (sink.seal.len(), sink.asked);
        written.map_err(wrap("write", temp.path(), self.dir(), asked))?;
        self.settle(kind, hash, temp)?;
        Ok(len)
    }

    /// Moves a sealed file to its place, within the cap.
    fn settle(&self, kind: Kind, hash: &Hash, temp: Temp) -> Result<(), Error> {
        let path = self.path(kind, hash);
        let size = temp
            .file
            .metadata()
            .map_err(wrap("measure", temp.path(), self.dir(), 0))?
            .len();
        self.make_room(size)?;
        if let Some(parent) = path.parent() {
            self.make_dir(parent)?;
        }
        let replaced = fs::metadata(&path).map_or(0, |old| old.len());
        temp.keep(&path)
            .map_err(wrap("rename an object to", &path, self.dir(), size))?;
        self.count(size, replaced);
        Ok(())
    }
}

/// Writes payload to a temporary file and into its seal.
struct Sink<'a> {
    store: &'a Store,
    file: &'a File,
    seal: Seal,
    /// Bytes that the object is known to need, for the message when they do not fit.
    asked: u64,
}

impl Sink<'_> {
    /// Writes everything, evicting when the disk is full. Not sealed: for the trailer.
    fn write_through(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = self.write_some(bytes)?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let after = self.seal.len() + bytes.len() as u64;
        self.asked = self.asked.max(after);
        loop {
            match self.file.write(bytes) {
                Err(full) if is_full(&full) => {
                    let wanted = (self.asked - self.seal.len()).max(BREATH);
                    let freed = self.store.free_some(wanted).unwrap_or_else(|error| {
                        tracing::warn!("cannot evict: {error}");
                        0
                    });
                    if freed == 0 {
                        return Err(full);
                    }
                }
                Ok(0) if !bytes.is_empty() => return Err(io::ErrorKind::WriteZero.into()),
                other => return other,
            }
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.write_some(bytes)?;
        self.seal.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
