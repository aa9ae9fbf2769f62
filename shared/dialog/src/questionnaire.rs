//! The parts of a questionnaire.

use lead::CrmField;
use values::{Phrase, phrase};

use crate::Intent;

#[derive(Debug, PartialEq)]
pub(crate) struct Branch {
    /// Stored. Also the id of the text with the service's name, whose attribute `menu` is the button that starts it.
    pub(crate) id: &'static str,
    /// Which free sentences lead to it.
    pub(crate) intent: Option<Intent>,
    /// Whether the menu has a button for it.
    pub(crate) in_menu: bool,
    pub(crate) steps: &'static [Step],
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Stored; unique in its branch.
    pub(crate) id: &'static str,
    /// Id of the question's text. Attributes: `label`, one for each choice, `other` and `other-question`, and `add` if
    /// it is optional.
    pub(crate) text: &'static str,
    pub(crate) kind: Kind,
    /// The question can be skipped.
    pub(crate) optional: bool,
    /// Where the request has the answer besides its list of answers.
    pub(crate) uses: &'static [Use],
    /// The part of a free sentence that answers it.
    pub(crate) prefill: Option<Entity>,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// By typing. The buttons are for customers who prefer not to say.
    Typed {
        parser: Parser,
        instead: &'static [Choice],
    },
    /// With a button. If there is a parser, another button asks for a typed answer.
    Chosen {
        options: ButtonLayout,
        typed: Option<Parser>,
    },
    Photos,
    /// With a phone number, typed or from a contact card.
    Phone,
}

/// Buttons to choose from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ButtonLayout {
    /// Relative to the current year.
    pub(crate) years: &'static [i16],
    /// Buttons after the years.
    pub(crate) choices: &'static [Choice],
    pub(crate) columns: usize,
}

/// A button that answers a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Stored. Also in the button's data, and the attribute with the button's text.
    pub(crate) id: &'static str,
    /// The amount in whole roubles, if the choice means one.
    pub(crate) roubles: Option<u64>,
    /// Beginnings of words that mean it when they are typed, in lower case.
    pub(crate) stems: &'static [&'static str],
}

/// How typed text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parser {
    /// Make and model.
    Car,
    /// A year of manufacture.
    Year,
    /// The earliest year of manufacture.
    YearFrom,
    /// Kilometres.
    Mileage,
    /// Roubles.
    Price,
    /// Roubles, the most that the customer wants to spend.
    Budget,
    /// A VIN or a plate.
    Vehicle,
    /// A person's name.
    Name,
    /// Any text of up to `max` characters.
    Text { max: usize },
}

/// Where a request has an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// In a field of the deal.
    Field(CrmField),
    /// As make and model in two fields of the deal.
    Car,
    /// As the deal's price.
    Price,
    /// In the middle of the deal's name. The topic of a later step replaces that of an earlier one.
    Topic,
    /// As the contact's name.
    Name,
    /// As the contact's phone.
    Phone,
}

/// A part of a free sentence that can answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    /// Make, with or without the model.
    Car,
    Year,
    Money,
    Mileage,
}

impl Branch {
    /// Id of the text on the button that starts it.
    pub(crate) fn menu_text(&self) -> String {
        format!("{}.menu", self.id)
    }

    /// Index of the step with this id.
    pub(crate) fn position(&self, step: &str) -> Option<usize> {
        self.steps.iter().position(|known| known.id == step)
    }
}

impl Step {
    const fn new(id: &'static str, text: &'static str, kind: Kind) -> Self {
        Self { id, text, kind, optional: false, uses: &[], prefill: None }
    }

    /// A question answered by typing.
    pub(crate) const fn typed(id: &'static str, text: &'static str, parser: Parser) -> Self {
        Self::new(id, text, Kind::Typed { parser, instead: &[] })
    }

    /// A question answered with a button.
    pub(crate) const fn chosen(id: &'static str, text: &'static str, options: ButtonLayout) -> Self {
        Self::new(id, text, Kind::Chosen { options, typed: None })
    }

    /// A question answered with photos.
    pub(crate) const fn photos(id: &'static str, text: &'static str) -> Self {
        Self::new(id, text, Kind::Photos)
    }

    /// A question for a phone number.
    pub(crate) const fn phone(id: &'static str, text: &'static str) -> Self {
        Self::new(id, text, Kind::Phone)
    }

    /// Adds buttons to a typed question, for customers who prefer not to say.
    pub(crate) const fn or_instead(self, instead: &'static [Choice]) -> Self {
        match self.kind {
            Kind::Typed { parser, .. } => Self { kind: Kind::Typed { parser, instead }, ..self },
            _ => panic!("only a typed question has a button instead"),
        }
    }

