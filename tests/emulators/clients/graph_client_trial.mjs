// Microsoft's Graph client for JavaScript (@microsoft/microsoft-graph-client) against the Graph emulator.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import graph from "@microsoft/microsoft-graph-client";

const { BatchRequestContent, BatchResponseContent, Client, PageIterator } = graph;
const { value: line } = await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
const place = JSON.parse(line);

const form = new URLSearchParams({
  client_id: place.client.id,
  client_secret: place.client.secret,
  grant_type: "client_credentials",
  scope: `${place.graph}/.default`,
});
const token = await (await fetch(`${place.login}/mycompany.onmicrosoft.com/oauth2/v2.0/token`, { method: "POST", body: form })).json();
// The client gives its token and follows links to https alone: it talks to Graph's own address, and what it sends there goes
// to the emulator, whose links say that address as well.
const graphs = "https://graph.microsoft.com";
const direct = globalThis.fetch;
globalThis.fetch = (url, options) => direct(String(url).replace(graphs, place.graph), options);
const knobs = { service: "graph", action: "knobs", knobs: { link_base: graphs } };
assert.ok((await direct(`${place.control}/edit`, { method: "POST", body: JSON.stringify(knobs) })).ok);
const client = Client.init({ authProvider: (done) => done(null, token.access_token) });
const me = "/users/e.mirny@mycompany.com";
const at = (day, hour) => ({ dateTime: `2026-12-${day}T${hour}:00:00`, timeZone: "Russian Standard Time" });

async function all(page, options) {
  const seen = [];
  const iterator = new PageIterator(client, page, (one) => seen.push(one) > 0, options);
  await iterator.iterate();
  return { seen, delta: iterator.getDeltaLink() };
}

async function calendars() {
  const own = await client.api(`${me}/calendars`).post({ name: "Projects" });
  for (let number = 1; number <= 5; number++) {
    const event = { subject: `Call ${number}`, start: at(`0${number}`, 10), end: at(`0${number}`, 11) };
    await client.api(`${me}/calendars/${own.id}/events`).post(event);
  }
  const page = await client.api(`${me}/calendars/${own.id}/events`).select("id,subject").orderby("start/dateTime").top(2).count(true).get();
  assert.equal(page["@odata.count"], 5);
  const { seen } = await all(page);
  assert.deepEqual(seen.map((one) => one.subject), [1, 2, 3, 4, 5].map((number) => `Call ${number}`));
  const found = await client.api(`${me}/calendars/${own.id}/events`).filter("subject eq 'Call 3' and isAllDay eq false").get();
  assert.equal(found.value.length, 1);

  const window = { startDateTime: "2026-12-01T00:00:00-01:00", endDateTime: "2026-12-31T00:00:00Z" };
  const first = await client.api(`${me}/calendars/${own.id}/calendarView/delta`).header("Prefer", "odata.maxpagesize=2").query(window).get();
  const round = await all(first, { headers: { Prefer: "odata.maxpagesize=2" } });
  assert.equal(round.seen.length, 5);
  await client.api(`${me}/events/${found.value[0].id}`).patch({ subject: "Call back" });
  await client.api(`${me}/events/${seen[4].id}`).delete();
  const news = await all(await client.api(round.delta).get());
  assert.deepEqual(news.seen.map((one) => one.subject ?? one["@removed"].reason).sort(), ["Call back", "deleted"]);
  await assert.rejects(client.api(`${me}/events/${seen[4].id}`).get(), (fault) => fault.statusCode === 404 && fault.code === "ErrorItemNotFound");
  await client.api(`${me}/calendars/${own.id}`).delete();
}

async function tasks() {
  const lists = await client.api(`${me}/todo/lists`).get();
  assert.ok(lists.value.some((one) => one.wellknownListName === "defaultList" && one.isOwner));
  const own = await client.api(`${me}/todo/lists`).post({ displayName: "Errands" });
  const below = `${me}/todo/lists/${own.id}/tasks`;
  const task = await client.api(below).post({
    title: "Buy paper",
    importance: "HIGH",
    dueDateTime: { dateTime: "2026-12-05T00:00:00", timeZone: "UTC" },
    linkedResources: [{ applicationName: "schedule-sync", externalId: "m-1", displayName: "x" }],
  });
  assert.equal(task.importance, "high");
  const full = await client.api(`${below}/${task.id}`).expand("linkedResources").get();
  assert.equal(full.linkedResources[0].externalId, "m-1");
  for (let number = 0; number < 4; number++) {
    await client.api(below).post({ title: `Task ${number}` });
  }
  const open = await client.api(below).filter("status ne 'completed' and importance eq 'normal'").orderby("title desc").top(2).get();
  assert.deepEqual((await all(open)).seen.map((one) => one.title), ["Task 3", "Task 2", "Task 1", "Task 0"]);
  const round = await all(await client.api(`${below}/delta`).get());
  assert.equal(round.seen.length, 5);
  await client.api(`${below}/${task.id}`).update({ status: "completed" });
  const news = await all(await client.api(round.delta).get());
  assert.deepEqual(news.seen.map((one) => one.status), ["completed"]);
  await client.api(`${me}/todo/lists/${own.id}`).delete();
}

async function batches() {
  const step = (id, path, method = "GET", body = undefined) => ({
    id,
    // Relative to the version is what the client makes of an address without one.
    request: new Request(`${graphs}${me}${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: body ? { "Content-Type": "application/json" } : {},
    }),
  });
  const content = new BatchRequestContent([
    step("1", "/todo/lists", "POST", { displayName: "Made in a batch" }),
    { ...step("2", "/todo/lists"), dependsOn: ["1"] },
    { ...step("3", "/events/none"), dependsOn: ["2"] },
  ]);
  const answer = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  assert.equal(answer.getResponseById("1").status, 201);
  const listed = await answer.getResponseById("2").json();
  assert.ok(listed.value.some((one) => one.displayName === "Made in a batch"));
  assert.ok(answer.getResponseById("3").status >= 400);
}

for (const trial of [calendars, tasks, batches]) {
  await trial();
  console.log(`@microsoft/microsoft-graph-client: ${trial.name} passed`);
}
