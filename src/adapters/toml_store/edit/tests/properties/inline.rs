//! A model of an inline table, in which entries go and come by the rules that the cut and the edit promise.

/// An inline table, part by part.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) items: Vec<Item>,
    /// What stands before the closing brace.
    pub(super) end: String,
}

/// An entry, what stands around it, and whether a comma follows.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) lead: String,
    pub(super) text: String,
    pub(super) tail: String,
    pub(super) has_comma: bool,
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Other,
    Ours,
    /// Ours, and gone after a login.
    Dropped,
}

impl Table {
    pub(super) fn render(&self) -> String {
        let items = self.items.iter().map(|item| {
            let comma = if item.has_comma { "," } else { "" };
            [&item.lead, &item.text, &item.tail, comma].concat()
        });
        format!("{{{}{}}}", items.collect::<Vec<_>>().concat(), self.end)
    }

    pub(super) fn without_ours(&self) -> Self {
        self.without(|role| role != Role::Other)
    }

    pub(super) fn without_dropped(&self) -> Self {
        self.without(|role| role == Role::Dropped)
    }

    /// An entry goes with the comma behind it, else with the last one before it that stays.
    fn without(&self, goes: impl Fn(Role) -> bool) -> Self {
        let mut rest = Self { items: Vec::new(), end: String::new() };
        let mut left = String::new();
        for item in self.items.iter().cloned() {
            if !goes(item.role) {
                rest.items.push(Item { lead: left + &item.lead, ..item });
                left = String::new();
            } else if item.has_comma {
                left.push_str(&item.lead);
            } else if let Some(last) = rest.items.last_mut() {
                last.has_comma = false;
                left = item.tail;
            } else {
                left = left + &item.lead + &item.tail;
            }
        }
        rest.end = left + &self.end;
        rest
    }

    /// Adds entries behind one that is there.
    pub(super) fn add_behind(mut self, index: usize, texts: &[String]) -> Self {
        for (index, text) in (index..).zip(texts) {
            let before = &mut self.items[index];
            let tail = std::mem::take(&mut before.tail);
            let has_comma = std::mem::replace(&mut before.has_comma, true);
            let item = Item { lead: " ".to_owned(), text: text.clone(), tail, has_comma, role: Role::Ours };
            self.items.insert(index + 1, item);
        }
        self
    }

    /// Adds the first entries to what is left of an original.
    pub(super) fn add_first(mut self, original: &Self, texts: &[String]) -> Self {
        let blank = original.render()[1..].chars().next().filter(|first| [' ', '\t'].contains(first));
        let lead = blank.map_or_else(|| " ".to_owned(), |blank| self.end.drain(..blank.len_utf8()).collect());
        if original.items.is_empty() && self.end.is_empty() {
            self.end.push(' ');
        }
        let text = texts.join(", ");
        self.items.push(Item { lead, text, tail: String::new(), has_comma: false, role: Role::Ours });
        self
    }

    /// Adds an entry at the end of what is left of an original.
    pub(super) fn add_last(mut self, original: &Self, text: String) -> Self {
        match self.items.last() {
            None => self.add_first(original, &[text]),
            Some(last) if last.has_comma => {
                let (lead, tail) = (String::new(), String::new());
                self.items.push(Item { lead, text, tail, has_comma: true, role: Role::Ours });
                self
            }
            Some(_) => {
                let last = self.items.len() - 1;
                self.add_behind(last, &[text])
            }
        }
    }
}
