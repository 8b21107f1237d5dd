"""Microsoft's SDK for Python (msgraph-sdk) against the Graph emulator: calendars and To Do."""

import asyncio
import datetime
import sys

import httpx
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.checklist_item import ChecklistItem
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.linked_resource import LinkedResource
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.models.task_status import TaskStatus
from msgraph.generated.models.todo_task import TodoTask
from msgraph.generated.models.todo_task_list import TodoTaskList
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.event_item_request_builder import EventItemRequestBuilder
from msgraph.generated.users.item.todo.lists.item.tasks.item.todo_task_item_request_builder import (
    TodoTaskItemRequestBuilder,
)
from msgraph.generated.users.item.todo.lists.item.tasks.tasks_request_builder import TasksRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

MAILBOX = "e.mirny@mycompany.com"
MARKER = "String {f3bb0a2e-6c1d-5d0a-9f0b-2f8f4b1c6a37} Name ScheduleSync"


class Token(AccessTokenProvider):
    """A token by client credentials. (azure-identity asks for nobody but https.)"""

    def __init__(self, place):
        form = {"client_id": place["client"]["id"], "client_secret": place["client"]["secret"],
                "grant_type": "client_credentials", "scope": place["graph"] + "/.default"}
        answer = httpx.post(place["login"] + "/mycompany.onmicrosoft.com/oauth2/v2.0/token", data=form)
        self.token = answer.json()["access_token"]

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self.token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator([])


def client(place):
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(place)))
    adapter.base_url = place["graph"] + "/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def point(text):
    return DateTimeTimeZone(date_time=text, time_zone="Russian Standard Time")


def query(kind, **values):
    return RequestConfiguration(query_parameters=kind(**values))


async def calendars(me):
    page = await me.calendars.get()
    assert [one.is_default_calendar for one in page.value].count(True) == 1, page.value
    own = await me.calendars.post(Calendar(name="Projects"))
    await me.calendars.by_calendar_id(own.id).patch(Calendar(name="Projekte"))
    assert (await me.calendars.by_calendar_id(own.id).get()).name == "Projekte"

    made = []
    for number in range(5):
        event = Event(subject=f"Call {number}", start=point(f"2026-12-0{number + 1}T10:00:00"),
                      end=point(f"2026-12-0{number + 1}T11:00:00"), body=ItemBody(content="<b>x</b>", content_type=BodyType.Html),
                      transaction_id=f"t-{number}",
                      single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=MARKER, value=f"m-{number}")])
        made.append(await me.calendars.by_calendar_id(own.id).events.post(event))
    again = await me.events.by_event_id(made[0].id).get(query(
        EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters,
        expand=[f"singleValueExtendedProperties($filter=id eq '{MARKER}')"], select=["id", "subject", "body"]))
    assert again.single_value_extended_properties[0].value == "m-0", again

    listing = query(EventsRequestBuilder.EventsRequestBuilderGetQueryParameters, top=2, orderby=["start/dateTime desc"],
                    select=["subject", "start"], count=True)
    page = await me.calendars.by_calendar_id(own.id).events.get(listing)
    assert page.odata_count == 5, page.odata_count
    seen = []
    await PageIterator(page, me.request_adapter).iterate(lambda event: seen.append(event.subject) or True)
    assert seen == [f"Call {number}" for number in (4, 3, 2, 1, 0)], seen

    changed = await me.events.by_event_id(made[1].id).patch(Event(subject="Call back"))
    assert changed.subject == "Call back" and changed.change_key != made[1].change_key

    view = query(DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters,
                 start_date_time="2026-12-01T00:00:00Z", end_date_time="2026-12-31T00:00:00+01:00")
    view.headers.add("Prefer", "odata.maxpagesize=2")
    builder = me.calendars.by_calendar_id(own.id).calendar_view.delta
    page, number = await builder.get(view), 0
    while True:
        number += len(page.value)
        if page.odata_delta_link:
            break
        page = await builder.with_url(page.odata_next_link).get()
    assert number == 5, number
    await me.events.by_event_id(made[4].id).delete()
    page = await builder.with_url(page.odata_delta_link).get()
    assert [one.additional_data.get("@removed", {}).get("reason") for one in page.value] == ["deleted"], page.value

    pattern = RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday])
    bounds = RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=datetime.date(2026, 12, 7), number_of_occurrences=3)
    series = await me.calendar.events.post(Event(subject="Series", start=point("2026-12-07T10:00:00"),
                                                 end=point("2026-12-07T11:00:00"),
                                                 recurrence=PatternedRecurrence(pattern=pattern, range=bounds)))
    from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder
    instances = await me.events.by_event_id(series.id).instances.get(query(
        InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters,
        start_date_time="2026-12-01T00:00:00Z", end_date_time="2027-12-01T00:00:00Z"))
    assert len(instances.value) == 3
    try:
        await me.events.by_event_id("AAMkAGI=").get()
        raise AssertionError("an event that is not there")
    except ODataError as error:
        assert error.response_status_code in (400, 404) and error.error.code, error
    await me.calendars.by_calendar_id(own.id).delete()


