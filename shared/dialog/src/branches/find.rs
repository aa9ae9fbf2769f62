//! «Подбор авто»

use lead::CrmField;

use super::common::{BUDGET, COMMENT, NAME, PHONE};
use crate::Intent;
use crate::questionnaire::{Branch, ButtonLayout, Choice, Entity, Parser, Step, Use};

pub(super) static FIND: Branch = Branch {
    id: "find",
    intent: Some(Intent::Find),
    in_menu: true,
    steps: &[
        Step::chosen(
            "purpose",
            "find-purpose",
            ButtonLayout::listed(
                2,
                &[Choice::new("city"), Choice::new("family"), Choice::new("business"), Choice::new("offroad")],
            ),
        )
        .or_typed(Parser::Text { max: 1000 })
        .used_as(&[Use::Topic]),
        BUDGET,
        Step::typed("make", "find-make", Parser::Car)
            .or_instead(&[Choice::any()])
            .used_as(&[Use::Car, Use::Topic])
            .prefilled_by(Entity::Car),
        Step::chosen(
            "body",
            "body",
            ButtonLayout::listed(
                2,
                &[
                    Choice::new("sedan").or_said(&["седан"]),
                    Choice::new("crossover").or_said(&["кроссовер", "кросовер", "паркетник"]),
                    Choice::new("suv").or_said(&["внедорож", "джип"]),
                    Choice::new("hatchback").or_said(&["хэтч", "хетч"]),
                    Choice::new("wagon").or_said(&["универсал"]),
                    Choice::any(),
                ],
            ),
        )
        .used_as(&[Use::Field(CrmField::BodyType)]),
        NAME,
        PHONE,
        COMMENT,
    ],
};
