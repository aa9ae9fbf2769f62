//! The report in words, short lines for a phone.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dealer::Calendar;
use dialog::Text;
use texts::{FluentValue, Language};

use crate::Report;
use crate::report::Counts;

/// Sources with a line of their own. A source is a stranger's text, so there may be any number of them.
const MAX_SOURCES: usize = 20;
/// Places where most customers left that are named.
const MAX_PLACES: usize = 3;
/// Reasons of lost deals with a line of their own.
const MAX_REASONS: usize = 5;
/// Longest source or reason, in characters.
const MAX_NAME: usize = 60;

/// A line of a list.
struct Line {
    name: String,
    now: usize,
    before: usize,
}

impl Report {
    /// The report as the dealer reads it: at most 4096 UTF-16 units.
    #[must_use]
    pub fn text(&self, calendar: &Calendar, language: Language) -> Text {
        let mut text = Text::default().bold(&language.text_with("digest-heading", self.days(calendar)));
        let sections = [self.requests(language), self.sources(language), self.forms(language)];
        let sections =
            sections.into_iter().chain([self.team(language), self.deals(language), self.questions(language)]);
        for (heading, lines) in sections.flatten() {
            text = text.push("\n\n").bold(&heading);
            for line in lines {
                text = text.push("\n").push(&line);
            }
        }
        text
    }

    /// The first and the last day, for a text.
    pub(crate) fn days(&self, calendar: &Calendar) -> [(&'static str, FluentValue<'static>); 2] {
        let day = |at| calendar.local(at).strftime("%d.%m").to_string().into();
        [("from", day(self.week.start)), ("to", day(self.week.end - 1))]
    }

    fn requests(&self, language: Language) -> Option<(String, Vec<String>)> {
        let counts = [("count", self.now.requests().into()), ("before", self.before.requests().into())];
        let lines = lines(&self.now.services, &self.before.services, usize::MAX, Clone::clone, language);
        Some((language.text_with("digest-requests", counts), lines))
    }

    fn sources(&self, language: Language) -> Option<(String, Vec<String>)> {
        let name = |source: &Option<String>| source.clone().unwrap_or_else(|| language.text("digest-no-source"));
        let lines = lines(&self.now.sources, &self.before.sources, MAX_SOURCES, name, language);
        (!lines.is_empty()).then(|| (language.text("digest-sources"), lines))
    }

    fn forms(&self, language: Language) -> Option<(String, Vec<String>)> {
        let funnel = &self.funnel;
        let mut lines = Vec::new();
        if let Some(share) = (funnel.sent * 100 + funnel.started / 2).checked_div(funnel.started) {
            let counts = [("started", funnel.started.into()), ("sent", funnel.sent.into()), ("share", share.into())];
            lines.push(language.text_with("digest-funnel", counts));
        }
        let mut left: Vec<_> = funnel.left.iter().collect();
        left.sort_by_key(|(_, count)| Reverse(**count));
        lines.extend(left.into_iter().take(MAX_PLACES).map(|((service, step), count)| {
            let place =
                [("service", service.as_str().into()), ("step", step.as_str().into()), ("count", (*count).into())];
            language.text_with("digest-left", place)
        }));
        if self.now.rescued() + self.before.rescued() > 0 {
            let counts = [
                ("count", self.now.rescued().into()),
                ("before", self.before.rescued().into()),
                ("finished", self.now.finished_later.into()),
                ("sent", self.now.sent_unfinished.into()),
            ];
            lines.push(language.text_with("digest-rescued", counts));
        }
        (!lines.is_empty()).then(|| (language.text("digest-forms"), lines))
    }

    fn team(&self, language: Language) -> Option<(String, Vec<String>)> {
        let duration = |counts: &Counts| {
            counts.usually_taken_after().map_or_else(|| "–".to_owned(), |seconds| language.duration(seconds))
        };
        let is_used = |counts: &Counts| counts.not_taken > 0 || !counts.taken_after.is_empty();
        if !is_used(&self.now) && !is_used(&self.before) {
            return None;
        }
        let took = [("duration", duration(&self.now).into()), ("before", duration(&self.before).into())];
        let not_taken = [("count", self.now.not_taken.into()), ("before", self.before.not_taken.into())];
        let lines =
            vec![language.text_with("digest-taken-after", took), language.text_with("digest-not-taken", not_taken)];
        Some((language.text("digest-team"), lines))
    }

