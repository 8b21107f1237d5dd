"""exchangelib against the Exchange emulator, whose first line is read from standard input.

Finds the folders, makes and deletes one, makes, reads, searches, pages, changes, moves and deletes appointments, a series and tasks, invites and
answers, synchronises, and asks for zones and names. Needs `exchangelib`.
"""

import datetime
import json
import sys
from decimal import Decimal

from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    Account,
    Attendee,
    CalendarItem,
    Configuration,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    Mailbox,
    Q,
    Task,
)
from exchangelib.errors import ErrorAccessDenied, ErrorFolderExists, ErrorItemNotFound, UnauthorizedError
from exchangelib.folders import Calendar
from exchangelib.items import SEND_ONLY_TO_ALL, SEND_TO_NONE
from exchangelib.recurrence import Recurrence, WeeklyPattern
from exchangelib.transport import BASIC

EUGENE = "e.mirny@mycompany.com"
ANNA = "a.smith@mycompany.com"
MOSCOW = EWSTimeZone("Europe/Moscow")


class Marker(ExtendedProperty):
    """A named property, as a synchronisation would keep one."""

    property_set_id = "3b3f1c52-0d3e-4a5e-9f2a-0f0f3a7b9e11"
    property_name = "CrmActivityId"
    property_type = "String"


CalendarItem.register("marker", Marker)
Task.register("marker", Marker)


def at(day, hour, minute=0):
    return EWSDateTime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


def open_account(url, user, password, mail, access=DELEGATE):
    config = Configuration(service_endpoint=url, credentials=Credentials(user, password))
    return Account(mail, config=config, autodiscover=False, access_type=access, default_timezone=MOSCOW)


def check(what, holds):
    if not holds:
        sys.exit(f"does not hold: {what}")
    print(f"ok: {what}")


def folders(account):
    names = {folder.name for folder in account.msg_folder_root.walk() if isinstance(folder, Calendar)}
    check("calendars are found", {"Calendar", "Проекты"} <= names)
    check("the calendar is the default one", account.calendar.is_distinguished)
    check("the sign-in is guessed", account.protocol.auth_type == BASIC)
    made = Calendar(parent=account.msg_folder_root, name="Trips").save()
    again = Calendar(parent=account.msg_folder_root, name="Trips")
    try:
        again.save()
        check("a second folder of the same name is refused", False)
    except ErrorFolderExists:
        check("a second folder of the same name is refused", True)
    made.delete()
    account.msg_folder_root.refresh()
    check("a deleted folder is gone", all(folder.name != "Trips" for folder in account.msg_folder_root.walk()))
    return next(folder for folder in account.msg_folder_root.walk() if folder.name == "Проекты")


