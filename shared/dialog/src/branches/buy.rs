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
        Step::chosen("year", "buy-year", ButtonLayout::years(3, &[1, 0, -1, -2, -3, -5, -8]).and(&[Choice::any()]))
            .or_typed(Parser::YearFrom)
            .used_as(&[Use::Field(CrmField::CarYear)])
            .prefilled_by(Entity::Year),
        Step::chosen(
            "gearbox",
            "gearbox",
            ButtonLayout::listed(
                2,
                &[
                    Choice::new("automatic").or_said(&["автомат", "акпп"]),
                    Choice::new("manual").or_said(&["механи", "мкпп", "ручк", "ручн"]),
                    Choice::new("robot").or_said(&["робот"]),
                    Choice::new("cvt").or_said(&["вариатор", "cvt"]),
                    Choice::any(),
                ],
            ),
        )
        .used_as(&[Use::Field(CrmField::Transmission)]),
        Step::chosen(
            "drive",
            "drive",
            ButtonLayout::listed(
                2,
                &[
                    Choice::new("front").or_said(&["передн", "fwd"]),
                    Choice::new("rear").or_said(&["задн", "rwd"]),
                    Choice::new("all").or_said(&["полн", "4wd", "awd", "4x4", "4х4"]),
                    Choice::any(),
                ],
            ),
        )
        .used_as(&[Use::Field(CrmField::DriveType)]),
        NAME,
        PHONE,
        Step::typed("wishes", "buy-wishes", Parser::Text { max: 1000 }).optional(),
    ],
};