    fn deals(&self, language: Language) -> Option<(String, Vec<String>)> {
        let lost = |counts: &Counts| counts.lost.values().sum::<usize>();
        let (lost_now, lost_before) = (lost(&self.now), lost(&self.before));
        if self.now.won + self.before.won + lost_now + lost_before == 0 {
            return None;
        }
        let won = [("count", self.now.won.into()), ("before", self.before.won.into())];
        let all_lost = [("count", lost_now.into()), ("before", lost_before.into())];
        let mut shown = vec![language.text_with("digest-won", won), language.text_with("digest-lost", all_lost)];
        let name = |reason: &Option<String>| reason.clone().unwrap_or_else(|| language.text("digest-no-reason"));
        shown.extend(lines(&self.now.lost, &self.before.lost, MAX_REASONS, name, language));
        Some((language.text("digest-deals"), shown))
    }

    fn questions(&self, language: Language) -> Option<(String, Vec<String>)> {
        let share = self.now.share_by_rules()?;
        let before = self.before.share_by_rules().map_or_else(|| "–".to_owned(), |share| format!("{share} %"));
        let line = [("share", share.into()), ("count", self.now.answers.into()), ("before", before.into())];
        Some((language.text("digest-questions"), vec![language.text_with("digest-without-model", line)]))
    }
}

/// The largest, then the rest together.
fn lines<K: Ord>(
    now: &BTreeMap<K, usize>,
    before: &BTreeMap<K, usize>,
    most: usize,
    name: impl Fn(&K) -> String,
    language: Language,
) -> Vec<String> {
    let of = |counts: &BTreeMap<K, usize>, key: &K| counts.get(key).copied().unwrap_or_default();
    let mut keys: Vec<&K> = now.keys().chain(before.keys().filter(|key| !now.contains_key(*key))).collect();
    keys.sort_by_key(|key| Reverse((of(now, key), of(before, key))));
    let line = |key: &K| Line {
        name: name(key).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_NAME).collect(),
        now: of(now, key),
        before: of(before, key),
    };
    let (shown, others) = keys.split_at(keys.len().min(most));
    let mut lines: Vec<Line> = shown.iter().map(|key| line(key)).collect();
    let others = others.iter().map(|key| line(key)).reduce(|sum, line| Line {
        now: sum.now + line.now,
        before: sum.before + line.before,
        ..sum
    });
    lines.extend(others.map(|others| Line { name: language.text("digest-others"), ..others }));
    lines.into_iter().map(|line| line.text(language)).collect()
}

impl Line {
    fn text(self, language: Language) -> String {
        let arguments = [("name", self.name.into()), ("count", self.now.into()), ("before", self.before.into())];
        language.text_with("digest-line", arguments)
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::Material;
    use crate::report::tests::{MONDAY, THIS_WEEK, material, request};

    #[test]
    fn a_week_is_told_in_short_lines() {
        let text = Report::of(&material(), MONDAY).text(&Calendar::default(), Language::Russian);
        assert_snapshot!(text.text, @"
        📊 Неделя 02.03 – 08.03

        Заявки: 3 (было 1)
        Продажа авто: 2 (было 0)
        Подбор авто: 1 (было 1)

        Откуда
        avito: 2 (было 1)
        без ссылки: 1 (было 0)

        Анкеты
        Начали 6, отправили 3 (50 %)
        Ушли: Продажа авто, «Цена» — 2
        Ушли: Продажа авто, «Телефон» — 1
        Спасено: 2 (было 0), закончили сами 1, переданы незаконченными 1

        Отдел продаж
        До «Взять» обычно 3 мин (было 10 мин)
        Никто не взял: 1 (было 0)

        Сделки
        Выиграны: 0 (было 1)
        Проиграны: 3 (было 0)
        Дорого: 2 (было 0)
        без причины: 1 (было 0)

        Вопросы боту
        Без модели: 50 % из 2 (было 0 %)
        ");
    }

    #[test]
    fn a_week_without_anything_says_so() {
        let text = Report::of(&Material::default(), MONDAY).text(&Calendar::default(), Language::Russian);
        assert_snapshot!(text.text, @"
        📊 Неделя 02.03 – 08.03

        Заявки: 0 (было 0)
        ");
    }

    #[test]
    fn any_number_of_sources_fits_into_a_message() {
        let name = |n: usize| format!("{n:0>64}");
        let leads = (0..500).map(|n| request(n, "Продажа авто", Some(&name(n)), THIS_WEEK)).collect();
        let text = Report::of(&Material { leads, ..Material::default() }, MONDAY);
        let text = text.text(&Calendar::default(), Language::Russian);
        assert!(text.text.contains("другие: 480 (было 0)") && text.len_utf16() < 4096, "{}", text.text);
    }
}
