//! Writes the man pages into a directory: one for plexctl and one for each of its commands, from the same definition of
//! the command line as the help.

// Who reads the help reads the whole of it; here it is taken apart.
#[allow(dead_code, unused_imports, reason = "only the definition of the command line is used")]
#[path = "../src/bin/plexctl/cli/mod.rs"]
mod cli;

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// What the command line asks the terminal for. Nothing is printed here.
mod terminal {
    use std::io::IsTerminal;

    pub fn is_colored(_: &impl IsTerminal) -> bool {
        false
    }
}

/// The sections of the help that are sections of a page too.
const SECTIONS: [(&str, &str); 2] = [("Exit codes:", "EXIT STATUS"), ("Examples:", "EXAMPLES")];

/// The section of the help that is two of a page: what comes before the first empty line, and the rest.
const SURROUNDINGS: &str = "Files and environment:";

fn main() -> io::Result<()> {
    let directory = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: man_pages DIRECTORY"))?;
    let mut command = cli::Arguments::command().disable_help_subcommand(true);
    // Only then do commands know what they are called with.
    command.build();
    let command = with_every_description(command);
    let pages = pages_of(&command);
    let names: Vec<String> = pages.iter().map(|page| name_of(page)).collect();
    for page in pages {
        let mut file = BufWriter::new(File::create(Path::new(&directory).join(format!("{}.1", name_of(page))))?);
        write_page(page, &names, &mut file)?;
        file.flush()?;
    }
    Ok(())
}

/// The generator leaves out the description of what `-h` does not show.
fn with_every_description(command: Command) -> Command {
    command.mut_args(|argument| argument.hide_short_help(false)).mut_subcommands(with_every_description)
}

fn pages_of(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(pages_of);
    std::iter::once(command).chain(below).collect()
}

fn name_of(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn write_page(command: &Command, names: &[String], page: &mut dyn Write) -> io::Result<()> {
    let man =
        Man::new(command.clone()).date("").source(concat!("plexctl ", env!("CARGO_PKG_VERSION"))).manual("plexctl");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let mut paragraphs = paragraphs_of(&help);
    let mut text = Roff::new();
    text.control("SH", ["DESCRIPTION"]);
    text.text([roman(sentence(command))]);
    for (_, lines) in paragraphs.iter().filter(|(heading, _)| heading.is_empty()) {
        text.control("PP", []);
        text.text([roman(lines.join("\n"))]);
    }
    text.to_writer(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    man.render_options_section(page)?;
    paragraphs.retain(|(heading, _)| !heading.is_empty());
    for (heading, lines) in paragraphs {
        if let Some((_, title)) = SECTIONS.iter().find(|(known, _)| *known == heading) {
            as_typed(title, &lines).to_writer(page)?;
        } else if heading == SURROUNDINGS {
            let empty = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
            let (files, environment) = lines.split_at(empty);
            as_typed("FILES", files).to_writer(page)?;
            as_typed("ENVIRONMENT", environment).to_writer(page)?;
        } else {
            return Err(io::Error::other(format!("no section is known for {heading:?}")));
        }
    }
    let mut others = Roff::new();
    others.control("SH", ["SEE ALSO"]);
    let own = name_of(command);
    let others_names: Vec<&String> = names.iter().filter(|name| **name != own).collect();
    for (index, name) in others_names.iter().enumerate() {
        let separator = if index + 1 < others_names.len() { "(1)," } else { "(1)" };
        others.text([bold(name.as_str()), roman(separator)]);
    }
    others.to_writer(page)
}

/// The description of a command, as a sentence.
fn sentence(command: &Command) -> String {
    command.get_about().map(|about| format!("{about}.")).unwrap_or_default()
}

/// The text after the flags by its headings. A paragraph without one has an empty heading.
fn paragraphs_of(help: &str) -> Vec<(&str, Vec<&str>)> {
    let mut paragraphs: Vec<(&str, Vec<&str>)> = Vec::new();
    for block in help.split("\n\n") {
        let mut lines: Vec<&str> = block.lines().collect();
        let is_indented = lines.first().is_some_and(|line| line.starts_with(' '));
        match (lines.first().filter(|line| line.ends_with(':')), paragraphs.last_mut()) {
            (Some(heading), _) => paragraphs.push((heading, lines.split_off(1))),
            (None, Some((_, above))) if is_indented => {
                above.push("");
                above.append(&mut lines);
            }
            (None, _) => paragraphs.push(("", lines)),
        }
    }
    paragraphs
}

/// A section whose lines stand as they are.
fn as_typed(title: &str, lines: &[&str]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [title]);
    section.control("nf", []);
    for line in lines.iter().filter(|line| !line.is_empty()) {
        section.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    section.control("fi", []);
    section
}
