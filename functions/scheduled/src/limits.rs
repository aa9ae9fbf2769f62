//! Tells the admins when customers send more than usual, or ask the model more than the dealer pays for.

use anyhow::Context;
use dealer::{Calendar, Dealer};
use delivery::AdminMessage;
use lead::Seconds;
use storage::MAX_OF_ALL_PER_HOUR;
use texts::Language;

use crate::Scheduled;

/// An hour with this many times the usual number of requests is news.
const UNUSUAL: u32 = 10;
/// At least this many requests an hour count as usual: three after a quiet week are not news.
const LEAST_USUAL: u32 = 2;
const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;

impl Scheduled {
    /// Looks at the counters. Each piece of news is sent once a day.
    pub(crate) async fn watch_limits(&self) -> anyhow::Result<usize> {
        let now = (self.bot.clock)();
        let dealer = self.bot.dealer.get().await;
        let hours = self.bot.counters.requests_by_hour(now).await.context("the counted requests cannot be read")?;
        let questions = self.bot.counters.model_questions_today(now).await.context("the questions cannot be read")?;
        let news = [
            unusual_requests(&hours, now, &dealer.calendar, self.language),
            no_more_questions(questions, now, &dealer, self.language),
        ];
        let news: Vec<AdminMessage> = news.into_iter().flatten().collect();
        for message in &news {
            anyhow::ensure!(self.admins.tell(message).await, "a message about a limit cannot be written down");
        }
        Ok(news.len())
    }
}

/// News if this hour or the one before has many times the usual number of requests. `hours`: when each began and how
/// many there were. Hours without requests do not count for what is usual.
fn unusual_requests(
    hours: &[(Seconds, u32)],
    now: Seconds,
    calendar: &Calendar,
    language: Language,
) -> Option<AdminMessage> {
    let (latest, earlier): (Vec<_>, Vec<_>) = hours.iter().copied().partition(|(hour, _)| now < hour + 2 * HOUR);
    let (hour, count) = latest.into_iter().max_by_key(|(_, count)| *count)?;
    let total: u32 = earlier.iter().map(|(_, count)| count).sum();
    let usual = total.checked_div(u32::try_from(earlier.len()).ok()?).unwrap_or(0);
    let bound = UNUSUAL.saturating_mul(usual.max(LEAST_USUAL)).min(MAX_OF_ALL_PER_HOUR);
    let message = || {
        let time = calendar.local(hour).strftime("%H:%M").to_string();
        let requests = language.text_with("requests-count", [("count", count.into())]);
        let arguments = [("time", time.into()), ("requests", requests.into()), ("usual", usual.into())];
        let text = language.text_with("limit-unusual-requests", arguments);
        let refused = (count >= MAX_OF_ALL_PER_HOUR)
            .then(|| language.text_with("limit-requests-refused", [("max", MAX_OF_ALL_PER_HOUR.into())]));
        let text = std::iter::once(text).chain(refused).collect::<Vec<_>>().join(" ");
        AdminMessage { key: format!("unusual-requests:{}", hour / DAY), text }
    };
    (count >= bound).then(message)
}

/// News if the model may not be asked any more today.
fn no_more_questions(asked: u32, now: Seconds, dealer: &Dealer, language: Language) -> Option<AdminMessage> {
    let max = dealer.limits.model_questions_a_day;
    let message = || {
        let midnight = now - now % DAY + DAY;
        let time = dealer.calendar.local(midnight).strftime("%H:%M").to_string();
        let text = language.text_with("limit-model-questions", [("max", max.into()), ("time", time.into())]);
        AdminMessage { key: format!("model-questions:{}", now / DAY), text }
    };
    (asked >= max).then(message)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    /// 21 September 2026, 17:13 in Moscow.
    const NOW: Seconds = 1_790_000_000;
    const THIS_HOUR: Seconds = NOW - NOW % HOUR;

    fn news(earlier: &[u32], this_hour: u32) -> Option<AdminMessage> {
        let hours = (2..).zip(earlier).map(|(ago, count)| (THIS_HOUR - ago * HOUR, *count));
        let hours: Vec<_> = hours.chain([(THIS_HOUR, this_hour)]).collect();
        unusual_requests(&hours, NOW, &Calendar::default(), Language::Russian)
    }

    #[test]
    fn ten_times_the_usual_is_news() {
        assert_eq!(news(&[6, 2, 4], 39), None);
        assert_snapshot!(news(&[6, 2, 4], 40).unwrap().text, @"⚠️ С 17:00 за час пришло 40 заявок, обычно около 4. Посмотрите, настоящие ли они: это может быть реклама, а может и чья-то шутка.");
        assert_eq!(news(&[6, 2, 4], 41).unwrap().key, news(&[6], 60).unwrap().key, "once a day");
    }

    #[test]
    fn a_few_after_a_quiet_week_are_not_news() {
        assert_eq!(news(&[], 19), None);
        assert_eq!(news(&[1], 19), None);
        assert!(news(&[], 20).is_some());
        assert_eq!(unusual_requests(&[], NOW, &Calendar::default(), Language::Russian), None);
    }

    #[test]
    fn the_limit_itself_is_always_news() {
        assert_eq!(news(&[200], MAX_OF_ALL_PER_HOUR - 1), None);
        let text = news(&[200], MAX_OF_ALL_PER_HOUR).unwrap().text;
        assert!(
            text.ends_with("Больше 600 за час бот не принимает: остальных просит отправить заявку позже."),
            "{text}"
        );
    }

    #[test]
    fn the_last_question_of_a_day_is_news() {
        let dealer = Dealer::default();
        assert_eq!(no_more_questions(2999, NOW, &dealer, Language::Russian), None);
        let message = no_more_questions(3000, NOW, &dealer, Language::Russian).unwrap();
        assert_snapshot!(message.text, @"⚠️ Клиенты задали модели 3000 вопросов за день, больше файл автосалона не разрешает (model_questions_a_day). До 03:00 отвечают встроенные правила.");
    }
}
