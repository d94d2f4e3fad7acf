//! `completions`: what a shell needs to complete this program's words.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::{Cli, Failure};

/// For which shell.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks completions bash > /etc/bash_completion.d/procore-quickbooks
  procore-quickbooks completions zsh > ~/.zfunc/_procore-quickbooks

Exit status: 0.")]
pub(crate) struct Args {
    /// The shell.
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "procore-quickbooks", &mut text);
    std::io::Write::write_all(&mut std::io::stdout(), &text)?;
    Ok(ExitCode::SUCCESS)
}
