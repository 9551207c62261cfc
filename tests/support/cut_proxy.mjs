// A TCP proxy for tests that stands between two programs and disturbs them: delay, cut, blackhole, refuse. What it does by
// chance follows from its seed. It listens on 127.0.0.1 and forwards to { host, port } or { path } (a unix socket).
//   const link = await cutProxy({ port: 6379 }, { seed: 7 });   link.port, link.address
//   link.delay(20)              every piece is 20 ms late, both ways
//   link.delay(5, 50)           each piece by a random time of that range, order kept
//   link.blackhole()            nothing passes, connections stay open and are still accepted; what came is kept
//   link.refuse()               new connections end at once, existing ones are reset
//   link.cut({ reset: true })   ends every connection now; new ones pass
//   link.cutAfter(bytes)        every connection ends once so many bytes have come from the target
//   link.cutRandomly(mean)      every connection ends after a random number of bytes around the mean, either way
//   link.heal()                 passes everything again, late pieces included
//   await link.close()
import net from 'node:net';

// mulberry32: small, good enough, the same everywhere.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

// One direction of one connection: pieces in order, each at its time.
class Lane {
  constructor(link, from, to) {
    Object.assign(this, { link, from, to, queue: [], last: 0, timer: null, ended: false, draining: false });
    from.on('data', (piece) => this.take(piece));
    from.on('end', () => { this.ended = true; this.run(); });
  }

  take(piece) {
    const [low, high] = this.link.delays;
    const wait = low + (high > low ? this.link.chance() * (high - low) : 0);
    this.last = Math.max(this.last, Date.now() + wait);
    this.queue.push({ piece, due: this.last });
    if (this.queue.length > 1000) this.from.pause();
    this.run();
  }

  waitForRoom() {
    this.from.pause();
    if (this.draining) return;
    this.draining = true;
    this.to.once('drain', () => { this.draining = false; this.run(); });
  }

  run() {
    clearTimeout(this.timer);
    if (this.link.hole) return;
    while (this.queue.length > 0) {
      const wait = this.queue[0].due - Date.now();
      if (wait > 0) {
        this.timer = setTimeout(() => this.run(), wait);
        return;
      }
      const { piece } = this.queue.shift();
      if (this.to.destroyed) continue;
      if (!this.to.write(piece)) this.waitForRoom();
    }
    if (!this.draining) this.from.resume();
    if (this.ended && !this.to.destroyed) this.to.end();
  }
}

class Pair {
  constructor(link, client) {
    this.link = link;
    this.client = client;
    this.target = net.connect(link.target);
    this.left = link.budget();
    this.lanes = [new Lane(link, client, this.target), new Lane(link, this.target, client)];
    const count = (piece) => { link.bytes += piece.length; this.spend(piece.length); };
    this.target.on('data', count);
    if (link.bothWays) client.on('data', count);
    for (const socket of [client, this.target]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.end(true));
      socket.on('close', () => this.end(false));
    }
  }

  spend(bytes) {
    this.left -= bytes;
    if (this.left <= 0) { this.link.cuts++; setImmediate(() => this.end(this.link.chance() < 0.5)); }
  }

  end(reset) {
    if (!this.link.pairs.delete(this)) return;
    for (const lane of this.lanes) clearTimeout(lane.timer);
    for (const socket of [this.client, this.target]) {
      if (reset && !(socket === this.target && this.link.target.path)) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}

class Link {
  constructor(target, seed) {
    Object.assign(this, { target: { host: '127.0.0.1', ...target }, chance: random(seed), pairs: new Set(), bytes: 0, cuts: 0, accepted: 0 });
    this.heal();
    this.server = net.createServer({ allowHalfOpen: true }, (client) => {
      this.accepted++;
      if (this.refusing) return client.resetAndDestroy();
      this.pairs.add(new Pair(this, client));
    });
  }

  budget() {
    return this.mean === 0 ? Infinity : this.spread ? Math.ceil(this.mean * 2 * this.chance()) : this.mean;
  }

  get port() { return this.server.address().port; }
  get address() { return `127.0.0.1:${this.port}`; }
  get connections() { return this.pairs.size; }

  delay(low, high = low) { this.delays = [low, high]; return this; }
  blackhole() { this.hole = true; return this; }
  refuse() { this.refusing = true; this.cut({ reset: true }); return this; }
  cut({ reset = false } = {}) { for (const pair of [...this.pairs]) pair.end(reset); return this; }
  cutAfter(bytes) { Object.assign(this, { mean: bytes, spread: false, bothWays: false }); return this; }
  cutRandomly(mean) { Object.assign(this, { mean, spread: true, bothWays: true }); return this; }

  heal() {
    Object.assign(this, { delays: [0, 0], hole: false, refusing: false, mean: 0, spread: false, bothWays: false });
    for (const pair of this.pairs) {
      pair.left = Infinity;
      for (const lane of pair.lanes) lane.run();
    }
    return this;
  }

  async close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }
}

// The proxy, once it listens.
export async function cutProxy(target, { seed = 1 } = {}) {
  const link = new Link(target, seed);
  await new Promise((resolve, reject) => link.server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return link;
}
