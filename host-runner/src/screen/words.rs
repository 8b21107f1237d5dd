//! The words of the tool itself in both languages, where they are more than a sentence at one place.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;

use crate::config::Language;
use crate::journal::Side;

impl Language {
    /// The one of two texts that is in this language.
    #[must_use]
    pub fn of<'a>(self, english: &'a str, russian: &'a str) -> &'a str {
        match self {
            Self::En => english,
            Self::Ru => russian,
        }
    }

    /// The language that the environment asks for, where it names one: `LC_ALL`, `LC_MESSAGES`, `LANG`.
    #[must_use]
    pub fn of_the_environment() -> Option<Self> {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        locale(&named.into_iter().find(|value| !value.is_empty())?)
    }
}

fn locale(name: &str) -> Option<Language> {
    match name.split(['_', '.', '@']).next().unwrap_or_default() {
        "C" | "POSIX" | "" => None,
        "ru" => Some(Language::Ru),
        _ => Some(Language::En),
    }
}

/// What was done, before and after: `create`, `created`.
pub(super) fn action(action: &str, language: Language) -> (&str, &str) {
    let (english, russian) = match action {
        "create" => (("create", "created"), ("создать", "создано")),
        "update" => (("update", "updated"), ("изменить", "изменено")),
        "delete" => (("delete", "deleted"), ("удалить", "удалено")),
        "cancel" => (("cancel", "cancelled"), ("отменить", "отменено")),
        "restore" => (("restore", "restored"), ("восстановить", "восстановлено")),
        "convert" => (("convert", "converted"), ("превратить", "превращено")),
        "unmark" => (("unmark", "unmarked"), ("снять метку", "освобождено от метки")),
        "adopt" => (
            ("pair with what is there", "paired with what was there"),
            ("связать с тем, что есть", "связано с тем, что есть"),
        ),
        "unlink" => (("let go", "let go"), ("отвязать", "отвязано")),
        "park" => (("park", "parked"), ("снять с отслеживания", "снято с отслеживания")),
        "skip" => (("leave alone", "left alone"), ("не трогать", "не тронуто")),
        other => ((other, other), (other, other)),
    };
    match language {
        Language::En => english,
        Language::Ru => russian,
    }
}

/// What became of an operation, and what reports count.
pub(super) fn outcome(what: &str, language: Language) -> &str {
    if language == Language::En {
        return what;
    }
    match what {
        "planned" => "намечено",
        "written" => "записано",
        "held" => "отложено",
        "failed" => "не удалось",
        "conflict" => "конфликты",
        "overwritten" => "перезаписано",
        "noted" => "отмечено",
        "standing" => "ждёт",
        "left-alone" => "не тронуто",
        "unchanged" => "без изменений",
        "observed" => "прочитано",
        "dismissed" => "снято с показа",
        "restored" => "восстановлено",
        "forgotten" => "забыто",
        other => other,
    }
}

/// A field as a person names it.
pub(super) fn unit(name: &str, language: Language) -> &str {
    if language == Language::En {
        return name;
    }
    match name {
        "title" => "тема",
        "when" => "время",
        "place" => "место",
        "body" => "заметки",
        "reminder" => "напоминание",
        "priority" => "важность",
        "state" => "состояние",
        other => other,
    }
}

/// A value that is one of a few.
pub(super) fn value(text: &str, language: Language) -> &str {
    if language == Language::En {
        return text;
    }
    match text {
        "off" => "нет",
        "no day" => "без даты",
        "not started" => "не начато",
        "in progress" => "в работе",
        "waiting" => "ожидание",
        "deferred" => "отсрочено",
        "completed" | "finished" => "завершено",
        "low" => "низкая",
        "normal" => "обычная",
        "high" => "высокая",
        "open" => "открыто",
        "cancelled" => "отменено",
        other => other,
    }
}

/// A side as the subject of a heading.
pub(super) fn side(side: Side, language: Language) -> &'static str {
    match side {
        Side::Creatio => "Creatio",
        Side::Mailbox => language.of("Mailbox", "Почтовый ящик"),
    }
}

/// The day of a moment: `Tue 2026-11-24`.
pub(super) fn day(at: DateTime<Tz>, language: Language) -> String {
    let russian = ["Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"];
    match russian.get(at.weekday().num_days_from_monday() as usize) {
        Some(name) if language == Language::Ru => format!("{name} {}", at.format("%Y-%m-%d")),
        _ => at.format("%a %Y-%m-%d").to_string(),
    }
}

/// What a run is called.
#[must_use]
pub fn run(action: &str, language: Language) -> &str {
    match action {
        "reconcile" => language.of("sync", "синхронизация"),
        "import" => language.of("import", "импорт"),
        "export" => language.of("export", "экспорт"),
        "dismiss" => language.of("dismiss", "снятие с показа"),
        "undo" => language.of("undo", "отмена"),
        "forget" => language.of("forget", "прощание с учётной записью"),
        "links export" => language.of("links export", "выгрузка связей"),
        "links restore" => language.of("links restore", "возврат связей"),
        "probe" => language.of("probe", "проба"),
        other => other,
    }
}

/// What a check tried.
pub(super) fn subject(code: &str, language: Language) -> &str {
    let (english, russian) = match code {
        "configuration" => ("Configuration", "Конфигурация"),
        "storage" => ("Storage", "Хранилище"),
        "sign-in-creatio" => ("Sign-in at Creatio", "Вход в Creatio"),
        "sign-in-microsoft" => ("Sign-in at Microsoft 365", "Вход в Microsoft 365"),
        "sign-in-exchange" => ("Sign-in at Exchange", "Вход в Exchange"),
        "settings" => ("Settings", "Настройки"),
        "creatio" => ("OData", "OData"),
        "creatio-user" => ("Creatio user", "Пользователь Creatio"),
        "objects" => ("Objects", "Объекты"),
        "activities" => ("Activities", "Активности"),
        "lookups" => ("Lookups", "Справочники"),
        "built-in-sync" => ("Built-in sync", "Встроенная синхронизация"),
        "mailbox" => ("Mailbox", "Почтовый ящик"),
        "tasks" => ("Tasks", "Задачи"),
        "time-zone" => ("Time zone", "Часовой пояс"),
        "choices" => ("Choices", "Выбор"),
        "writing" => ("Writing", "Запись"),
        other => (other, other),
    };
    language.of(english, russian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_language_or_none() {
        assert_eq!(locale("ru_RU.UTF-8"), Some(Language::Ru));
        assert_eq!(locale("en_GB.UTF-8"), Some(Language::En));
        assert_eq!(locale("de_DE"), Some(Language::En));
        assert_eq!((locale("C.UTF-8"), locale("POSIX")), (None, None));
    }

    #[test]
    fn days_are_named_in_both_languages() {
        let at = DateTime::from_timestamp(1_795_500_000, 0).unwrap().with_timezone(&Tz::Europe__Moscow);
        assert_eq!(day(at, Language::En), "Tue 2026-11-24");
        assert_eq!(day(at, Language::Ru), "Вт 2026-11-24");
    }
}
