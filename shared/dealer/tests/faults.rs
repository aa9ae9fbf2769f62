//! What a dealer and an operator read about a file that is wrong.

use dealer::{Dealer, Fault, MAX_FILE, parse};
use insta::assert_snapshot;
use proptest::prelude::*;

fn faults(text: &str) -> Vec<Fault> {
    parse(text).expect_err("the file has faults")
}

fn russian(text: &str) -> String {
    faults(text).iter().map(|fault| fault.russian() + "\n").collect()
}

fn english(text: &str) -> String {
    faults(text).iter().map(|fault| format!("{fault}\n")).collect()
}

const EVERYTHING_WRONG: &str = r#"time_zone = "Europe/Moskva"
holidays = ["2026-02-30", 2026-12-31, "31.12.2026", 5]
sales = true
[hours]
"Mon-Fri" = "09:00-20:00"
"Fri-Mon" = "10:00-09:00"
"Funday" = "10-18"
Tue = 9
[[team]]
name = "Ольга"
amocrm_user_id = 501
telegram_id = 7000000900
branches = ["sell", "rent"]
[[team]]
name = "  "
amocrm_user_id = 501
telegram_id = 7000000900
branches = []
[[team]]
amocrm_user_id = "502"
telegram_id = -5
salary = 100
[sales_chat]
chat_id = 7000000901
escalate_after_minutes = -10
show_phone = "yes"
[repeat]
join_open_deal_days = 99999999999999999999
[unfinished]
remind_after_minutes = 20.5
to_crm_after_minutes = 100_000
status_id = 0
resume_days = 0
[stages]
7102 = ""
"первый" = "Здравствуйте!"
[digest]
at = "09:00"
[limits]
requests_a_day = 0
[[fact]]
questions = []
answer = "Да."
[[fact]]
questions = ["Где вы?", " где вы? "]
"#;

