//! «Купить авто»

use lead::CrmField;

use super::common::{BUDGET, NAME, PHONE};
use crate::Intent;
use crate::questionnaire::{Branch, ButtonLayout, Choice, Entity, Parser, Step, Use};

pub(super) static BUY: Branch = Branch {
    id: "buy",
    intent: Some(Intent::Buy),
    in_menu: true,
    steps: &[
        Step::typed("car", "buy-car", Parser::Car).used_as(&[Use::Car, Use::Topic]).prefilled_by(Entity::Car),
        BUDGET,
        Step::chosen(
            "year",
            "buy-year",
            ButtonLayout::years(3, &[1, 0, -1, -2, -3, -5, -8]).and(&[Choice::new("any")]),
        )
        .or_typed(Parser::YearFrom)
        .used_as(&[Use::Field(CrmField::CarYear)])
        .prefilled_by(Entity::Year),
        Step::chosen(
            "gearbox",
            "gearbox",
            ButtonLayout::listed(
                2,
                &[
                    Choice::new("automatic"),
                    Choice::new("manual"),
                    Choice::new("robot"),
                    Choice::new("cvt"),
                    Choice::new("any"),
                ],
            ),
        )
        .used_as(&[Use::Field(CrmField::Transmission)]),
        Step::chosen(
            "drive",
            "drive",
            ButtonLayout::listed(
                2,
                &[Choice::new("front"), Choice::new("rear"), Choice::new("all"), Choice::new("any")],
            ),
        )
        .used_as(&[Use::Field(CrmField::DriveType)]),
        NAME,
        PHONE,
        Step::typed("wishes", "buy-wishes", Parser::Text { max: 1000 }).optional(),
    ],
};
