//! Cars that are named though another one is meant: «вместо логана», «паджеро спорт не надо».

use values::car::Found;

const REPLACED: [&str; 4] = ["вместо", "взамен", "смену", "замену"];
const BUT: [&str; 3] = ["но", "только", "лишь"];
const WANTED: [&str; 4] = ["предлагать", "предлагайте", "надо", "рассматриваю"];

/// The first car of `text` that is not named only to be left out.
pub(super) fn car_meant(mut text: String) -> Option<Found> {
    let mut passed = 0;
    loop {
        let found = values::car::find(&text)?;
        let before = text.get(passed..found.span.start).unwrap_or_default();
        if !is_left_out(before, &text[found.span.end..]) {
            return Some(found);
        }
        passed = found.span.end;
        let blank = " ".repeat(found.span.len());
        text.replace_range(found.span, &blank);
    }
}

/// Whether the words before and after a car say that it is not the one: «что взять вместо старого логана», «но не
/// жигу», «уаз не предлагать».
fn is_left_out(before: &str, after: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let mut nearest = words(before);
    nearest.reverse();
    nearest.truncate(3);
    let after = words(after);
    let is_replaced = nearest.iter().any(|word| REPLACED.contains(&word.as_str()));
    let is_excepted = matches!(nearest.as_slice(), [not, but, ..] if not == "не" && BUT.contains(&but.as_str()));
    let is_refused = matches!(after.as_slice(), [not, wanted, ..] if not == "не" && WANTED.contains(&wanted.as_str()));
    is_replaced || is_excepted || is_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_not_the_car() {
        for (sentence, car) in [
            ("хочу камри", "Toyota Camry"),
            ("что взять вместо старого логана", "-"),
            ("вместо логана хочу камри", "Toyota Camry"),
            ("седан до миллиона, но не жигу", "-"),
            ("паджеро спорт не надо, обычный паджеро ищу", "Mitsubishi Pajero"),
            ("что-нибудь для бездорожья, уаз не предлагать", "-"),
            ("продам рио, не такси", "Kia Rio"),
        ] {
            let found = car_meant(sentence.to_owned()).map_or_else(|| "-".to_owned(), |found| found.car.show());
            assert_eq!(found, car, "{sentence}");
        }
    }
}