#[test]
fn the_dealer_reads_every_fault_with_its_line() {
    assert_snapshot!(russian(EVERYTHING_WRONG), @r#"
    Строка 1: часового пояса «Europe/Moskva» нет. Пишите, например, "Europe/Moscow" или "Asia/Yekaterinburg".
    Строка 2: «2026-02-30» — такой даты нет. Дата пишется так: "2026-12-31".
    Строка 2: «31.12.2026» — такой даты нет. Дата пишется так: "2026-12-31".
    Строка 2: holidays: нужен текст в кавычках, а здесь целое число без кавычек.
    Строка 3: настройки или раздела «sales» нет. Есть: time_zone, holidays, hours, team, sales_chat, repeat, unfinished, stages, digest, limits, fact.
    Строка 6: «10:00-09:00»: конец не позже начала. До полуночи — это "24:00".
    Строка 6: Пт: часы этого дня уже указаны в строке 5.
    Строка 6: Пн: часы этого дня уже указаны в строке 5.
    Строка 7: «10-18» — не часы работы. Они пишутся так: "09:00-20:00".
    Строка 7: «Funday» — не дни недели. Дни пишутся так: "Mon-Fri" или "Sat,Sun" (или "Пн-Пт").
    Строка 8: Tue: нужен текст в кавычках, а здесь целое число без кавычек.
    Строка 8: Вт: часы этого дня уже указаны в строке 5.
    Строка 13: branches: анкеты «rent» нет. Бывают: sell, buy, find, check, legal, manager.
    Строка 15: name: пустой текст.
    Строка 16: amocrm_user_id: 501 уже есть у сотрудника в строке 11.
    Строка 17: telegram_id: 7000000900 уже есть у сотрудника в строке 12.
    Строка 18: branches: список пуст. Уберите эту строку, если сотрудник берёт все заявки.
    Строка 19: в разделе [[team]] не хватает name.
    Строка 20: amocrm_user_id: нужно целое число без кавычек, а здесь текст в кавычках.
    Строка 21: telegram_id: -5 — не номер человека в Telegram, это число без минуса. Его скажет @userinfobot.
    Строка 22: настройки «salary» в разделе [[team]] нет. Есть: name, amocrm_user_id, telegram_id, branches.
    Строка 24: chat_id: 7000000901 — не номер группы в Telegram, это число с минусом, например -1001234567890.
    Строка 25: escalate_after_minutes: -10 не подходит, нужно число от 0 (выключено) до 1440.
    Строка 26: show_phone: нужно true или false без кавычек, а здесь текст в кавычках.
    Строка 28: join_open_deal_days: 99999999999999999999 не подходит, нужно число от 0 (выключено) до 365.
    Строка 30: remind_after_minutes: нужно целое число без кавычек, а здесь дробное число.
    Строка 31: to_crm_after_minutes: 100000 не подходит, нужно число от 0 (выключено) до 1440.
    Строка 32: status_id: 0 не подходит, нужно число не меньше 1.
    Строка 33: resume_days: 0 не подходит, нужно число от 1 до 30.
    Строка 35: 7102: пустой текст.
    Строка 36: «первый» — не номер этапа amoCRM. Номера показывает команда carquery amocrm pipelines.
    Строка 37: в разделе [digest] не хватает chat_id.
    Строка 38: at: «09:00» не понять. День и время пишутся так: "Mon 09:00".
    Строка 40: requests_a_day: 0 не подходит, нужно число от 1 до 10000.
    Строка 42: questions: нужен хотя бы один вопрос.
    Строка 44: в разделе [[fact]] не хватает answer.
    Строка 45: на вопрос «где вы?» уже отвечает раздел [[fact]] в строке 44.
    "#);
}

#[test]
fn the_operator_reads_the_same_in_english() {
    assert_snapshot!(english(EVERYTHING_WRONG), @r#"
    line 1: unknown time zone `Europe/Moskva`; write "Europe/Moscow"
    line 2: `2026-02-30` is not a date; write "2026-12-31"
    line 2: `31.12.2026` is not a date; write "2026-12-31"
    line 2: holidays: expected text in quotes, found an integer without quotes
    line 3: unknown key or section `sales`; known: time_zone, holidays, hours, team, sales_chat, repeat, unfinished, stages, digest, limits, fact
    line 6: `10:00-09:00` does not end after it starts; midnight is "24:00"
    line 6: the opening hours of Fri are set on line 5 already
    line 6: the opening hours of Mon are set on line 5 already
    line 7: `10-18` does not name opening hours; write "09:00-20:00"
    line 7: `Funday` does not name days; write "Mon-Fri" or "Sat,Sun"
    line 8: Tue: expected text in quotes, found an integer without quotes
    line 8: the opening hours of Tue are set on line 5 already
    line 13: branches: unknown questionnaire `rent`; known: sell, buy, find, check, legal, manager
    line 15: name: the text is empty
    line 16: amocrm_user_id: 501 belongs to the team member on line 11
    line 17: telegram_id: 7000000900 belongs to the team member on line 12
    line 18: branches: the list is empty; leave the key out for all questionnaires
    line 19: [[team]] needs `name`
    line 20: amocrm_user_id: expected an integer without quotes, found text in quotes
    line 21: telegram_id: -5 is not a Telegram user's id, which is positive
    line 22: unknown key `salary` in [[team]]; known: name, amocrm_user_id, telegram_id, branches
    line 24: chat_id: 7000000901 is not a Telegram group's id, which is negative
    line 25: escalate_after_minutes: -10 is not between 0 (off) and 1440
    line 26: show_phone: expected true or false without quotes, found text in quotes
    line 28: join_open_deal_days: 99999999999999999999 is not between 0 (off) and 365
    line 30: remind_after_minutes: expected an integer without quotes, found a fraction
    line 31: to_crm_after_minutes: 100000 is not between 0 (off) and 1440
    line 32: status_id: 0 is less than 1
    line 33: resume_days: 0 is not between 1 and 30
    line 35: 7102: the text is empty
    line 36: `первый` is not the id of a stage; `carquery amocrm pipelines` lists them
    line 37: [digest] needs `chat_id`
    line 38: at: `09:00` is not a day and a time; write "Mon 09:00"
    line 40: requests_a_day: 0 is not between 1 and 10000
    line 42: questions: the list is empty
    line 44: [[fact]] needs `answer`
    line 45: the [[fact]] on line 44 answers `где вы?` already
    "#);
}

#[test]
fn text_that_is_not_toml_does_not_hide_the_other_faults() {
    let text = "[digest]\nchat_id = 5\nat = Mon 09:00\n[[team]]\nname = \"Ольга\namocrm_user_id = 501\n\
                [limits]\nrequests_a_day = 0\nПн = 1\nrequests_a_day = 5\n";
    assert_snapshot!(russian(text), @r#"
    Строка 3: текст пишется в кавычках: "так".
    Строка 5: не закрыта кавычка или в тексте есть запрещённый знак (\ пишется как \\).
    Строка 8: requests_a_day: 0 не подходит, нужно число от 1 до 10000.
    Строка 9: имя из русских букв или со знаками пишется в кавычках: "Пн-Пт".
    Строка 10: этот ключ или раздел уже есть выше.
    "#);
    assert_snapshot!(english(text), @r#"
    line 3: not valid TOML: string values must be quoted, expected literal string
    line 5: not valid TOML: invalid basic string, expected `"`
    line 8: requests_a_day: 0 is not between 1 and 10000
    line 9: not valid TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    line 10: not valid TOML: duplicate key
    "#);
}

#[test]
fn sections_of_the_other_kind_and_other_types() {
    let text = "hours = \"09:00-20:00\"\n[team]\nname = \"Ольга\"\n[[digest]]\nchat_id = 5\n[fact]\n";
    assert_snapshot!(russian(text), @"
    Строка 1: hours: нужен раздел в одинарных скобках [ ], а здесь текст в кавычках.
    Строка 2: team: нужны разделы в двойных скобках [[ ]], а здесь раздел в одинарных скобках [ ].
    Строка 4: digest: нужен раздел в одинарных скобках [ ], а здесь разделы в двойных скобках [[ ]].
    Строка 6: fact: нужны разделы в двойных скобках [[ ]], а здесь раздел в одинарных скобках [ ].
    ");
    assert_snapshot!(russian("fact = [1]\nteam = []\nholidays = \"2026-12-31\"\n[hours]\n"), @"
    Строка 1: fact: нужны разделы в двойных скобках [[ ]], а здесь целое число без кавычек.
    Строка 3: holidays: нужен список в квадратных скобках, а здесь текст в кавычках.
    Строка 4: в разделе [hours] нет ни одного дня. Без раздела — открыто всегда, день без часов — выходной.
    ");
}

#[test]
fn telegram_ids_are_those_of_people_and_groups() {
    let text = "[sales_chat]\nchat_id = 0\nescalate_after_minutes = 5\n\
                [digest]\nchat_id = 5000000000000000\n\
                [[team]]\nname = \"Ольга\"\namocrm_user_id = 0\ntelegram_id = 99999999999999999999\n";
    assert_snapshot!(russian(text), @"
    Строка 2: chat_id: 0 — не номер человека или группы в Telegram.
    Строка 3: escalate_after_minutes указано, а escalate_to нет: некому сообщать.
    Строка 5: chat_id: 5000000000000000 — не номер человека или группы в Telegram.
    Строка 8: amocrm_user_id: 0 не подходит, нужно число не меньше 1.
    Строка 9: telegram_id: 99999999999999999999 не подходит, это слишком большое число.
    ");
    assert!(parse("[sales_chat]\nchat_id = -1001234567890\nescalate_to = -100\n").is_ok());
    assert!(parse("[sales_chat]\nchat_id = -1001234567890\nescalate_after_minutes = 0\n").is_ok());
}

#[test]
fn texts_fit_into_a_telegram_message() {
    let stage = |text: &str| parse(&format!("[stages]\n7102 = \"{text}\""));
    assert!(stage(&"я".repeat(3500)).is_ok());
    // Telegram counts UTF-16 units, of which an emoji has two.
    assert!(stage(&"🚗".repeat(1750)).is_ok());
    assert_snapshot!(russian(&format!("[stages]\n7102 = \"{}\"", "🚗".repeat(1751))), @"Строка 2: 7102: текст слишком длинный, знаков 3502, можно до 3500.");
    assert_snapshot!(russian(&"#".repeat(MAX_FILE + 1)), @"Строка 1: файл слишком большой: 200001 байт, можно до 200000.");
}

#[test]
fn days_and_hours_may_be_written_in_these_ways() {
    let same = [
        "\"Mon-Sun\" = \"09:00-20:00\"",
        "\"mon - fri, Sat,SUN\" = \" 9:00 - 20:00 \"",
        "\"Fri-Thu\" = \"09:00-20:00\"",
        "\"Пн-Вс\" = \"09:00-20:00\"",
        "Mon-Fri = \"09:00-20:00\"\nSat-Sun = \"09:00-20:00\"",
    ];
    let first = parse(&format!("[hours]\n{}", same[0])).expect("it has no fault");
    for hours in same {
        assert_eq!(parse(&format!("[hours]\n{hours}")).as_ref(), Ok(&first), "{hours}");
    }
    assert_eq!(parse("[hours]\nMon-Sun = \"00:00-24:00\""), Ok(Dealer::default()), "it is always open");
    for hours in
        ["24:00-24:00", "09:00-24:01", "09:60-10:00", "9:0-10:00", "09:00", "-09:00", "09.00-10.00", "١:00-2:00"]
    {
        assert!(parse(&format!("[hours]\nMon = \"{hours}\"")).is_err(), "{hours}");
    }
    for days in ["", "Mon-", "-", "Mon,", "Monday", "Mon-Tue-Wed", "0"] {
        assert!(parse(&format!("[hours]\n\"{days}\" = \"09:00-20:00\"")).is_err(), "{days}");
    }
    for at in ["Mon", "Mon 24:00", "Mon-Tue 09:00", "2026-11-30 09:00", "Mon at 09:00"] {
        assert!(parse(&format!("[digest]\nchat_id = 5\nat = \"{at}\"")).is_err(), "{at}");
    }
    for date in ["2026-12-31T09:00:00", "20261231", "2026-W53-4", "2026-13-01", "2027-02-29", "+002026-12-31"] {
        assert!(parse(&format!("holidays = [\"{date}\"]")).is_err(), "{date}");
    }
    for zone in ["Etc/Unknown", "Moscow", "+03:00", "../zone"] {
        assert!(parse(&format!("time_zone = \"{zone}\"")).is_err(), "{zone}");
    }
}

#[test]
fn keys_of_the_file_stand_above_its_sections() {
    let text = "[hours]\nMon = \"09:00-20:00\"\nholidays = [2026-12-31]\n[limits]\ntime_zone = \"Europe/Moscow\"\n";
    assert_snapshot!(russian(text), @"
    Строка 3: holidays пишется в начале файла, до первого раздела.
    Строка 5: time_zone пишется в начале файла, до первого раздела.
    ");
}

#[test]
fn a_file_from_windows_is_read() {
    let text = "\u{feff}time_zone = \"Asia/Yekaterinburg\"\r\n[hours]\r\nMon = \"09:00-20:00\"\r\n[digest]\r\n";
    assert_snapshot!(russian(text), @"Строка 4: в разделе [digest] не хватает chat_id.");
}

#[test]
fn a_file_that_says_nothing_changes_nothing() {
    for text in ["", "# only a comment\n", "holidays = []\n[limits]\n[stages]\n"] {
        assert_eq!(parse(text), Ok(Dealer::default()));
    }
}

#[test]
fn a_line_break_in_a_value_does_not_break_the_fault() {
    let text = "holidays = [\"2026\\n12\"]\n[hours]\n\"Mon\\r\\nTue\" = \"9\"\n";
    assert_snapshot!(russian(text), @r#"
    Строка 1: «2026 12» — такой даты нет. Дата пишется так: "2026-12-31".
    Строка 3: «9» — не часы работы. Они пишутся так: "09:00-20:00".
    Строка 3: «Mon  Tue» — не дни недели. Дни пишутся так: "Mon-Fri" или "Sat,Sun" (или "Пн-Пт").
    "#);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_broken_file_has_faults_on_its_lines(
        cut in 0..EVERYTHING_WRONG.len(), insert in "[\\[\\]\"=\\n#a1.,{}\\\\-]{0,3}",
    ) {
        let cut = (0..=cut).rev().find(|index| EVERYTHING_WRONG.is_char_boundary(*index)).unwrap_or(0);
        let text = format!("{}{insert}{}", &EVERYTHING_WRONG[..cut], &EVERYTHING_WRONG[cut..]);
        let lines = text.split('\n').count();
        let faults = faults(&text);
        prop_assert!(faults.is_sorted_by_key(|fault| fault.line));
        for fault in faults {
            prop_assert!((1..=lines).contains(&fault.line), "{fault}");
            prop_assert!(!fault.russian().contains('\n') && !fault.to_string().contains('\n'));
        }
    }
}