def appointments(account, projects):
    item = CalendarItem(
        account=account, folder=account.calendar, subject="Plan <1> & 2", body="one\ntwo", location="here", start=at(24, 10),
        end=at(24, 11), categories=["Green"], marker="activity-1", reminder_minutes_before_start=30,
    )
    item.save(send_meeting_invitations=SEND_TO_NONE)
    read = account.calendar.get(id=item.id, changekey=item.changekey)
    check("what was made is read back", (read.subject, read.location, read.start, read.end, read.categories, read.marker)
          == ("Plan <1> & 2", "here", at(24, 10), at(24, 11), ["Green"], "activity-1"))
    check("text is text", read.text_body.splitlines() == ["one", "two"])
    check("it is found by its named property", [one.id for one in account.calendar.filter(marker="activity-1")] == [item.id])
    check("and not by another", not account.calendar.filter(marker="activity-2").exists())
    read.subject, read.importance = "Changed", "High"
    read.save(update_fields=["subject", "importance"], send_meeting_invitations=SEND_TO_NONE)
    again = account.calendar.get(id=read.id)
    check("a change is kept", (again.subject, again.importance, again.location) == ("Changed", "High", "here"))
    again.location = None
    again.save(update_fields=["location"], send_meeting_invitations=SEND_TO_NONE)
    check("a property is cleared", account.calendar.get(id=again.id).location is None)

    whole = CalendarItem(account=account, folder=account.calendar, subject="Whole", start=EWSDate(2026, 11, 26),
                         end=EWSDate(2026, 11, 27), is_all_day=True)
    whole.save(send_meeting_invitations=SEND_TO_NONE)
    read = account.calendar.get(id=whole.id)
    check("whole days stay whole", (read.is_all_day, read.start, read.end) == (True, EWSDate(2026, 11, 26), EWSDate(2026, 11, 27)))

    many = [CalendarItem(subject=f"n{n:03}", start=at(25, 12), end=at(25, 13)) for n in range(30)]
    made = account.bulk_create(projects, many, send_meeting_invitations=SEND_TO_NONE)
    check("thirty are made at once", len(made) == 30 and projects.all().count() == 30)
    pages = projects.all().only("subject").order_by("-subject")
    pages.page_size = 7
    found = list(pages)
    check("they are paged in order", [one.subject for one in found] == [f"n{n:03}" for n in reversed(range(30))])
    some = projects.filter(Q(subject__startswith="n00") | Q(subject="n029"), start__gte=at(25, 0))
    check("conditions are joined", sorted(one.subject for one in some) == [f"n00{n}" for n in range(10)] + ["n029"])
    fetched = list(account.fetch(made[:3] + [("AAMkAA==", None)]))
    check("one bad id leaves the others alone", [isinstance(one, Exception) for one in fetched] == [False, False, False, True])
    moved = account.bulk_move(ids=made[:1], to_folder=account.calendar)
    check("a moved one has another id", moved[0][0] != made[0].id and projects.all().count() == 29)
    projects.all().delete(send_meeting_cancellations=SEND_TO_NONE)
    check("all are deleted", not projects.all().exists())
    binned = account.calendar.get(subject="Changed")
    binned.move_to_trash(send_meeting_cancellations=SEND_TO_NONE)
    check("one lies in the bin", account.trash.filter(subject="Changed").exists() and not account.calendar.filter(subject="Changed").exists())


