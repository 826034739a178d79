//! The tables, and how an older index becomes a current one.

use rusqlite::{Connection, TransactionBehavior};

/// What leads from each version to the next; the file's `user_version` says how many were done.
/// Entries are only ever added.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE files (
        path BLOB PRIMARY KEY,
        stamp BLOB NOT NULL,
        hash BLOB NOT NULL,
        seal BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE clips (
        hash BLOB NOT NULL,
        version TEXT NOT NULL,
        json TEXT NOT NULL,
        seal BLOB NOT NULL,
        PRIMARY KEY (hash, version)
    ) WITHOUT ROWID;
    CREATE TABLE quarantine (
        hash BLOB NOT NULL,
        version TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (hash, version)
    ) WITHOUT ROWID;
",
    "
    CREATE TABLE pairs (
        a BLOB NOT NULL,
        b BLOB NOT NULL,
        matches BLOB NOT NULL,
        seal BLOB NOT NULL,
        PRIMARY KEY (a, b)
    ) WITHOUT ROWID;
",
];

/// The newest version that we know.
pub(super) const KNOWN: u32 = STEPS.len() as u32;

/// Brings the database up to date; the version that it had when that is newer than we know.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Option<u32>> {
    // Read without a write lock first: usually there is nothing to do.
    let done = version(connection)?;
    if done == KNOWN {
        return Ok(None);
    }
    if done > KNOWN {
        return Ok(Some(done));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while we waited.
    let done = version(&transaction)?;
    for step in STEPS.iter().skip(done as usize) {
        transaction.execute_batch(step)?;
    }
    if done < KNOWN {
        transaction.pragma_update(None, "user_version", KNOWN)?;
    }
    transaction.commit()?;
    Ok((done > KNOWN).then_some(done))
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
