//! «Юридическая помощь»

use super::common::{COMMENT, NAME, PHONE};
use crate::Intent;
use crate::questionnaire::{Branch, ButtonLayout, Choice, Parser, Step, Use};

pub(super) static LEGAL: Branch = Branch {
    id: "legal",
    intent: Some(Intent::Legal),
    in_menu: true,
    steps: &[
        Step::chosen(
            "question",
            "legal-question",
            ButtonLayout::listed(1, &[Choice::new("registration"), Choice::new("insurance"), Choice::new("dispute")]),
        )
        .or_typed(Parser::Text { max: 1000 })
        .used_as(&[Use::Topic]),
        Step::typed("situation", "legal-situation", Parser::Text { max: 1000 }),
        NAME,
        PHONE,
        COMMENT,
    ],
};