    /// Accepts typed answers to a chosen question too.
    pub(crate) const fn or_typed(self, parser: Parser) -> Self {
        match self.kind {
            Kind::Chosen { options, .. } => Self { kind: Kind::Chosen { options, typed: Some(parser) }, ..self },
            _ => panic!("only a chosen question can be typed too"),
        }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Sets where the request has the answer.
    pub(crate) const fn used_as(self, uses: &'static [Use]) -> Self {
        Self { uses, ..self }
    }

    /// Sets the part of a free sentence that answers it.
    pub(crate) const fn prefilled_by(self, entity: Entity) -> Self {
        Self { prefill: Some(entity), ..self }
    }

    /// How typed text is read; `None` if it is not accepted.
    pub(crate) const fn parser(&self) -> Option<Parser> {
        match self.kind {
            Kind::Typed { parser, .. } => Some(parser),
            Kind::Chosen { typed, .. } => typed,
            Kind::Photos | Kind::Phone => None,
        }
    }

    /// The named buttons.
    pub(crate) const fn choices(&self) -> &'static [Choice] {
        match self.kind {
            Kind::Typed { instead, .. } => instead,
            Kind::Chosen { options, .. } => options.choices,
            Kind::Photos | Kind::Phone => &[],
        }
    }

    /// Whether a button asks for a typed answer.
    pub(crate) const fn has_other(&self) -> bool {
        matches!(self.kind, Kind::Chosen { typed: Some(_), .. })
    }

    /// Whether it asks for the customer's name.
    pub(crate) fn is_name(&self) -> bool {
        self.uses.contains(&Use::Name)
    }

    /// Whether it asks for what identifies the customer.
    pub(crate) fn is_personal(&self) -> bool {
        self.is_name() || self.kind == Kind::Phone
    }

    /// Whether years are among the buttons.
    pub(crate) const fn offers_years(&self) -> bool {
        matches!(self.kind, Kind::Chosen { options, .. } if !options.years.is_empty())
    }

    /// The id of one of its texts: `attribute` is `label`, `other`, `other-question` or a choice.
    pub(crate) fn text_id(&self, attribute: &str) -> String {
        format!("{}.{attribute}", self.text)
    }

    #[cfg(test)]
    pub(crate) fn text_ids(&self) -> Vec<String> {
        let mut attributes = vec!["label"];
        attributes.extend(self.choices().iter().map(|choice| choice.id));
        if self.has_other() {
            attributes.extend(["other", "other-question"]);
        }
        if self.optional {
            attributes.push("add");
        }
        let mut ids: Vec<String> = attributes.into_iter().map(|attribute| self.text_id(attribute)).collect();
        ids.push(self.text.to_owned());
        ids
    }
}

impl ButtonLayout {
    /// Named buttons.
    pub(crate) const fn listed(columns: usize, choices: &'static [Choice]) -> Self {
        Self { years: &[], choices, columns }
    }

    /// Years, relative to the current one.
    pub(crate) const fn years(columns: usize, years: &'static [i16]) -> Self {
        Self { years, choices: &[], columns }
    }

    /// Adds named buttons after the years.
    pub(crate) const fn and(self, choices: &'static [Choice]) -> Self {
        Self { choices, ..self }
    }
}

impl Choice {
    pub(crate) const fn new(id: &'static str) -> Self {
        Self { id, roubles: None, stems: &[] }
    }

    /// A button that leaves the choice to others. «Без разницы» and «не знаю» mean it, too.
    pub(crate) const fn any() -> Self {
        Self::new("any")
    }

    /// Sets what is typed instead of pressing the button.
    pub(crate) const fn or_said(self, stems: &'static [&'static str]) -> Self {
        Self { stems, ..self }
    }

    /// A button that means an amount in whole roubles.
    pub(crate) const fn worth(id: &'static str, roubles: u64) -> Self {
        Self { roubles: Some(roubles), ..Self::new(id) }
    }

    /// Whether `typed` leaves the choice to others, and so does the button.
    pub(crate) fn is_said_by(&self, typed: &str) -> bool {
        self.id == Self::any().id && matches!(phrase::of(typed), Some(Phrase::Any | Phrase::Nothing))
    }

    /// Whether a word of `typed` means it, and none takes that back.
    pub(crate) fn is_named_in(&self, typed: &str) -> bool {
        let typed = typed.to_lowercase();
        let words = || typed.split(|char: char| !char.is_alphanumeric());
        let is_meant = words().any(|word| self.stems.iter().any(|stem| word.starts_with(stem)));
        is_meant && !words().any(|word| ["не", "кроме", "без"].contains(&word))
    }
}
