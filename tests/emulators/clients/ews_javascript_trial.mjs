// A port of Microsoft's EWS Managed API, ews-javascript-api, against the Exchange emulator, whose first line is read from
// standard input.
//
// Finds folders, makes, reads, searches, changes and deletes appointments and tasks, synchronises, and acts for a user.

import { createInterface } from "node:readline";
import {
  Appointment, BasePropertySet, BodyType, CalendarView, ConflictResolutionMode, ConnectingIdType, DateTime, DeleteMode,
  ExchangeService, ExchangeVersion, ExtendedPropertyDefinition, FolderId, FolderTraversal, FolderView, Guid,
  ImpersonatedUserId, ItemView, MapiPropertyType, MessageBody, PropertySet, SearchFilter, SendCancellationsMode,
  SendInvitationsMode, SendInvitationsOrCancellationsMode, SyncFolderItemsScope, Task, TaskStatus, TimeZoneInfo, Uri,
  WebCredentials, WellKnownFolderName,
} from "ews-javascript-api";

const EUGENE = "e.mirny@mycompany.com";

function check(what, holds) {
  if (!holds) throw new Error(what);
  console.log(`  ${what}`);
}

async function service(world, login, password) {
  const made = new ExchangeService(ExchangeVersion.Exchange2013_SP1, TimeZoneInfo.Utc);
  made.Url = new Uri(world.exchange);
  made.Credentials = new WebCredentials(login, password);
  return made;
}

async function appointments(exchange) {
  const marker = new ExtendedPropertyDefinition(
    new Guid("3b3f1c52-0d3e-4a5e-9f2a-0f0f3a7b9e11"), "CrmActivityId", MapiPropertyType.String);
  const first = new Appointment(exchange);
  first.Subject = "Planning";
  first.Body = new MessageBody(BodyType.Text, "Agenda");
  first.Location = "Room 1";
  first.Start = DateTime.Parse("2026-11-24T10:00:00Z");
  first.End = DateTime.Parse("2026-11-24T11:00:00Z");
  first.SetExtendedProperty(marker, "one");
  await first.Save(WellKnownFolderName.Calendar, SendInvitationsMode.SendToNone);
  check("an appointment is made", first.Id.UniqueId.length > 10);

  const shown = new PropertySet(BasePropertySet.FirstClassProperties, [marker]);
  shown.RequestedBodyType = BodyType.Text;
  const read = await Appointment.Bind(exchange, first.Id, shown);
  check("and read as it was written", read.Subject === "Planning" && read.Location === "Room 1");
  check("with its text", read.Body.Text.trim() === "Agenda");
  check("with its start", read.Start.ToISOString().startsWith("2026-11-24T10:00"));

  const found = await exchange.FindItems(
    WellKnownFolderName.Calendar, new SearchFilter.IsEqualTo(marker, "one"), new ItemView(10));
  check("it is found by a named property", found.TotalCount === 1 && found.Items[0].Id.UniqueId === first.Id.UniqueId);
  const view = new CalendarView(DateTime.Parse("2026-11-24T00:00:00Z"), DateTime.Parse("2026-11-25T00:00:00Z"));
  const day = await exchange.FindAppointments(WellKnownFolderName.Calendar, view);
  check("it is shown in its day", day.Items.length === 1);

  read.Subject = "Planning, moved";
  read.Start = DateTime.Parse("2026-11-24T12:00:00Z");
  read.End = DateTime.Parse("2026-11-24T13:00:00Z");
  await read.Update(ConflictResolutionMode.NeverOverwrite, SendInvitationsOrCancellationsMode.SendToNone);
  const again = await Appointment.Bind(exchange, first.Id);
  check("it is changed", again.Subject === "Planning, moved" && again.Start.ToISOString().startsWith("2026-11-24T12:00"));
  check("and has another version", again.Id.ChangeKey !== first.Id.ChangeKey);
  return first;
}

async function synchronises(exchange) {
  const folder = new FolderId(WellKnownFolderName.Calendar);
  const page = (state) =>
    exchange.SyncFolderItems(folder, PropertySet.IdOnly, null, 100, SyncFolderItemsScope.NormalItems, state);
  const all = await page(null);
  check("a first synchronisation shows what there is", all.Count === 1 && !all.MoreChangesAvailable);
  const none = await page(all.SyncState);
  check("and the next one nothing", none.Count === 0);
  const second = new Appointment(exchange);
  second.Subject = "Review";
  second.Start = DateTime.Parse("2026-11-25T10:00:00Z");
  second.End = DateTime.Parse("2026-11-25T11:00:00Z");
  await second.Save(WellKnownFolderName.Calendar, SendInvitationsMode.SendToNone);
  const one = await page(none.SyncState);
  check("what came is told", one.Count === 1 && one.GetEnumerator()[0].ItemId.UniqueId === second.Id.UniqueId);
  await second.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  const gone = await page(one.SyncState);
  check("what went is told", gone.Count === 1);
}

async function tasks(exchange) {
  const task = new Task(exchange);
  task.Subject = "Call";
  task.DueDate = DateTime.Parse("2026-11-26T00:00:00Z");
  await task.Save(WellKnownFolderName.Tasks);
  const read = await Task.Bind(exchange, task.Id);
  check("a task is made", read.Subject === "Call" && read.Status === TaskStatus.NotStarted);
  read.Status = TaskStatus.Completed;
  await read.Update(ConflictResolutionMode.AlwaysOverwrite);
  const done = await Task.Bind(exchange, task.Id);
  check("and done", done.IsComplete && done.PercentComplete === 100);
  await done.Delete(DeleteMode.MoveToDeletedItems);
  const left = await exchange.FindItems(WellKnownFolderName.Tasks, new ItemView(10));
  check("and deleted", left.TotalCount === 0);
}

async function run(line) {
  const world = JSON.parse(line);
  const user = world.users.find((one) => one.mail === EUGENE);
  const exchange = await service(world, user.mail, user.password);
  const view = new FolderView(100);
  view.Traversal = FolderTraversal.Deep;
  const folders = await exchange.FindFolders(WellKnownFolderName.MsgFolderRoot, view);
  const names = folders.Folders.map((folder) => folder.DisplayName);
  check("folders are found", names.includes("Calendar") && names.includes("Tasks"));

  const made = await appointments(exchange);
  await synchronises(exchange);
  await tasks(exchange);

  const { login, password } = world.exchangeService;
  const acting = await service(world, login, password);
  acting.ImpersonatedUserId = new ImpersonatedUserId(ConnectingIdType.SmtpAddress, EUGENE);
  const theirs = await Appointment.Bind(acting, made.Id);
  check("a service account acts for the user", theirs.Subject === "Planning, moved");

  await theirs.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToNone);
  const refused = await Appointment.Bind(exchange, made.Id).then(() => "", (why) => String(why.ErrorCode ?? why));
  check("what was deleted is not found any more", refused !== "");
  const wrong = await service(world, user.mail, "wrong");
  const shut = await wrong.FindFolders(WellKnownFolderName.MsgFolderRoot, view).then(() => false, () => true);
  check("a wrong password opens nothing", shut);
  console.log("ews-javascript-api: all well");
}

createInterface({ input: process.stdin }).once("line", (line) => {
  run(line).then(() => process.exit(0), (why) => {
    console.error(why);
    process.exit(1);
  });
});
