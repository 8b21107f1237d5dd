//! Codes of reasons, in words and in both languages: a sentence and, where a person can do something, what. A code that is
//! not here is shown as it is: a newer component may know more.

use crate::config::Language;

/// What a code means, and what to do.
#[must_use]
pub fn sentence(code: &str, language: Language) -> String {
    match words(code, language) {
        None => code.to_owned(),
        Some((text, "")) => text.to_owned(),
        Some((text, remedy)) => format!("{text} {remedy}"),
    }
}

/// What a code means, and what to do; the latter is empty where nothing needs doing.
#[must_use]
pub fn words(code: &str, language: Language) -> Option<(&'static str, &'static str)> {
    TABLE.iter().find(|(known, ..)| *known == code).map(|(_, text, remedy, russian, russian_remedy)| match language {
        Language::En => (*text, *remedy),
        Language::Ru => (*russian, *russian_remedy),
    })
}

/// Code; English sentence and remedy; Russian sentence and remedy.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, &str, &str)] = &[
    ("new-in-mailbox", "The mailbox has an item that Creatio does not have.", "", "В почтовом ящике есть элемент, которого нет в Creatio.", ""),
    ("new-in-creatio", "Creatio has an activity that the mailbox does not have.", "", "В Creatio есть активность, которой нет в почтовом ящике.", ""),
    ("changed-in-mailbox", "The item was changed in the mailbox.", "", "Элемент изменили в почтовом ящике.", ""),
    ("changed-in-creatio", "The activity was changed in Creatio.", "", "Активность изменили в Creatio.", ""),
    ("conflict-mailbox-wins", "Both sides changed the same thing; the mailbox wins.", "The other value is in this entry; write it again if it was the right one.", "Одно и то же изменили с обеих сторон; осталось значение из почтового ящика.", "Второе значение есть в этой записи; если верно оно, внесите его снова."),
    ("conflict-creatio-wins", "Both sides changed the same thing; Creatio wins.", "The other value is in this entry; write it again if it was the right one.", "Одно и то же изменили с обеих сторон; осталось значение из Creatio.", "Второе значение есть в этой записи; если верно оно, внесите его снова."),
    ("organizer-wins", "The meeting is somebody else's: its organizer's version replaces the change made in Creatio.", "Ask the organizer to change the meeting.", "Встреча чужая: изменение, сделанное в Creatio, заменено версией её организатора.", "Попросите организатора изменить встречу."),
    ("policy-changed", "The account's policies or zone changed, and the activity is rewritten accordingly.", "", "Изменились политики или часовой пояс учётной записи, и активность переписана по ним.", ""),
    ("same-pair", "The activity and the item are the same: they were linked.", "", "Активность и элемент — одно и то же: они связаны.", ""),
    ("adopted-different", "The activity and the item were linked although they differ; nothing was overwritten.", "Change the side that is wrong; the change will reach the other one.", "Активность и элемент связаны, хотя различаются; ничего не перезаписано.", "Исправьте ту сторону, которая неверна; изменение попадёт на другую."),
    ("filled-empty", "One side had nothing here: the other one's value was filled in.", "", "С одной стороны значения не было: оно взято с другой.", ""),
    ("deleted-in-mailbox", "The item was deleted in the mailbox.", "", "Элемент удалили в почтовом ящике.", ""),
    ("cancelled-by-organizer", "The organizer cancelled the meeting.", "", "Организатор отменил встречу.", ""),
    ("deleted-in-creatio", "The activity is gone in Creatio.", "", "Активности больше нет в Creatio.", ""),
    ("unlinked-not-ours", "The activity is gone in Creatio; the item was not made by the sync and stays.", "Set deleted-in-creatio = \"delete\" if such items should go too.", "Активности больше нет в Creatio; элемент создала не синхронизация, и он остаётся.", "Если такие элементы тоже нужно удалять, задайте deleted-in-creatio = \"delete\"."),
    ("handed-over", "The activity is somebody else's now: the item that the sync had made leaves this mailbox.", "", "Активность теперь у другого владельца: элемент, который создала синхронизация, уходит из этого почтового ящика.", ""),
    ("not-owner", "The item was deleted in this mailbox, and its activity belongs to somebody else: it stays.", "Cancel the activity in Creatio, or let its owner do so.", "Элемент удалили в этом почтовом ящике, а активность принадлежит другому: она остаётся.", "Отмените активность в Creatio или попросите об этом её владельца."),
    ("ended-or-finished", "One side is gone; what has ended or is finished is not touched.", "", "Одной стороны больше нет; то, что прошло или завершено, не меняется.", ""),
    ("kept-by-policy", "One side is gone; the policy keeps the other one.", "", "Одной стороны больше нет; по политике вторая остаётся.", ""),
    ("edit-beats-deletion", "It was deleted on one side and changed on the other: the change wins and it is made anew.", "", "С одной стороны удалили, с другой изменили: важнее изменение, и запись создаётся заново.", ""),
    ("returned", "The item is back, and the activity with it.", "", "Элемент вернулся, а с ним и активность.", ""),
    ("late-double", "An earlier attempt of ours landed late and made a second item; it is removed.", "", "Наша более ранняя попытка дошла с опозданием и создала второй элемент; он удаляется.", ""),
    ("would-notify", "The change would send mail to the meeting's attendees.", "Approve it, or set invitations = \"send\".", "Изменение разослало бы письма участникам встречи.", "Одобрите его или задайте invitations = \"send\"."),
    ("mail-forbidden", "The change would send mail to the meeting's attendees, and the policy is to send none.", "Change it in the mailbox, or set invitations = \"ask\".", "Изменение разослало бы письма участникам встречи, а по политике писем быть не должно.", "Измените встречу в почтовом ящике или задайте invitations = \"ask\"."),
    ("notes-from-mailbox", "Notes of a meeting with attendees or an online meeting go from the mailbox to Creatio only.", "Approve it, or set notes = \"both\".", "Заметки встречи с участниками или онлайн-встречи идут только из почтового ящика в Creatio.", "Одобрите или задайте notes = \"both\"."),
    ("join-block", "The notes hold the block that joins the online meeting and are not overwritten.", "Change the notes in the mailbox.", "В заметках — данные для подключения к онлайн-встрече, они не перезаписываются.", "Измените заметки в почтовом ящике."),
    ("masked-private", "The item is private: its texts are masked in Creatio, and changes of them are not written back.", "Change it in the mailbox, or set private = \"copy\".", "Элемент личный: в Creatio его тексты скрыты, и их изменения обратно не записываются.", "Измените его в почтовом ящике или задайте private = \"copy\"."),
    ("folder-read-only", "The calendar or task list may not be written.", "Ask for the right to write it, or choose another one.", "В календарь или список задач нельзя писать.", "Попросите право на запись или выберите другой."),
    ("folder-not-owned", "The calendar or task list belongs to somebody else.", "", "Календарь или список задач принадлежит другому человеку.", ""),
    ("folder-flagged-mail", "The list shows flagged mail, which is no task.", "", "В списке помеченные письма, а не задачи.", ""),
    ("folder-unreadable", "A calendar or task list could not be read; nothing in it counts as gone.", "", "Календарь или список задач не удалось прочитать; ничто в нём не считается удалённым.", ""),
    ("unknown-operation", "An operation that was to be carried out is not intended any more.", "Look at a new preview.", "Операция, которую просили выполнить, больше не нужна.", "Посмотрите новый предварительный просмотр."),
    ("removal-limit", "So many removals at once look like a fault.", "Look at the list, and approve it if it is right.", "Столько удалений сразу похоже на ошибку.", "Просмотрите список и одобрите, если он верен."),
    ("empties-folder", "These removals would leave the calendar or task list empty.", "Look at the list, and approve it if it is right.", "После этих удалений календарь или список задач остался бы пустым.", "Просмотрите список и одобрите, если он верен."),
    ("rights-changed", "Many activities vanished together: probably the rights in Creatio changed.", "Check the rights of the Creatio user; approve the removals if they are right.", "Сразу много активностей пропало: вероятно, в Creatio изменились права.", "Проверьте права пользователя Creatio; если всё верно, одобрите удаления."),
    ("creation-limit", "The first contact would create very many items.", "Look at the preview, and approve it, or raise creation-limit.", "Первая синхронизация создала бы очень много элементов.", "Посмотрите предварительный просмотр и одобрите или увеличьте creation-limit."),
    ("ambiguous", "Several items look the same, and none is certainly the counterpart.", "Change or delete the duplicates.", "Несколько элементов выглядят одинаково, и ни один не подходит наверняка.", "Измените или удалите повторы."),
    ("by-invitation", "The meeting comes into this mailbox by its organizer's invitation, not by the sync.", "Where it does not come, ask the organizer to invite the mailbox's owner.", "Встреча попадает в этот почтовый ящик по приглашению организатора, а не через синхронизацию.", "Если она не приходит, попросите организатора пригласить владельца ящика."),
    ("kind-changed", "\"Show in calendar\" was changed of an item that the sync did not make: it stays what it is in the mailbox.", "Set \"show in calendar\" back, or make the item anew in the mailbox.", "Признак «показывать в календаре» изменили у элемента, который создала не синхронизация: в почтовом ящике он остаётся прежним.", "Верните «показывать в календаре» или создайте элемент в почтовом ящике заново."),
    ("show-in-calendar", "\"Show in calendar\" was changed in Creatio: the item becomes a task or a meeting.", "", "Признак «показывать в календаре» изменили в Creatio: элемент становится задачей или встречей.", ""),
    ("other-direction", "It has to be written to the side that this run does not write.", "Run sync, or the other direction.", "Запись нужна на той стороне, куда этот запуск не пишет.", "Запустите sync или другое направление."),
    ("series-not-handled", "Recurring meetings are not handled yet and are left alone.", "", "Повторяющиеся встречи пока не поддерживаются и не меняются.", ""),
    ("tasks-unavailable", "The mailbox's task folders cannot be reached, so tasks are left alone.", "Give the application the permission Tasks.ReadWrite.All, or set import-tasks = \"none\" and the policy export-tasks = no.", "Папки задач почтового ящика недоступны, поэтому задачи не меняются.", "Дайте приложению разрешение Tasks.ReadWrite.All или задайте import-tasks = \"none\" и политику export-tasks = no."),
    ("recurring-task", "The task comes again: its days belong to its rule and are not written.", "Change the day in the mailbox.", "Задача повторяется: её дни задаёт правило, и они не записываются.", "Измените день в почтовом ящике."),
    ("task-delegated", "The task was given to somebody else, or by somebody else and is not accepted yet: it is left alone.", "Accept it in the mailbox, if it is yours.", "Задача поручена другому или поручена другим и ещё не принята: её не трогают.", "Примите её в почтовом ящике, если она ваша."),
    ("private-skipped", "Private items are skipped by policy.", "", "Личные элементы по политике пропускаются.", ""),
    ("out-of-window", "It ended before the start date of the import.", "", "Закончилось раньше даты начала импорта.", ""),
    ("not-exported", "It is not among what the settings export.", "", "Не входит в то, что выбрано для экспорта.", ""),
    ("left-scope", "It left the calendars, task lists or activities that the settings cover: it is not followed, and nothing is deleted.", "", "Ушло из выбранных календарей, списков задач или активностей: больше не отслеживается, ничего не удаляется.", ""),
    ("no-dates", "It has no valid start and end.", "Correct the dates.", "Нет верных начала и конца.", "Исправьте даты."),
    ("not-organizer", "The meeting is somebody else's: it is not removed from this mailbox.", "Decline it in the mailbox, or approve the removal.", "Встреча чужая: из этого почтового ящика она не удаляется.", "Отклоните её в почтовом ящике или одобрите удаление."),
    ("duplicate-identity", "The same meeting is in the mailbox twice; one of them is synchronised.", "Delete the copy.", "Одна и та же встреча есть в почтовом ящике дважды; синхронизируется одна.", "Удалите копию."),
    ("marked-orphan", "The sync made this item from an activity that is not there any more.", "Delete the item, or keep it: it is left alone.", "Этот элемент синхронизация создала из активности, которой больше нет.", "Удалите элемент или оставьте: его не тронут."),
    ("changed-meanwhile", "It was changed while it was being written; it is merged anew.", "", "Изменилось во время записи; сводится заново.", ""),
    ("overwrote-unseen", "A change made moments before was overwritten.", "The value is in this entry; write it again if it was the right one.", "Перезаписано изменение, сделанное за мгновение до этого.", "Значение есть в этой записи; если верно оно, внесите его снова."),
    ("server-normalised", "The server keeps the value in its own form; that was accepted.", "", "Сервер хранит значение в своём виде; это принято.", ""),
    ("unknown-outcome", "The answer was lost: whether it was written is found out in the next run.", "", "Ответ потерялся: записано ли, выяснит следующий запуск.", ""),
    ("refused", "The server refused it.", "Correct what its words name; the next run tries again.", "Сервер отказал.", "Исправьте то, что он назвал; следующий запуск попробует снова."),
    ("unreadable", "The item cannot be understood.", "Open it where it is, correct what looks wrong and save it; the next run reads it again.", "Элемент не удалось разобрать.", "Откройте его там, где он есть, исправьте и сохраните; следующий запуск прочитает его снова."),
    ("absent", "It cannot be found at the moment; removal waits for confirmation.", "", "Сейчас не находится; удаление ждёт подтверждения.", ""),
    ("throttled", "The server asked to wait.", "", "Сервер попросил подождать.", ""),
    ("not-permitted", "The right is missing.", "Grant the right.", "Не хватает права.", "Дайте право."),
    ("lookup-missing", "A value of a Creatio lookup that the sync needs is missing.", "Restore it.", "Нет значения справочника Creatio, нужного синхронизации.", "Верните его."),
    ("one-way", "The settings never write to that side.", "", "По настройкам на эту сторону ничего не записывается.", ""),
    ("feed-reset", "The server forgot how far the sync had read: everything was read anew.", "", "Сервер забыл, до какого места было прочитано: всё прочитано заново.", ""),
    ("feed-listed", "The server does not tell what changes in the folder: all of it is listed and compared in each run.", "", "Сервер не сообщает об изменениях в папке: при каждом запуске читается весь список и сравнивается с известным.", ""),
    ("unknown-zone", "An event names a time zone that is not known: its times are read in the account's.", "Look whether its times are right, and set its time zone anew in the mailbox.", "Событие называет неизвестный часовой пояс: его время читается в поясе учётной записи.", "Проверьте время и задайте часовой пояс события в ящике заново."),
    ("undone", "What a run did is taken back.", "", "Сделанное запуском отменено.", ""),
    ("changed-since", "It is not what the sync wrote any more: it was changed since, and stays as it is.", "Change it by hand if it should go back.", "Это уже не то, что записал запуск: с тех пор изменено и остаётся как есть.", "Если нужно вернуть, измените вручную."),
    ("not-restorable", "It was deleted and cannot be made again as it was.", "Make it again by hand, or take it out of Deleted Items.", "Удалено, и создать заново таким же нельзя.", "Создайте вручную или верните из папки «Удалённые»."),
    ("decided-elsewhere", "Another account's sync decides about this meeting.", "Undo the run of that account.", "Об этой встрече решает синхронизация другой учётной записи.", "Отмените запуск той учётной записи."),
    ("linked-stays", "The run linked what was there on both sides; nothing was written, and the links stay.", "", "Запуск связал то, что было с обеих сторон; ничего не записано, связи остаются.", ""),
    ("nothing-to-undo", "There is nothing to undo.", "", "Отменять нечего.", ""),
    ("renamed", "The mailbox has another address than before; it is the same account.", "", "У почтового ящика новый адрес; учётная запись та же.", ""),
    ("gone-before-restore", "The pair was restored, and one side of it is not there any more: the other one stays as it is.", "Delete it by hand if it should go too.", "Пара восстановлена, а одной её стороны больше нет: вторая остаётся как есть.", "Если она тоже не нужна, удалите вручную."),
    ("mailbox-moved", "The mailbox has moved to another service: its pairs look for their items there.", "", "Почтовый ящик переехал в другую службу: пары ищут там свои элементы.", ""),
    ("moved-twins", "The mailbox has moved to another service, and several items look the same: which of them belongs to which activity cannot be told.", "Delete what is there twice, in Creatio and in the mailbox; or give each another title or day on both sides.", "Почтовый ящик переехал в другую службу, и несколько элементов выглядят одинаково: какой из них к какой активности относится, сказать нельзя.", "Удалите повторы в Creatio и в почтовом ящике или дайте им с обеих сторон разные названия либо дни."),
    ("left-behind", "The mailbox has moved to another service, and the item was not found there.", "If it turns up, the pair goes on by itself. Approve it if it is gone for good: what the sync had made is made anew, and anything else counts as deleted in the mailbox.", "Почтовый ящик переехал в другую службу, и элемента там не нашлось.", "Если он появится, пара продолжится сама. Одобрите, если его больше не будет: созданное синхронизацией создаётся заново, остальное считается удалённым в почтовом ящике."),
    ("built-in-sync", "Creatio's own synchronization may serve the mailbox as well: each would double what the other writes.", "Switch it off in Creatio, or set coexist = true.", "Почтовый ящик, возможно, обслуживает и собственная синхронизация Creatio: каждая удваивала бы записанное другой.", "Выключите её в Creatio или задайте coexist = true."),
    ("forgotten", "The account is forgotten: what the sync left is taken back.", "", "Учётная запись забыта: то, что оставила синхронизация, убирается.", ""),
    ("others-take-part", "Others take part in it, so it stays.", "Remove it by hand if it should go too.", "В этом участвуют и другие, поэтому остаётся.", "Если нужно убрать и это, удалите вручную."),
    ("last-copy", "Its counterpart is not there any more: this is the last copy, and it stays.", "Remove it by hand if it should go too.", "Второй половины больше нет: это последний экземпляр, и он остаётся.", "Если нужно убрать и его, удалите вручную."),
    ("not-confirmed", "It was not among what was confirmed, so it stays.", "Look at a new preview, and confirm that.", "Этого не было среди подтверждённого, поэтому остаётся.", "Посмотрите новый предварительный просмотр и подтвердите его."),
    ("foreign-mark", "The marker is another site's: it stays.", "Forget the account of that site.", "Метка принадлежит другому сайту: она остаётся.", "Забудьте учётную запись того сайта."),
    ("marks-remain", "Markers of the sync remain, so the account's storage is kept.", "Do what the warning says, and forget the account once more.", "Метки синхронизации остались, поэтому хранилище учётной записи сохранено.", "Сделайте то, что сказано в предупреждении, и забудьте учётную запись ещё раз."),
    ("mailbox-vanished", "The mailbox is not there any more, so nothing can be taken back in it.", "Should it come back, forget the account once more: that takes the markers off.", "Почтового ящика больше нет, поэтому в нём ничего нельзя вернуть назад.", "Если он появится снова, забудьте учётную запись ещё раз: это снимет метки."),
    ("creatio-reached", "Creatio answers, and the sign-in may use its data.", "", "Creatio отвечает и пускает к своим данным.", ""),
    ("creatio-unreachable", "Creatio cannot be reached.", "Check [creatio] url and the network; an address with plain http or on a private network must stand in [network] allow.", "Не удаётся подключиться к Creatio.", "Проверьте url в [creatio] и сеть; адрес с http или во внутренней сети должен стоять в [network] allow."),
    ("creatio-refused", "Creatio answers with an error in place of data.", "Look into Creatio's log or ask its administrator, and check again.", "Вместо данных Creatio отвечает ошибкой.", "Посмотрите журнал Creatio или спросите её администратора и повторите проверку."),
    ("web-page", "The answer is a web page and no data: a firewall's, a proxy's or a login's.", "Let requests to the OData path through the firewall, or correct [creatio] url.", "Вместо данных пришла веб-страница: межсетевого экрана, прокси-сервера или входа.", "Пропустите запросы к пути OData через межсетевой экран или исправьте url в [creatio]."),
    ("odata-elsewhere", "OData is not at the path that [creatio] names, but at another one.", "Put into [creatio] the line that stands here.", "Служба OData находится не по тому пути, который задан в [creatio].", "Внесите в [creatio] строку, которая стоит здесь."),
    ("odata-missing", "There is no OData service at this address.", "Correct [creatio] url: it is what the browser shows before /0/ or /Shell/.", "По этому адресу нет службы OData.", "Исправьте url в [creatio]: это адрес из браузера до /0/ или /Shell/."),
    ("odata-right", "The sync's user has no right to use OData.", "In Creatio's System Designer, Operation permissions, give it \"Access to OData\" (CanUseODataService).", "У пользователя синхронизации нет права на OData.", "В дизайнере системы Creatio, «Права доступа на операции», дайте ему «Доступ к OData» (CanUseODataService)."),
    ("sign-in-refused", "The sign-in is refused.", "", "Во входе отказано.", ""),
    ("token-refused", "Creatio does not accept what the Identity Service gave for the sign-in.", "Is identity-url in [creatio] the Identity Service of this site, and is its OAuth application active?", "Creatio не принимает то, что для входа выдала служба Identity Service.", "Служба ли этого сайта указана в identity-url раздела [creatio] и активно ли её приложение OAuth?"),
    ("object-unreadable", "The sync's user may not read an object of Creatio.", "In Creatio's System Designer, Object permissions, let it read the object.", "Пользователь синхронизации не может читать объект Creatio.", "В дизайнере системы Creatio, «Права доступа на объекты», дайте ему право читать этот объект."),
    ("user-found", "The account's user is active and has a contact.", "", "Пользователь учётной записи активен, контакт у него есть.", ""),
    ("user-unknown", "Creatio has no user of this name that the sync's user can see.", "Correct user in [[account]]: it is the login name. If it is right, let the sync's user read SysAdminUnit.", "В Creatio нет пользователя с таким именем, которого видела бы синхронизация.", "Исправьте user в [[account]]: это имя для входа. Если оно верно, дайте пользователю синхронизации право читать SysAdminUnit."),
    ("user-inactive", "The account's user is not active in Creatio.", "Activate the user, or take the account out of the configuration.", "Пользователь учётной записи в Creatio неактивен.", "Активируйте его или уберите учётную запись из конфигурации."),
    ("user-without-contact", "The account's user has no contact in Creatio.", "Give the user a contact: activities belong to contacts.", "У пользователя учётной записи нет контакта в Creatio.", "Укажите его контакт: активности принадлежат контактам."),
    ("user-changed", "The user belongs to another contact than in the runs before.", "A new person needs an account with a new id.", "Пользователь относится не к тому контакту, что в прежних запусках.", "Новому человеку нужна учётная запись с новым id."),
    ("activities-seen", "Activities of the account's contact can be seen.", "", "Активности контакта учётной записи видны.", ""),
    ("activities-unseen", "No activity can be seen that the account's contact owns.", "Where there is none yet, this is well; else give the sync's user the right to read activities and their records.", "Не видно ни одной активности, за которую отвечает контакт учётной записи.", "Если их ещё нет, всё в порядке; иначе дайте пользователю синхронизации право читать активности и их записи."),
    ("lookups-found", "The site has all values that the sync writes.", "", "На сайте есть все значения справочников, нужные синхронизации.", ""),
    ("built-in-off", "Creatio's own synchronization does not serve the mailbox.", "", "Собственная синхронизация Creatio этот почтовый ящик не обслуживает.", ""),
    ("built-in-unread", "Whether Creatio's own synchronization serves the mailbox cannot be read.", "Make sure that it does not, or let the sync's user read MailboxSyncSettings and ActivitySyncSettings.", "Не удалось узнать, обслуживает ли почтовый ящик собственная синхронизация Creatio.", "Убедитесь, что нет, или дайте пользователю синхронизации право читать MailboxSyncSettings и ActivitySyncSettings."),
    ("clocks-apart", "The clocks of this machine and of the server are far apart.", "Correct the one that is wrong.", "Часы этой машины и сервера сильно расходятся.", "Исправьте те, которые неверны."),
    ("mailbox-reached", "The mailbox answers, and its calendars can be read.", "", "Почтовый ящик отвечает, его календари читаются.", ""),
    ("mailbox-unreachable", "Microsoft 365 cannot be reached.", "Check the network, and graph-url in [microsoft] where it is set.", "Не удаётся подключиться к Microsoft 365.", "Проверьте сеть и graph-url в [microsoft], если он задан."),
    ("mailbox-refused", "Microsoft 365 answers with an error in place of data.", "Check again later; if it stays, ask the administrator with the words of the answer.", "Вместо данных Microsoft 365 отвечает ошибкой.", "Повторите проверку позже; если не пройдёт, покажите ответ администратору."),
    ("mailbox-unknown", "Microsoft 365 has no user of this address.", "Correct mail in [[account]]: the user's sign-in name or main address.", "В Microsoft 365 нет пользователя с таким адресом.", "Исправьте mail в [[account]]: это имя для входа или основной адрес пользователя."),
    ("mailbox-missing", "The user has no mailbox in Microsoft 365: there is no licence, or the mailbox is still on an Exchange Server.", "Give the user a licence with Exchange Online, or migrate the mailbox; leave the account out until then.", "У пользователя нет почтового ящика в Microsoft 365: нет лицензии, или ящик ещё на сервере Exchange.", "Назначьте лицензию с Exchange Online или перенесите ящик; до этого уберите учётную запись из конфигурации."),
    ("mailbox-withheld", "An access policy of Exchange keeps the application from this mailbox.", "Add the mailbox to the policy's group. Test-ApplicationAccessPolicy shows what holds; a change may take an hour.", "Политика доступа Exchange не пускает приложение в этот почтовый ящик.", "Добавьте ящик в группу политики. Что действует, показывает Test-ApplicationAccessPolicy; изменение может занять час."),
    ("calendars-refused", "The application may not read the calendars.", "In Entra ID, App registrations, API permissions, add the application permission Calendars.ReadWrite and grant an administrator's consent.", "Приложению нельзя читать календари.", "В Entra ID, «Регистрация приложений», «Разрешения API», добавьте разрешение приложения Calendars.ReadWrite и дайте согласие администратора."),
    ("exchange-unreachable", "Exchange cannot be reached.", "Check the network, and url in [exchange].", "Не удаётся подключиться к Exchange.", "Проверьте сеть и url в [exchange]."),
    ("exchange-refused", "Exchange answers with an error in place of data.", "Check again later; if it stays, ask the administrator with the words of the answer.", "Вместо данных Exchange отвечает ошибкой.", "Проверьте позже; если ошибка останется, обратитесь к администратору с текстом ответа."),
    ("exchange-page", "The answer is a web page and no Exchange Web Services: a login's, a proxy's or a firewall's.", "Correct url in [exchange]: it usually is https://mail.mycompany.com/EWS/Exchange.asmx. If it is right, let requests to it through the proxy.", "В ответ пришла веб-страница, а не Exchange Web Services: вход, прокси или межсетевой экран.", "Исправьте url в [exchange]: обычно это https://mail.mycompany.com/EWS/Exchange.asmx. Если он верен, пропустите запросы к нему через прокси."),
    ("exchange-withheld", "The sign-in may not open the mailbox by Exchange Web Services.", "Sign in as the mailbox's own user, or with a service account that has the role ApplicationImpersonation; Get-CASMailbox must show EwsEnabled.", "Под этим входом нельзя открыть почтовый ящик через Exchange Web Services.", "Войдите как сам пользователь ящика или служебной учётной записью с ролью ApplicationImpersonation; Get-CASMailbox должен показывать EwsEnabled."),
    ("impersonation-refused", "The sign-in may not act for the account's user.", "Give it the role: New-ManagementRoleAssignment -Role ApplicationImpersonation -User SIGN-IN. Where it is the mailbox's own user, set impersonate = false in [exchange].", "Под этим входом нельзя действовать от имени пользователя учётной записи.", "Дайте роль: New-ManagementRoleAssignment -Role ApplicationImpersonation -User ВХОД. Если входит сам пользователь ящика, укажите impersonate = false в [exchange]."),
    ("exchange-mailbox-missing", "Exchange has no mailbox of this address.", "Correct mail in [[account]]: the mailbox's main address. If the mailbox is in Microsoft 365, set mailbox = \"microsoft\" there.", "В Exchange нет почтового ящика с таким адресом.", "Исправьте mail в [[account]]: нужен основной адрес ящика. Если ящик в Microsoft 365, укажите там mailbox = \"microsoft\"."),
    ("sign-in-without-mailbox", "The sign-in has no mailbox of its own, and is not told to act for the account's user.", "Set impersonate = true in [exchange], or sign in as the mailbox's own user.", "У этого входа нет своего почтового ящика, а действовать от имени пользователя учётной записи ему не велено.", "Укажите impersonate = true в [exchange] или войдите как сам пользователь ящика."),
    ("folder-unwritable", "The sign-in may not write the folder that exports go to: they will be held.", "Give it the right to create, edit and delete items there, or name another folder in meetings-to or tasks-to.", "Под этим входом нельзя писать в папку, куда идёт экспорт: он будет отложен.", "Дайте право создавать, изменять и удалять там элементы или укажите другую папку в meetings-to или tasks-to."),
    ("tasks-reached", "The task lists can be read.", "", "Списки задач читаются.", ""),
    ("directory-unread", "The application may not read users, so the mailbox is known by its calendars.", "Grant User.Read.All if users may be renamed.", "Приложению нельзя читать пользователей, поэтому ящик узнаётся по его календарям.", "Если пользователей могут переименовать, дайте User.Read.All."),
    ("zone-same", "The mailbox is in the account's time zone.", "", "Часовой пояс почтового ящика — тот же, что у учётной записи.", ""),
    ("zone-differs", "The mailbox is in another time zone than the account.", "Set time-zone to it if it is the user's: it decides on which day an all-day meeting is.", "У почтового ящика другой часовой пояс, чем у учётной записи.", "Если верен пояс ящика, задайте его в time-zone: от него зависит, на какой день приходятся встречи «на весь день»."),
    ("zone-unread", "The mailbox's time zone cannot be read, and was not compared with the account's.", "Grant MailboxSettings.Read if it should be.", "Часовой пояс почтового ящика прочитать нельзя, с поясом учётной записи он не сверен.", "Чтобы сверять, дайте MailboxSettings.Read."),
    ("choice-missing", "The settings choose something that is not there or cannot be used.", "See what there is with host-runner discover, and change the choice.", "В настройках выбрано то, чего нет или чем нельзя пользоваться.", "Посмотрите, что есть, командой host-runner discover и измените выбор."),
    ("mailbox-taken", "The mailbox is another account's, or not the one that it was.", "One mailbox is one account: remove one of the two, or give the mailbox of a new person an account with a new id.", "Этот почтовый ящик принадлежит другой учётной записи, или это уже не прежний ящик.", "Один ящик — одна учётная запись: уберите одну из двух, а для ящика нового человека заведите учётную запись с новым id."),
    ("mailbox-twice", "Two accounts of the configuration lead to the same mailbox.", "Keep one of them.", "Две учётные записи конфигурации ведут к одному почтовому ящику.", "Оставьте одну из них."),
    ("writes-untried", "Whether both sides may be written was not tried.", "host-runner check --probe tries it with one item on each side.", "Можно ли писать на обе стороны, не проверялось.", "Команда host-runner check --probe проверит это одним элементом на каждой стороне."),
    ("creatio-written", "An activity was made in Creatio, changed, read back and deleted.", "", "В Creatio создана, изменена, прочитана и удалена активность.", ""),
    ("creatio-unwritable", "An activity cannot be written in Creatio.", "In Object permissions, let the sync's user add, edit and delete Activity.", "Записать активность в Creatio не удаётся.", "В «Правах доступа на объекты» дайте пользователю синхронизации право добавлять, изменять и удалять Activity."),
    ("event-written", "An event was made in the calendar, changed, read back and deleted.", "", "В календаре создано, изменено, прочитано и удалено событие.", ""),
    ("event-unwritable", "An event cannot be written in the calendar.", "Give the application the permission Calendars.ReadWrite with an administrator's consent.", "Записать событие в календарь не удаётся.", "Дайте приложению разрешение Calendars.ReadWrite с согласием администратора."),
    ("task-written", "A task was made in the task list, changed, read back and deleted.", "", "В списке задач создана, изменена, прочитана и удалена задача.", ""),
    ("task-unwritable", "A task cannot be written in the task list.", "Give the application the permission Tasks.ReadWrite.All with an administrator's consent.", "Записать задачу в список не удаётся.", "Дайте приложению разрешение Tasks.ReadWrite.All с согласием администратора."),
    ("exchange-unwritable", "A test item cannot be written in the mailbox.", "Let the sign-in create, edit and delete items there: by ApplicationImpersonation, or by the folder's permissions.", "Записать пробный элемент в почтовый ящик не удаётся.", "Разрешите входу создавать, изменять и удалять там элементы: ролью ApplicationImpersonation или правами на папку."),
    ("probe-left", "A test item could not be deleted.", "Delete it by hand; it is named here.", "Пробный элемент удалить не удалось.", "Удалите его вручную: он назван здесь."),
    ("probe-times", "How do times come back?", "", "Каким возвращается время?", ""),
    ("probe-patch-missing", "What answers the change of a row that does not exist?", "", "Чем отвечает изменение строки, которой нет?", ""),
    ("probe-post-existing", "What answers a second creation with the same id?", "", "Чем отвечает повторное создание с тем же Id?", ""),
    ("probe-clear-lookup", "What empties a lookup?", "", "Чем очищается справочное поле?", ""),
    ("probe-clear-date", "What empties a date?", "", "Чем очищается дата?", ""),
    ("probe-expand", "Can collections be expanded?", "", "Раскрываются ли вложенные коллекции ($expand)?", ""),
    ("probe-any", "Can a filter ask a collection (any)?", "", "Можно ли в фильтре спросить коллекцию (any)?", ""),
    ("probe-lookup-filter", "Does a filter take a lookup's own column (OwnerId)?", "", "Принимает ли фильтр само справочное поле (OwnerId)?", ""),
    ("probe-participants", "Which participants does Creatio add by itself?", "", "Каких участников Creatio добавляет сама?", ""),
    ("probe-participant-stamp", "Does the change of a participant move the activity's ModifiedOn?", "", "Меняется ли ModifiedOn активности при изменении участника?", ""),
    ("probe-limits", "Did the site ask to wait, or answer with a page?", "", "Просил ли сайт подождать и не отвечал ли страницей?", ""),
    ("identity-wrong", "Creatio's Identity Service does not answer at this address.", "Correct identity-url in [creatio]. In the cloud it is the site's name with -is behind it: https://mycompany-is.creatio.com.", "По этому адресу служба Identity Service сайта Creatio не отвечает.", "Исправьте identity-url в [creatio]. В облаке это имя сайта с -is: https://mycompany-is.creatio.com."),
    ("login-wrong", "The sign-in service does not answer at this address.", "Check the network, and the address in the configuration.", "По этому адресу служба входа не отвечает.", "Проверьте сеть и адрес в конфигурации."),
    ("exchange-wrong", "Exchange does not answer at this address.", "Check the network, and url in [exchange]: it usually is https://mail.mycompany.com/EWS/Exchange.asmx. With autodiscover = true in its place the server is looked for.", "По этому адресу Exchange не отвечает.", "Проверьте сеть и url в [exchange]: обычно это https://mail.mycompany.com/EWS/Exchange.asmx. С autodiscover = true вместо него сервер будет найден сам."),
    ("sign-in-accepted", "The sign-in is accepted.", "", "Вход принят.", ""),
    ("config-read", "The configuration is read, and every secret that it points to was found.", "", "Конфигурация прочитана, все секреты, на которые она указывает, найдены.", ""),
    ("storage-opened", "The storage can be used.", "", "Хранилище доступно.", ""),
    ("not-tried", "It could not be tried.", "Mend what is told here, and check again.", "Проверить не удалось.", "Исправьте то, о чём сказано здесь, и повторите проверку."),
    ("settled", "What was held or had failed needs nothing any more.", "", "То, что было отложено или не удалось, больше ничего не требует.", ""),
    ("group-dynamic", "The group is a search, and its members cannot be told exactly.", "Choose another group.", "Группа — это поиск, и точно узнать её состав нельзя.", "Выберите другую группу."),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The component's own list, read as text: the tool must not depend on the engine.
    const PUBLISHED: &str = include_str!("../../../guest/src/reason.rs");

    /// Code, sentence and remedy of each line that publishes one.
    fn published() -> impl Iterator<Item = (&'static str, String, String)> {
        PUBLISHED.lines().filter_map(|line| {
            let (name, rest) = line.trim().split_once(" \"")?;
            let published = name.chars().all(char::is_alphanumeric) && rest.ends_with("\";");
            let (code, rest) = rest.split_once("\" \"").filter(|_| published)?;
            let (text, remedy) = rest.strip_suffix("\";")?.split_once("\" \"")?;
            Some((code, text.replace("\\\"", "\""), remedy.replace("\\\"", "\"")))
        })
    }

    #[test]
    fn every_reason_of_the_component_is_told_in_its_own_words() {
        assert!(published().count() > 60);
        for (code, text, remedy) in published() {
            assert_eq!(words(code, Language::En), Some((text.as_str(), remedy.as_str())), "{code}");
        }
    }

    #[test]
    fn every_reason_has_a_remedy_in_both_languages_or_in_none() {
        for (code, text, remedy, russian, russian_remedy) in TABLE {
            assert!(!text.is_empty() && russian.chars().any(|c| ('а'..='я').contains(&c)), "{code}");
            assert_eq!(remedy.is_empty(), russian_remedy.is_empty(), "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(sentence("something-new", Language::Ru), "something-new");
        assert!(sentence("would-notify", Language::En).ends_with("Approve it, or set invitations = \"send\"."));
        assert!(sentence("would-notify", Language::Ru).starts_with("Изменение разослало бы письма"));
    }
}
