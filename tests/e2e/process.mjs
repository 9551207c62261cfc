// A program that a test starts, disturbs and ends: only by its own pid.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import { eventually, sleep } from './lib.mjs';

const running = new Set();
// Whatever way the test ends, nothing of it stays.
process.on('exit', () => { for (const program of running) program.signal('SIGKILL'); });

export class Program {
  // `ready`: an async probe that is true once the program serves.
  constructor({ name, argv, log, ready, env = process.env }) {
    Object.assign(this, { name, argv, log, ready, env, child: null, paused: false });
  }

  get pid() { return this.child?.pid; }
  get alive() { return this.child !== null && this.child.exitCode === null && this.child.signalCode === null; }

  async start() {
    if (this.alive) return this;
    const out = fs.openSync(this.log, 'a');
    const child = spawn(this.argv[0], this.argv.slice(1), { stdio: ['ignore', out, out], env: this.env });
    fs.closeSync(out);
    this.child = child;
    this.gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    running.add(this);
    await eventually(`${this.name} is ready (log: ${this.log})`, async () => {
      if (!this.alive) throw new Error(`${this.name} ended: ${fs.readFileSync(this.log, 'utf8').slice(-1500)}`);
      return this.ready();
    }, 60000);
    return this;
  }

  signal(name) {
    if (this.alive) this.child.kill(name);
    return this;
  }

  // Ends it by the signal and waits until it is gone.
  async kill(name = 'SIGKILL') {
    if (!this.alive) return this;
    this.signal(name);
    if (this.paused) this.resume();
    await this.gone;
    running.delete(this);
    return this;
  }

  // Asks it to end, waits `limitMs`, then ends it by force; true if it ended by itself.
  async stop(limitMs = 60000) {
    if (!this.alive) return true;
    this.resume();
    this.signal('SIGTERM');
    const ended = await Promise.race([this.gone.then(() => true), sleep(limitMs).then(() => false)]);
    if (!ended) await this.kill();
    running.delete(this);
    return ended;
  }

  async restart(name = 'SIGKILL') {
    await this.kill(name);
    return this.start();
  }

  pause() { this.paused = true; return this.signal('SIGSTOP'); }
  resume() { this.paused = false; return this.signal('SIGCONT'); }
}

const given = new Set();

// Ports of 127.0.0.1 that are free now and stay so until a program takes them: from below the range that the kernel takes the local
// ports of outgoing connections from (32768 on, net.ipv4.ip_local_port_range).
export async function freePorts(count) {
  const ports = [];
  while (ports.length < count) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    if (given.has(port)) continue;
    given.add(port);
    const free = await new Promise((resolve) => {
      const server = net.createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) ports.push(port);
  }
  return ports;
}
