//! `users`: who may sign in to the console.

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use sync_core::clock::SystemClock;

use super::store::{Role, User};
use super::{Site, sign};
use crate::Failure;
use crate::site::table;

/// What to do with users.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    /// One JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
}

/// One of them.
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
    /// Give a user another role.
    Role {
        /// Who.
        name: String,
        /// What they may do from now on.
        #[arg(value_enum)]
        role: Role,
    },
    /// Shut a user out for now; it ends their sessions.
    Disable {
        /// Who.
        name: String,
    },
    /// Let a user in again.
    Enable {
        /// Who.
        name: String,
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
    List,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let store = Site::store_of(&crate::settings::current()?)?;
    let name = match &args.action {
        Action::Add { name, role } => {
            sign::add(&store, name, *role, &password()?, &SystemClock)?;
            Some(name)
        }
        Action::Password { name } => {
            sign::change(&store, name, &password()?)?;
            Some(name)
        }
        Action::Remove { name } => {
            store.remove_user(name)?;
            Some(name)
        }
        Action::Role { name, role } => {
            store.set_role(name, *role)?;
            Some(name)
        }
        Action::Disable { name } | Action::Enable { name } => {
            store.set_disabled(name, matches!(args.action, Action::Disable { .. }))?;
            Some(name)
        }
        Action::List => None,
    };
    let of = |user: &User| if user.disabled { "shut out" } else { user.role.title() };
    match name {
        None if args.json => println!("{}", serde_json::json!({ "users": store.users()? })),
        None => {
            let mut rows = table(&["name", "role"]);
            for user in store.users()? {
                rows.add_row([user.name.clone(), of(&user).to_owned()]);
            }
            println!("{rows}");
        }
        Some(name) => {
            let user = store.user(name.trim())?.map(|(user, _)| user);
            match (args.json, &user) {
                (true, _) => println!("{}", serde_json::json!({ "name": name.trim(), "user": user })),
                (false, Some(user)) => println!("{}: {}.", user.name, of(user)),
                (false, None) => println!("{name} is no user any longer."),
            }
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
