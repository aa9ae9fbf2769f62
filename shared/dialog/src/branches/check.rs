//! «Проверка авто»

use lead::CrmField;

use super::common::{COMMENT, NAME, PHONE};
use crate::Intent;
use crate::questionnaire::{Branch, ButtonLayout, Choice, Entity, Parser, Step, Use};

pub(super) static CHECK: Branch = Branch {
    id: "check",
    intent: Some(Intent::Check),
    in_menu: true,
    steps: &[
        Step::chosen(
            "kind",
            "check-kind",
            ButtonLayout::listed(
                1,
                &[
                    Choice::new("technical").or_said(&["технич", "диагност"]),
                    Choice::new("legal").or_said(&["юрид", "документ"]),
                    Choice::new("full").or_said(&["компл", "полн"]),
                ],
            ),
        )
        .used_as(&[Use::Field(CrmField::CheckType)]),
        Step::typed("car", "check-car", Parser::Car).used_as(&[Use::Car, Use::Topic]).prefilled_by(Entity::Car),
        Step::typed("vehicle", "vehicle-id", Parser::Vehicle).optional().used_as(&[Use::Field(CrmField::VinNumber)]),
        NAME,
        PHONE,
        COMMENT,
    ],
};
