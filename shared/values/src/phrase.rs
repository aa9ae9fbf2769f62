//! Messages that are one usual phrase and nothing else: «Добрый день!», «спасибо большое», «позовите менеджера».

/// What such a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phrase {
    Greeting,
    Thanks,
    /// «Понятно», «до свидания»: there is nothing to reply to.
    Noted,
    /// «Ты бот?», «что вы умеете»
    WhoIsThis,
    /// «Позовите менеджера»
    CallPerson,
    /// «Перезвоните мне»
    CallBack,
    /// «Без разницы»
    Any,
    /// «Нет», «не знаю», «-»: no answer to a question.
    Nothing,
}

/// A phrase has one of `needs`, and besides them only words of `may` or of [`POLITE`].
struct Pattern {
    phrase: Phrase,
    needs: &'static [&'static str],
    may: &'static [&'static str],
}

const POLITE: [&str; 12] = ["пожалуйста", "пжл", "плиз", "ну", "а", "вам", "вас", "мне", "меня", "нам", "бы", "ладно"];

/// The first that fits is meant.
const PATTERNS: [Pattern; 8] = [
    Pattern {
        phrase: Phrase::Greeting,
        needs: &[
            "привет",
            "приветик",
            "приветствую",
            "здравствуйте",
            "здравствуй",
            "здрасте",
            "здрасьте",
            "добрый",
            "доброе",
            "доброго",
            "доброй",
        ],
        may: &["день", "дня", "вечер", "вечера", "утро", "утра", "ночи", "времени", "суток", "всем", "бот"],
    },
    Pattern {
        phrase: Phrase::Thanks,
        needs: &["спасибо", "спасибки", "спасибочки", "спс", "пасиб", "благодарю", "благодарим"],
        may: &[
            "большое",
            "огромное",
            "тебе",
            "за",
            "помощь",
            "ответ",
            "информацию",
            "очень",
            "все",
            "понятно",
            "ясно",
            "хорошо",
            "ок",
            "понял",
            "поняла",
            "заранее",
            "жду",
            "буду",
            "ждать",
        ],
    },
    Pattern {
        phrase: Phrase::Noted,
        needs: &[
            "ок",
            "окей",
            "ok",
            "хорошо",
            "понятно",
            "понял",
            "поняла",
            "ясно",
            "договорились",
            "отлично",
            "супер",
            "класс",
            "жду",
            "ждем",
            "угу",
            "ага",
            "пока",
            "свидания",
            "свиданья",
            "связи",
            "встречи",
        ],
        may: &["до", "на", "все", "тогда", "буду", "ждать", "звонка", "ответа", "очень"],
    },
    Pattern {
        phrase: Phrase::WhoIsThis,
        needs: &["бот", "робот", "кто", "умеешь", "умеете"],
        may: &["ты", "вы", "это", "такой", "такая", "такие", "что", "или", "человек", "живой", "там", "тут"],
    },
    Pattern {
        phrase: Phrase::CallPerson,
        needs: &[
            "человека",
            "человеком",
            "менеджер",
            "менеджера",
            "менеджером",
            "менеджеру",
            "оператор",
            "оператора",
            "оператором",
            "оператору",
            "консультанта",
            "консультантом",
            "сотрудника",
            "сотрудником",
            "живой",
            "живого",
            "живым",
        ],
        may: &[
            "позовите",
            "позови",
            "позвать",
            "соедините",
            "соедини",
            "соединить",
            "переключите",
            "переключи",
            "переведите",
            "дайте",
            "дай",
            "хочу",
            "хотел",
            "хотела",
            "можно",
            "можете",
            "поговорить",
            "пообщаться",
            "связаться",
            "свяжите",
            "нужен",
            "нужна",
            "нужно",
            "надо",
            "с",
            "со",
            "на",
            "к",
            "человек",
            "есть",
            "тут",
            "здесь",
            "кто",
            "нибудь",
            "вашим",
            "вашего",
        ],
    },
    Pattern {
        phrase: Phrase::CallBack,
        needs: &["перезвоните", "перезвони", "позвоните", "позвони", "наберите", "звонок"],
        may: &["обратный", "закажите", "заказать", "хочу", "можете", "можно", "сами", "срочно"],
    },
    Pattern {
        phrase: Phrase::Any,
        needs: &["любой", "любая", "любое", "любую", "разницы", "важно", "неважно", "равно", "принципиально"],
        may: &["без", "не", "все", "какой", "какая", "какую"],
    },
    Pattern {
        phrase: Phrase::Nothing,
        needs: &["нет", "нету", "неа", "не", "незнаю", "ничего", "нечего", "потом", "позже"],
        may: &[
            "знаю",
            "помню",
            "надо",
            "нужно",
            "хочу",
            "буду",
            "больше",
            "пока",
            "добавить",
            "спасибо",
            "фото",
            "вин",
        ],
    },
];

/// The phrase that `text` is, whatever its case and punctuation.
#[must_use]
pub fn of(text: &str) -> Option<Phrase> {
    const DASHES: [&str; 4] = ["-", "–", "—", "--"];
    if DASHES.contains(&text.trim()) {
        return Some(Phrase::Nothing);
    }
    let text = text.to_lowercase().replace('ё', "е");
    let words: Vec<&str> = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let fits = |pattern: &&Pattern| {
        let is_known = |word: &&str| [pattern.needs, pattern.may, &POLITE].iter().any(|known| known.contains(word));
        words.iter().any(|word| pattern.needs.contains(word)) && words.iter().all(is_known)
    };
    PATTERNS.iter().find(fits).map(|pattern| pattern.phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_phrases_are_known_as_people_type_them() {
        for (phrase, texts) in [
            (Phrase::Greeting, &["Привет", "Здравствуйте!", "добрый день 👋", "Доброго времени суток"][..]),
            (Phrase::Thanks, &["спасибо", "Спасибо большое!", "ок, спасибо", "Благодарю за помощь"]),
            (Phrase::Noted, &["ок", "Хорошо, жду звонка", "до свидания", "Всё понятно", "пока"]),
            (Phrase::WhoIsThis, &["ты бот?", "Вы кто", "это робот или живой человек?", "что ты умеешь"]),
            (Phrase::CallPerson, &["Позовите менеджера", "оператор!!!", "хочу поговорить с живым человеком"]),
            (Phrase::CallBack, &["перезвоните мне, пожалуйста", "Закажите обратный звонок"]),
            (Phrase::Any, &["любая", "Без разницы", "не важно", "всё равно", "не принципиально"]),
            (Phrase::Nothing, &["нет", "Не знаю", "-", "нет, спасибо", "больше ничего", "не надо"]),
        ] {
            for text in texts {
                assert_eq!(of(text), Some(phrase), "{text}");
            }
        }
    }

    #[test]
    fn a_text_that_says_more_is_not_a_phrase() {
        for text in [
            "",
            "!!!",
            "человек",
            "Здравствуйте, продаю камри",
            "спасибо, а сколько стоит?",
            "ок, камри 2019",
            "менеджер Пётр обещал скидку",
            "перезвоните завтра в 10",
            "любая до миллиона",
            "не звонить до обеда",
            "кто хозяин машины",
            "нет птс",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
