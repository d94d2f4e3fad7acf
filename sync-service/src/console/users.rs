//! `users`: who may sign in to the console.

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use sync_core::clock::SystemClock;

use super::store::Role;
use super::{Site, sign};
use crate::Failure;
use crate::site::table;

/// What to do with users.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Add a user. The password is asked for, or comes from standard input or CONSOLE_PASSWORD; never from an argument.
    Add {
        /// How they sign in.
        name: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Give a user another password; it ends their sessions.
    Password {
        /// Who.
        name: String,
    },
    /// Remove a user. What they did stays in the audit.
    Remove {
        /// Who.
        name: String,
    },
    /// List them.
    List {
        /// JSON on standard output.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(action: &Action) -> Result<ExitCode, Failure> {
    let store = Site::store_of(&crate::settings::current()?)?;
    match action {
        Action::Add { name, role } => {
            sign::add(&store, name, *role, &password()?, &SystemClock)?;
            println!("{name} may sign in as {}.", role.title());
        }
        Action::Password { name } => {
            sign::change(&store, name, &password()?)?;
            println!("{name} has another password.");
        }
        Action::Remove { name } => {
            store.remove_user(name)?;
            println!("{name} may no longer sign in.");
        }
        Action::List { json: true } => println!("{}", serde_json::to_string(&store.users()?)?),
        Action::List { json: false } => {
            let mut rows = table(&["name", "role"]);
            for user in store.users()? {
                rows.add_row([user.name, user.role.title().to_owned()]);
            }
            println!("{rows}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One line, from the environment or from standard input.
fn password() -> Result<String, Failure> {
    if let Ok(given) = std::env::var("CONSOLE_PASSWORD")
        && !given.is_empty()
    {
        return Ok(given);
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprint!("Password (it is shown; {} characters or more): ", sign::SHORTEST);
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    stdin.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
