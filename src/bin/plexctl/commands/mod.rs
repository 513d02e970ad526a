//! The commands: one wiring file each, from the flags to the use case over its adapters.

mod login;
mod logout;
mod on_demand;
mod profiles;
mod whoami;

use std::io::{self, Stderr, Stdout};

use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::ports::reporter::Reporter;

pub use self::login::login;
pub use self::logout::logout;
pub use self::profiles::profiles;
pub use self::whoami::whoami;
use crate::cli::Format;

/// The reporter of an outcome in a format, on the standard streams.
pub fn reporter<T: Send>(format: Format) -> Box<dyn Reporter<T>>
where
    TextReporter<Stdout, Stderr>: Reporter<T>,
    JsonReporter<Stdout, Stderr>: Reporter<T>,
    YamlReporter<Stdout, Stderr>: Reporter<T>,
{
    match format {
        Format::Text => Box::new(TextReporter::new(io::stdout(), io::stderr())),
        Format::Json => Box::new(JsonReporter::new(io::stdout(), io::stderr())),
        Format::Yaml => Box::new(YamlReporter::new(io::stdout(), io::stderr())),
    }
}
