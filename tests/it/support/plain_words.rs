//! Phrases that made readers stop. No message, page or comment has them.

/// Lower case, single blanks.
const RIDDLES: [&str; 26] = [
    "nobody",
    "whoever",
    "no place for a config file",
    "mend the cause",
    "the cause is gone",
    "is of an unknown authority",
    "speaks no tls",
    "but perhaps",
    "has too large a",
    "something else than",
    "could not be told",
    "otherwise, if absolute",
    "from now on",
    "browser is wanted",
    "is revoked on the server",
    "is told",
    "comes to",
    "come to",
    "has no place",
    "goes without",
    "is said of",
    "where it is otherwise",
    "in vain",
    "for want of",
    "as rfc 8305 has it",
    "that is no",
];

/// The first of these phrases in a text, if there is one.
pub fn first_riddle(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().filter(|word| !["//", "///", "//!", "#"].contains(word)).collect();
    // A blank at both ends, so that every phrase stands between two.
    let text = format!(" {} ", words.join(" "));
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    RIDDLES.into_iter().find(|phrase| {
        text.match_indices(phrase).any(|(start, phrase)| {
            let (before, after) = (&text[..start], &text[start + phrase.len()..]);
            !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
        })
    })
}