def series(account):
    item = CalendarItem(account=account, folder=account.calendar, subject="Weekly", start=at(23, 9), end=at(23, 9, 30),
                        recurrence=Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Monday"]), start=EWSDate(2026, 11, 23), number=6))
    item.save(send_meeting_invitations=SEND_TO_NONE)
    view = list(account.calendar.view(start=at(23, 0), end=at(23, 0) + datetime.timedelta(days=60)).order_by("start"))
    weekly = [one for one in view if one.subject == "Weekly"]
    check("a view shows six occurrences", [one.start.day for one in weekly] == [23, 30, 7, 14, 21, 28])
    third = account.calendar.get(id=weekly[2].id)
    third.subject = "Weekly, moved"
    third.start, third.end = third.start + datetime.timedelta(hours=2), third.end + datetime.timedelta(hours=2)
    third.save(update_fields=["subject", "start", "end"], send_meeting_invitations=SEND_TO_NONE)
    weekly[3].delete(send_meeting_cancellations=SEND_TO_NONE)
    master = account.calendar.get(id=item.id)
    check("the series knows its exception", len(master.modified_occurrences) == 1 and len(master.deleted_occurrences) == 1)
    check("an occurrence is reached by its number", master.occurrence(index=1).refresh() is not False
          and account.calendar.get(id=weekly[0].id).type == "Occurrence")
    check("and leads back", weekly[0].recurring_master().refresh() is not False)


def meetings(account, other):
    item = CalendarItem(account=account, folder=account.calendar, subject="Together", start=at(27, 15), end=at(27, 16),
                        required_attendees=[Attendee(mailbox=Mailbox(email_address=ANNA))])
    item.save(send_meeting_invitations=SEND_ONLY_TO_ALL)
    copy = other.calendar.get(subject="Together")
    check("the guest has the meeting", (copy.uid, copy.my_response_type) == (account.calendar.get(id=item.id).uid, "NoResponseReceived"))
    copy.accept()
    check("the answer reaches the organizer", account.calendar.get(id=item.id).required_attendees[0].response_type == "Accept")
    item = account.calendar.get(id=item.id)
    item.delete(send_meeting_cancellations=SEND_ONLY_TO_ALL)
    check("the guest sees that it is cancelled", other.calendar.get(subject="Canceled: Together").is_cancelled)


def tasks(account):
    item = Task(account=account, folder=account.tasks, subject="Offer", due_date=EWSDate(2026, 11, 30), start_date=EWSDate(2026, 11, 24),
                marker="task-1")
    item.save()
    read = account.tasks.get(id=item.id)
    check("a task keeps its days", (read.start_date, read.due_date, read.status) == (EWSDate(2026, 11, 24), EWSDate(2026, 11, 30), "NotStarted"))
    read.percent_complete = Decimal(40)
    read.save(update_fields=["percent_complete"])
    check("a task that has begun is under way", account.tasks.get(id=item.id).status == "InProgress")
    read = account.tasks.get(id=item.id)
    read.complete()
    done = account.tasks.get(id=item.id)
    check("a task is completed", (done.status, done.percent_complete, done.is_complete) == ("Completed", 100, True))
    check("a task is found by its named property", account.tasks.filter(marker="task-1").count() == 1)
    done.delete()
    check("a task is deleted", not account.tasks.all().exists())


def synchronise(account):
    folder = account.calendar
    before = len(list(folder.sync_items(only_fields=["subject"])))
    check("a first synchronisation shows everything", before == folder.all().count())
    item = CalendarItem(account=account, folder=folder, subject="Synced", start=at(28, 10), end=at(28, 11))
    item.save(send_meeting_invitations=SEND_TO_NONE)
    check("then what came", [(kind, one.id) for kind, one in folder.sync_items()] == [("create", item.id)])
    item.subject = "Synced again"
    item.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    check("what changed", [(kind, one.id) for kind, one in folder.sync_items()] == [("update", item.id)])
    known = item.id
    item.delete(send_meeting_cancellations=SEND_TO_NONE)
    check("and what went", [(kind, one.id) for kind, one in folder.sync_items()] == [("delete", known)])
    check("folders are synchronised", len(list(account.root.sync_hierarchy())) > 10)
    gone = list(account.fetch([(known, None)]))
    check("what is gone is not found", isinstance(gone[0], ErrorItemNotFound))


def main():
    line = json.loads(sys.stdin.readline())
    url, users, service = line["exchange"], line["users"], line["exchangeService"]
    eugene, anna = users[0], users[1]
    account = open_account(url, eugene["mail"], eugene["password"], EUGENE)
    other = open_account(url, f"MYCOMPANY\\{anna['login']}", anna["password"], ANNA)
    check("the version is guessed", account.version.build.major_version == 15)
    projects = folders(account)
    appointments(account, projects)
    series(account)
    meetings(account, other)
    tasks(account)
    synchronise(account)
    acting = open_account(url, service["login"], service["password"], EUGENE, IMPERSONATION)
    check("a service account acts as the user", acting.calendar.all().count() == account.calendar.all().count())
    names = account.protocol.resolve_names(["Anna"])
    check("names are resolved", [one.email_address for one in names] == [ANNA])
    zones = list(account.protocol.get_timezones([MOSCOW], return_full_timezone_data=True))
    check("zones are listed", len(zones) == 1)
    try:
        Account(ANNA, config=account.protocol.config, autodiscover=False, access_type=DELEGATE).calendar.all().count()
        check("another's mailbox is closed", False)
    except ErrorAccessDenied:
        check("another's mailbox is closed", True)
    try:
        open_account(url, EUGENE, "wrong", EUGENE).calendar.all().count()
        check("a wrong password is refused", False)
    except UnauthorizedError:
        check("a wrong password is refused", True)


main()
