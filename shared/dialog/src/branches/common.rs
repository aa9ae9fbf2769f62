//! Questions that several questionnaires ask.

use lead::CrmField;

use crate::questionnaire::{ButtonLayout, Choice, Entity, Parser, Step, Use};

pub(super) const NAME: Step = Step::typed("name", "name", Parser::Name).used_as(&[Use::Name]);

pub(super) const PHONE: Step = Step::phone("phone", "phone").used_as(&[Use::Phone]);

pub(super) const COMMENT: Step = Step::typed("comment", "comment", Parser::Text { max: 1000 }).optional();

pub(super) const BUDGET: Step = Step::chosen(
    "budget",
    "budget",
    ButtonLayout::listed(
        1,
        &[
            Choice::worth("upto-500k", 500_000),
            Choice::worth("upto-1m", 1_000_000),
            Choice::worth("upto-2m", 2_000_000),
            Choice::worth("upto-3m", 3_000_000),
            Choice::worth("from-3m", 3_000_000),
        ],
    ),
)
.or_typed(Parser::Budget)
.used_as(&[Use::Field(CrmField::Budget), Use::Price])
.prefilled_by(Entity::Money);
