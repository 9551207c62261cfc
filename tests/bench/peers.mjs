// The targets that requests of the same kind are compared over: direct, nginx, haproxy, the gateway. Started once.
import fs from 'node:fs';
import path from 'node:path';
import { inTurn, load, median, ratioRow } from './lib.mjs';
import { startHaproxy, startNginx } from './proxies.mjs';

let started = null;
export async function peers({ system }) {
  const upstream = new URL(system.env.FAKE_URL);
  started ??= [
    { name: 'direct', port: +upstream.port, pids: [] },
    await startNginx(fs.mkdtempSync(path.join(system.state, 'nginx-')), upstream.host),
    await startHaproxy(fs.mkdtempSync(path.join(system.state, 'haproxy-')), upstream.host),
    system.target,
  ];
  return started;
}
export const stopPeers = () => (started ?? []).forEach((target) => target.stop?.());
export const fileFor = (target, files) => (target.name === 'sluice' ? files.gateway : files.direct);

// { name of target: [{ cpuUs, firstByteUs, firstByteP99Us } by round] }
export async function compare(context, title, files, options, per = (result) => result.answers) {
  const targets = await peers(context);
  const figures = Object.fromEntries(targets.map((target) => [target.name, []]));
  const warmUp = { ...options, requests: Math.min(options.requests, 500) };
  for (const target of targets) await load(target, fileFor(target, files), warmUp);
  await inTurn(context.rounds, targets, title, async (target) => {
    const result = await load(target, fileFor(target, files), options);
    figures[target.name].push({ cpuUs: result.cpuNs / 1000 / per(result), firstByteUs: result.first_byte_p50_us, firstByteP99Us: result.first_byte_p99_us });
  });
  await context.system.settled();
  return figures;
}

export function cpuRow(measure, figures, must, aim) {
  const ratios = figures.sluice.map((own, i) => own.cpuUs / Math.min(figures.nginx[i].cpuUs, figures.haproxy[i].cpuUs));
  const shown = (name) => figures[name].map((f) => f.cpuUs);
  return ratioRow(measure, 'us CPU', ratios, { sluice: shown('sluice'), nginx: shown('nginx'), haproxy: shown('haproxy'), must, aim });
}

export function addedRow(measure, figures, must, aim) {
  const added = (name, field) => figures[name].map((f, i) => Math.max(1, f[field] - figures.direct[i][field]));
  const [own, nginx, haproxy] = ['sluice', 'nginx', 'haproxy'].map((name) => added(name, 'firstByteUs'));
  const row = ratioRow(measure, 'us', own.map((value, i) => value / nginx[i]), { sluice: own, nginx, haproxy, must, aim });
  return { ...row, p99: { sluice: median(added('sluice', 'firstByteP99Us')), nginx: median(added('nginx', 'firstByteP99Us')) } };
}
