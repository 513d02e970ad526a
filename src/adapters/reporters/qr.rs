//! The address of a page as a picture, for a telephone that is held before the terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use qrcode::EcLevel;
use qrcode::render::unicode::Dense1x2;

use crate::domain::page_url::PageUrl;

/// How many light modules have to surround the code (ISO/IEC 18004:2015, section 6.3.8).
const QUIET_ZONE: usize = 4;

/// Whether the page is drawn as a QR code, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QrCode {
    /// No code is drawn.
    Unwanted,
    /// A code is requested, but there is no terminal to draw it on.
    NoTerminal,
    /// A code is requested on a terminal.
    Terminal {
        /// How wide the terminal is.
        columns: usize,
        /// Whether it shows colors that are wanted. Without them the code is inverted where the background is light, and
        /// not every telephone reads that.
        is_colored: bool,
    },
}

impl QrCode {
    /// The lines that show the page, or the one that says why they do not.
    pub(super) fn draw(self, page: &PageUrl) -> String {
        match self {
            Self::Unwanted => String::new(),
            Self::NoTerminal => "No QR code: standard error is not a terminal.\n".to_owned(),
            Self::Terminal { columns, is_colored } => drawing(page, columns, is_colored),
        }
    }
}

/// Draws two modules per character, the light ones as blocks: on a dark background these are the bright ones.
fn drawing(page: &PageUrl, columns: usize, is_colored: bool) -> String {
    let Ok(code) = qrcode::QrCode::with_error_correction_level(page.as_str(), EcLevel::L) else {
        return "No QR code: the link is too long for one.\n".to_owned();
    };
    let width = code.width() + 2 * QUIET_ZONE;
    if width > columns {
        return format!("No QR code: it takes {width} columns, and the terminal has {columns}.\n");
    }
    // Fixed colors, so that a light theme does not invert the code.
    let style = if is_colored { AnsiColor::BrightWhite.on(AnsiColor::Black) } else { Style::new() };
    // Swapped: the library draws the dark modules, and the blocks of a terminal are the bright part.
    let drawing = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    let mut lines = String::new();
    for line in drawing.lines() {
        let _ = writeln!(lines, "{style}{line}{style:#}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use qrcode::Color;

    use super::*;

    const LINK: &str = "https://plexsphere.example/v1/device?user_code=ABCD-EFGH";

    fn draw(link: &str, columns: usize) -> String {
        QrCode::Terminal { columns, is_colored: false }.draw(&PageUrl::parse(link).unwrap())
    }

    /// The modules of a drawing, dark ones true, row by row; those that half a character lacks are left out.
    fn modules(drawing: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawing.lines() {
            let halves = line.chars().map(|block| match block {
                '█' => (false, false),
                '▀' => (false, true),
                '▄' => (true, false),
                ' ' => (true, true),
                other => panic!("{other:?} is no block"),
            });
            let (upper, lower) = halves.unzip();
            rows.extend::<[Vec<bool>; 2]>([upper, lower]);
        }
        assert!(rows.pop().unwrap().into_iter().all(|is_dark| is_dark), "the last line is half a one");
        rows
    }

    #[test]
    fn the_modules_of_the_link_are_drawn_within_a_quiet_zone() {
        let code = qrcode::QrCode::with_error_correction_level(LINK, EcLevel::L).unwrap();
        let (width, colors) = (code.width(), code.to_colors());
        let drawn = modules(&draw(LINK, 80));
        assert_eq!((width, drawn.len()), (33, 41));
        for (y, row) in drawn.iter().enumerate() {
            assert_eq!(row.len(), 41);
            for (x, is_dark) in row.iter().enumerate() {
                let inside = |index: usize| index.checked_sub(4).filter(|index| *index < width);
                let color = inside(x).zip(inside(y)).map_or(Color::Light, |(x, y)| colors[y * width + x]);
                assert_eq!(*is_dark, color == Color::Dark, "{x} {y}");
            }
        }
    }

    #[test]
    fn where_colors_are_wanted_each_line_brings_its_own() {
        let page = PageUrl::parse(LINK).unwrap();
        let colored = QrCode::Terminal { columns: 80, is_colored: true }.draw(&page);
        let plain = draw(LINK, 80);
        assert_eq!(colored.lines().count(), plain.lines().count());
        for (colored, plain) in colored.lines().zip(plain.lines()) {
            assert_eq!(colored, format!("\u{1b}[97m\u{1b}[40m{plain}\u{1b}[0m"));
        }
    }

    #[test]
    fn where_nothing_can_be_drawn_one_line_says_why() {
        assert_eq!(draw(LINK, 41).lines().count(), 21);
        assert_eq!(draw(LINK, 40), "No QR code: it takes 41 columns, and the terminal has 40.\n");
        let too_long = format!("https://h/?{}", "a".repeat(3000));
        assert_eq!(draw(&too_long, 1000), "No QR code: the link is too long for one.\n");
        let page = PageUrl::parse(LINK).unwrap();
        assert_eq!(QrCode::NoTerminal.draw(&page), "No QR code: standard error is not a terminal.\n");
        assert_eq!(QrCode::Unwanted.draw(&page), "");
    }
}
