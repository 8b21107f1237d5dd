"""O365, a widespread client for Python, against the Graph emulator: calendars and To Do."""

import datetime
import json
import sys

import requests
from O365 import Account, MSGraphProtocol
from O365.utils import BaseTokenBackend
from zoneinfo import ZoneInfo

MAILBOX = "e.mirny@mycompany.com"


def account(place):
    """Signed in by client credentials: O365 itself asks for tokens at https alone."""
    MSGraphProtocol._protocol_url = place["graph"] + "/"
    protocol = MSGraphProtocol(default_resource=f"users/{MAILBOX}", timezone=ZoneInfo("Europe/Moscow"))
    form = {"client_id": place["client"]["id"], "client_secret": place["client"]["secret"],
            "grant_type": "client_credentials", "scope": place["graph"] + "/.default"}
    answer = requests.post(place["login"] + "/mycompany.onmicrosoft.com/oauth2/v2.0/token", data=form).json()
    made = Account((form["client_id"], form["client_secret"]), protocol=protocol, auth_flow_type="credentials",
                   tenant_id="mycompany.onmicrosoft.com", token_backend=BaseTokenBackend())
    made.con.session = made.con.get_naive_session()
    made.con.session.headers["Authorization"] = "Bearer " + answer["access_token"]
    return made


def calendars(account):
    schedule = account.schedule()
    assert schedule.get_default_calendar().name
    own = schedule.new_calendar("Projects")
    moscow = ZoneInfo("Europe/Moscow")
    for day in range(1, 6):
        event = own.new_event(f"Call {day}")
        event.start = datetime.datetime(2026, 12, day, 10, tzinfo=moscow)
        event.end = datetime.datetime(2026, 12, day, 11, tzinfo=moscow)
        event.location = "Room 4"
        event.remind_before_minutes = 45
        assert event.save()
    begin = datetime.datetime(2026, 12, 1, tzinfo=moscow)
    end = datetime.datetime(2027, 1, 1, tzinfo=moscow)
    seen = list(own.get_events(limit=None, batch=2, start_recurring=begin, end_recurring=end, include_recurring=True))
    assert sorted(event.subject for event in seen) == [f"Call {day}" for day in range(1, 6)], seen
    query = own.new_query().equals("subject", "Call 3")
    found = list(own.get_events(query=query, include_recurring=False))
    assert [event.start.hour for event in found] == [10], found
    found[0].subject = "Call back"
    assert found[0].save()
    assert own.get_event(found[0].object_id).subject == "Call back"
    assert found[0].delete()
    series = own.new_event("Series")
    series.start, series.end = datetime.datetime(2026, 12, 7, 10, tzinfo=moscow), datetime.datetime(2026, 12, 7, 11, tzinfo=moscow)
    series.recurrence.set_weekly(1, days_of_week=["monday"], first_day_of_week="monday", start=datetime.date(2026, 12, 7), occurrences=3)
    assert series.save()
    series = own.get_event(series.object_id)
    assert len(list(series.get_occurrences(begin, end))) == 3
    assert own.delete()


def tasks(account):
    todo = account.tasks()
    assert todo.get_default_folder().is_default
    own = todo.new_folder("Errands")
    task = own.new_task("Buy paper")
    task.due = datetime.datetime(2026, 12, 5, tzinfo=ZoneInfo("UTC"))
    task.body = "A4"
    assert task.save()
    assert [one.subject for one in own.get_tasks()] == ["Buy paper"]
    assert task.due.date() == datetime.date(2026, 12, 5), task.due
    task.mark_completed()
    assert task.save()
    assert own.get_task(task.task_id).is_completed
    own.name = "Wege"
    assert own.update()
    assert task.delete()
    assert own.delete()


if __name__ == "__main__":
    made = account(json.loads(sys.stdin.readline()))
    for trial in (calendars, tasks):
        trial(made)
        print(f"O365: {trial.__name__} passed")
