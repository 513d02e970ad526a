//! What the help says beside commands and flags: exit codes, examples, files and environment.

/// What the help of plexctl and of each command says about the surroundings.
macro_rules! files_and_environment {
    () => {
        "\
Files and environment:
  The config file is $PLEXCTL_CONFIG, else $XDG_CONFIG_HOME/plexctl/config.toml,
  else $HOME/.config/plexctl/config.toml. A variable that is empty is unset.

  PLEXCTL_CONFIG      the config file
  XDG_CONFIG_HOME     where it is otherwise, if absolute
  HOME                where it is if that is unset too
  PLEXSPHERE_URL      the server where neither a flag nor a session names one
  PLEXSPHERE_TOKEN    what whoami asks with; not acted on by other commands
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                      the proxy, and which servers need none; also in lower case
  REQUEST_METHOD      where it is set, HTTP_PROXY is refused
  SSL_CERT_FILE, SSL_CERT_DIR
                      trusted authorities, in place of the system's
  BROWSER             what login shows the page with, or none
  DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME, CI,
  SSH_CONNECTION, SSH_TTY, SSH_CLIENT
                      whether login can show a page at all
  NO_COLOR, TERM      no colors with NO_COLOR or TERM=dumb
  COLUMNS             how wide this is, where the terminal does not tell"
    };
}

/// The help of plexctl, after its commands and flags.
pub const PLEXCTL: &str = concat!(
    "\
Exit codes:
  0    done, or there was nothing to do
  1    something failed; the error says what state that leaves
  2    usage error, or an unusable token or server; nothing was sent
  3    a file with a credential is open to others; it was not read
  4    the server refused, or nobody is logged in there

Examples:
  plexctl login --server https://plexsphere.example \\
      --domain-id UUID --idp-binding-id UUID
  plexctl whoami                      who am I there?
  plexctl profiles                    which sessions are stored?
  plexctl logout                      end the default session

",
    files_and_environment!()
);

/// The help of `plexctl login`, after its flags.
pub const LOGIN: &str = concat!(
    "\
Exit codes:
  0    logged in, and the session is stored
  1    not approved, or something failed; the error says what state that leaves
  2    usage error, no usable server, or another origin's session is in the way
  3    the config file's mode is wider than 0600; nothing was read or sent
  4    denied, or refused by the server

Examples:
  plexctl login --server https://plexsphere.example \\
      --domain-id UUID --idp-binding-id UUID
  plexctl login --profile-name staging --no-browser --qr \\
      --domain-id UUID --idp-binding-id UUID

A session that the profile held before is revoked once the new one is stored.

",
    files_and_environment!()
);

/// The help of `plexctl whoami`, after its flags.
pub const WHOAMI: &str = concat!(
    "\
Exit codes:
  0    the server accepts the token
  1    it is not known: no answer, or none that says so
  2    nothing to ask with: no usable token or server; nothing was sent
  3    the mode of the file with the token is wider than 0600
  4    the server does not accept the token, or refuses to say

Examples:
  plexctl whoami                      ask with the default profile
  plexctl whoami --profile staging    ask with one profile
  plexctl whoami --token-file PATH --server https://plexsphere.example

Asked with, the first that is given: --token-file, --profile, PLEXSPHERE_TOKEN,
the default profile. A stored token goes to its own server only.

",
    files_and_environment!()
);

/// The help of `plexctl profiles`, after its commands and flags.
pub const PROFILES: &str = concat!(
    "\
Exit codes:
  0    done
  1    the config file cannot be used or written
  2    usage error, no such profile, or --yes is missing
  3    the config file's mode is wider than 0600; nothing was read

Examples:
  plexctl profiles                    list what is stored; asks no server
  plexctl profiles use staging        make staging the default
  plexctl profiles forget old --yes   remove a profile whose server is gone

",
    files_and_environment!()
);

/// The help of `plexctl profiles use`, after its flags.
pub const PROFILES_USE: &str = concat!(
    "\
Exit codes:
  0    the profile is the default now
  1    the config file cannot be used or written
  2    usage error, or no such profile
  3    the config file's mode is wider than 0600; nothing was read

Examples:
  plexctl profiles use staging

",
    files_and_environment!()
);

/// The help of `plexctl profiles forget`, after its flags.
pub const PROFILES_FORGET: &str = concat!(
    "\
Its token is not revoked and may stay live: `plexctl logout` ends a session.
This is the way out where the server is gone for good.

Exit codes:
  0    the profile is removed
  1    the config file cannot be used or written
  2    usage error, no such profile, or --yes is missing
  3    the config file's mode is wider than 0600; nothing was read

Examples:
  plexctl profiles forget old --yes

",
    files_and_environment!()
);

/// The help of `plexctl logout`, after its flags.
pub const LOGOUT: &str = concat!(
    "\
Exit codes:
  0    the session has ended, or there was none
  1    the session is kept and may still be live, or a local step failed
  2    usage error, or unusable token or server; nothing was sent
  3    the config file's mode is wider than 0600; nothing was read or sent
  4    the server refused to revoke the token; the session is kept

Examples:
  plexctl logout                      end the default session
  plexctl logout --profile staging    end the session of one profile
  plexctl logout --output json        print a summary for a script

",
    files_and_environment!()
);

/// The help of `plexctl completion`, after its operand.
pub const COMPLETION: &str = "\
Exit codes:
  0    the script is printed
  2    usage error, such as an unknown shell

Examples:
  source <(plexctl completion bash)
  plexctl completion zsh > \"${fpath[1]}/_plexctl\"
  plexctl completion fish > ~/.config/fish/completions/plexctl.fish
  plexctl completion powershell | Out-String | Invoke-Expression";
