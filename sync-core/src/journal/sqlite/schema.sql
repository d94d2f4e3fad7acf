-- The journal, version 1. Instants are microseconds since 1970-01-01 UTC; the views show them as text.

-- The counters of a connection: what they have counted is never taken back.
CREATE TABLE connections (
    connection_id TEXT    NOT NULL PRIMARY KEY,
    changes       INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0),
    done          INTEGER NOT NULL DEFAULT 0 CHECK (done BETWEEN 0 AND changes),
    last_opened   INTEGER NOT NULL DEFAULT 0,
    last_token    INTEGER NOT NULL DEFAULT 0,
    last_intent   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Events of the vendor that were taken in, so that a second delivery does nothing.
CREATE TABLE events (
    connection_id TEXT    NOT NULL REFERENCES connections,
    event         TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    taken_in_at   INTEGER NOT NULL,
    PRIMARY KEY (connection_id, event, document)
) STRICT, WITHOUT ROWID;

-- One row for each document that is not done. due: may be leased from then on (for a leased one: its lease ends).
CREATE TABLE jobs (
    connection_id TEXT    NOT NULL REFERENCES connections,
    document      TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('ready', 'leased', 'waiting', 'dead')),
    opened        INTEGER NOT NULL,
    due           INTEGER CHECK ((due IS NOT NULL) = (state IN ('ready', 'leased'))),
    token         INTEGER CHECK ((token IS NOT NULL) = (state = 'leased')),
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),
    pending       INTEGER NOT NULL CHECK (pending >= 0),
    fresh         INTEGER NOT NULL CHECK (fresh >= 0 AND (fresh = 0 OR state = 'leased')),
    waits_on      TEXT CHECK ((waits_on IS NOT NULL) = (state = 'waiting')),
    label         TEXT CHECK ((label IS NOT NULL) = (state = 'waiting')),
    dead_letter   TEXT CHECK ((dead_letter IS NOT NULL) = (state = 'dead')),
    PRIMARY KEY (connection_id, document)
) STRICT;
CREATE INDEX jobs_by_order ON jobs (connection_id, opened, due) WHERE due IS NOT NULL;
CREATE INDEX jobs_by_awaited ON jobs (connection_id, waits_on) WHERE waits_on IS NOT NULL;
CREATE INDEX jobs_dead ON jobs (connection_id) WHERE dead_letter IS NOT NULL;

-- Writes, stored before they are sent. A closed one stays: its key never carries another content.
CREATE TABLE intents (
    connection_id TEXT    NOT NULL REFERENCES connections,
    key           TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    place         INTEGER NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'closed')),
    token         INTEGER NOT NULL,
    sent_with     TEXT    NOT NULL,
    mapping       TEXT    NOT NULL,
    stored_at     INTEGER NOT NULL,
    write         TEXT    NOT NULL,
    fields        TEXT    NOT NULL,
    PRIMARY KEY (connection_id, key)
) STRICT;
CREATE INDEX intents_open ON intents (connection_id, place) WHERE state = 'open';

-- The pairs of a construction document and a transaction, with what both sides last agreed on.
CREATE TABLE links (
    connection_id TEXT    NOT NULL REFERENCES connections,
    document      TEXT    NOT NULL,
    target_kind   TEXT    NOT NULL,
    target_id     TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    mapping       TEXT    NOT NULL,
    generation    INTEGER NOT NULL,
    base          TEXT    NOT NULL,
    PRIMARY KEY (connection_id, document)
) STRICT;

CREATE TABLE cursors (
    connection_id TEXT NOT NULL REFERENCES connections,
    name          TEXT NOT NULL,
    value         TEXT NOT NULL,
    PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;

-- What was done and why. hash: SHA-256 over the hash of the row before and this row.
CREATE TABLE audit (
    connection_id TEXT    NOT NULL REFERENCES connections,
    number        INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    document      TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    hash          TEXT    NOT NULL,
    PRIMARY KEY (connection_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- For people with an SQLite tool.
CREATE VIEW show_jobs AS
SELECT connection_id, document, state, strftime('%Y-%m-%d %H:%M:%S', due / 1000000, 'unixepoch') AS due,
       attempts, pending + fresh AS changes, waits_on, label
FROM jobs ORDER BY connection_id, opened;
CREATE VIEW show_dead_letters AS
SELECT connection_id, document, json_extract(dead_letter, '$.label') AS label,
       json_extract(dead_letter, '$.cause') AS cause, json_extract(dead_letter, '$.text') AS text,
       json_extract(dead_letter, '$.amount') AS amount, json_extract(dead_letter, '$.since') AS since
FROM jobs WHERE dead_letter IS NOT NULL ORDER BY connection_id, json_extract(dead_letter, '$.since');
CREATE VIEW show_audit AS
SELECT connection_id, number, strftime('%Y-%m-%d %H:%M:%S', at / 1000000, 'unixepoch') AS at, document, text
FROM audit ORDER BY connection_id, number;
