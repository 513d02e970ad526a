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
  PLEXSPHERE_URL      the server of a profile that stores none
  PLEXSPHERE_TOKEN    not acted on; a hint says that other commands still use it
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                      the proxy, and which servers need none; also in lower case
  REQUEST_METHOD      where it is set, HTTP_PROXY is refused
  SSL_CERT_FILE, SSL_CERT_DIR
                      trusted authorities, in place of the system's
  NO_COLOR, TERM      no colors with NO_COLOR or TERM=dumb"
    };
}

/// The help of plexctl, after its commands and flags.
pub const PLEXCTL: &str = concat!(
    "\
Exit codes:
  0    done, or there was nothing to do
  1    the session may still be live, or a local step failed
  2    usage error, or unusable token or server; nothing was sent
  3    the config file's mode is wider than 0600; nothing was read or sent
  4    the server refused

Examples:
  plexctl logout                      end the default session
  plexctl logout --profile staging    end the session of one profile

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
