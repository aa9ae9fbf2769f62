//! What a questionnaire is made of.

use lead::CrmField;

use crate::Intent;

/// A questionnaire.
#[derive(Debug, PartialEq)]
pub(crate) struct Branch {
    /// Stored, and the id of the service's name in the texts; its attribute `menu` is the button that starts it.
    pub(crate) id: &'static str,
    /// Which free sentences lead to it.
    pub(crate) intent: Option<Intent>,
    /// Whether the menu has a button for it.
    pub(crate) in_menu: bool,
    /// Its questions, in order.
    pub(crate) steps: &'static [Step],
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Stored: unique in its branch.
    pub(crate) id: &'static str,
    /// The message with its texts. Attributes: `label`, one for each choice, `other` and `other-question`.
    pub(crate) text: &'static str,
    /// How it is answered.
    pub(crate) kind: Kind,
    /// Whether it can be skipped.
    pub(crate) optional: bool,
    /// What the request makes of the answer besides a line of the note.
    pub(crate) uses: &'static [Use],
    /// What of a free sentence answers it.
    pub(crate) prefill: Option<Entity>,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// By typing, or with a button for who would rather not say.
    Typed {
        /// How the text is read.
        parser: Parser,
        /// The buttons.
        instead: &'static [Choice],
    },
    /// With a button, or by typing when there is a parser: a button «Другой» asks for it.
    Chosen {
        /// The buttons.
        options: ButtonLayout,
        /// How the text is read.
        typed: Option<Parser>,
    },
    /// With photos.
    Photos,
    /// With a phone number, typed or from a contact card.
    Phone,
}

/// Buttons to choose from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ButtonLayout {
    /// Years, counted from the current one.
    pub(crate) years: &'static [i16],
    /// Named ones, after the years.
    pub(crate) choices: &'static [Choice],
    /// How many go in a row.
    pub(crate) columns: usize,
}

/// One button to choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Stored, in the button's data, and the attribute of the question with the button's text.
    pub(crate) id: &'static str,
    /// The amount it stands for, in whole roubles.
    pub(crate) roubles: Option<u64>,
}

/// How typed text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parser {
    /// Make and model.
    Car,
    /// A year of manufacture.
    Year,
    /// The least year of manufacture.
    YearFrom,
    /// Kilometres.
    Mileage,
    /// Roubles.
    Price,
    /// Roubles, the most one would spend.
    Budget,
    /// A VIN or a plate.
    Vehicle,
    /// A person's name.
    Name,
    /// Anything of at most so many characters.
    Text {
        /// How many.
        max: usize,
    },
}

/// What a request makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The value of a field of the deal.
    Field(CrmField),
    /// Make and model, each in its own field of the deal.
    Car,
    /// The deal's price.
    Price,
    /// The middle of the deal's name. A later step's topic replaces an earlier one's.
    Topic,
    /// The contact's name.
    Name,
    /// The contact's phone.
    Phone,
}

/// What a free sentence may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    /// Make, with or without the model.
    Car,
    /// A year.
    Year,
    /// An amount.
    Money,
    /// Kilometres.
    Mileage,
}

impl Branch {
    /// Id of the text on the button that starts it.
    pub(crate) fn menu_text(&self) -> String {
        format!("{}.menu", self.id)
    }

    /// Where the step with this id is.
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

    /// With buttons for who would rather not type an answer; for typed questions.
    pub(crate) const fn or_instead(self, instead: &'static [Choice]) -> Self {
        match self.kind {
            Kind::Typed { parser, .. } => Self { kind: Kind::Typed { parser, instead }, ..self },
            _ => panic!("only a typed question has a button instead"),
        }
    }

    /// With typed answers too; for chosen questions.
    pub(crate) const fn or_typed(self, parser: Parser) -> Self {
        match self.kind {
            Kind::Chosen { options, .. } => Self { kind: Kind::Chosen { options, typed: Some(parser) }, ..self },
            _ => panic!("only a chosen question can be typed too"),
        }
    }

    /// Can be skipped.
    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// What the request makes of the answer.
    pub(crate) const fn used_as(self, uses: &'static [Use]) -> Self {
        Self { uses, ..self }
    }

    /// What of a free sentence answers it.
    pub(crate) const fn prefilled_by(self, entity: Entity) -> Self {
        Self { prefill: Some(entity), ..self }
    }

    /// How typed text is read, if it is taken at all.
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

    /// Whether years are among the buttons.
    pub(crate) const fn offers_years(&self) -> bool {
        matches!(self.kind, Kind::Chosen { options, .. } if !options.years.is_empty())
    }

    /// The id of one of its texts: `attribute` is `label`, `other`, `other-question` or a choice.
    pub(crate) fn text_id(&self, attribute: &str) -> String {
        format!("{}.{attribute}", self.text)
    }

    /// The ids of all its texts.
    #[cfg(test)]
    pub(crate) fn text_ids(&self) -> Vec<String> {
        let mut attributes = vec!["label"];
        attributes.extend(self.choices().iter().map(|choice| choice.id));
        if self.has_other() {
            attributes.extend(["other", "other-question"]);
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

    /// Years, counted from the current one.
    pub(crate) const fn years(columns: usize, years: &'static [i16]) -> Self {
        Self { years, choices: &[], columns }
    }

    /// And named buttons after them.
    pub(crate) const fn and(self, choices: &'static [Choice]) -> Self {
        Self { choices, ..self }
    }
}

impl Choice {
    /// A button.
    pub(crate) const fn new(id: &'static str) -> Self {
        Self { id, roubles: None }
    }

    /// A button that stands for an amount in whole roubles.
    pub(crate) const fn worth(id: &'static str, roubles: u64) -> Self {
        Self { id, roubles: Some(roubles) }
    }
}
