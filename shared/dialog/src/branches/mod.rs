//! The questionnaires, as data. A new one needs a file here, a line in [`ALL`] and its texts. If free sentences lead to
//! it, it also needs a variant of [`crate::Intent`] and labelled sentences. Nothing else knows the names.

mod buy;
mod check;
mod common;
mod find;
mod legal;
mod manager;
mod sell;

use crate::questionnaire::Branch;

/// Every questionnaire; those in the menu in the order of its buttons.
pub(crate) static ALL: [&Branch; 6] =
    [&sell::SELL, &buy::BUY, &find::FIND, &check::CHECK, &legal::LEGAL, &manager::MANAGER];

/// The questionnaire with this id.
pub(crate) fn find(id: &str) -> Option<&'static Branch> {
    ALL.into_iter().find(|branch| branch.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::questionnaire::{Kind, Use};
    use crate::{Intent, Language};

    #[test]
    fn a_questionnaire_has_what_a_request_needs() {
        for branch in ALL {
            let with = |use_: Use| branch.steps.iter().filter(|step| step.uses.contains(&use_)).count();
            assert_eq!(with(Use::Name), 1, "{}", branch.id);
            assert_eq!(with(Use::Phone), 1, "{}", branch.id);
            for step in branch.steps {
                assert_eq!(matches!(step.kind, Kind::Phone), step.uses.contains(&Use::Phone), "{}", step.id);
                assert!(!(step.optional && (step.uses.contains(&Use::Name) || step.uses.contains(&Use::Phone))));
            }
        }
    }

    #[test]
    fn every_service_has_one_questionnaire() {
        for intent in Intent::ALL {
            let serving = ALL.iter().filter(|branch| branch.intent == Some(*intent)).count();
            let is_service = !matches!(intent, Intent::Faq | Intent::Unknown);
            assert_eq!(serving, usize::from(is_service), "{intent:?}");
        }
    }

    #[test]
    fn ids_are_unique_and_every_text_exists() {
        let mut branches = HashSet::new();
        for branch in ALL {
            assert!(branches.insert(branch.id));
            assert!(Language::default().has(branch.id) && Language::default().has(&branch.menu_text()));
            let mut steps = HashSet::new();
            for step in branch.steps {
                assert!(steps.insert(step.id), "{} of {}", step.id, branch.id);
                for id in step.text_ids() {
                    assert!(Language::default().has(&id), "{id} is not in the texts");
                }
            }
        }
    }
}
