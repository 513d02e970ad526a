//! The status table: what the number in the status line says about the token.

/// What a status code says about the token. It stands apart from the port's outcomes, since an error needs the answer's
/// body and this table has to be total without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This request revoked it.
    Revoked,
    /// It was dead before: a revoked token cannot authenticate its own revocation, and an unknown id has no session.
    AlreadyGone,
    /// The server understood and declined.
    Refused,
    /// Nothing: the token may still be live.
    Unconfirmed,
}

/// Reads the status table. Every number that is not in it leaves the token's fate open.
pub(super) fn verdict(status: u16) -> Verdict {
    match status {
        200 | 204 => Verdict::Revoked,
        401 | 404 => Verdict::AlreadyGone,
        403 => Verdict::Refused,
        _ => Verdict::Unconfirmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_numbers_have_a_meaning_and_all_others_leave_the_token_live() {
        let table = [
            (200, Verdict::Revoked),
            (204, Verdict::Revoked),
            (401, Verdict::AlreadyGone),
            (403, Verdict::Refused),
            (404, Verdict::AlreadyGone),
        ];
        for status in 0..=999 {
            let expected = table.iter().find(|(number, _)| *number == status).map_or(Verdict::Unconfirmed, |row| row.1);
            assert_eq!(verdict(status), expected, "{status}");
        }
    }
}
