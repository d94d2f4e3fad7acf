//! Bad input of every kind: it is named, it loses nothing else, and it never ends the program.

mod answers;
mod documents;
mod events;
mod files;
mod hands;