async def tasks(me):
    lists = await me.todo.lists.get()
    assert {str(one.wellknown_list_name.value) for one in lists.value} == {"defaultList", "flaggedEmails"}, lists.value
    own = await me.todo.lists.post(TodoTaskList(display_name="Errands"))
    renamed = await me.todo.lists.by_todo_task_list_id(own.id).patch(TodoTaskList(display_name="Wege"))
    assert renamed.display_name == "Wege"
    place = me.todo.lists.by_todo_task_list_id(own.id).tasks
    first = await place.post(TodoTask(
        title="Buy paper", body=ItemBody(content="A4", content_type=BodyType.Text), categories=["Office"],
        due_date_time=DateTimeTimeZone(date_time="2026-12-05T00:00:00", time_zone="UTC"),
        linked_resources=[LinkedResource(application_name="schedule-sync", external_id="m-1", display_name="x",
                                         web_url="https://mycompany.creatio.com/1")],
        checklist_items=[ChecklistItem(display_name="white")]))
    assert first.due_date_time.date_time.startswith("2026-12-05T00:00:00"), first.due_date_time
    full = await place.by_todo_task_id(first.id).get(query(
        TodoTaskItemRequestBuilder.TodoTaskItemRequestBuilderGetQueryParameters, expand=["linkedResources", "checklistItems"]))
    assert full.linked_resources[0].external_id == "m-1" and full.checklist_items[0].display_name == "white"
    for number in range(4):
        await place.post(TodoTask(title=f"Task {number}", status=TaskStatus.Completed if number == 3 else TaskStatus.NotStarted))
    kind = TasksRequestBuilder.TasksRequestBuilderGetQueryParameters
    open_ones = await place.get(query(kind, filter="status ne 'completed'", orderby=["createdDateTime desc"], top=2))
    seen = []
    await PageIterator(open_ones, me.request_adapter).iterate(lambda task: seen.append(task.title) or True)
    assert len(seen) == 4 and "Task 3" not in seen, seen

    link = await place.by_todo_task_id(first.id).linked_resources.post(LinkedResource(application_name="b", external_id="2"))
    renamed = await place.by_todo_task_id(first.id).linked_resources.by_linked_resource_id(link.id).patch(
        LinkedResource(external_id="3"))
    assert renamed.external_id == "3"
    assert len((await place.by_todo_task_id(first.id).linked_resources.get()).value) == 2
    await place.by_todo_task_id(first.id).linked_resources.by_linked_resource_id(link.id).delete()

    page = await place.delta.get()
    while page.odata_next_link:
        page = await place.delta.with_url(page.odata_next_link).get()
    await place.by_todo_task_id(first.id).patch(TodoTask(status=TaskStatus.Completed))
    page = await place.delta.with_url(page.odata_delta_link).get()
    assert [one.status for one in page.value] == [TaskStatus.Completed], page.value
    await place.by_todo_task_id(first.id).delete()
    page = await place.delta.with_url(page.odata_delta_link).get()
    assert "@removed" in page.value[0].additional_data, page.value

    pattern = RecurrencePattern(type=RecurrencePatternType.Daily, interval=1)
    bounds = RecurrenceRange(type=RecurrenceRangeType.NoEnd, start_date=datetime.date(2026, 12, 7))
    again = await place.post(TodoTask(title="Daily", due_date_time=DateTimeTimeZone(date_time="2026-12-07T00:00:00", time_zone="UTC"),
                                      recurrence=PatternedRecurrence(pattern=pattern, range=bounds)))
    await place.by_todo_task_id(again.id).patch(TodoTask(status=TaskStatus.Completed))
    both = (await place.get(query(kind, filter="title eq 'Daily'"))).value
    assert sorted(one.status.value for one in both) == ["completed", "notStarted"], both
    await me.todo.lists.by_todo_task_list_id(own.id).delete()


async def batches(graph, place):
    from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    content, ids = BatchRequestContent(), []
    for path in ("calendars", "todo/lists", "events/none"):
        information = RequestInformation()
        information.http_method = Method.GET
        information.url = f"{place['graph']}/v1.0/users/{MAILBOX}/{path}"
        item = BatchRequestItem(information)
        # The SDK leaves a program to take host and version away; the service wants them away.
        item.set_url(information.url)
        item.url = item.url.removeprefix("/v1.0")
        ids.append(item.id)
        content.add_request(item.id, item)
    answer = await BatchRequestBuilder(graph.request_adapter).post(content)
    statuses = [answer.get_response_by_id(one).status for one in ids]
    assert statuses[:2] == [200, 200] and statuses[2] in (400, 404), statuses


async def main(place):
    graph = client(place)
    me = graph.users.by_user_id(MAILBOX)
    for name, trial in (("calendars", calendars(me)), ("tasks", tasks(me)), ("batches", batches(graph, place))):
        await trial
        print(f"msgraph-sdk: {name} passed")


if __name__ == "__main__":
    import json
    asyncio.run(main(json.loads(sys.stdin.readline())))
