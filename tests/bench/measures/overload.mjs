// Goodput when twice as much comes as the node can serve. The node gets one processor, which it shares with a program
// that spins, so that the load, the upstream and Redis on the other processors are not what is saturated.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { exec, inTurn, load, ratioRow, requestFiles, median } from '../lib.mjs';

const pin = (pid, processors) => exec('taskset', ['-acp', processors, String(pid)]);

async function overload(context) {
  const { system } = context;
  const last = os.cpus().length - 1;
  if (last === 0) throw new Error('needs two processors');
  const others = last === 1 ? '0' : `0-${last - 1}`;
  const all = `0-${last}`;
  const model = await system.priced('fake:tokens=60');
  const file = requestFiles(system, 'overload', model, false, 2000).gateway;
  const services = ['redis', 'fake', 'controlplane', 'postgres'].map((name) => system.pid(name));
  for (const pid of services) await pin(pid, others);
  await pin(system.target.pids[0], `${last}`);
  await pin(process.pid, others);  // what is started from here on inherits it
  const spinner = spawn('taskset', ['-c', `${last}`, process.execPath, '-e', 'for (;;);']);
  const seconds = context.quick ? 4 : 10;
  const figures = { peak: [], twice: [], late: [], shed: [] };
  try {
    const peakOf = async (time) => {
      const result = await load(system.target, file, { connections: 64, time: time * 1000, 'warm-up': 1000 });
      return result.good / result.seconds;
    };
    await peakOf(2);
    let rate = await peakOf(3) * 2;
    await inTurn(context.rounds, ['peak', 'twice'], 'overload', async (kind) => {
      if (kind === 'peak') {
        figures.peak.push(await peakOf(seconds));
        rate = figures.peak.at(-1) * 2;
        return;
      }
      const options = { rate: Math.round(rate), connections: 8000, time: (seconds + 3) * 1000, 'warm-up': 3000, deadline: 2000 };
      const result = await load(system.target, file, options, 0);
      figures.twice.push(result.good / result.seconds);
      figures.late.push(result.whole_p99_us / 1000);
      figures.shed.push(1 - (result.statuses[200] ?? 0) / result.answers);
      if (result.failures || result.not_started) figures.trouble = { failures: result.failures, notStarted: result.not_started };
      await system.settled();
    });
  } finally {
    spinner.kill('SIGKILL');
    for (const pid of [...services, system.target.pids[0], process.pid]) await pin(pid, all);
  }
  return [{
    ...ratioRow('goodput at twice saturation, of the peak', 'answers/s', figures.twice.map((good, i) => good / figures.peak[i]),
      { sluice: figures.twice, peak: figures.peak, must: 0.9, aim: 0.95 }),
    answerP99Ms: median(figures.late), refusedShare: median(figures.shed), ...figures.trouble,
  }];
}

export default [{ name: 'overload', about: 'goodput at twice saturation', run: overload }];
