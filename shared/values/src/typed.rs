//! An answer to a question for one value: the value, and the words around it.

use std::ops::Range;

use crate::amount::lexer::fold;

/// A value read from an answer that may say more: «1 350 000, торг у капота».
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed<T> {
    /// What was read.
    pub value: T,
    /// The words around the value, for the manager. `None` if they only name the value («цена», «пробег») or its unit.
    pub remark: Option<String>,
    /// Why the customer should confirm the value; `None` if it is certain.
    pub doubt: Option<Doubt>,
}

/// Why a value is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Several values fit; this is the first of them.
    SeveralValues,
    /// A part of the value is guessed: the country of a phone number without «+», the century of a year among other
    /// words.
    Guess,
    /// A mileage below 1000 without a unit, which may be in thousands.
    MayBeThousands,
}

impl<T> Typed<T> {
    /// A value that is all of what was typed.
    #[must_use]
    pub const fn alone(value: T) -> Self {
        Self { value, remark: None, doubt: None }
    }

    /// The same with a value made from this one.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Typed<U> {
        Typed { value: make(self.value), remark: self.remark, doubt: self.doubt }
    }

    /// The value if it is certain.
    #[must_use]
    pub fn certain(self) -> Option<T> {
        self.doubt.is_none().then_some(self.value)
    }

    /// The value at `span` of `typed`. `is_plain` knows the words that add nothing to it.
    pub(crate) fn at(typed: &str, span: Range<usize>, value: T, is_plain: impl Fn(&str) -> bool) -> Self {
        Self { value, remark: remark(typed, span, is_plain), doubt: None }
    }

    /// The value that `find` sees among the words of `typed`: the first, which is doubtful if another one differs.
    /// `None` if it sees none, or if the answer is too long for one value.
    pub(crate) fn among_words(
        typed: &str,
        find: impl FnOnce() -> (Vec<(T, Range<usize>)>, Option<Doubt>),
        is_plain: impl Fn(&str) -> bool,
    ) -> Option<Self>
    where
        T: PartialEq,
    {
        if typed.chars().count() > MAX_CHARS {
            return None;
        }
        let (found, doubt) = find();
        let mut found = found.into_iter();
        let (value, span) = found.next()?;
        if found.any(|(other, _)| other != value) {
            return Some(Self { value, remark: trimmed(typed), doubt: Some(Doubt::SeveralValues) });
        }
        Some(Self { doubt, ..Self::at(typed, span, value, is_plain) })
    }
}

/// A longer text is not the answer to a question for one value.
const MAX_CHARS: usize = 300;

/// What stands before and behind `span`, without punctuation at the edges.
fn remark(typed: &str, span: Range<usize>, is_plain: impl Fn(&str) -> bool) -> Option<String> {
    let says_something = |text: &&str| words(text).any(|word| !is_plain(&word));
    let sides = [&typed[..span.start], &typed[span.end..]];
    let said: Vec<String> = sides.into_iter().filter(says_something).filter_map(trimmed).collect();
    Some(said.join(" … ")).filter(|said| !said.is_empty())
}

/// Words and numbers, in lower case and with «е» for «ё».
pub(crate) fn words(text: &str) -> impl DoubleEndedIterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().map(fold).collect())
}

fn trimmed(text: &str) -> Option<String> {
    let opens = |c: char| c.is_alphanumeric() || "(«\"+".contains(c);
    let closes = |c: char| c.is_alphanumeric() || ")»\"!?.%₽$€".contains(c);
    let text = text.trim_start_matches(|c| !opens(c)).trim_end_matches(|c| !closes(c));
    let inner =
        text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).filter(|text| !text.contains(['(', ')']));
    let text = inner.unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text).filter(|text| text.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark_around(typed: &str) -> Option<String> {
        let start = typed.find('7').unwrap();
        remark(typed, start..start + 1, |word| word == "цена")
    }

    #[test]
    fn the_remark_is_what_the_value_leaves() {
        for (typed, expected) in [
            ("7", None),
            ("цена: 7", None),
            ("цена 7 💰", None),
            ("7, торг у капота", Some("торг у капота")),
            ("7 (можно дешевле)", Some("можно дешевле")),
            ("7 (можно) (и нужно)", Some("(можно) (и нужно)")),
            ("хотелось бы 7.", Some("хотелось бы")),
            ("отдам за 7,\nно срочно!", Some("отдам за … но срочно!")),
            ("цена 7 - цена хорошая", Some("цена хорошая")),
        ] {
            assert_eq!(remark_around(typed).as_deref(), expected, "{typed}");
        }
    }

    #[test]
    fn of_several_values_the_first_is_doubtful() {
        let read = |found| Typed::among_words("5, а не 7", || (found, None), |_| false);
        assert_eq!(read(vec![]), None);
        assert_eq!(read(vec![(5, 0..1), (5, 0..1)]).and_then(Typed::certain), Some(5));
        let several = read(vec![(5, 0..1), (7, 0..1)]).unwrap();
        assert_eq!(several.remark.as_deref(), Some("5, а не 7"));
        assert_eq!((several.value, several.doubt), (5, Some(Doubt::SeveralValues)));
        assert_eq!(several.certain(), None);
    }

    #[test]
    fn a_long_text_has_no_single_value() {
        assert_eq!(Typed::among_words(&"я".repeat(301), || (vec![(5, 0..0)], None), |_| true), None);
    }
}
