//! «Продать авто»

use lead::CrmField;

use super::common::{COMMENT, NAME, PHONE};
use crate::Intent;
use crate::questionnaire::{Branch, ButtonLayout, Choice, Entity, Parser, Step, Use};

pub(super) static SELL: Branch = Branch {
    id: "sell",
    intent: Some(Intent::Sell),
    in_menu: true,
    steps: &[
        Step::typed("car", "sell-car", Parser::Car).used_as(&[Use::Car, Use::Topic]).prefilled_by(Entity::Car),
        Step::chosen("year", "sell-year", ButtonLayout::years(3, &[1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9]))
            .or_typed(Parser::Year)
            .used_as(&[Use::Field(CrmField::CarYear)])
            .prefilled_by(Entity::Year),
        Step::typed("mileage", "sell-mileage", Parser::Mileage)
            .used_as(&[Use::Field(CrmField::Mileage)])
            .prefilled_by(Entity::Mileage),
        Step::typed("price", "sell-price", Parser::Price)
            .or_instead(&[Choice::any().or_said(&["договор"])])
            .used_as(&[Use::Price])
            .prefilled_by(Entity::Money),
        Step::photos("photos", "photos").optional(),
        NAME,
        PHONE,
        COMMENT,
    ],
};
