//! Words without their endings.

/// Endings of nouns, adjectives and verbs, longer ones before shorter ones that they end with.
const ENDINGS: [&str; 62] = [
    "иями", "ями", "ами", "ией", "иям", "ием", "иях", "ого", "его", "ому", "ему", "ыми", "ими", "ешь", "ете", "ите",
    "уют", "ают", "яют", "ать", "ять", "ить", "еть", "ала", "али", "ило", "или", "ет", "ют", "ут", "ат", "ят", "ит",
    "им", "ем", "ал", "ил", "ая", "яя", "ое", "ее", "ые", "ие", "ый", "ий", "ой", "ую", "юю", "ым", "их", "ых", "ам",
    "ям", "ах", "ях", "ом", "ев", "ов", "ей", "ия", "ию", "ии",
];
const LAST_LETTERS: &str = "аеиоуыьюяй";
/// Fewest letters of a stem.
const SHORTEST: usize = 3;

/// A word in lower case without its ending.
pub(crate) fn stem(word: &str) -> &str {
    let word = shorter(word, |word| word.strip_suffix("ся").or_else(|| word.strip_suffix("сь")));
    let stem = shorter(word, |word| ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)));
    shorter(stem, |stem| stem.strip_suffix(|letter| LAST_LETTERS.contains(letter)))
}

fn shorter<'a>(word: &'a str, strip: impl FnOnce(&'a str) -> Option<&'a str>) -> &'a str {
    strip(word).filter(|rest| rest.chars().count() >= SHORTEST).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for forms in [
            &["парковка", "парковки", "парковку"][..],
            &["страховка", "страховки", "страховку"],
            &["тонировка", "тонировкой", "тонировке"],
            &["бесплатный", "бесплатная", "бесплатного"],
            &["шиномонтаж", "шиномонтажа", "шиномонтажом"],
        ] {
            let stems: Vec<&str> = forms.iter().map(|form| stem(form)).collect();
            assert!(stems.iter().all(|other| *other == stems[0]), "{stems:?}");
        }
    }

    #[test]
    fn short_words_stay() {
        assert_eq!((stem("час"), stem("ты"), stem("")), ("час", "ты", ""));
    }
}
