// A proxy for outbound connections that knows CONNECT (RFC 9110, section 9.3.6) or SOCKS5 (RFC 1928, RFC 1929), with a password.
//   const proxy = await egressProxy({ kind: 'socks5', username, password });
//   proxy.port; proxy.targets: every "host:port" that it was asked for; await proxy.close()
import net from 'node:net';

// Reads exact numbers of bytes, or a head, off a socket.
class Reader {
  constructor(socket) {
    this.socket = socket;
    this.held = Buffer.alloc(0);
    socket.on('data', (piece) => { this.held = Buffer.concat([this.held, piece]); this.wake?.(); });
    socket.on('close', () => { this.closed = true; this.wake?.(); });
    socket.on('error', () => {});
  }
  async until(length) {
    for (;;) {
      const size = length();
      if (size !== undefined && this.held.length >= size) {
        const taken = this.held.subarray(0, size);
        this.held = this.held.subarray(size);
        return taken;
      }
      if (this.closed) throw new Error('the client left');
      await new Promise((resolve) => { this.wake = resolve; });
    }
  }
  take(size) { return this.until(() => size); }
  head() { return this.until(() => { const end = this.held.indexOf('\r\n\r\n'); return end < 0 ? undefined : end + 4; }); }
}

async function connectTarget(reader, { username, password }) {
  const head = (await reader.head()).toString('latin1');
  const target = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head)?.[1];
  const given = /\r\nproxy-authorization: basic (\S+)\r\n/i.exec(head)?.[1];
  if (!target || given !== Buffer.from(`${username}:${password}`).toString('base64')) {
    reader.socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="p"\r\ncontent-length: 0\r\n\r\n');
    return null;
  }
  return { target, ready: () => reader.socket.write('HTTP/1.1 200 Connection established\r\n\r\n') };
}

async function socksTarget(reader, { username, password }) {
  const [, methods] = await reader.take(2);
  if (!(await reader.take(methods)).includes(2)) { reader.socket.end(Buffer.from([5, 255])); return null; }
  reader.socket.write(Buffer.from([5, 2]));
  const field = async () => (await reader.take((await reader.take(1))[0])).toString();
  await reader.take(1);
  const good = await field() === username & await field() === password;
  reader.socket.write(Buffer.from([1, good ? 0 : 1]));
  if (!good) { reader.socket.end(); return null; }
  const [, command, , kind] = await reader.take(4);
  const host = kind === 3 ? await field() : kind === 1 ? [...await reader.take(4)].join('.') : `[${(await reader.take(16)).toString('hex').match(/.{4}/g).join(':')}]`;
  const port = (await reader.take(2)).readUInt16BE();
  const reply = (code) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  if (command !== 1) { reader.socket.end(reply(7)); return null; }
  return { target: `${host}:${port}`, ready: () => reader.socket.write(reply(0)) };
}

export async function egressProxy({ kind, username, password }) {
  const targets = [];
  const sockets = new Set();
  const server = net.createServer(async (client) => {
    sockets.add(client);
    const reader = new Reader(client);
    try {
      const asked = await (kind === 'connect' ? connectTarget : socksTarget)(reader, { username, password });
      if (!asked) return;
      targets.push(asked.target);
      const { hostname, port } = new URL(`http://${asked.target}`);
      const upstream = net.connect({ port: +(port || 80), host: hostname.replace(/[[\]]/g, ''), family: 4 }, () => {
        asked.ready();
        client.removeAllListeners('data');
        if (reader.held.length > 0) upstream.write(reader.held);
        client.pipe(upstream).pipe(client);
      });
      sockets.add(upstream);
      upstream.on('error', () => client.destroy());
      client.on('close', () => upstream.destroy());
    } catch {
      client.destroy();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    port: server.address().port,
    targets,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => { server.close(resolve); });
    },
  };
}
