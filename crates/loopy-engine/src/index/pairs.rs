//! What was found between two clips, by the keys of both. A library has thousands of pairs, so they
//! are read clip by clip and written in one transaction.

use loopy_core::Hash;

use super::{Error, Index, bytes, seal};

/// What is kept of an ordered pair: the keys of its clips, and bytes.
pub type Pair = (Hash, Hash, Vec<u8>);

impl Index {
    /// What is kept of the pairs that `a` is the first of, by the key of the second.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pairs_of(&self, a: &Hash) -> Result<Vec<(Hash, Vec<u8>)>, Error> {
        let key = &a.as_bytes()[..];
        let rows = self.run(|connection| {
            let query = "SELECT b, matches, seal FROM pairs WHERE a = ?1";
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([key], |row| {
                Ok((bytes(row, 0)?, bytes(row, 1)?, bytes(row, 2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let whole = |(b, matches, sealed): (Vec<u8>, Vec<u8>, Vec<u8>)| {
            let whole = seal(&[key, &b, &matches])[..] == sealed;
            let b = whole.then(|| b.try_into().ok()).flatten()?;
            Some((Hash::from_bytes(b), matches))
        };
        Ok(rows.into_iter().filter_map(whole).collect())
    }

    /// Keeps all of `pairs`, or none of them when the database fails.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_pairs(&self, pairs: &[Pair]) -> Result<(), Error> {
        self.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut statement = transaction.prepare_cached(
                "INSERT OR REPLACE INTO pairs (a, b, matches, seal) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (a, b, matches) in pairs {
                let (a, b) = (&a.as_bytes()[..], &b.as_bytes()[..]);
                let seal = seal(&[a, b, matches]);
                statement.execute((a, b, matches, &seal[..]))?;
            }
            drop(statement);
            transaction.commit()
        })
    }
}
