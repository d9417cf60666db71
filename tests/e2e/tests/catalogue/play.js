// Plays a notebook from its first step to its last in a session of the server and in one of a worker, by the same
// commands on the same cluster, and returns what each said of every check: before its step and after the solution.
const [scenario, done] = arguments;

/** A session of the server. */
const onServer = async hear => {
  const headers = { 'content-type': 'application/json', 'x-podium-protocol': 'v1' };
  const sessions = '/api/v1/sessions';
  const post = async (address, body) => {
    const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${address}: ${await answer.text()}`);
    return answer;
  };
  const request = { scenario, language: 'en', executor: 'embedded-server', seed: 1 };
  const view = await (await post(sessions, request)).json();
  const source = new EventSource(`${sessions}/${view.id}/events?since=0`);
  source.onmessage = ({ data }) => hear(JSON.parse(data));
  return {
    began: view.clock.nowMillis - view.clock.elapsedMillis,
    send: envelope => post(`${sessions}/${view.id}/commands`, envelope),
    close: () => { source.close(); return fetch(`${sessions}/${view.id}`, { method: 'DELETE', headers }); },
  };
};

/** A session of the page's worker, whose cluster began at this time. */
const inTab = (content, nowMillis) => async hear => {
  const anything = trustedTypes.createPolicy('catalogue', { createScriptURL: address => address });
  const worker = new Worker(anything.createScriptURL('/app-worker_loader.js'), { type: 'module' });
  const post = message => worker.postMessage(JSON.stringify(message));
  await new Promise((opened, refused) => {
    worker.onerror = event => refused(new Error(event.message));
    worker.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message === 'ready') {
        const request = { scenario, language: 'en', executor: 'embedded-tab', content, seed: 1, nowMillis };
        post({ create: { request } });
      } else if (message.created) {
        opened();
      } else if (message.event) {
        hear(message.event.event);
      } else if (!message.taken) {
        refused(new Error(data));
      }
    };
  });
  return { send: envelope => post({ command: { envelope } }), close: () => worker.terminate() };
};

/** Everything that is said of checks, in order, a line each. */
const play = async (open, plan) => {
  let heard = [];
  let ended = () => {};
  const host = await open(({ body }) => {
    if (body.checked) heard.push(body.checked);
    if (body['run-finished']) ended(body['run-finished']);
  });
  const run = async (name, command) => {
    heard = [];
    const over = new Promise(over => { ended = finished => finished.run === name && over(finished.outcome); });
    await host.send({ run: name, command });
    return over;
  };
  const lines = [];
  const tell = (step, when) => {
    for (const { cell, checks } of heard) {
      for (const { id, state, expected, found, cause, hints } of checks) {
        const said = [expected, found, cause].map(one => one && [one.code, Object.entries(one.args ?? {}).sort()]);
        lines.push(`${scenario} ${step}/${cell}/${id} ${when}: ${state} ${JSON.stringify([said, hints ?? []])}`);
      }
    }
  };
  // Wall time passes on both sides, and differently; what runs waits for moves the time of a paused cluster all the same.
  await run('pause', { clock: { clock: 'pause' } });
  await run('from the beginning', { reset: { scope: 'scenario' } });
  for (const { id, cells } of plan.steps) {
    for (const cell of cells.filter(cell => plan.cells.find(({ id }) => id === cell).type === 'check')) {
      await run(`check ${cell}`, { check: { cell } });
      tell(id, 'before');
    }
    const outcome = await run(`solve ${id}`, { solve: { step: id } });
    lines.push(`${scenario} ${id}: ${outcome}`);
    tell(id, 'after');
  }
  await host.close();
  return { lines, began: host.began };
};

const both = async () => {
  const content = await (await fetch(`/scenarios/${scenario}/en.json`)).text();
  const plan = JSON.parse(content).scenario;
  const native = await play(onServer, plan);
  const tab = await play(inTab(content, native.began), plan);
  return { native: native.lines, tab: tab.lines };
};
both().then(done, error => done({ error: String(error) }));
